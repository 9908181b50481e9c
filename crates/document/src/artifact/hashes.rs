//! The hashes of a snapshot: `hash`, `inspect` and `verify` share them.

use serde::{Deserialize, Serialize};

use crate::any::Fields;

/// The integrity hash behind the pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trailer {
    /// Whether there is one.
    pub present: bool,
    /// Whether it is right; `None` where there is none.
    pub valid: Option<bool>,
    /// What stands there, hex.
    pub stored: Option<String>,
    /// What should, hex.
    pub computed: String,
}

/// The numbers of `etcdutl snapshot status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// Hash over all buckets, a number as etcdutl's JSON has it.
    pub hash: u32,
    /// The same in eight digits.
    pub hash_hex: String,
    /// Main revision of the last record.
    pub revision: i64,
    /// Entries, as etcd up to 3.5 counts.
    pub total_key: u64,
    /// Live keys, as etcd from 3.6 on counts; `None` for a view of the past.
    pub total_key36: Option<u64>,
    /// Bytes of all pages.
    pub total_size: u64,
    /// Storage version; empty before 3.6.
    pub version: String,
}

/// HashKV, as `etcdctl endpoint hashkv` and `etcdutl hashkv` give it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HashKv {
    /// The hash.
    pub hash: u32,
    /// Main revision it is for.
    pub hash_revision: i64,
    /// Compaction it takes into account; -1 before the first.
    pub compact_revision: i64,
}

/// The hash of `etcd-dump-db`, in the meaning of each etcd version that has one of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dump {
    /// As etcd 3.4 counts.
    pub etcd34: u32,
    /// As etcd 3.5 counts.
    pub etcd35: u32,
    /// As etcd 3.6 counts.
    pub etcd36: u32,
}

/// A snapshot, as `hash` tells of it; what was not computed is `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hashes {
    /// The input, as given.
    pub path: String,
    /// SHA-256 of the whole file, uncompressed.
    pub sha256: Option<String>,
    /// The SHA-256 at the end of the file.
    pub trailer: Option<Trailer>,
    /// The numbers of `etcdutl snapshot status`.
    pub status: Status,
    /// The hash of `etcd-dump-db`.
    pub dump: Dump,
    /// HashKV.
    pub hashkv: Option<HashKv>,
    /// Digest of the live keys and values alone.
    pub content: Option<String>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}
