//! The browser without a terminal: keys and news in, screens out.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed; helpers outside #[test] are not exempt"
)]

mod keys;
mod pilot;
mod screens;
mod session;
