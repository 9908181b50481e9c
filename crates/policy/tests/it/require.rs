//! Each requirement: what violates it, what satisfies it, and that what is not known does not.

use std::collections::BTreeSet;

use checks::findings;
use checks::required::{Known, Stored, Subject};
use jiff::Timestamp;

use crate::{ids, known, now, policy};

fn stored(resource: &str, group: &str, plain: u64, by: &str, count: u64) -> Stored {
    Stored { resource: resource.into(), group: group.into(), plain, encrypted: vec![(by.to_owned(), count)] }
}

/// What is asked, of what, whether it is violated.
fn cases() -> Vec<(&'static str, &'static str, Known, bool)> {
    let snapshot = || known(Subject::Snapshot);
    let taken = |time: &str| Known { taken: Some(time.parse().unwrap()), ..snapshot() };
    let ends =
        |time: Timestamp| Known { certificates: vec![("etcd/tls.crt".to_owned(), time)], ..known(Subject::Tarball) };
    let in_days = |days: i64| Timestamp::from_second(now().as_second() + days * 86_400).unwrap();
    let values = |stored: Stored| Known { stored: vec![stored], ..snapshot() };
    let age = "[require]\nmax_age = '36h'";
    let fragmentation = "[require]\nmax_fragmentation_percent = 45";
    let days = "[require]\nmin_certificate_days = 30";
    let encryption =
        "[require.encryption]\ntypes = ['aescbc', 'kms']\nresources = ['secrets', 'routes.route.openshift.io']";
    let misspelt = "[require.encryption]\nresources = ['secretz']";
    let any = "[require.encryption]\nresources = ['secrets']";
    let (fit, escrow, trailer) =
        ("[require]\nkeys_fit = true", "[require]\nescrow_manifest = true", "[require]\ntrailer = true");
    vec![
        ("POL-001", age, taken("2026-11-22T00:00:01Z"), false),
        ("POL-001", age, taken("2026-11-21T23:59:59Z"), true),
        ("POL-001", age, taken("2027-11-21T23:59:59Z"), true),
        ("POL-001", age, snapshot(), true),
        ("POL-001", age, known(Subject::Tarball), true),
        ("POL-001", age, known(Subject::Backup), false),
        ("POL-002", fragmentation, Known { fragmentation_percent: Some(45.0), ..snapshot() }, false),
        ("POL-002", fragmentation, Known { fragmentation_percent: Some(45.01), ..snapshot() }, true),
        ("POL-002", fragmentation, snapshot(), true),
        ("POL-002", fragmentation, known(Subject::Tarball), false),
        ("POL-003", days, ends(in_days(30)), false),
        ("POL-003", days, ends(in_days(29)), true),
        ("POL-003", days, ends(in_days(-29)), true),
        ("POL-004", encryption, values(stored("secrets", "", 0, "aescbc", 7)), false),
        ("POL-004", encryption, values(stored("secrets", "", 1, "aescbc", 7)), true),
        ("POL-004", encryption, values(stored("secrets", "", 0, "aesgcm", 7)), true),
        ("POL-004", encryption, values(stored("routes", "route.openshift.io", 3, "kms", 0)), true),
        ("POL-004", encryption, values(stored("routes", "other", 3, "kms", 0)), false),
        ("POL-004", encryption, values(stored("pods", "", 3, "kms", 0)), false),
        ("POL-004", misspelt, values(stored("secrets", "", 0, "aescbc", 7)), true),
        ("POL-004", misspelt, values(stored("secretz", "", 0, "aescbc", 7)), false),
        ("POL-004", any, values(stored("secrets", "", 0, "aesgcm", 7)), false),
        ("POL-004", any, values(stored("secrets", "other.group", 1, "aesgcm", 7)), true),
        ("POL-005", fit, Known { keys_fit: Some(true), ..known(Subject::Backup) }, false),
        ("POL-005", fit, Known { keys_fit: Some(false), ..known(Subject::Backup) }, true),
        ("POL-005", fit, known(Subject::Backup), true),
        ("POL-005", fit, values(stored("secrets", "", 0, "aescbc", 1)), true),
        ("POL-005", fit, values(stored("secrets", "", 1, "aescbc", 0)), false),
        ("POL-005", fit, Known { alone: false, ..values(stored("secrets", "", 0, "aescbc", 1)) }, false),
        ("POL-006", escrow, Known { in_escrow: Some(true), keyless: Some(true), ..known(Subject::Backup) }, false),
        ("POL-006", escrow, Known { in_escrow: Some(true), keyless: Some(false), ..known(Subject::Backup) }, true),
        ("POL-006", escrow, Known { in_escrow: Some(false), ..known(Subject::Backup) }, true),
        ("POL-006", escrow, known(Subject::Tarball), true),
        ("POL-006", escrow, Known { alone: false, ..known(Subject::Tarball) }, false),
        ("POL-007", trailer, Known { trailer_valid: Some(true), ..snapshot() }, false),
        ("POL-007", trailer, Known { trailer_valid: Some(false), ..snapshot() }, true),
        ("POL-007", trailer, snapshot(), true),
        ("POL-007", trailer, known(Subject::Backup), false),
    ]
}

#[test]
fn each_requirement_is_held_against_known() {
    let mut covered = BTreeSet::from(["POL-008"]); // by waivers, in apply.rs
    for (id, text, facts, violated) in cases() {
        let found = policy(text).apply(Vec::new(), &facts);
        assert_eq!(ids(&found), if violated { vec![id] } else { vec![] }, "{text} {facts:?}");
        assert!(found.iter().all(|finding| !finding.message().is_empty() && !finding.message().contains('\n')));
        if violated {
            assert!(policy("").apply(Vec::new(), &facts).is_empty(), "what is not asked is not missed: {text}");
            covered.insert(id);
        }
    }
    let all = findings::all().into_iter().map(|entry| entry.id).filter(|id| id.starts_with("POL"));
    assert_eq!(all.collect::<BTreeSet<_>>(), covered, "a requirement without a case");
}
