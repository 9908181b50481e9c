//! Buckets in key order to a bbolt file: pages leave one after the other, each written once.
//!
//! A [`Writer`] takes bucket after bucket in the order of their names. Of a tree it holds what is not full yet, one leaf and
//! two branches per level, however large the file becomes. Equal input gives equal bytes. Pages are filled to the end, there
//! are no free ones, and the metas are what `Tx.WriteTo` streams: no free list, both of one transaction.
//!
//! The crate knows no etcd: keys and values are bytes.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

mod branches;
mod page;
mod writer;

pub use writer::{BucketValue, BucketWriter, Finished, Writer};

/// Why a database is not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output does not take it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A page size that bbolt does not have: a power of two from 1 KiB to 16 MiB.
    #[error("pages of {bytes} bytes: expected a power of two from 1024 to 16777216")]
    PageSize {
        /// What was asked for.
        bytes: u32,
    },
    /// A key that bbolt does not take: 1 to 32768 bytes.
    #[error("a key of {len} bytes, expected 1 to 32768")]
    Key {
        /// Its length in bytes.
        len: usize,
    },
    /// A value that bbolt does not take: up to 2 GiB.
    #[error("a value of {len} bytes, expected 2147483646 or less")]
    Value {
        /// Its length in bytes.
        len: usize,
    },
    /// Keys, or names of buckets, that do not ascend.
    #[error("key `{}` does not come behind `{}`", key.escape_ascii(), before.escape_ascii())]
    Order {
        /// The key, cut to its first bytes.
        key: Vec<u8>,
        /// The key before it, cut likewise.
        before: Vec<u8>,
    },
}
