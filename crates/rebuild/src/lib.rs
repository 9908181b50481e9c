//! A snapshot to a new snapshot: the same history on full pages, or compacted as etcd compacts.
//!
//! [`extend`] puts what was written later behind a source first; [`salvage`](salvage::salvage) gathers what is left of a
//! damaged one.
//!
//! [`plan`] reads the source once and refuses what is damaged or cannot be done; [`Plan::write`] writes the pages. What is
//! written has no free pages, so that nothing of what was deleted is left in it, and no free list. The integrity hash is
//! not written here: whoever calls has the file.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

mod error;
mod extend;
mod needles;
mod plan;
pub mod salvage;
mod write;

pub use error::RebuildError;
pub use extend::{Added, extend};
pub use needles::{Hit, LEAST, Needles, Search};
pub use plan::{Compact, LeftOut, Plan, Refusal, Traces, Values, Wanted, plan};
pub use write::Rebuilt;
