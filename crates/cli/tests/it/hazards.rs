//! Restore hazards, told by the binary: which, and when they are asked for.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::fixture::{all, named};
use crate::keys_support::Bench;
use crate::run::run;

/// When the fixtures were made: no certificate has been renewed since.
const THAT_DAY: &str = "2026-11-23T18:00:00Z";
/// A day on which etcd's authority, of 2031-10-23, has ended.
const TOO_LATE: &str = "2031-11-01";

/// What every fixture of a whole cluster holds, by `fixtures/README.md`.
const OF_A_CLUSTER: [&str; 14] = [
    "HAZ-001 info",   // eleven volumes
    "HAZ-002 low",    // three of them local
    "HAZ-004 info",   // five attached
    "HAZ-005 medium", // kafka's, each on another node than its pod
    "HAZ-008 low",    // billing/data-kafka-2 is lost
    "HAZ-009 info",   // four stateful sets
    "HAZ-011 info",   // ceph's secret
    "HAZ-012 low",    // two requests wait
    "HAZ-014 info",   // three machines of the control plane
    "HAZ-015 low",    // worker-1 is not ready
    "HAZ-018 low",    // pool worker is paused
    "HAZ-022 info",   // OVN
    "HAZ-029 low",    // saved from an etcd of one member
    "HAZ-037 low",    // worker-2 is cordoned
];

