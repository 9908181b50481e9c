//! The library against real snapshots whose truth is known, and against snapshots built to be wrong.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![allow(clippy::cast_possible_truncation, reason = "test files are small")]

mod carve;
mod hashes;
mod invariants;
mod peers;
mod salvaged;
mod truth;
mod views;
