//! The reader against a whole scan, and on keys that are deleted, re-created and changed within one revision.

use std::collections::BTreeMap;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, Revision, RevisionError, scan};
use lens::Reader;
use snapshot_builder::{Builder, Put};

#[test]
fn what_is_newest_is_what_a_whole_scan_says() {
    let mut compared = 0;
    for fixture in fixtures::all() {
        let file = fixture.bytes();
        let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
        let whole = scan(Db::open(&file).unwrap(), Options { without_hashes: true, ..Options::default() }, &Serial);
        assert_eq!(reader.current(), whole.current(), "{}", fixture.name);
        assert_eq!(reader.compacted(), whole.state.compacted(), "{}", fixture.name);
        let first = whole.state.compacted().unwrap_or(1).max(1);
        let last = whole.current();
        for at in [first, first + (last - first) / 3, first + (last - first) / 2, last] {
            let expected = scan(
                Db::open(&file).unwrap(),
                Options { at: Some(at), without_hashes: true, ..Options::default() },
                &Serial,
            );
            let expected: BTreeMap<_, _> = expected.store.live().map(|live| (live.kv.key, live.kv)).collect();
            let newest = reader.newest(|_| true, Some(at), usize::MAX, &Serial, &|_| {});
            assert_eq!(newest.damaged, 0);
            let live: Vec<_> = newest.live().map(|found| (found.record.kv.key, found.record.kv)).collect();
            assert!(live.is_sorted_by_key(|(key, _)| *key), "{} at {at}", fixture.name);
            let live: BTreeMap<_, _> = live.into_iter().collect();
            assert!(live == expected, "{} at {at}", fixture.name);
            compared += live.len();
        }
    }
    assert!(compared > 14_000, "only {compared}");
}

#[test]
fn a_search_ends_with_the_newest_revision_of_its_key() {
    let mut builder = Builder::new();
    builder.create(2, "a").create(3, "b").change(4, "a", 2, 2).delete(5, 0, "a").create(6, "a").delete(7, 0, "b");
    // two operations on a key in one revision: the later sub counts
    builder.delete(8, 0, "a");
    let again = Put { key: b"a", value: b"again", create: 8, modified: 8, version: 1, lease: 0 };
    builder.put(8, 1, &again);
    let file = builder.build();
    let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
    let newest = |key: &'static [u8], at| {
        let found = reader.newest(|found| found == key, at, 1, &Serial, &|_| {});
        found.get(key).map(|found| (found.record.revision, found.record.tombstone, found.record.kv.value.to_vec()))
    };
    let at = |main, sub| Revision { main, sub };
    assert_eq!(newest(b"a", None), Some((at(8, 1), false, b"again".to_vec())));
    assert_eq!(newest(b"a", Some(7)), Some((at(6, 0), false, b"value of a at 6".to_vec())));
    assert_eq!(newest(b"a", Some(5)).map(|found| (found.0, found.1)), Some((at(5, 0), true)));
    assert_eq!(newest(b"b", None).map(|found| found.1), Some(true));
    assert_eq!(newest(b"b", Some(2)), None);
    assert_eq!(newest(b"c", None), None);
    assert_eq!(reader.answerable(9), Err(RevisionError::Future { asked: 9, current: 8 }));
}

#[test]
fn a_compacted_revision_is_refused() {
    let mut builder = Builder::new();
    builder.create(2, "a").change(5, "a", 2, 2).compacted(4, Some(3));
    let file = builder.build();
    let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
    assert_eq!(reader.answerable(3), Err(RevisionError::Compacted { asked: 3, compacted: 4 }), "scheduled counts");
    assert_eq!(reader.answerable(4), Ok(()));
}

#[test]
fn damage_on_the_way_is_counted() {
    let mut builder = Builder::new();
    builder.create(2, "a").set("key", &snapshot_builder::revision(3, 0), b"\xff\xff");
    let file = builder.build();
    let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
    let newest = reader.newest(|_| true, None, usize::MAX, &Serial, &|_| {});
    assert_eq!((newest.len(), newest.damaged), (1, 1));
    let mut seen = 0;
    assert_eq!(reader.records(|_| true, &Serial, &|_| {}, |_| seen += 1), 1);
    assert_eq!(seen, 1);
}

#[test]
fn a_record_that_stands_where_it_does_not_belong_is_damage() {
    let count = |builder: &Builder| {
        let file = builder.build();
        let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
        let newest = reader.newest(|_| false, None, usize::MAX, &Serial, &|_| {});
        let all = reader.records(|_| false, &Serial, &|_| {}, |_| {});
        assert_eq!(newest.damaged, all);
        all
    };
    let mut builder = Builder::new();
    for main in 2..4_000 {
        builder.create(main, &format!("/kubernetes.io/configmaps/a/cm-{main}"));
    }
    builder.delete(4_000, 0, "/kubernetes.io/configmaps/a/cm-7");
    assert_eq!(count(&builder), 0);
    let put = Put { key: b"x", value: b"v", create: 4_001, modified: 17, version: 1, lease: 0 };
    builder.put(4_001, 0, &put);
    assert_eq!(count(&builder), 1, "its own revision is another");

    // one bit of the key of a deletion, so that it stands before what is older
    let mut file = Builder::new().create(2, "a").delete(3, 0, "a").create(4, "a").build();
    let deletion = snapshot_builder::revision(3, 0);
    let at = file.windows(deletion.len()).position(|bytes| bytes == deletion).unwrap();
    file[at] ^= 0x10;
    let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
    assert_eq!(reader.records(|_| false, &Serial, &|_| {}, |_| {}), 1);
}
