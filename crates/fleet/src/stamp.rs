//! What changes with a file's bytes, for files what an ETag is for objects.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

/// Inode, time of change of its content, and size.
pub(crate) fn stamp(meta: &Metadata) -> String {
    format!("{:x}-{:x}.{:x}-{:x}", meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len())
}