fn verify(args: &[&str]) -> Value {
    let run = run(&[&["verify", "--json"], args].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{args:?}: {}", run.err))
}

fn hazards(document: &Value) -> BTreeSet<String> {
    let findings = document["findings"].as_array().unwrap().iter();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let told = findings.map(|it| format!("{} {}", text(it, "id"), text(it, "severity")));
    told.filter(|told| told.starts_with("HAZ-")).collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn message(document: &Value, id: &str) -> String {
    let found = document["findings"].as_array().unwrap().iter().find(|finding| finding["id"] == id);
    found.unwrap_or_else(|| panic!("no {id}"))["message"].as_str().unwrap().to_owned()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// With the tarball's keys, Secrets are read: nothing is left unread but what is no object at all.
#[test]
fn a_pair_has_the_hazards_that_it_holds() {
    for fixture in all() {
        let folder = text(fixture.snapshot().parent().unwrap());
        let expected = match fixture.name.as_str() {
            "plain-etcd34"
            | "plain-etcd36"
            | "aescbc-rotated"
            | "aesgcm-rotated"
            | "partially-encrypted"
            | "page-size-64k" => set(&OF_A_CLUSTER),
            "odd-keys" => set(&["HAZ-030 info", "HAZ-032 info"]),
            _ => set(&["HAZ-032 info"]),
        };
        let document = verify(&[&folder, "--restore-date", THAT_DAY]);
        assert_eq!(hazards(&document), expected, "{}", fixture.name);
    }
}

/// A snapshot by itself is asked whether it is whole; of the restore only who speaks of one hears.
#[test]
fn a_snapshot_alone_tells_hazards_when_a_restore_is_spoken_of() {
    let fixture = named("plain-etcd36");
    let (snapshot, folder) = (text(&fixture.snapshot()), tempfile::tempdir().unwrap());
    let target = folder.path().join("target.yaml");
    std::fs::write(&target, "kind: ClusterVersion\nstatus:\n  history:\n  - {state: Completed, version: 4.18.30}\n")
        .unwrap();
    for args in [&[][..], &["--fail-on", "low"], &["--keys", &text(&fixture.tarball())]] {
        assert_eq!(hazards(&verify(&[args, &[&snapshot]].concat())), BTreeSet::new(), "{args:?}");
    }
    for args in [["--restore-date", THAT_DAY], ["--target", "4.18.30"], ["--target-file", &text(&target)]] {
        let mut told = hazards(&verify(&[&args[..], &[&snapshot]].concat()));
        // without a day, that is today
        told.retain(|id| args[0] == "--restore-date" || !["HAZ-016 ", "HAZ-035 "].contains(&&id[..8]));
        assert_eq!(told, set(&OF_A_CLUSTER), "{args:?}");
    }
}

#[test]
fn what_lies_in_encrypted_objects_is_read_with_keys_and_else_said_to_be_closed() {
    let fixture = named("aescbc-rotated");
    let snapshot = text(&fixture.snapshot());
    let closed = verify(&[&snapshot, "--restore-date", TOO_LATE]);
    assert!(!hazards(&closed).contains("HAZ-025 high"));
    assert_eq!(
        message(&closed, "HAZ-030"),
        "333 encrypted objects were not opened; the end of 1 authority is not known: `openshift-etcd/etcd-signer`"
    );
    let config = text(&fixture.path("encryption-config.json"));
    for args in [&["--keys", &config][..], &["--keys", &text(&fixture.tarball())]] {
        let opened = verify(&[args, &[&snapshot, "--restore-date", TOO_LATE]].concat());
        let told = hazards(&opened);
        assert!(told.contains("HAZ-025 high") && !told.contains("HAZ-030 info"), "{told:?}");
        let expected =
            "the authority of etcd in `openshift-etcd/etcd-signer` ends before the restore, on 2031-10-23T08:48:52Z";
        assert_eq!(message(&opened, "HAZ-025"), expected);
    }
    // the tarball beside it has them
    let folder = text(fixture.snapshot().parent().unwrap());
    let pair = hazards(&verify(&[&folder, "--restore-date", TOO_LATE]));
    assert!(pair.contains("HAZ-025 high") && !pair.contains("HAZ-030 info"), "{pair:?}");
    // keys of another cluster open nothing
    let wrong = text(&named("aesgcm-rotated").path("encryption-config.json"));
    let told = verify(&[&snapshot, "--keys", &wrong, "--restore-date", TOO_LATE]);
    assert!(message(&told, "HAZ-030").starts_with("333 encrypted objects were not opened"));
}

#[test]
fn an_escrow_opens_what_hazards_are_read_from() {
    let bench = Bench::new();
    bench.tarball("aescbc-rotated");
    bench.split();
    let (escrow, identity) = (text(&bench.vault("escrow.age")), text(&bench.path("key.txt")));
    let (args, snapshot) =
        (["--escrow", &escrow, "-i", &identity, "--restore-date", TOO_LATE], named("aescbc-rotated").snapshot());
    let told = hazards(&verify(&[&args[..], &[&text(&snapshot)]].concat()));
    assert!(told.contains("HAZ-025 high") && !told.contains("HAZ-030 info"), "{told:?}");
}

#[test]
fn a_tarball_alone_tells_what_will_have_ended() {
    let tarball = text(&named("plain-etcd36").tarball());
    for (args, expected) in [
        (&[][..], &[][..]),
        (&["--target", "4.18.30"], &[]),
        (&["--restore-date", "2026-12-01"], &[]),
        (&["--restore-date", "2031-10-30"], &["HAZ-024 medium"]),
    ] {
        assert_eq!(hazards(&verify(&[args, &[&tarball]].concat())), set(expected), "{args:?}");
    }
    // and where its snapshot is missing
    let folder = tempfile::tempdir().unwrap();
    let name = Path::new(&tarball).file_name().unwrap();
    std::fs::copy(&tarball, folder.path().join(name)).unwrap();
    let told = verify(&[&text(folder.path()), "--restore-date", "2031-10-30"]);
    assert_eq!(hazards(&told), set(&["HAZ-024 medium"]));
}

/// Where the cluster is may be told by a number, or by a newer snapshot of it; of a lone file, and in its runbook.
#[test]
fn how_far_a_cluster_has_gone_is_told_by_a_number_or_by_another_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, revisions: std::ops::RangeInclusive<i64>| {
        let mut builder = snapshot_builder::Builder::new();
        for at in revisions {
            builder.create(at, &format!("key-{at}"));
        }
        let path = folder.path().join(name);
        std::fs::write(&path, builder.build()).unwrap();
        text(&path)
    };
    let (old, new) = (write("old.db", 2..=40), write("new.db", 2..=1540));
    let told = "the snapshot ends at revision 40, the cluster was at 1 540: 1 500 are undone";
    for live in ["1540", &new] {
        let document = verify(&[&old, "--live-revision", live]);
        assert!(message(&document, "HAZ-032").starts_with(told), "{}", message(&document, "HAZ-032"));
        let book = run(&["runbook", "--json", &old, "--live-revision", live]);
        assert!(book.out.contains(told) && book.out.contains("1500 at the least"), "{} {}", book.err, book.out);
    }
    for none in ["0", "-1", "no-such-file.db"] {
        let refused = run(&["verify", &old, &format!("--live-revision={none}")]);
        assert_eq!(refused.code, Some(2), "{none}: {}", refused.err);
    }
}
