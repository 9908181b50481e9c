//! The examples, run.

use std::fs;
use std::ops::ControlFlow;

use assay::Silent;

#[path = "../../examples/holds.rs"]
#[allow(dead_code, reason = "its `main` is for the command line")]
mod holds;
#[path = "../../examples/judge.rs"]
#[allow(dead_code, reason = "its `main` is for the command line")]
mod judge;
#[path = "../../examples/own_check.rs"]
#[allow(dead_code, reason = "its `main` is for the command line")]
mod own_check;

#[test]
fn a_backup_is_judged_in_ten_lines() {
    let snapshot = fixtures::named("aescbc-rotated").snapshot();
    let folder = snapshot.parent().unwrap();
    let judgement = assay::open(folder).unwrap().judge(&super::question()).unwrap();
    let told = judge::told(&judgement);
    assert_eq!(told.lines().last(), Some(judgement.verdict().name()));
    assert!(told.lines().count() > 1, "{told}");
}

#[test]
fn the_backups_that_hold_an_object_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let names = [("plain-etcd36", "2026-11-22_010203"), ("aescbc-rotated", "2026-11-23_010203")];
    for (fixture, time) in names {
        let fixture = fixtures::named(fixture);
        let copy = |from: &std::path::Path, to: String| fs::copy(from, folder.path().join(to)).unwrap();
        copy(&fixture.snapshot(), format!("snapshot_{time}.db.gz"));
        copy(&fixture.tarball(), format!("static_kuberesources_{time}.tar.gz"));
    }
    let found = |object: &str, namespace: &str| holds::holding(folder.path(), object, namespace).unwrap();
    // a Secret is found by its key, and read with the keys of its own backup
    let kubeadmin = found("secret/kubeadmin", "kube-system");
    assert_eq!(kubeadmin.len(), 2);
    assert!(kubeadmin.iter().all(|(_, version)| version.is_some()), "{kubeadmin:?}");
    assert!(found("secret/nobody", "kube-system").iter().all(|(_, version)| version.is_none()));
    assert!(holds::holding(folder.path(), "bogus/nobody", "kube-system").is_err());
}

#[test]
fn a_check_of_ones_own_sees_the_facts() {
    let even = |fixture: &str| {
        let mut found = Vec::new();
        let backups = assay::open(fixtures::named(fixture).snapshot()).unwrap();
        let unread = backups.read_each(&Silent, &mut |backup| {
            found.push(own_check::even(backup).unwrap());
            ControlFlow::Continue(())
        });
        assert!(unread.is_empty());
        found
    };
    // a learner has no vote
    assert_eq!((even("members-learner"), even("members-m0")), (vec![Some(2)], vec![None]));
}
