//! Any bytes, walked to the end: every bucket, every leaf, every fault, the free pages, and the salvage.
#![no_main]

use bbolt_page::{Db, LeafPage, Serial, Walker, salvage};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = fuzz::with_true_checksums(data);
    if let Ok(db) = Db::open(&bytes) {
        if let Some(loser) = db.through_loser() {
            walk(loser);
        }
        walk(db);
    }
    if let Some(size) = salvage::guess_page_size(&bytes) {
        salvage::leaf_pages(&bytes, size).for_each(|page| read(&page));
        if let Some(root) = salvage::root_candidates(&bytes, size).last() {
            walk(salvage::open_at(&bytes, size, root));
        }
    }
});

fn walk(db: Db<'_>) {
    let mut walker = Walker::new(db);
    for bucket in walker.buckets(&Serial) {
        assert!(!bucket.path.is_empty(), "a top-level bucket has a name, if an empty one");
        walker.visit(&bucket, &Serial, |chunk| chunk.for_each(|(page, _)| read(&page)), drop);
    }
    let report = walker.finish(&Serial);
    for fault in report.faults.kept() {
        // what a report prints of it must not fail either
        assert!(!format!("{fault:?} {}", fault.kind).is_empty());
    }
    let free = report.unreachable().count() as u64;
    assert_eq!(free, report.pages_free, "free pages, listed and counted");
}

fn read(page: &LeafPage<'_>) {
    let elements = page.elements().inspect(|element| assert!(element.key.len() + element.value.len() < 1 << 32));
    assert!(elements.count() <= usize::from(page.count()));
}
