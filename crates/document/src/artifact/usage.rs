//! Where the bytes of a snapshot are, as `du` tells it.

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::KeyBuf;

/// One snapshot. All sizes are in bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// The file, uncompressed.
    pub file_size: u64,
    /// By class; they add up to `file_size`.
    pub account: Account,
    /// What could be had back.
    pub reclaimable: Reclaimable,
    /// The keys that begin with a prefix; all without one.
    pub keys: UsedKeys,
    /// By resource and group, the largest first.
    pub resources: Vec<KeyGroup>,
    /// By namespace.
    pub namespaces: Vec<KeyGroup>,
    /// Parts of the key in `prefixes`.
    pub depth: u64,
    /// By the first parts of the key.
    pub prefixes: Vec<KeyGroup>,
    /// The largest keys.
    pub top: Vec<KeyGroup>,
    /// Keys with the most revisions.
    pub churn: Vec<KeyGroup>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// Bytes by class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    /// Pages that nothing uses.
    pub free: u64,
    /// Records that a later one replaced, and puts of deleted keys.
    pub history: u64,
    /// Last records of live keys, with their elements.
    pub live: u64,
    /// Elements of bucket `key` that are no records.
    pub other_elements: u64,
    /// etcd's own buckets.
    pub own_state: u64,
    /// Page headers, branches, metas, freelist, and unused room on pages in use.
    pub page_overhead: u64,
    /// What else follows the pages.
    pub tail: u64,
    /// Records of deletions.
    pub tombstones: u64,
    /// The integrity hash.
    pub trailer: u64,
}

/// What could be had back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reclaimable {
    /// `etcd_mvcc_db_total_size_in_bytes`.
    pub db_total_size: u64,
    /// `etcd_mvcc_db_total_size_in_use_in_bytes`.
    pub db_in_use: u64,
    /// Their difference in MB of 1024 * 1024 bytes, two decimals.
    pub defragmentation_mb: f64,
    /// Their difference in percent of `db_total_size`, two decimals.
    pub fragmentation_percent: f64,
    /// As in the account: a defragmentation gives back some of it.
    pub page_overhead: u64,
    /// What a compaction at the last revision takes.
    pub compaction: u64,
}

/// Keys, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsedKeys {
    /// Live keys.
    pub live: u64,
    /// Deleted keys of which there are still records.
    pub deleted: u64,
    /// Records, deletions counted.
    pub revisions: u64,
    /// Bytes that encryption adds for certain.
    pub encryption: u64,
}

/// A group of keys, or a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyGroup {
    /// What they have in common.
    pub name: KeyBuf,
    /// Live keys.
    pub live_keys: u64,
    /// Deleted keys of which there are still records.
    pub deleted_keys: u64,
    /// Records, deletions counted.
    pub revisions: u64,
    /// Versions before the first record that a compaction removed.
    #[serde(default)]
    pub removed_versions: u64,
    /// The last records of live keys.
    pub live: u64,
    /// The records before.
    pub history: u64,
    /// Records of deletions.
    pub tombstones: u64,
    /// All three.
    pub total: u64,
    /// Of these, what encryption adds for certain.
    pub encryption: u64,
}
