//! Each finding: what brings it up, and that it is silent without.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![allow(clippy::cast_possible_truncation, reason = "test files are small")]

mod cases;
mod hazards;
mod keys_fit;
mod lists;
mod pairs;
mod reread;
mod tarballs;
mod versions;

use std::collections::BTreeSet;

use backup_facts::snapshot::{Claims, Opened, SnapshotFacts};
use bbolt_page::{Pgid, Serial};
use cases::DEFAULT_QUOTA;
use checks::{Finding, Severity, findings};
use etcd_snapshot::wal::{Log, LogFault};
use snapshot_builder::Put;

/// What the checks find in a file, given a quota.
fn findings(bytes: &[u8], quota: u64) -> Vec<Finding> {
    checks::snapshot::check(&facts(bytes, quota)).into_sorted()
}

fn facts(bytes: &[u8], quota: u64) -> SnapshotFacts<'_> {
    let claims = Claims { quota: Some(quota), ..Claims::default() };
    SnapshotFacts::read(bytes, &claims, &|_| {}, &Serial).expect("pages are left")
}

/// The largest raft index there can be must not overflow a comparison.
#[test]
fn numbers_at_the_end_of_their_range() {
    for index in [u64::MAX, i64::MAX as u64, 0] {
        let mut builder = cases::sound();
        builder.set("meta", b"consistent_index", &index.to_be_bytes());
        findings(&builder.build(), DEFAULT_QUOTA);
    }
}

/// Which masters would stay endpoints is told by address.
#[test]
fn what_has_no_lease_is_named() {
    let mut builder = cases::sound();
    for (main, ip, lease) in [(300, 114, 0), (301, 115, 0), (302, 116, 77)] {
        let key = format!("/registry/masterleases/192.0.2.{ip}");
        let put = Put { key: key.as_bytes(), value: b"{}", create: main, modified: main, version: 1, lease };
        builder.put(main, 0, &put);
    }
    for main in 303..310 {
        let key = format!("/registry/events/shop/web.{main}");
        let put = Put { key: key.as_bytes(), value: b"{}", create: main, modified: main, version: 1, lease: 0 };
        builder.put(main, 0, &put);
    }
    let found = findings(&builder.build(), DEFAULT_QUOTA);
    let told: Vec<_> = found.iter().filter(|finding| finding.entry().id == "KUBE-003").map(Finding::message).collect();
    assert_eq!(
        told,
        [
            "2 of 3 masterleases have no lease and will not end: `192.0.2.114`, `192.0.2.115` stay endpoints of the Service \
             `kubernetes`, whether an API server answers there or not",
            "7 of 7 events have no lease and will not end: `shop/web.303`, `shop/web.304`, `shop/web.305`, `shop/web.306` and \
             3 more"
        ]
    );
}

fn ids(findings: &[Finding]) -> BTreeSet<&'static str> {
    findings.iter().map(|finding| finding.entry().id).collect()
}

#[test]
fn a_sound_snapshot_has_no_finding() {
    let found = findings(&cases::sound().build(), DEFAULT_QUOTA);
    assert_eq!(ids(&found), BTreeSet::from(["PAGE-016"]), "bbolt-rs leaves stale pages: {found:?}");
}

