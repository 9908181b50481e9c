//! What was damaged comes back byte for byte, or is not said to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking"
)]

mod campaign;
mod damage;
mod named;
mod random;

use std::ops::ControlFlow;

use mend::Mend;

/// All that comes out.
fn mended(mend: &Mend, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    mend.undo(bytes, &mut |piece| {
        out.extend_from_slice(piece);
        ControlFlow::Continue(())
    })
    .unwrap();
    out
}
