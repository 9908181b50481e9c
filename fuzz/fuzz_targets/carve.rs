//! Any bytes, carved: whatever is claimed lies in the file, is given once, and reads as it is said to.
#![no_main]

use std::collections::BTreeSet;

use bbolt_page::view::{PageMap, PageView};
use bbolt_page::{Db, Serial};
use etcd_snapshot::carve::{Content, carve};
use etcd_snapshot::{Options, salvage, scan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = fuzz::with_true_checksums(data);
    for db in [Db::open(&bytes).ok(), salvage::open_without_root(&bytes)].into_iter().flatten() {
        look(&db, &bytes);
    }
});

fn look(db: &Db<'_>, bytes: &[u8]) {
    let map = PageMap::of(db.clone(), &Serial);
    let pages: u64 = map.runs().iter().map(|run| run.pages).sum();
    assert_eq!(pages, db.page_limit(), "every page once");
    for run in map.runs() {
        let view = PageView::of(db, run.page, run.pages).expect("the file holds it");
        let unknown: usize = view.unknown.iter().map(|part| part.bytes.len()).sum();
        assert!(unknown <= view.bytes.len());
    }
    let scan = scan(db.clone(), Options { without_hashes: true, ..Options::default() }, &Serial);
    let mut seen = BTreeSet::new();
    let tally = carve(&scan, &Serial, &|_| {}, |carved| {
        let at = usize::try_from(carved.offset).expect("an offset in memory");
        assert!(at < bytes.len());
        assert_eq!(carved.page.0, carved.offset / db.page_size());
        let fresh = match carved.content {
            Content::Record { revision, tombstone, raw, .. } => {
                seen.insert((&b"key"[..], vec![], revision, tombstone, raw))
            }
            Content::Entry { bucket, key, value } => {
                seen.insert((bucket, key.to_vec(), Default::default(), false, value))
            }
        };
        assert!(fresh, "given twice");
    });
    assert_eq!(seen.len() as u64, tally.records.iter().chain(&tally.entries).sum::<u64>());
    assert!(tally.copies >= seen.len() as u64);
}
