//! Databases that bbolt-rs wrote: every key and value as it reads them itself, at every page size.

use bbolt_page::{BucketRoot, Db, Residue, Serial, Walker};
use bbolt_rs::{BoltOptions, BucketApi, DbApi, TxApi, TxCheck};

use crate::sample;

#[test]
fn every_entry_as_its_writer_reads_it() {
    for page_size in [1024, 4096, 16384, 65536] {
        let bytes = sample::written(page_size);
        assert_eq!(Db::open(&bytes).unwrap().page_size(), page_size as u64);
        assert_eq!(sample::faults(&bytes), [], "page size {page_size}");

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("copy.db");
        std::fs::write(&path, &bytes).unwrap();
        let bolt = BoltOptions::builder().build().open_ro(&path).unwrap();
        let tx = bolt.begin().unwrap();
        assert_eq!(tx.check(), Vec::<String>::new());
        let mut expected = Vec::new();
        for (name, bucket) in tx.iter_buckets() {
            expected.extend(bucket.iter_entries().map(|(key, value)| (name.to_vec(), key.to_vec(), value.to_vec())));
        }
        assert_eq!(expected.len(), 2603);
        assert!(sample::entries(&bytes) == expected, "page size {page_size}");
    }
}

#[test]
fn buckets_of_every_form_are_told_apart() {
    let bytes = sample::written(4096);
    let mut walker = Walker::new(Db::open(&bytes).unwrap());
    let buckets = walker.buckets(&Serial);
    let names: Vec<_> = buckets.iter().map(|bucket| String::from_utf8_lossy(bucket.name())).collect();
    assert_eq!(names, ["empty", "large", "outer", "small"]);
    let inline: Vec<_> = buckets.iter().map(|bucket| matches!(bucket.root, BucketRoot::Inline(_))).collect();
    assert_eq!(inline, [true, false, false, true]);
    assert!(buckets[1].tree().unwrap().leaves().iter().any(|leaf| leaf.overflow >= 5));
}

#[test]
fn every_page_is_in_use_or_free_and_the_freelist_agrees() {
    let bytes = sample::written(4096);
    let db = Db::open(&bytes).unwrap();
    assert!(db.meta().freelist.is_some());
    let high_water = db.meta().high_water.0;
    let mut walker = Walker::new(db);
    for bucket in walker.buckets(&Serial) {
        walker.visit(&bucket, &Serial, |chunk| chunk.for_each(drop), |()| {});
    }
    let walked = walker.finish(&Serial);
    assert_eq!(walked.pages_in_use + walked.pages_free, high_water);
    let stale = walked.unreachable().filter(|page| page.residue == Residue::Leaf).count();
    assert!(stale > 10, "the deletions left {stale} stale leaves");
}
