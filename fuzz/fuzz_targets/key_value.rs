//! Any bytes, as a record's key and as its value.
#![no_main]

use etcd_snapshot::{BucketKey, KeyValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = BucketKey::decode(data);
    if let Ok(kv) = KeyValue::decode(data) {
        assert!(kv.key.len() + kv.value.len() <= data.len());
    }
});
