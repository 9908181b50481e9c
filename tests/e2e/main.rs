//! assay from the outside, on real backups and on damaged ones.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![allow(clippy::disallowed_types, reason = "tests hold ports for servers")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![allow(clippy::cast_possible_truncation, reason = "test files are small")]

mod bytes;
mod contract;
mod damage;
mod false_pass;
mod fixtures;
mod opened;
#[path = "../oracle/mod.rs"]
mod oracle;
mod readme;
mod recipes;
mod recorded;
mod shop;
mod support;
mod valid;
