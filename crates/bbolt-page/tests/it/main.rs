//! The page reader against databases that another writer made, and against damage.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
#![allow(clippy::cast_possible_truncation, reason = "test databases are small")]

mod damage;
mod hostile;
mod salvaged;
mod sample;
mod view;
mod written;
