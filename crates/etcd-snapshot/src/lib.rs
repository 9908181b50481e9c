//! bbolt pages to etcd's meaning: revisions, live keys, leases, members, hashes, and what cannot be.
//!
//! [`scan`] walks a [`Db`](bbolt_page::Db) once and gives a [`Scan`]: structure, status numbers, etcd's own state, every key of a
//! view, and faults. [`trailer::read`] checks the integrity hash; [`look`] sees what a few blocks tell. Damage is data here too; nothing panics.
//!
//! The crate knows no Kubernetes: keys and values are bytes.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

pub mod carve;
mod content;
mod crc;
pub mod entry;
mod hashkv;
pub mod look;
pub mod mvcc;
mod provenance;
mod record;
mod revision;
pub mod salvage;
mod scan;
mod slots;
mod sort;
pub mod state;
mod status;
mod store;
mod sums;
pub mod trailer;
pub mod wal;
mod wire;

pub use content::ContentDigest;
pub use hashkv::HashKv;
pub use provenance::Provenance;
pub use record::{KeyValue, Place, Record, RecordError};
pub use revision::{BucketKey, BucketKeyError, Revision};
pub use scan::{Counts, Look, Options, RevisionError, Scan, scan};
pub use slots::LastRecords;
pub use sort::Sorted;
pub use state::EtcdState;
pub use status::{DumpHashes, Status};
pub use store::{Deleted, Live, LiveKeys, Store};
pub use wire::{Oddity, WireError};
