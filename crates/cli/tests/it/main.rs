//! The binary as its users see it: arguments in, two streams and an exit code out.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed and says what it skipped; helpers outside #[test] are not exempt"
)]
#![expect(clippy::cast_possible_truncation, reason = "test files are small")]

mod cluster;
mod directory;
mod endings;
mod fixture;
mod hash;
mod help;
mod input;
mod keys_escrow;
mod keys_gzip;
mod keys_leaks;
mod keys_ls;
mod keys_plugin;
mod keys_refusals;
mod keys_support;
mod keys_terminal;
mod ls;
mod run;
mod secrets;
mod tarball;
