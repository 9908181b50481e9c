//! The static pod resources tarball: members, classes of key material, version evidence.
#![forbid(unsafe_code)]

mod name;

pub use name::{BackupFile, BackupName};
