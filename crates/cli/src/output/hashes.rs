//! The hashes of a snapshot, as scripts read them. `hash`, `inspect` and `verify` share these shapes.

use etcd_snapshot::trailer::Trailer;
use etcd_snapshot::{DumpHashes, HashKv, Status};
use serde::Serialize;

use super::json::HexBytes;

/// The integrity hash behind the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrailerJson {
    /// Whether there is one.
    pub present: bool,
    /// Whether it is right; `null` where there is none.
    pub valid: Option<bool>,
    /// What stands there, hex.
    pub stored: Option<String>,
    /// What should, hex.
    pub computed: String,
}

impl From<&Trailer> for TrailerJson {
    fn from(trailer: &Trailer) -> Self {
        Self {
            present: trailer.present,
            valid: trailer.valid(),
            stored: trailer.stored.map(|hash| HexBytes(&hash).to_string()),
            computed: HexBytes(&trailer.computed).to_string(),
        }
    }
}

/// The numbers of `etcdutl snapshot status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusJson {
    /// Hash over all buckets, a number as etcdutl's JSON has it.
    pub hash: u32,
    /// The same in eight hex digits.
    pub hash_hex: String,
    /// Main revision of the last record.
    pub revision: i64,
    /// Entries, as etcd up to 3.5 counts.
    pub total_key: u64,
    /// Live keys, as etcd from 3.6 on counts; `null` for a view of the past.
    pub total_key36: Option<u64>,
    /// Bytes of all pages.
    pub total_size: u64,
    /// Storage version; empty before 3.6.
    pub version: String,
}

impl From<&Status> for StatusJson {
    fn from(status: &Status) -> Self {
        Self {
            hash: status.hash,
            hash_hex: format!("{:08x}", status.hash),
            revision: status.revision,
            total_key: status.total_key,
            total_key36: status.total_key_36,
            total_size: status.total_size,
            version: status.version.clone(),
        }
    }
}

/// HashKV, as `etcdctl endpoint hashkv` and `etcdutl hashkv` give it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HashKvJson {
    /// The hash.
    pub hash: u32,
    /// Main revision it is for.
    pub hash_revision: i64,
    /// Compaction it takes into account; -1 before the first.
    pub compact_revision: i64,
}

impl From<&HashKv> for HashKvJson {
    fn from(hash: &HashKv) -> Self {
        Self { hash: hash.hash, hash_revision: hash.hash_revision, compact_revision: hash.compact_revision }
    }
}

/// The hash of `etcd-dump-db`, in the meaning of each etcd version that has one of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DumpJson {
    /// As etcd 3.4 counts.
    pub etcd34: u32,
    /// As etcd 3.5 counts.
    pub etcd35: u32,
    /// As etcd 3.6 counts.
    pub etcd36: u32,
}

impl From<DumpHashes> for DumpJson {
    fn from(hashes: DumpHashes) -> Self {
        Self { etcd34: hashes.v34, etcd35: hashes.v35, etcd36: hashes.v36 }
    }
}
