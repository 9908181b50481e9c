//! Against the keys and ground truth of real backups.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests, outside #[test] functions")]

mod keyring;
mod keys;
mod objects;
mod rewrite;
