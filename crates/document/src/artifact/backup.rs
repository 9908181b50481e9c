//! A backup: which files belong together, what a restore would take, and whether they fit.

use std::borrow::Cow;

use checks::Verdict;
use serde::{Deserialize, Serialize};

use super::{Boot, Check, Encryption};
use crate::any::Fields;
use crate::values::{Word, by_name};

/// One backup: `inspect` and `verify`. Its `snapshot` and `tarball` name the paths of other artifacts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Backup {
    /// [`Backup::KIND`].
    pub kind: Word,
    /// The directory; of two files on the command line, the snapshot.
    pub path: String,
    /// What findings about it call it.
    pub name: String,
    /// Time stamp in the names of its files.
    pub timestamp: Option<String>,
    /// Whether a name says that it was taken with `--force`.
    pub dirty: bool,
    /// Path of its snapshot.
    pub snapshot: Option<String>,
    /// Path of its tarball.
    pub tarball: Option<String>,
    /// Paths of other files of that time stamp.
    pub others: Vec<String>,
    /// Name of the platform that it is of.
    pub platform: Word,
    /// Whether its halves were held against each other.
    pub cross_checked: bool,
    /// The newest revision that a restore comes to with the deltas beside its snapshot; `None` where there are none.
    pub newest_restorable: Option<u64>,
    /// The write-ahead log beside the database of a data directory; `None` where there is none.
    pub log: Option<DataLog>,
    /// What `cluster-restore.sh` would take from the directory; `None` on platforms without it.
    pub restore_picks: Option<Picks>,
    /// Whether it is of the release that the target runs.
    pub compat: Compat,
    /// What the keys opened; `None` where that was not looked at.
    #[serde(serialize_with = "by_name")]
    pub encryption: Option<Encryption>,
    /// What the manifest of an escrow proves; `None` where none was given.
    pub escrow: Option<Escrow>,
    /// What came of holding it against what was said of it; `None` where nothing was given.
    pub expected: Option<Expected>,
    /// What an etcd did that was started on its snapshot, restored; left out where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Boot>,
    /// The verdict on it; `None` of `inspect`.
    pub verdict: Option<Verdict>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// The write-ahead log beside the database of a data directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DataLog {
    /// Raft index of its first entry; `None` where it has none.
    pub first_index: Option<u64>,
    /// ... of its last entry.
    pub last_index: Option<u64>,
    /// ... that the database is at.
    pub database_index: u64,
    /// Entries that the database has not.
    pub behind: u64,
    /// Segments that were read.
    pub segments: u64,
    /// Where reading ended before the last record: the offset in its segment; `None` where it did not.
    pub fault_at: Option<u64>,
    /// Whether that is an end within a record, which etcd cuts off.
    pub torn: bool,
}

impl Backup {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("backup");
}

/// What `cluster-restore.sh` would take from a directory, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Picks {
    /// The snapshot.
    pub snapshot: Option<String>,
    /// The tarball.
    pub tarball: Option<String>,
}

/// A backup held against the manifest of an escrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Escrow {
    /// The manifest's path.
    pub manifest: String,
    /// Whether nothing failed.
    pub matches: bool,
    /// Every check.
    #[serde(serialize_with = "by_name")]
    pub checks: Vec<Check>,
}

/// A backup, or a file by itself, held against what was said of it when it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Expected {
    /// The path of what was said; `-` for standard input.
    pub source: String,
    /// Whether something was said of it, and all of that is so.
    pub matches: bool,
    /// Every statement.
    #[serde(serialize_with = "by_name")]
    pub checks: Vec<Check>,
}

/// Whether a backup is of the release that a cluster runs, and what that rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Compat {
    /// The release of the target, where one was given.
    pub target: Option<String>,
    /// The ID of its cluster.
    pub target_cluster_id: Option<String>,
    /// The release of the backup, in words: `4.18.30`, `between 4.18.21 and 4.18.30`.
    pub release: String,
    /// How the two are related: `same`, `other-minor`, `unknown`, ...
    pub relation: Option<Word>,
    /// `pass` or `fail`; `None` without a target.
    pub verdict: Option<Verdict>,
    /// What stands against it.
    pub reasons: Vec<Reason>,
    /// Everything that names a release, the weightiest first.
    pub evidence: Vec<ReleaseEvidence>,
}

/// What stands against a restore onto a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// `z-stream`, `etcd`, `storage-versions`, `payload`.
    pub rule: Word,
    /// In words.
    pub text: String,
    /// Where the rule is from.
    pub source: Word,
}

/// What says of which release a backup is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReleaseEvidence {
    /// What: `cluster-version`, `pod-manifest`, ...
    pub source: Word,
    /// Which release.
    pub says: String,
    /// An etcd key, a member of the tarball, a name.
    pub place: String,
    /// Whether it is in accord with the release concluded.
    pub agrees: Option<bool>,
}

/// A backup, as `compat` tells of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompatOf {
    /// `backup`, `snapshot` or `static-kuberesources`.
    pub kind: Word,
    /// The backup.
    pub path: String,
    /// Its snapshot.
    pub snapshot: Option<String>,
    /// Its tarball.
    pub tarball: Option<String>,
    /// What was judged.
    pub compat: Compat,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}
