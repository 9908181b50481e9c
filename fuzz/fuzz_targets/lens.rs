//! Any bytes, accounted for and compared: the classes add up to the file, groups to what their keys take, a search
//! finds what a scan finds, and a snapshot does not differ from itself.
#![no_main]

use std::collections::BTreeSet;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, Scan, salvage, scan};
use lens::usage::{By, Group, Usage};
use lens::{Agreement, Comparison, Difference, NoKeys, Pair, Reader, agreement, merge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = fuzz::with_true_checksums(data);
    for db in [Db::open(&bytes).ok(), salvage::open_without_root(&bytes)].into_iter().flatten() {
        account(&db, &bytes);
        differ(&db, &bytes);
    }
});

fn account(db: &Db<'_>, bytes: &[u8]) {
    let usage = Usage::of(db.clone(), &Serial, &|_| {});
    let classes = usage.account.classes();
    assert_eq!(classes.iter().map(|(_, bytes)| bytes).sum::<u64>(), bytes.len() as u64, "{classes:?}");
    let had = usage.account.reclaimable();
    assert!(had.db_in_use <= had.db_total_size, "{had:?}");
    assert!((0.0..=100.0).contains(&had.fragmentation_percent), "{had:?}");
    assert!(usage.live_keys() <= usage.records);
    for by in [By::Resource, By::Namespace, By::Prefix(1), By::Prefix(9)] {
        let groups = usage.table(Some(by), false, 0).rows;
        let sum = |of: fn(&Group) -> u64| groups.iter().map(of).sum::<u64>();
        assert_eq!(sum(Group::total), usage.keys.iter().map(|key| key.total()).sum::<u64>());
        assert_eq!(sum(|group| group.revisions), usage.records);
        assert_eq!(sum(Group::total), usage.all_keys().total());
        let names: BTreeSet<&[u8]> = groups.iter().map(|group| &group.name[..]).collect();
        assert_eq!(names.len(), groups.len(), "a group twice");
    }
}

fn view<'a>(db: &Db<'a>) -> Scan<'a> {
    scan(db.clone(), Options { without_hashes: true, ..Options::default() }, &Serial)
}

fn differ(db: &Db<'_>, bytes: &[u8]) {
    let (old, new) = (view(db), view(db));
    let comparison = Comparison { old: &NoKeys, new: &NoKeys, all: true, reveal: false };
    let mut last: Option<Vec<u8>> = None;
    for pair in merge(old.store.live_sorted(|_| true, &Serial), new.store.live_sorted(|_| true, &Serial)) {
        let Pair::Both(a, b) = pair else { panic!("in one of two equal files only") };
        assert_eq!(comparison.of(&a, &b), Difference::None);
        assert!(last.as_deref().is_none_or(|last| last < a.kv.key), "keys ascend");
        last = Some(a.kv.key.to_vec());
    }
    assert!(!matches!(agreement(&old, &new), Agreement::Diverged(_)));
    // The same file under another end: differences are told, whatever it has become.
    let mut other = bytes.to_vec();
    let half = other.len() / 2;
    if let Some(byte) = other.get_mut(half) {
        *byte ^= 0x55;
    }
    if let Ok(other) = Db::open(&other) {
        let new = view(&other);
        let pairs = merge(old.store.live_sorted(|_| true, &Serial), new.store.live_sorted(|_| true, &Serial));
        for pair in pairs {
            if let Pair::Both(a, b) = pair {
                let _ = comparison.of(&a, &b);
            }
        }
        let _ = agreement(&old, &new);
    }
    let reader = Reader::open(db.clone(), &Serial);
    let newest = reader.newest(|_| true, None, usize::MAX, &Serial, &|_| {});
    assert!(newest.len() >= old.store.live().count() || newest.damaged > 0 || !old.walked.faults.kept().is_empty());
}
