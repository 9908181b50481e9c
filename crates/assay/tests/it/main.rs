//! The library as a stranger uses it: a path in, a verdict out.

#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod archives;
mod data_directory;
mod deltas;
mod examples;
#[path = "../../../runbook/tests/it/laws.rs"]
mod laws;
mod members;
mod outside;
mod runbook;

use std::fs;
use std::ops::ControlFlow;

use assay::{Keys, Question, Severity, Silent, Verdict};

/// When the fixtures were made.
fn question() -> Question {
    let mut question = Question::default();
    question.now = "2026-11-23T18:00:00Z".parse().unwrap();
    question
}

#[test]
fn a_real_backup_passes_and_one_without_its_keys_does_not() {
    let fixture = fixtures::named("aescbc-rotated");
    let folder = fixture.snapshot().parent().unwrap().to_path_buf();
    let judgement = assay::open(&folder).unwrap().judge(&question()).unwrap();
    let serious: Vec<_> = judgement.findings().filter(|(_, finding)| finding.severity() >= Severity::High).collect();
    assert!(serious.is_empty(), "{serious:?}");
    assert!(judgement.verdict() < Verdict::Fail && judgement.unread().is_empty());
    let mut without = question();
    without.keys = Keys::None;
    let backups = assay::open(&folder).unwrap();
    let mut opened = Vec::new();
    let unread = backups.read_each(&Silent, &mut |backup| {
        opened.push(backup.facts(&without, &Silent).unwrap().encryption.is_some());
        ControlFlow::Continue(())
    });
    assert!(unread.is_empty());
    assert_eq!(opened, [false]);
}

#[test]
fn what_cannot_be_read_keeps_no_other_from_being_judged() {
    let fixture = fixtures::named("plain-etcd36");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("snapshot_2026-11-22_010203.db"), b"nothing of a database").unwrap();
    fs::copy(fixture.snapshot(), folder.path().join("snapshot_2026-11-23_010203.db.gz")).unwrap();
    let judgement = assay::open(folder.path()).unwrap().judge(&question()).unwrap();
    assert_eq!((judgement.verdict(), judgement.unread().len()), (Verdict::Fail, 1));
    assert!(judgement.findings().any(|(name, _)| name.ends_with("2026-11-23_010203.db.gz")));
}

#[test]
fn a_file_by_itself_is_asked_whether_it_is_whole() {
    let snapshot = fixtures::named("plain-etcd36").snapshot();
    let judgement = assay::open(&snapshot).unwrap().judge(&question()).unwrap();
    assert!(judgement.verdict() < Verdict::Fail, "{:?}", judgement.findings().collect::<Vec<_>>());
    assert!(assay::open("/nonexistent").unwrap().judge(&question()).is_err());
}

/// The tarball of a made backup as another host would have made it.
fn on_another_host(tarball: &[u8]) -> Vec<u8> {
    let mut members = fixtures::files(&fixtures::gunzip(tarball));
    for (path, content) in &mut members {
        if path.ends_with("/etcd-pod.yaml") {
            let text = String::from_utf8(content.clone()).unwrap();
            *content = text.replace("etcd-peer-master-0.", "etcd-peer-master-1.").into_bytes();
        }
    }
    let members: Vec<_> = members.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    fixtures::tar_gz(&members)
}

#[test]
fn backups_of_one_moment_on_several_hosts_are_told_of_the_second() {
    let cluster = fixtures::cluster::Cluster::short();
    let folder = tempfile::tempdir().unwrap();
    let first = cluster.write(folder.path());
    let named = |kind: &str, end: &str| folder.path().join(format!("{kind}_2026-11-23_091015{end}"));
    fs::copy(first.snapshot, named("snapshot", ".db")).unwrap();
    let tarball = fs::read(first.tarball).unwrap();
    for (other, expected) in [(tarball.clone(), 0), (on_another_host(&tarball), 1)] {
        fs::write(named("static_kuberesources", ".tar.gz"), other).unwrap();
        let judgement = assay::open(folder.path()).unwrap().judge(&question()).unwrap();
        let told: Vec<_> = judgement.findings().filter(|(_, finding)| finding.entry().id == "PAIR-036").collect();
        assert_eq!(told.len(), expected, "{told:?}");
        assert!(told.iter().all(|(name, _)| name.ends_with("2026-11-23_091015")), "{told:?}");
        assert_eq!(judgement.verdict(), Verdict::Pass);
    }
}
