//! What an investigator asks of a snapshot: objects, their history, differences between two, where the space goes.
//!
//! Everything here is computed from a scan; nothing is opened, printed or written.
//!
//! - [`Reader`] finds keys and their revisions without the account that [`etcd_snapshot::scan`] keeps.
//! - [`Index`] answers for any key at any revision, for whoever asks often.
//! - [`Selection`] says which keys and objects are meant, the way people name them; [`Resources`] which resources there are.
//! - [`Follow`] takes revisions in order and says what each did; [`changes`] compares two versions of an object.
//! - [`timeline`] goes through the revisions of several keys between two moments.
//! - [`merge`] and [`Diff`] tell how two snapshots differ, [`agreement`] whether their histories are one.
//! - [`members`] tells whether members of one cluster hold the same, and in what they differ.
//! - [`manifest`] makes of an object what can be applied to a cluster.
//! - [`jsonpath`] fills in kubectl's templates, [`CustomColumns`] columns of one's own, [`SortBy`] puts objects in order.
//! - [`entry`] reads what entries of any bucket say, on a page or carved, and which of their keys may be shown.
//! - [`Carving`] says which of the things carved are meant.
//! - [`usage`] accounts for every byte of the file, and for what each key takes.
//! - [`Object`] is a value opened by an [`Opener`], decoded, and masked unless the caller reveals it.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod carving;
mod change;
mod clock;
mod columns;
mod compare;
mod diff;
pub mod entry;
mod history;
mod index;
pub mod jsonpath;
mod manifest;
pub mod members;
mod newest;
mod object;
mod open;
mod reader;
mod salvage;
mod select;
mod sorting;
pub mod table;
pub mod timeline;
pub mod usage;

pub use carving::Carving;
pub use change::{Change, Compared, changes};
pub use clock::{Clock, Moment, Window, told_of};
pub use columns::CustomColumns;
pub use compare::{
    Agreement, Cause, Comparison, Difference, Divergence, Pair, agreement, is_moving_field, merge, moves, shown,
};
pub use diff::{Became, Diff, DiffCounts, Differing, Met, Values};
pub use history::{Author, Event, Follow, Step, carved_records};
pub use index::{Index, Version};
pub use manifest::{Export, Exported, Keep, Skip, is_first, manifest};
pub use newest::{Found, Newest, One};
pub use object::{Object, Unseen, View, raw, release_matters, stored};
pub use open::{NoKeys, NotOpened, Opener};
pub use reader::Reader;
pub use salvage::{Salvaged, last_of_each, salvaged};
pub use select::{
    Fields, Labels, ResourceName, Resources, Selection, SelectionError, SelectorError, Target, UnknownResource,
};
pub use sorting::{SortBy, SortError};
