//! Every byte of every backup is accounted for, and what keys take is what their records take.

use std::collections::BTreeMap;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, scan};
use fixtures::all;
use lens::usage::{By, Usage};

fn usage(bytes: &[u8]) -> Usage<'_> {
    Usage::of(Db::open(bytes).unwrap(), &Serial, &|_| {})
}

fn check_sum(name: &str, bytes: &[u8], usage: &Usage<'_>) {
    let classes = usage.account.classes();
    let sum: u64 = classes.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(sum, bytes.len() as u64, "{name}: {classes:?}");
    assert_eq!(usage.account.file, bytes.len() as u64);
}

#[test]
fn the_classes_add_up_to_the_file() {
    for fixture in all() {
        let bytes = fixture.bytes();
        let usage = usage(&bytes);
        check_sum(&fixture.name, &bytes, &usage);
        assert_eq!(usage.account.trailer, 32, "{}", fixture.name);
        assert_eq!(usage.account.tail, 0, "{}", fixture.name);
        let facts = fixture.facts();
        let known = |pointer: &str| facts.pointer(&format!("/{pointer}")).unwrap().as_u64().unwrap();
        assert_eq!(usage.records, known("revision_entries"), "{}", fixture.name);
        assert_eq!(usage.live_keys(), known("status-3.6/totalKey"), "{}", fixture.name);
        let figures = usage.account.reclaimable();
        assert_eq!(figures.db_total_size, known("status-3.5/totalSize"), "{}", fixture.name);
        let page_size = usage.account.db_size / known("hwm");
        assert_eq!(figures.db_total_size - figures.db_in_use, known("pages/free") * page_size, "{}", fixture.name);
        let free_mb = (known("pages/free") * page_size) as f64 / 1024.0 / 1024.0;
        assert!((figures.defragmentation_mb - free_mb).abs() < 0.006, "{}", fixture.name);
    }
}

/// Against records counted one by one, the last of each key told by a plain map.
#[test]
fn live_history_and_tombstones_are_those_of_the_records() {
    let mut encrypted = 0;
    for fixture in all() {
        let bytes = fixture.bytes();
        let scan = scan(Db::open(&bytes).unwrap(), Options::default(), &Serial);
        let (mut last, mut all, mut tombstones) = (BTreeMap::new(), 0, 0);
        for record in scan.records() {
            let size = 16 + 17 + u64::from(record.tombstone) + record.raw.len() as u64;
            all += size;
            tombstones += if record.tombstone { size } else { 0 };
            last.insert(record.kv.key, (record.tombstone, size));
        }
        let live: u64 = last.values().filter(|(tombstone, _)| !tombstone).map(|(_, size)| size).sum();
        let account = usage(&bytes).account;
        assert_eq!((account.live, account.tombstones), (live, tombstones), "{}", fixture.name);
        assert_eq!(account.history, all - live - tombstones, "{}", fixture.name);
        assert_eq!(account.reclaimable().compaction, all - live, "{}", fixture.name);
        encrypted += usize::from(usage(&bytes).keys.iter().any(|key| key.wrapping > 0));
    }
    assert!(encrypted >= 4, "{encrypted} backups have encrypted values");
}

#[test]
fn groups_add_up_to_what_the_records_take() {
    for fixture in all() {
        let bytes = fixture.bytes();
        let usage = usage(&bytes);
        let account = &usage.account;
        for by in [By::Resource, By::Namespace, By::Prefix(1), By::Prefix(3), By::Prefix(99)] {
            let groups = usage.table(Some(by), false, 0).rows;
            let sum = |of: fn(&lens::usage::Group) -> u64| groups.iter().map(of).sum::<u64>();
            assert_eq!(sum(|group| group.live), account.live, "{} {by:?}", fixture.name);
            assert_eq!(sum(|group| group.history), account.history, "{} {by:?}", fixture.name);
            assert_eq!(sum(|group| group.tombstones), account.tombstones, "{} {by:?}", fixture.name);
            assert_eq!(sum(|group| group.revisions), usage.records, "{} {by:?}", fixture.name);
            assert_eq!(sum(|group| group.live_keys), usage.live_keys(), "{} {by:?}", fixture.name);
            let all = usage.all_keys();
            assert_eq!(sum(|group| group.deleted_keys), all.deleted_keys, "{} {by:?}", fixture.name);
            assert_eq!(sum(|group| group.wrapping), all.wrapping, "{} {by:?}", fixture.name);
            assert_eq!(sum(|group| group.removed), all.removed, "{} {by:?}", fixture.name);
            assert!(groups.is_sorted_by_key(|group| std::cmp::Reverse(group.total())));
        }
    }
}

/// `odd-keys` has a key with 300 versions.
#[test]
fn what_churns_stands_out() {
    let fixture = fixtures::named("odd-keys");
    let bytes = fixture.bytes();
    let usage = usage(&bytes);
    let most = usage.keys.iter().max_by_key(|key| key.revisions).unwrap();
    assert_eq!((most.key, most.revisions), (&b"/kubernetes.io/leases/kube-system/hot"[..], 300));
    assert!(most.history > most.live);
}

/// A compaction and a defragmentation take history and free pages, and leave what is live.
#[test]
fn a_defragmentation_gives_back_the_free_pages() {
    let unpack = |name: &str| fixtures::named("after-deletes").read(name).unwrap();
    let (before, after) = (unpack("snapshot.db"), unpack("defragmented.db"));
    let [old, new] = [&before, &after].map(|bytes| {
        let usage = usage(bytes);
        check_sum("after-deletes", bytes, &usage);
        usage.account
    });
    assert_eq!((old.live, old.history, old.tombstones), (new.live, new.history, new.tombstones));
    assert!(new.free < old.free / 20, "{} of {}", new.free, old.free);
    assert!(new.db_size <= old.reclaimable().db_in_use, "what the figure promised was given back");
}

/// Whatever is damaged, every byte has a class.
#[test]
fn damaged_files_add_up_too() {
    let whole = fixtures::named("auth-enabled").bytes();
    let mut random = 5_u64;
    for _ in 0..200 {
        let mut bytes = whole.clone();
        for _ in 0..6 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = 8192 + usize::try_from(random >> 20).unwrap() % (bytes.len() - 8192);
            bytes[at / 4096 * 4096 + at % 80] = (random >> 56).to_le_bytes()[0];
        }
        check_sum("damaged", &bytes, &usage(&bytes));
    }
    for len in [8192, 9000, 20_000, 40_961, whole.len() - 32, whole.len() - 7] {
        check_sum("cut", &whole[..len], &usage(&whole[..len]));
    }
    let appended = [&whole[..], b"more"].concat();
    let usage = usage(&appended);
    check_sum("appended", &appended, &usage);
    assert_eq!((usage.account.trailer, usage.account.tail), (0, 36));
}
