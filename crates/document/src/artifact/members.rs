//! Snapshots of members of one cluster, held against each other: `members` of `verify` and `diff`.

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::KeyBuf;

/// Snapshots of one cluster, compared where all of them can be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MembersCompared {
    /// Whether all hold the same.
    pub agree: bool,
    /// UID of namespace `kube-system`.
    pub cluster: Option<String>,
    /// The compaction after which they were compared.
    pub compacted: Option<i64>,
    /// Keys with other values, or on one side alone.
    pub differing: u64,
    /// Raft index at which they were compared, where their revisions there differ.
    pub index: Option<u64>,
    /// The first of the keys that differ.
    pub keys: Vec<MemberKey>,
    /// Those that the majority contradicts.
    pub odd: Vec<String>,
    /// The one to restore from.
    pub restore: Option<String>,
    /// Revision at which they were compared.
    pub revision: Option<i64>,
    /// Those that hold the same, side by side, the most first.
    pub sides: Vec<Vec<String>>,
    /// The snapshots, the newest first.
    pub snapshots: Vec<MemberSnapshot>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// A snapshot of a member.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MemberSnapshot {
    /// What findings call it.
    pub artifact: String,
    /// Its last compaction.
    pub compacted: Option<i64>,
    /// Raft index of its last change.
    pub consistent_index: Option<u64>,
    /// HashKV where it was compared.
    #[serde(rename = "hashkv")]
    pub hash_kv: Option<u32>,
    /// Its newest revision.
    pub revision: i64,
    /// The side it is on, by number.
    pub side: u64,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// A key that is not the same on two sides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MemberKey {
    /// Main revision that wrote it last on side 0.
    pub first: Option<i64>,
    /// The key.
    pub key: KeyBuf,
    /// Main revision that wrote it last on the other side.
    pub other: Option<i64>,
    /// The other side, by number.
    pub side: u64,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}
