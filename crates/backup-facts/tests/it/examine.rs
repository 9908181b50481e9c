//! The encryption of whole backups.

use std::collections::BTreeMap;

use backup_facts::chain::Broken;
use backup_facts::configuration::{InForce, Why};
use backup_facts::coverage::{Coverage, Migration};
use backup_facts::examine::{Encryption, Options, examine};
use backup_facts::opening::{Reason, read_keys};
use bbolt_page::Serial;
use encryption_config::Standing;

use crate::fixture;
use crate::opening::scanned;

fn held(name: &str) -> InForce {
    match fixture::config(name) {
        Some(config) => InForce::given(read_keys(&config).unwrap()),
        None => InForce::NotConfigured,
    }
}

pub(crate) fn examined(snapshot: &[u8], held: InForce, sample: Option<u64>) -> Encryption {
    let scan = scanned(snapshot);
    examine(&scan, &held, &Options { sample, progress: None }, &Serial)
}

fn of(name: &str) -> Encryption {
    examined(&fixture::snapshot(name), held(name), None)
}

/// The same table as the recording tool's, from what was counted and opened here.
fn table(encryption: &Encryption) -> BTreeMap<String, u64> {
    let mut table = BTreeMap::new();
    for resource in &encryption.resources {
        let path = String::from_utf8(resource.stored_path.clone()).unwrap();
        let encrypts = resource.tally.encrypted() > 0;
        if resource.tally.plain > 0 {
            let standing = if encrypts { "stale" } else { "ok" };
            table.insert(format!("{path} | plain-protobuf | {standing}"), resource.tally.plain);
        }
        for key in resource.tally.keys.iter().filter(|key| key.live > 0) {
            assert_eq!(key.opened, key.live, "{path} {key:?}");
            let standing = if key.standing == Some(Standing::Write) { "ok" } else { "stale" };
            table.insert(format!("{path} | k8s:enc:{}:{} | {standing}", key.word, key.name), key.live);
        }
    }
    table
}

#[test]
fn the_counts_are_those_of_the_ground_truth() {
    let mut seen = 0;
    for name in fixture::all() {
        let truth = fixture::encryption_table(&name);
        if truth.is_empty() {
            continue;
        }
        let encryption = of(&name);
        assert_eq!(table(&encryption), truth, "{name}");
        assert_eq!(encryption.keys_fit(), Some(true), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn coverage_is_told_by_values_and_held_against_the_operators() {
    use Coverage::{NeverEncrypted, PartiallyEncrypted, RotationUnfinished};
    for (name, expected, resources, migration) in [
        ("plain-etcd34", NeverEncrypted, 5, Migration::Unknown),
        ("plain-etcd36", NeverEncrypted, 5, Migration::Unknown),
        ("partially-encrypted", PartiallyEncrypted, 2, Migration::UnderWay),
        ("aescbc-rotated", RotationUnfinished, 5, Migration::UnderWay),
        ("aesgcm-rotated", RotationUnfinished, 5, Migration::UnderWay),
        ("page-size-64k", RotationUnfinished, 5, Migration::UnderWay),
    ] {
        let encryption = of(name);
        let found: Vec<_> = encryption.resources.iter().map(|it| (it.coverage, it.migration)).collect();
        assert_eq!(found, vec![(expected, migration); resources], "{name}: {:?}", encryption.resources);
        assert_eq!(encryption.said.conditions.len(), 3, "{name}");
        assert_eq!(encryption.said.wants_encryption(), !name.starts_with("plain"), "{name}");
    }
}

#[test]
fn every_key_in_use_is_listed_with_what_needs_it() {
    let encryption = of("aescbc-rotated");
    let rows: Vec<_> = encryption
        .keys
        .iter()
        .map(|key| (key.server.map(|server| server.name()), key.name.as_str(), key.writes, key.live))
        .collect();
    assert_eq!(
        rows,
        [
            (None, "2", true, 176),
            (None, "1", false, 112),
            (Some("openshift-apiserver"), "4", true, 8),
            (Some("openshift-apiserver"), "3", false, 10),
            (Some("oauth-apiserver"), "6", true, 12),
            (Some("oauth-apiserver"), "5", false, 15),
        ]
    );
}

#[test]
fn a_sample_is_the_same_in_every_run_and_counts_everything() {
    let bytes = fixture::snapshot("aescbc-rotated");
    let [first, again] = [3, 3].map(|size| examined(&bytes, held("aescbc-rotated"), Some(size)));
    assert_eq!(first, again);
    for key in first.resources.iter().flat_map(|resource| &resource.tally.keys) {
        assert_eq!((key.opened, key.untried), (3, key.live - 3), "{key:?}");
    }
    let all = of("aescbc-rotated");
    let live = |encryption: &Encryption| encryption.resources.iter().map(|it| it.tally.live).collect::<Vec<_>>();
    assert_eq!(live(&first), live(&all));
    assert_eq!((first.keys_fit(), first.sample), (Some(true), Some(3)));
}

#[test]
fn the_keys_of_another_cluster_open_nothing_and_of_no_keys_nothing_is_said() {
    let bytes = fixture::snapshot("aescbc-rotated");
    let other = examined(&bytes, held("page-size-64k"), None);
    assert_eq!(other.keys_fit(), Some(false));
    for resource in &other.resources {
        let of_kube = resource.stored_path.starts_with(b"kubernetes.io/");
        let reason = if of_kube { Reason::WrongKey } else { Reason::MissingKey };
        for key in &resource.tally.keys {
            assert_eq!((key.opened, key.spare, key.not_opened()), (0, 0, key.live), "{key:?}");
            let failed = &key.failed[&reason];
            assert_eq!((failed.count, failed.examples.len() as u64), (key.live, key.live.min(5)), "{key:?}");
        }
    }
    assert!(other.chain.links.iter().all(|link| matches!(link.content, Err(Broken::Closed(_)))));
    let none = examined(&bytes, InForce::Unknown { why: Why::Absent }, None);
    assert_eq!(none.keys_fit(), None);
    assert_eq!(none.encrypted(), 333);
    // a tarball of a cluster that does not encrypt, beside a snapshot that is encrypted
    assert_eq!(examined(&bytes, InForce::NotConfigured, None).keys_fit(), Some(false));
}
