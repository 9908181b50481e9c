//! Any bytes, of which a few blocks are looked at as somebody far away would: it ends, asks for no block twice and for none
//! that is not there, and what is said of the newest revision is what the whole file says.
#![no_main]

use bbolt_page::{Db, Serial};
use etcd_snapshot::look::{Look, Step};
use etcd_snapshot::{Options, scan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = fuzz::with_true_checksums(data);
    let mut look = Look::new(bytes.len() as u64);
    let mut asked = std::collections::BTreeSet::new();
    let step = loop {
        let Step::Wants(range) = look.step() else { break look.step() };
        assert!(asked.insert(range.start) && asked.len() <= 64, "{range:?}");
        let block = bytes.get(range.start as usize..range.end as usize).expect("what is asked for is there");
        look.give(&range, block.to_vec());
    };
    match step {
        Step::Suspect(what) => assert!(!what.is_empty()),
        Step::Plausible(revision) => {
            let scan = scan(Db::open(&bytes).expect("what is plausible opens"), Options::default(), &Serial);
            let is_sound = scan.walked.faults.is_empty() && scan.faults.kept().is_empty();
            assert!(!is_sound || revision == scan.last.map(|last| last.main), "{revision:?}");
        }
        Step::Wants(_) => unreachable!(),
    }
});
