//! The lens on real backups, and against a live etcd.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed; helpers outside #[test] are not exempt")]

mod index;
mod keys;
mod live;
mod objects;
mod reader;
mod usage;
