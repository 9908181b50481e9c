//! A snapshot, as `inspect` and `verify` tell of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use checks::Verdict;
use serde::{Deserialize, Serialize};

use super::{Boot, Check, Etcd, Expected, HashKv, Status, Trailer};
use crate::any::Fields;
use crate::run::{ClusterId, Moment};
use crate::values::Word;

/// One snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Snapshot {
    /// [`Snapshot::KIND`].
    pub kind: Word,
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// Bytes, uncompressed.
    pub size: u64,
    /// The file as bbolt has it.
    pub format: Format,
    /// The SHA-256 at the end of the file.
    pub trailer: Option<Trailer>,
    /// The numbers of `etcdutl snapshot status`.
    pub status: Status,
    /// HashKV at the newest revision; `None` where damage forbids it.
    pub hashkv: Option<HashKv>,
    /// Main revisions.
    pub revisions: Revisions,
    /// Where the bytes are.
    pub space: Space,
    /// etcd's own state.
    pub etcd: Etcd,
    /// Which platform it is of, and what says so.
    pub platform: Platform,
    /// What the cluster's objects say; `None` where there are none.
    pub openshift: Option<OpenShift>,
    /// Counts.
    pub keys: Keys,
    /// Whether the keys that were given for this file alone open every encrypted value.
    pub keys_fit: Option<bool>,
    /// What came of holding this file alone against what was said of it; `None` where nothing was given.
    pub expected: Option<Expected>,
    /// What an etcd did that was started on it, restored; left out where none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Boot>,
    /// Which cluster it is of; `None` where nothing in it tells.
    pub cluster: Option<ClusterId>,
    /// When it was taken; `None` where neither its data nor its name tell.
    pub taken: Option<Moment>,
    /// What nothing that is said of this file alone rests on: `keys`, where values are encrypted and none were tried.
    pub checks: Vec<Check>,
    /// What the findings about it come to; `None` of `inspect`.
    pub verdict: Option<Verdict>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Snapshot {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("snapshot");
}

/// Which platform a snapshot is of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Platform {
    /// `openshift`, `kubeadm`, ...; `unknown`.
    pub name: Word,
    /// How it calls itself.
    pub title: Word,
    /// Whether the command line says so, whatever the data say.
    pub asked: bool,
    /// What the data say, the weightiest first.
    pub evidence: Vec<PlatformEvidence>,
    /// Control planes of other clusters that live in this one.
    pub hosts: u64,
}

/// A sign of a platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlatformEvidence {
    /// What: `cluster-version`, `kubeadm-object`, ...
    pub source: Word,
    /// The platform that it is a sign of.
    pub says: Word,
    /// The first etcd key, or what lies beside the snapshot.
    pub place: String,
}

/// The file as bbolt has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Format {
    /// Bytes in a page.
    pub page_size: u64,
    /// The first page never allocated.
    pub high_water_mark: u64,
    /// Transaction of the winning meta.
    pub txid: u64,
    /// Whether free pages are listed in the file.
    pub freelist_persisted: bool,
    /// `little-endian`.
    pub byte_order: Word,
    /// `stream`, `raw-copy`, `rebuilt` or `unknown`.
    pub provenance: Word,
    /// What the input was wrapped in: `gzip`, `Zstandard`.
    pub compression: Option<Word>,
}

/// Main revisions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Revisions {
    /// The newest.
    pub current: i64,
    /// Where the last finished compaction was.
    pub compacted: Option<i64>,
    /// Where the last scheduled one was.
    pub scheduled_compaction: Option<i64>,
    /// The oldest still there.
    pub first_retained: Option<i64>,
    /// Marker of a restore that raised the revision.
    pub bump_marker: Option<i64>,
}

/// Where the bytes of the database are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Space {
    /// High-water mark times page size, in bytes.
    pub db_size: u64,
    /// Pages in use, in bytes.
    pub in_use: u64,
    /// Free pages, in bytes.
    pub free: u64,
    /// Share of free pages, two decimals.
    pub fragmentation_percent: f64,
    /// Space quota, in bytes.
    pub quota: u64,
    /// Share of the quota, two decimals.
    pub quota_percent: f64,
}

/// What the objects of the cluster say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OpenShift {
    /// Release of the update begun last.
    pub version: Option<String>,
    /// How it stands: `Completed`, `Partial`.
    pub state: Option<String>,
    /// ID of the cluster.
    pub cluster_id: Option<String>,
    /// Name of the infrastructure.
    pub infrastructure_name: Option<String>,
    /// `BareMetal`, `AWS`.
    pub platform: Option<String>,
    /// Of the control plane: `HighlyAvailable`.
    pub topology: Option<String>,
    /// Whether an update was under way.
    pub updating: bool,
    /// Updates, newest first.
    pub history: Vec<Update>,
    /// Names of the nodes.
    pub nodes: Vec<String>,
    /// Encryption that was asked for; empty or `identity`: none.
    pub encryption_type: Option<String>,
    /// Newest revision of each static pod.
    pub revisions: BTreeMap<Word, i64>,
}

/// An update of the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Update {
    /// When it ended, RFC 3339.
    pub completion_time: Option<String>,
    /// Release image.
    pub image: String,
    /// When it began, RFC 3339.
    pub started_time: Option<String>,
    /// `Completed` or `Partial`.
    pub state: String,
    /// Whether its signature had been verified.
    pub verified: bool,
    /// Release.
    pub version: String,
}

/// Keys of a snapshot, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keys {
    /// Live keys.
    pub live: u64,
    /// Deletions not yet compacted.
    pub tombstones: u64,
    /// Records, tombstones included.
    pub revisions: u64,
    /// Live values by resource.
    pub resources: Vec<Resource>,
}

/// Live values of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resource {
    /// In the plural, as `oc` takes it.
    pub resource: String,
    /// API group; empty for the core group.
    pub group: String,
    /// Beginning of its keys.
    pub stored_as: String,
    /// Live keys.
    pub live: u64,
    /// Bytes of their values.
    pub bytes: u64,
    /// Values stored in clear.
    pub plain: u64,
    /// Values stored encrypted, by provider and key.
    pub encrypted: Vec<EncryptedWith>,
}

/// Values that are encrypted with one key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EncryptedWith {
    /// `aescbc`, `aesgcm`, `secretbox`, `kms`.
    pub provider: String,
    /// Version of the format: `v1`.
    pub version: String,
    /// Name of the key, never the key.
    pub key: String,
    /// How many.
    pub count: u64,
}
