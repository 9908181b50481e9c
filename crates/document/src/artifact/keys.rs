//! Keys, as `ls` lists them. Rows borrow: a snapshot has one for every revision.

use serde::{Deserialize, Serialize};

use crate::any::{Any, Fields};
use crate::values::{Hex64, Key};

/// `ls`. Rows are kept as they are: there may be very many.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyList {
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// Revision of the view; absent where it was salvaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// Whether it was read from intact pages without the tree above them; else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salvaged: Option<bool>,
    /// The keys, or their revisions; absent with `--count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<Any>>,
    /// How many; with `--count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// What a storage key says about itself, where it can be told. Bytes, as they stand in the key: nothing keeps a damaged or
/// hostile key from holding any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Identity<'a> {
    /// What stands before the resource: `kubernetes.io`, `openshift.io`. In JSON only the key tells.
    #[serde(skip)]
    pub prefix: Option<&'a [u8]>,
    /// Resource in the plural, as `oc` takes it: `secrets`.
    pub resource: Option<Key<'a>>,
    /// API group; empty for the core group.
    pub group: Option<Key<'a>>,
    /// Namespace, for objects that live in one.
    pub namespace: Option<Key<'a>>,
    /// Name of the object.
    pub name: Option<Key<'a>>,
}

/// A key that is alive in the view that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRow<'a> {
    /// The key.
    pub key: Key<'a>,
    /// What it says.
    #[serde(flatten)]
    pub identity: Identity<'a>,
    /// Main revision that created it.
    pub create_revision: i64,
    /// Main revision that wrote it last.
    pub mod_revision: i64,
    /// Writes since it was created.
    pub version: i64,
    /// Lease it hangs on, if any.
    pub lease: Option<Hex64>,
    /// Bytes of its value.
    pub size: u64,
    /// How the value is stored: `protobuf`, `json`, `encrypted`.
    pub encoding: Option<&'a str>,
    /// Provider of an encrypted value: `aescbc`.
    pub provider: Option<Key<'a>>,
    /// Name of the key of an encrypted value. Never the key.
    pub key_name: Option<Key<'a>>,
}

/// One revision of a key, as the snapshot still holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionRow<'a> {
    /// The key.
    pub key: Key<'a>,
    /// What it says.
    #[serde(flatten)]
    pub identity: Identity<'a>,
    /// Main revision: the transaction.
    pub revision: i64,
    /// Place within the transaction.
    pub sub: i64,
    /// Whether this revision deletes the key.
    pub tombstone: bool,
    /// Main revision that created the key; zero for a tombstone.
    pub create_revision: i64,
    /// Writes since it was created; zero for a tombstone.
    pub version: i64,
    /// Lease it hangs on, if any.
    pub lease: Option<Hex64>,
    /// Bytes of its value.
    pub size: u64,
}
