//! Which backups there are, what was judged of them, and which to take or to let go.
//!
//! A backup is known by what is in it ([`Backup`]): the same one seen in two places is one. [`Backup::restorable`] is the one
//! answer to whether it counts; [`pick()`] ranks those that do for a restore, [`retain()`] says which have to stay.
//!
//! Nothing here reads a backup, prints, or asks for the time: what a backup says comes as a document of assay, and "now" from
//! whoever asks.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod add;
mod backup;
mod check;
mod custody;
mod disk;
mod error;
mod exchange;
mod held;
mod load;
mod log;
mod lookup;
mod network;
mod pick;
mod prune;
mod record;
mod restorable;
mod retain;
mod stats;
mod store;
mod told;
mod witness;

pub use add::{Added, Escrow, File, Host, Kind, Seen, Stat};
pub use backup::{Backup, Half, Keys, Place, Rehearsed, State};
pub use check::{CheckRun, Due, FileCheck, Share};
pub use custody::{Custody, Drilled, Holder, PROOF_COUNTS, Unproven};
pub use disk::Disk;
pub use error::{Error, Result};
pub use exchange::{Foreign, Imported, LONGEST_LINE};
pub use held::Held;
pub use log::{Author, Head};
pub use lookup::{Judged, Part};
pub use pick::{By, Pick, Ranked, Rejected, Wanted, pick};
pub use prune::{Applied, Asked, Because, Failed, Group, Left, Move, Plan, Planned, Purged, Refused, TRASH, Why};
pub use record::{Record, Said};
pub use restorable::Unfit;
pub use retain::{Fate, Kept, Period, Rules, retain};
pub use store::{Access, Catalog, Network, Writing};
