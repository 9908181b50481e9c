//! Two metas of any content, at any distance, with and without a true checksum.
#![no_main]

use bbolt_page::{Db, Meta, OpenError, Serial, Walker};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Meta::read(data);
    let bytes = fuzz::with_true_checksums(data);
    match Db::open(&bytes) {
        Ok(db) => {
            let meta = *db.meta();
            assert!(meta.page_size.is_power_of_two());
            assert!(db.slots().iter().any(|slot| slot.valid() == Some(&meta)));
            let best = db.slots().iter().filter_map(|slot| slot.valid()).map(|meta| meta.txid).max();
            assert_eq!(best, Some(meta.txid), "the higher transaction wins");
            assert!(db.page_limit().saturating_mul(db.page_size()) <= bytes.len() as u64);
            for fault in db.opening_faults() {
                assert!(!fault.to_string().is_empty());
            }
            let mut walker = Walker::new(db);
            let _ = walker.buckets(&Serial);
        }
        Err(OpenError::TooShort { len }) => assert_eq!(len, bytes.len() as u64),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