#[test]
fn every_finding_of_a_snapshot_has_a_case_that_brings_it_up() {
    let mut covered = BTreeSet::new();
    for case in cases::all() {
        let found = findings(&case.file, case.quota);
        let finding = found.iter().find(|finding| finding.entry().id == case.id);
        let finding = finding.unwrap_or_else(|| panic!("{} ({}) found {:?}", case.id, case.what, ids(&found)));
        assert!(!finding.message().is_empty() && !finding.message().contains('\n'), "{finding:?}");
        if let Some(severity) = case.severity {
            assert_eq!(finding.severity(), severity, "{} ({})", case.id, case.what);
        }
        covered.insert(case.id);
    }
    // by `without_a_meta_it_is_said_how_the_rest_was_read`
    covered.insert("SNAP-001");
    // by `a_rehearsal_that_failed_says_what_was_wrong_and_what_foretold_it`
    covered.insert("ETCD-022");
    // by `a_log_is_held_against_the_database_beside_it`
    covered.extend(["ETCD-024", "ETCD-025"]);
    let families = ["SNAP", "PAGE", "MVCC", "ETCD", "KUBE"];
    let of_snapshots = findings::all().into_iter().map(|entry| entry.id).filter(|id| families.contains(&&id[..4]));
    let missing: Vec<_> = of_snapshots.filter(|id| !covered.contains(id)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_log_is_held_against_the_database_beside_it() {
    let log = |first, last, fault| {
        let mut log = Log::default();
        (log.first, log.last, log.segments, log.fault) = (Some(first), Some(last), 2, fault);
        log
    };
    let of = |log: &Log| {
        let found = checks::snapshot::check_log(log, 90).into_sorted();
        found.iter().map(|finding| (finding.entry().id, finding.severity())).collect::<Vec<_>>()
    };
    let fault = |torn| Some(LogFault { at: 64, torn });
    assert_eq!(of(&log(1, 90, None)), []);
    assert_eq!(of(&Log::default()), []);
    assert_eq!(of(&log(80, 100, None)), [("ETCD-024", Severity::Low)]);
    assert_eq!(of(&log(80, 90, fault(true))), [("ETCD-025", Severity::Info)], "as after any crash");
    assert_eq!(of(&log(80, 90, fault(false))), [("ETCD-025", Severity::Medium)]);
    assert_eq!(of(&log(92, 100, None)), [("ETCD-025", Severity::Medium), ("ETCD-024", Severity::Low)]);
    let behind = checks::snapshot::check_log(&log(80, 100, None), 90).into_sorted();
    assert!(behind[0].message().contains("applies 10 entries more"), "{behind:?}");
}

/// A year without a defragmentation is nothing where there is nothing to win, and free pages are where it was done.
#[test]
fn a_database_that_has_nothing_to_win_needs_no_defragmentation() {
    let year = 12 * 86_400 * 365;
    for (free, transactions, told) in
        [(11 << 20, year, true), (11 << 20, year - 1, false), (9 << 20, 2 * year, false), (0, 3 * year, false)]
    {
        let ids = ids(&findings(&cases::with_free(free, Some(transactions)), DEFAULT_QUOTA));
        assert_eq!(ids.contains("ETCD-023"), told, "{free} {transactions}: {ids:?}");
    }
}

#[test]
fn a_rehearsal_that_failed_says_what_was_wrong_and_what_foretold_it() {
    let finding = checks::rehearsed::failed("put is wrong", "3.5.1", &["ETCD-001".to_owned()]);
    assert_eq!((finding.entry().id, finding.message()), ("ETCD-022", "put is wrong"));
    let evidence = format!("{finding:?}");
    assert!(evidence.contains("ETCD-001") && evidence.contains("3.5.1"), "{evidence}");
}

#[test]
fn without_a_meta_it_is_said_how_the_rest_was_read() {
    let file = cases::sound().build();
    for (how, says) in [
        (
            Opened::FoundRoot(Pgid(7)),
            "neither meta is valid; what follows was read from page 7, which looks most like the root",
        ),
        (Opened::PagesAlone, "neither meta is valid, and no page looks like the root"),
    ] {
        let facts = SnapshotFacts { opened: how, ..facts(&file, DEFAULT_QUOTA) };
        let found = checks::snapshot::check(&facts).into_sorted();
        assert_eq!((found[0].entry().id, found[0].message()), ("SNAP-001", says));
    }
}

#[test]
fn a_value_is_only_called_damaged_where_an_api_server_should_decode_it() {
    let kube = |found: &[Finding]| ids(found).contains("KUBE-002");
    for (cluster, value, expected) in [
        (true, &b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x05\x0a\x03\x0a\x01b"[..], false),
        (true, br#"{"kind":"Secret","metadata":{"name":"b"}}"#, false),
        (true, b"k8s:enc:aescbc:v1:1:0123456789abcdef", false),
        (true, b"k8s:enc:rot13:v1:1:0123456789abcdef", true),
        (true, b"v", true),
        // an etcd that is filled by something else
        (false, b"v", false),
    ] {
        let mut builder = cases::sound();
        if cluster {
            cases::namespace(&mut builder);
        }
        cases::secret(&mut builder, value);
        assert_eq!(kube(&findings(&builder.build(), DEFAULT_QUOTA)), expected, "{cluster} {}", value.escape_ascii());
    }
}

#[test]
fn findings_say_where_they_are() {
    let file = cases::all().into_iter().find(|case| case.id == "MVCC-003").expect("case").file;
    let found = findings(&file, DEFAULT_QUOTA);
    let finding = found.iter().find(|finding| finding.entry().id == "MVCC-003").expect("finding");
    assert_eq!(finding.location().key.as_deref(), Some(&b"a"[..]));
    assert!(finding.location().page.is_some() && finding.location().offset.is_some());
    assert!(finding.evidence().iter().any(|(name, _)| *name == "revision"));
}

#[test]
fn the_worst_comes_first() {
    let found =
        findings(&cases::all().into_iter().find(|case| case.id == "ETCD-002").expect("case").file, DEFAULT_QUOTA);
    assert_eq!(found[0].severity(), Severity::Critical);
    assert!(found.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity())));
}
