//! What is written is read again, by the page reader and by another implementation of bbolt.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::io::Cursor;

use bbolt_page::{Chunk, Db, Pgid, Serial, Walker};
use bbolt_rs::{Bolt, BoltOptions, BucketApi, DbApi, TxApi, TxCheck};
use bbolt_write::{WriteError, Writer};
use proptest::prelude::*;

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;
type Buckets = BTreeMap<Vec<u8>, Entries>;

fn written(buckets: &Buckets, page_size: u32) -> Vec<u8> {
    let mut writer = Writer::new(Cursor::new(Vec::new()), page_size).unwrap();
    let mut named = Vec::new();
    for (name, entries) in buckets {
        let mut bucket = writer.bucket(0);
        entries.iter().try_for_each(|(key, value)| bucket.push(key, value)).unwrap();
        named.push((name.clone(), bucket.finish().unwrap()));
    }
    let (out, finished) = writer.finish(named, 7).unwrap();
    let file = out.into_inner();
    assert_eq!(file.len() as u64, finished.high_water.0 * u64::from(page_size));
    file
}

/// The buckets as the page reader sees them; the file has no fault and no page that nothing uses.
fn read(file: &[u8]) -> Buckets {
    let mut walker = Walker::new(Db::open(file).unwrap());
    let mut found = Buckets::new();
    for bucket in walker.buckets(&Serial) {
        let entries = found.entry(bucket.name().to_vec()).or_default();
        let read = |chunk: &mut Chunk<'_, '_>| {
            let mut found = Vec::new();
            for (page, _) in chunk {
                found.extend(page.elements().map(|element| (element.key.to_vec(), element.value.to_vec())));
            }
            found
        };
        walker.visit(&bucket, &Serial, read, |found| entries.extend(found));
    }
    let walked = walker.finish(&Serial);
    assert_eq!(walked.faults.kept(), []);
    assert_eq!(walked.unreachable().count(), 0);
    assert_eq!(walked.db.meta().freelist, None);
    found
}

