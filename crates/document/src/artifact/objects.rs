//! Revisions and differences, as `history`, `timeline` and `diff` tell of them, and rows of `get`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::any::Fields;
use crate::values::{Hex64, Key, KeyBuf, Word};

/// `history`: every retained revision of a key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct History {
    /// The last compaction.
    pub compacted: Option<i64>,
    /// Newest main revision of the snapshot.
    pub current: i64,
    /// The key.
    pub key: KeyBuf,
    /// Whether it is live.
    pub live: bool,
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// Versions of the first retained generation that compaction has removed.
    pub removed_versions: i64,
    /// Its revisions, the oldest first.
    pub revisions: Vec<StepRow>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// `timeline`: revisions of several keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeline {
    /// The last compaction.
    pub compacted: Option<i64>,
    /// Newest main revision of the snapshot.
    pub current: i64,
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// The first main revision asked for.
    pub since: i64,
    /// The last one.
    pub until: i64,
    /// The revisions, the oldest first.
    pub revisions: Vec<StepRow>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// A revision of a key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StepRow {
    /// The key.
    pub key: KeyBuf,
    /// Main revision.
    pub revision: i64,
    /// Place within the transaction.
    pub sub: i64,
    /// `created`, `changed` or `deleted`.
    pub event: Word,
    /// Main revision that created the key.
    pub create_revision: i64,
    /// Writes since then.
    pub version: i64,
    /// Versions between this one and the one before it that the file does not hold.
    pub missing_versions: i64,
    /// Lease it hangs on, if any.
    pub lease: Option<Hex64>,
    /// Bytes of its value, as stored.
    pub size: u64,
    /// How the value is stored: `protobuf`, `encrypted`, ...
    pub stored_as: Word,
    /// Whether the value is the same as before, byte for byte.
    pub same_value: bool,
    /// When it was written, as far as the object says.
    pub time: Option<String>,
    /// Since when the object is to be deleted.
    pub deletion_asked: Option<String>,
    /// Who wrote it, as far as the object says.
    pub authors: Vec<Author>,
    /// Fields that differ from the version before, where both could be read.
    pub changes: Option<Vec<Change>>,
    /// The object, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Value>,
    /// Why there is no object.
    pub error: Option<String>,
    /// Where it was carved from, where the snapshot does not hold it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carved: Option<CarvedFrom>,
}

/// Who wrote a version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Author {
    /// Name of the client.
    pub manager: String,
    /// `Update` or `Apply`.
    pub operation: String,
    /// `status`, where only that was written; else empty.
    pub subresource: String,
    /// When, in RFC 3339.
    pub time: String,
}

/// A changed field; `before` and `after` are absent where the field was not there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// Where in the object.
    pub path: String,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub before: Option<Value>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub after: Option<Value>,
}

/// A value that is there, be it `null`.
fn there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Where a revision that the snapshot does not hold was carved from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CarvedFrom {
    /// How it stands to the snapshot: `older`, `deleted`, `compacted`, ...
    pub label: Word,
    /// How sure that is.
    pub confidence: Word,
    /// The page on which its stored key begins.
    pub page: u64,
    /// Offset of its stored key in the uncompressed file, in bytes.
    pub offset: u64,
}

/// `diff`: one of the two snapshots.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Side {
    /// The last compaction.
    pub compacted: Option<i64>,
    /// Raft index of the last change.
    pub consistent_index: Option<u64>,
    /// HashKV at the view's revision.
    #[serde(rename = "hashkv")]
    pub hash_kv: Option<u32>,
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// Revision of the view.
    pub revision: i64,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// `diff`: a key that is not the same in both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Difference {
    /// `added`, `removed` or `changed`.
    pub change: Word,
    /// The key.
    pub key: KeyBuf,
    /// Resource in the plural, where it can be told.
    pub resource: Option<KeyBuf>,
    /// Its API group; empty for the core group.
    pub group: Option<KeyBuf>,
    /// Namespace, for objects that live in one.
    pub namespace: Option<KeyBuf>,
    /// Name of the object.
    pub name: Option<KeyBuf>,
    /// In the old snapshot.
    pub old: Option<LiveKey>,
    /// In the new one.
    pub new: Option<LiveKey>,
    /// Fields that differ, where they were asked for.
    pub fields: Option<Vec<Change>>,
    /// The one object there is, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Value>,
    /// Why the values stay closed.
    pub closed: Option<String>,
}

/// What etcd knows of a live key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LiveKey {
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
}

/// `diff`: how many of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DifferenceCounts {
    /// Keys only in the new snapshot.
    pub added: u64,
    /// Keys only in the old one.
    pub removed: u64,
    /// Keys with other values.
    pub changed: u64,
    /// Of those: encrypted values that stay closed, so that what is inside may be the same.
    pub closed: u64,
    /// Keys that differ only in what always moves.
    pub ignored: u64,
    /// Keys whose values were encrypted anew and hold the same.
    pub resealed: u64,
}

/// `get -o ndjson`: an object, with what etcd knows of it. It borrows, as there may be many.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRow<'a> {
    /// The key.
    pub key: Key<'a>,
    /// Main revision that created it.
    pub create_revision: i64,
    /// Main revision that wrote it last.
    pub mod_revision: i64,
    /// Writes since it was created.
    pub version: i64,
    /// Lease it hangs on, if any.
    pub lease: Option<Hex64>,
    /// Whether something in it is masked.
    pub masked: bool,
    /// The object.
    pub object: Option<&'a Value>,
    /// Why there is none.
    pub error: Option<String>,
}
