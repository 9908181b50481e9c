//! Any bytes, salvaged as far as it goes: what is gathered can be written, and what was written has no fault in its pages.
#![no_main]

use std::io::Cursor;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, scan};
use libfuzzer_sys::fuzz_target;
use rebuild::salvage::{How, Outcome, Sources, salvage};

fuzz_target!(|data: &[u8]| {
    let bytes = fuzz::with_true_checksums(data);
    let how = How { without_auth: true, beside: Sources::Raw };
    let Ok(Outcome::Salvaged(salvaged)) = salvage(&bytes, how, &Serial) else { return };
    let file = salvaged.write(Cursor::new(Vec::new())).expect("what was gathered can be written").into_inner();
    let scan = scan(Db::open(&file).expect("a database"), Options::default(), &Serial);
    assert_eq!(scan.walked.faults.kept(), []);
    assert_eq!(scan.counts.damaged, 0);
    assert!(scan.counts.records <= salvaged.report().gathered);
});
