//! What etcd tells of keys, leases and members.

use serde::{Deserialize, Serialize};

use crate::hex::{hex_list, hex_of};

/// What etcd tells of a live key, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFact {
    /// Name.
    #[serde(with = "hex_of")]
    pub key: Vec<u8>,
    /// Main revision of the first put since the key was last absent.
    pub create_revision: i64,
    /// Main revision of the newest put.
    pub mod_revision: i64,
    /// Puts since the key was last absent.
    pub version: i64,
    /// Attached lease, 0 for none.
    pub lease: i64,
    /// Length of the value in bytes.
    pub value_len: usize,
    /// SHA-256 of the value, as hex digits.
    pub value_sha256: String,
}

/// A lease and what is attached to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseFact {
    /// ID.
    pub id: i64,
    /// Time to live it was granted with, in seconds.
    pub granted_ttl: i64,
    /// Attached keys in key order.
    #[serde(with = "hex_list")]
    pub keys: Vec<Vec<u8>>,
}

/// A member of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberFact {
    /// ID.
    pub id: u64,
    /// Name, empty if it never started.
    pub name: String,
    /// Peer URLs.
    pub peer_urls: Vec<String>,
    /// Whether it is a learner.
    pub is_learner: bool,
}
