//! What `snapshot restore` of etcd makes, byte for byte: the plan of the members, the write-ahead log, the `.snap`, and the
//! database.
//!
//! [`Cluster::plan`] says who the members are, with etcd's own refusals; [`wal`] and [`snap`] give the two files, which do not
//! depend on the snapshot; [`database`] writes the snapshot with the few entries changed that a restore changes. Whoever
//! calls has the files.
//!
//! Source: etcd's `etcdutl/snapshot`, `server/storage/wal`, `server/etcdserver/api/snap`; asked of etcdctl 3.4 and etcdutl 3.5.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![deny(clippy::cast_possible_truncation)]

mod cluster;
mod database;
pub mod openshift;
pub mod platforms;
mod proto;
mod snap;
mod wal;

pub use cluster::{Cluster, Flags, Member, PlanError};
pub use database::{Bump, RestoreError, database};
pub use snap::{name as snap_name, snap};
pub use wal::{SEGMENT, name as wal_name, wal};

/// Whose files are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// etcdctl 3.4: no state of the configuration in the log, members and term left as they are.
    V34,
    /// etcdutl 3.5, which 3.6 and 3.7 do as.
    #[default]
    V35,
    /// etcdutl 3.6 and later: two look-ups more in the counters of the `.snap`.
    V36,
}

impl Release {
    /// `3.5`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::V34 => "3.4",
            Self::V35 => "3.5",
            Self::V36 => "3.6",
        }
    }
}
