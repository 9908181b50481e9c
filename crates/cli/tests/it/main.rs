//! The binary as its users see it: arguments in, two streams and an exit code out.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed and says what it skipped; helpers outside #[test] are not exempt"
)]
#![expect(clippy::cast_possible_truncation, reason = "test files are small")]

mod agree;
mod booted;
mod browse;
mod bytes;
mod carve;
mod catalog;
/// The binary's own, so that what a test finds in the memory of its process is what the binary leaves in its own.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

mod canaries;
mod canary_lines;
mod catalog_kept;
mod cluster;
mod columns;
mod compat;
mod diff;
mod directory;
mod du;
mod endings;
mod expect;
mod export;
mod failing_disk;
mod fuse;
mod get;
mod hash;
mod hazards;
mod help;
mod hints;
mod history;
mod in_force;
mod inert;
mod input;
mod interrupted;
mod keys_check;
mod keys_escrow;
mod keys_gzip;
mod keys_held;
mod keys_large;
mod keys_leaks;
mod keys_ls;
mod keys_memory;
mod keys_plugin;
mod keys_refusals;
mod keys_signed;
mod keys_stay;
mod keys_support;
mod keys_terminal;
mod keys_trust;
mod kinds;
mod kube_booted;
mod layouts;
mod ls;
mod made;
mod many_keys;
mod members;
mod mend;
mod odd;
mod pair;
mod pipeline;
mod platforms;
mod pty;
mod rebuild;
mod rebuild_narrowed;
mod rebuild_sanitized;
mod rebuild_values;
mod rehearse;
mod reports;
mod run;
mod runbook;
mod salvaged;
mod secrets;
mod selection;
mod tarball;
#[path = "../../../../tests/e2e/valid.rs"]
mod valid;
mod verdicts;

use fixtures as fixture;
