//! key-escrow from outside: real tarballs, real age, damaged files.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise and name what they skip"
)]

mod damage;
mod hostile;
mod killed;
mod members;
mod outputs;
mod peers;
mod plugin;
mod recorded_escrow;
mod round_trip;
mod separation;
mod support;
mod threshold;
