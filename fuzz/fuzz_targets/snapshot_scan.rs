//! Any bytes, scanned as a snapshot, and then every question asked of the scan.
#![no_main]

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, Provenance, scan, trailer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = fuzz::with_true_checksums(data);
    trailer::read(&bytes, |_| ());
    let Ok(db) = Db::open(&bytes) else { return };
    assert!(!Provenance::of(&db).name().is_empty());
    let latest = scan(db.clone(), Options::default(), &Serial);
    assert!(!format!("{:?} {:?}", latest.state, latest.faults.kept()).is_empty());
    let live = latest.store.live().count();
    assert_eq!(latest.store.live_count(), live as u64);
    assert_eq!(latest.store.live_sorted(|_| true, &Serial).count(), live);
    let names: Vec<_> = latest.store.deleted_sorted(|_| true, &Serial).map(|deleted| deleted.key).collect();
    assert!(names.is_sorted());
    assert!(latest.records().count() as u64 <= latest.counts.records);
    let _ = latest.content_digest(&Serial);
    // a view in the middle of the history, where there is one
    let first = latest.first.map_or(0, |first| first.main);
    let middle = first.midpoint(latest.current());
    let then = scan(db, Options { at: Some(middle), ..Options::default() }, &Serial);
    assert_eq!(then.hash_kv(&Serial).is_ok(), then.answerable(middle).is_ok());
});
