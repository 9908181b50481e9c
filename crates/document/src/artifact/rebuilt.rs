//! A snapshot that was written anew: `rebuild`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Salvage;
use crate::any::Fields;
use crate::values::Word;

/// What became of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rebuilt {
    /// The source.
    pub path: String,
    /// [`Rebuilt::KIND`].
    pub kind: Word,
    /// SHA-256 of the source, its integrity hash included, hex.
    pub source_sha256: String,
    /// Whether the source's own integrity hash was right; `None` where it has none.
    pub source_trailer: Option<bool>,
    /// Bytes of the source.
    pub source_size: u64,
    /// The new file.
    pub out: String,
    /// SHA-256 of its pages, where it stands behind them, hex: assay's word, not an etcd's.
    pub trailer: Option<String>,
    /// Bytes of the new file.
    pub size: u64,
    /// Bytes of a page.
    pub page_size: u32,
    /// Pages, all in use.
    pub pages: u64,
    /// The revision that a server will be at: the source's, or the earlier one that was asked for.
    pub revision: i64,
    /// The compaction that was done; `None` where none was.
    pub compacted_at: Option<i64>,
    /// Records of the source.
    pub records_before: u64,
    /// Records of the new file.
    pub records: u64,
    /// Keys that are live in the new file.
    pub live_keys: u64,
    /// Alarms that were left out.
    pub alarms_dropped: u64,
    /// Entries of users, roles and authentication that were left out.
    pub auth_dropped: u64,
    /// Leases that were left out, because no key that is left uses them.
    pub leases_dropped: u64,
    /// The earlier revision whose state this is; `None` where the last one's is.
    pub rev: Option<i64>,
    /// Keys that were left out; `None` where all stayed.
    pub left_out: Option<LeftOut>,
    /// Values that were written in another form; `None` where all stayed as they were stored.
    pub values: Option<ValuesWritten>,
    /// What was taken away because it is secret; `None` where nothing was to be.
    pub sanitized: Option<Sanitized>,
    /// What whoever uses the new file must know.
    pub notes: Vec<String>,
    /// What `etcdutl snapshot status` says of the new file, in eight digits.
    pub status_hash_hex: String,
    /// What was salvaged and what is lost; `None` where that was not asked for.
    pub salvage: Option<Salvage>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// Keys that were left out, as was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LeftOut {
    /// What alone was to be kept, as it was given.
    pub only: Vec<String>,
    /// What was to be left out, as it was given.
    pub drop: Vec<String>,
    /// Live keys that were left out.
    pub keys: u64,
    /// ... of so many.
    pub of: u64,
    /// Names and values of what was left out that something which was kept has in it, too.
    pub shared: u64,
    /// Names and values that were not looked for: of so few different bytes that any file has them.
    pub plain: u64,
}

/// Values that were written in another form than the source has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValuesWritten {
    /// The configurations that say how, as they were given; none where all were written plain.
    pub configs: Vec<String>,
    /// Values that were written in another form, in history too.
    pub written: u64,
    /// Encrypted values that stayed as they were, because no configuration names their resource.
    pub untouched: u64,
    /// How values are stored now that were written.
    pub stored: Vec<StoredBy>,
}

/// How values of a resource are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoredBy {
    /// The resource, as a configuration names it.
    pub resource: String,
    /// The provider; `identity` for plain.
    pub provider: Word,
    /// Name of the key; `None` for plain.
    pub key_name: Option<String>,
    /// How many values.
    pub values: u64,
}

/// What was taken away because it is secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sanitized {
    /// By which policy: `default`.
    pub policy: Word,
    /// Objects of which all stayed but `metadata.managedFields`.
    pub kept: u64,
    /// Objects of which something was taken away or replaced.
    pub changed: u64,
    /// Objects that were dropped.
    pub dropped: u64,
    /// What was done, by resource and rule.
    pub rules: Vec<Applied>,
    /// The objects that were changed, the first of them.
    pub objects: Vec<ChangedObject>,
    /// Byte strings that were taken away and looked for in the new file, in all their forms; none is in it.
    pub searched: u64,
    /// ... that stand in names of keys which were kept, too, and so are no secrets.
    pub in_names: u64,
    /// Storage keys of those that say so little that they may be in the new file by chance, and are: a `password`.
    pub weak: Vec<String>,
}

/// A rule that was applied to objects of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Applied {
    /// The resource; empty where the key is of none.
    pub resource: String,
    /// What was taken away: `secret-data`, `private-key`, `event`.
    pub rule: Word,
    /// To how many objects.
    pub objects: u64,
    /// In how many places of them.
    pub places: u64,
}

/// An object that was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChangedObject {
    /// Its storage key.
    pub key: String,
    /// The rules that were applied.
    pub rules: Vec<Word>,
}

impl Rebuilt {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("rebuilt");
}
