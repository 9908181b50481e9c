//! Why there is no new snapshot.

use bbolt_write::WriteError;

/// Why a snapshot is not rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Pages that are not whole; what they held would be missing.
    #[error("{faults} structural faults, the first: {first}")]
    Damaged {
        /// How many.
        faults: u64,
        /// The first of them.
        first: Box<bbolt_page::Fault>,
    },
    /// Elements that are no records; a copy of them would be no better.
    #[error("{records} elements of bucket `key` are no records of etcd")]
    Records {
        /// How many.
        records: u64,
    },
    /// A bucket that etcd cannot do without.
    #[error("bucket `{name}` is not there")]
    NoBucket {
        /// Its name.
        name: &'static str,
    },
    /// A bucket in a bucket, which etcd has none of.
    #[error("bucket `{}` holds a bucket, which no etcd writes", name.escape_ascii())]
    Nested {
        /// Name of the one that holds it.
        name: Vec<u8>,
    },
    /// A compaction that etcd would refuse.
    #[error("revision {asked} is in the future: the snapshot ends at {current}")]
    Future {
        /// The revision asked for.
        asked: i64,
        /// The last one.
        current: i64,
    },
    /// An earlier state that the source does not tell.
    #[error(transparent)]
    Revision(#[from] etcd_snapshot::RevisionError),
    /// A value that cannot be written in the form that is asked for.
    #[error("the value of `{}` at revision {revision}: {reason}", key.escape_ascii())]
    Value {
        /// Whose it is.
        key: Vec<u8>,
        /// Which of its values.
        revision: etcd_snapshot::Revision,
        /// Whether it is the key's value now, rather than its past.
        live: bool,
        /// What stands in the way.
        reason: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No meta says where anything is.
    #[error(transparent)]
    Open(#[from] bbolt_page::OpenError),
    /// Users and roles are lost, and whether authentication was on.
    #[error(
        "users, roles, or whether authentication was on are lost: without them the store would be open to everyone"
    )]
    Auth,
    /// Nothing was found that could be salvaged.
    #[error("no record is left that can be believed")]
    Nothing,
    /// The database is not written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