/// The buckets as bbolt-rs sees them, which wants a free list: the copy gets an empty one behind its pages.
fn read_by_another(file: &[u8], page_size: usize) -> Buckets {
    let mut file = file.to_vec();
    let list = (file.len() / page_size) as u64;
    let mut page = [&list.to_le_bytes()[..], &[0x10, 0, 0, 0, 0, 0, 0, 0]].concat();
    page.resize(page_size, 0);
    file.extend(page);
    for at in [16, page_size + 16] {
        file[at + 32..at + 40].copy_from_slice(&list.to_le_bytes());
        file[at + 40..at + 48].copy_from_slice(&(list + 1).to_le_bytes());
        let sum = bbolt_page::meta_checksum(&file[at..at + 56]);
        file[at + 56..at + 64].copy_from_slice(&sum.to_le_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    std::fs::write(&path, file).unwrap();
    let bolt: Bolt = BoltOptions::builder().build().open(&path).unwrap();
    let mut found = Buckets::new();
    bolt.view(|tx| {
        assert_eq!(tx.check(), Vec::<String>::new());
        for (name, bucket) in tx.iter_buckets() {
            let entries = bucket.iter_entries().map(|(key, value)| (key.to_vec(), value.to_vec()));
            found.insert(name.to_vec(), entries.collect());
        }
        Ok(())
    })
    .unwrap();
    found
}

fn check(buckets: &Buckets, page_size: u32, what: &str) {
    let file = written(buckets, page_size);
    assert!(read(&file) == *buckets, "{what}: read by the page reader");
    assert!(read_by_another(&file, page_size as usize) == *buckets, "{what}: read by bbolt-rs");
    assert!(written(buckets, page_size) == file, "{what}: equal input, equal bytes");
}

fn one(entries: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Buckets {
    Buckets::from([(b"b".to_vec(), entries.into_iter().collect())])
}

fn numbered(count: u32, key: usize, value: usize) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    (0..count).map(move |number| {
        let mut name = number.to_be_bytes().to_vec();
        name.resize(key.max(4), b'k');
        (name, vec![number.to_le_bytes()[0]; value])
    })
}

#[test]
fn the_edges_of_pages_and_branches() {
    for page_size in [1024, 4096, 16_384, 65_536] {
        let page = page_size as usize;
        let filled = |size: usize| one([(vec![b'k'; 4], vec![1; size - 16 - 16 - 4])]);
        let cases: Vec<(&str, Buckets)> = vec![
            ("no bucket", Buckets::new()),
            ("an empty bucket", one([])),
            ("as large as is kept inline", filled(page / 4)),
            ("a byte too large for that", filled(page / 4 + 1)),
            ("a page to the byte", filled(page)),
            ("a byte more", filled(page + 1)),
            ("two elements of half a page", one(numbered(2, 8, page / 2 - 16 - 8 - 8))),
            ("many tiny elements", one(numbered(70_000, 4, 0))),
            ("a value of 3 MB between others", one(numbered(3, 4, 3 << 20))),
            ("keys of a third of a page", one(numbered(40, page / 3, 10))),
            ("keys longer than a page", one(numbered(9, (page * 2).min(32_768), 1))),
            (
                "buckets for more than a page",
                (0..400_u32).map(|n| (n.to_be_bytes().to_vec(), Entries::new())).collect(),
            ),
        ];
        for (what, buckets) in cases {
            check(&buckets, page_size, &format!("{what}, pages of {page_size}"));
        }
    }
}

/// Objects of Kubernetes have some kilobytes: a page of its own for each would double the file.
#[test]
fn little_room_is_left_over() {
    for (value, most) in [(100, 102), (1300, 108), (2100, 108), (2800, 108), (4100, 115), (5000, 112), (9000, 112)] {
        let buckets = one(numbered(2000, 17, value));
        let file = written(&buckets, 4096);
        let bytes = 2000 * (16 + 17 + value);
        // metas, the root and branches are not meant
        let leaves = file.len() - 30 * 4096;
        assert!(leaves * 100 <= bytes * most, "{value}: {} bytes for {bytes}", file.len());
        assert!(read_by_another(&file, 4096) == buckets, "{value}");
    }
}

/// Of a branch that would have a single child: every count of leaves around one and two full levels.
#[test]
fn no_branch_has_a_single_child() {
    // one element a leaf, 30 children a branch
    let around = |count: u32| (count - 1..=count + 2).chain(2 * count - 1..=2 * count + 1);
    for leaves in around(31).chain(around(31 * 31)) {
        check(&one(numbered(leaves, 16, 1024 - 16 - 16 - 16)), 1024, &format!("{leaves} leaves"));
    }
}

#[test]
fn pages_behind_others_leave_those_as_they_are() {
    let before = written(&one(numbered(500, 8, 100)), 4096);
    let first = Pgid(before.len() as u64 / 4096);
    let mut writer = Writer::behind(Cursor::new(before.clone()), 4096, first).unwrap();
    let mut bucket = writer.bucket(3);
    numbered(300, 8, 50).try_for_each(|(key, value)| bucket.push(&key, &value)).unwrap();
    let value = bucket.finish().unwrap();
    let (out, _) = writer.finish([(b"new".to_vec(), value)], 9).unwrap();
    let file = out.into_inner();
    assert!(file[2 * 4096..before.len()] == before[2 * 4096..]);
    let mut walker = Walker::new(Db::open(&file).unwrap());
    let buckets = walker.buckets(&Serial);
    assert_eq!(buckets.iter().map(|bucket| (bucket.name(), bucket.sequence)).collect::<Vec<_>>(), [(&b"new"[..], 3)]);
    assert_eq!(walker.db().meta().txid.0, 9);
}

#[test]
fn what_bbolt_does_not_take_is_refused() {
    let mut writer = Writer::new(Cursor::new(Vec::new()), 4096).unwrap();
    let mut bucket = writer.bucket(0);
    assert!(matches!(bucket.push(b"", b""), Err(WriteError::Key { len: 0 })));
    assert!(matches!(bucket.push(&[1; 32_769], b""), Err(WriteError::Key { len: 32_769 })));
    bucket.push(&[2; 32_768], b"").unwrap();
    assert!(matches!(bucket.push(&[2; 32_768], b""), Err(WriteError::Order { .. })));
    assert!(matches!(bucket.push(&[1], b""), Err(WriteError::Order { .. })));
    for bytes in [0, 512, 4095, 32 << 20] {
        assert!(matches!(Writer::new(Cursor::new(Vec::new()), bytes), Err(WriteError::PageSize { .. })));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn anything_comes_back(
        buckets in prop::collection::btree_map(
            prop::collection::vec(any::<u8>(), 1..20),
            prop::collection::btree_map(
                prop::collection::vec(any::<u8>(), 1..300),
                prop::collection::vec(any::<u8>(), 0..2500),
                0..60,
            ),
            0..8,
        ),
        page_size in prop::sample::select(vec![1024_u32, 4096, 16_384]),
    ) {
        let file = written(&buckets, page_size);
        prop_assert!(read(&file) == buckets);
        prop_assert!(read_by_another(&file, page_size as usize) == buckets);
    }
}
