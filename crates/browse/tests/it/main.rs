//! The browser without a terminal: keys and news in, screens out.

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
