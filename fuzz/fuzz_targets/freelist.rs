//! A freelist page of any content in a file that is otherwise sound: four pages, an empty root, the list.
#![no_main]

use bbolt_page::{Db, Serial, Walker};
use libfuzzer_sys::fuzz_target;

const PAGE: usize = 1024;

fuzz_target!(|data: &[u8]| {
    let Some((&[pages, place], list)) = data.split_first_chunk::<2>() else { return };
    let pages = 4 + usize::from(pages);
    let mut bytes = vec![0; pages * PAGE];
    let freelist = 2 + u64::from(place) % (pages as u64 + 2); // sometimes out of range
    for slot in 0..2_u64 {
        let at = slot as usize * PAGE;
        put(&mut bytes, at, &slot.to_le_bytes());
        put(&mut bytes, at + 8, &[4, 0]);
        let words = [3, 0, freelist, pages as u64, slot]; // root, sequence, freelist, high water, txid
        put(&mut bytes, at + 16, &0xed0c_daed_u32.to_le_bytes());
        put(&mut bytes, at + 20, &2_u32.to_le_bytes());
        put(&mut bytes, at + 24, &(PAGE as u32).to_le_bytes());
        for (n, word) in words.iter().enumerate() {
            put(&mut bytes, at + 32 + 8 * n, &word.to_le_bytes());
        }
    }
    put(&mut bytes, 3 * PAGE, &[3, 0, 0, 0, 0, 0, 0, 0, 2]);
    put(&mut bytes, freelist as usize * PAGE, list);
    if let Some(last) = bytes.last_mut() {
        *last |= 1; // asks for true checksums
    }
    let bytes = fuzz::with_true_checksums(&bytes);
    let Ok(db) = Db::open(&bytes) else { panic!("both metas are sound") };
    assert_eq!(db.meta().freelist.map(|id| id.0), Some(freelist));
    let mut walker = Walker::new(db);
    for bucket in walker.buckets(&Serial) {
        walker.visit(&bucket, &Serial, |chunk| chunk.for_each(drop), drop);
    }
    let report = walker.finish(&Serial);
    assert!(report.pages_in_use + report.pages_free == pages as u64);
    for fault in report.faults.kept() {
        assert!(!fault.to_string().is_empty());
    }
});

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    if let Some(place) = bytes.get_mut(at..) {
        let len = what.len().min(place.len());
        place[..len].copy_from_slice(&what[..len]);
    }
}
