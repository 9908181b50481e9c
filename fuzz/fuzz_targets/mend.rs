//! Any bytes, as something that was done to a snapshot: what is said to come out does, and is as long as is said.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use mend::{Diagnosis, diagnose};

fuzz_target!(|data: &[u8]| {
    let bytes = fuzz::with_true_checksums(data);
    for bytes in [data, &bytes] {
        let Diagnosis::Mendable(mend) = diagnose(bytes) else { continue };
        let mut out = Vec::new();
        mend.undo(bytes, &mut |piece| {
            out.extend_from_slice(piece);
            ControlFlow::Continue(())
        })
        .expect("what is said to be undone can be");
        assert_eq!(out.len() as u64, mend.size);
        assert_eq!(matches!(mend.proof, mend::Proof::Hash(_)), diagnose(&out) == Diagnosis::Intact);
    }
});
