//! key-escrow from outside: real tarballs, real age, damaged files.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

mod damage;
mod gzip_lost;
mod hostile;
mod killed;
mod manifest_bytes;
mod members;
mod outputs;
mod peers;
mod plugin;
mod recorded_escrow;
mod round_trip;
mod separation;
mod statements;
mod support;
mod threshold;
