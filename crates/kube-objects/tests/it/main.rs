//! Against the keys and ground truth of real backups.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "helpers of tests, outside #[test] functions")]

mod fixtures;
mod keys;
