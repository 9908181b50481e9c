//! Any bytes, as segments of a write-ahead log.
#![no_main]

use etcd_snapshot::wal::Log;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut log = Log::default();
    for segment in data.chunks((data.len() / 2).max(1)) {
        log.take(segment);
    }
    assert!(log.first.is_some() == log.last.is_some());
});
