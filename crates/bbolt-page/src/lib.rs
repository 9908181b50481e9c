//! Bytes to bbolt pages, elements, buckets and structural faults, for a hostile file.
//!
//! The crate takes `&[u8]` and gives back slices of it. It knows no etcd, no paths, no threads and no clock. It does
//! not recurse, and it allocates by the number of pages that are really there, never by a number from the file.
//! Damage is data: a walk reports every [`Fault`] it meets, with its place, and goes on with what is intact.
//!
//! - [`Db::open`] finds the page size and the winning meta, or says why there is none ([`OpenError`]).
//! - [`Walker`] walks the buckets: [`Walker::buckets`], then [`Walker::visit`] for the leaves of each.
//!   Work is handed out through [`Spread`], so that a caller with threads can use them; results arrive in file order.
//! - [`Walker::finish`] closes the account: freelist, unreachable pages, all faults.
//! - [`salvage`] reads pages when no meta or no root is left.
//!
#![doc = include_str!("../FORMAT.md")]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

mod bitmap;
mod branch;
mod bucket;
mod cursor;
mod db;
mod fault;
mod freelist;
mod leaf;
mod meta;
mod page;
pub mod salvage;
mod spread;
mod tree;
mod unreachable;
pub mod view;
mod walk;

pub use branch::{BranchElement, BranchPage};
pub use bucket::{Bucket, BucketRoot, InBucket};
pub use db::{Db, OpenError};
pub use fault::{Check, Fault, FaultKind, Faults, Path, Step};
pub use leaf::{Bounds, LeafElement, LeafPage, LeafShape};
pub use meta::{Meta, MetaFault, MetaSlot, checksum as meta_checksum};
pub use page::{PageHeader, PageKind, Pgid, Txid};
pub use spread::{Serial, Spread};
pub use tree::{BranchRef, LeafRef, Tree};
pub use unreachable::{Residue, Unreachable};
pub use walk::{Chunk, Walked, Walker};
