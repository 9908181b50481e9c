//! The encryption of a backup: names and numbers, no key.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::{KeyBuf, Word};

/// One backup, as `keys check` tells of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeysCheck {
    /// [`KeysCheck::KIND`].
    pub kind: Word,
    /// The snapshot.
    pub path: String,
    /// The snapshot, again by its role.
    pub snapshot: String,
    /// The tarball of the same directory.
    pub tarball: Option<String>,
    /// Where the keys came from; `None` where none were at hand.
    pub keys: Option<KeysFrom>,
    /// What was found.
    pub encryption: Encryption,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl KeysCheck {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("backup");
}

/// Where keys came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeysFrom {
    /// `static-kuberesources`, `file` or `key-escrow`.
    pub from: Word,
    /// Its path, or `-`.
    pub path: String,
}

/// What keys opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Encryption {
    /// Whether every encrypted live value opens with the keys that a restored cluster reads with; `true` also where
    /// nothing is encrypted; `None` where it cannot be known.
    pub keys_fit: Option<bool>,
    /// The size of the sample, with `--sample`.
    pub sample: Option<u64>,
    /// `spec.encryption.type` of `apiservers/cluster`; empty for none.
    pub wanted: Option<String>,
    /// Resources that are encrypted, were, or would be.
    pub coverage: Vec<Coverage>,
    /// Keys of the configurations in use.
    pub keys: Vec<KeyUse>,
    /// Secrets of the snapshot that hold keys.
    pub chain: Vec<Link>,
    /// Condition `Encrypted` of the operators.
    pub conditions: Vec<Condition>,
    /// Records in which k3s and rke2 keep keys, sealed with their server token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<SealedRecord>,
}

/// A record that a server token seals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SealedRecord {
    /// How the SHA-256 of the token begins: 12 hexadecimal digits.
    pub sha256: String,
    /// `not-given`, `other`, `opens` or `damaged`.
    pub token: Word,
    /// The names of what it holds, where it opens.
    pub files: Vec<String>,
    /// How many encryption configurations are among them.
    pub configurations: u64,
}

/// How far the encryption of a resource goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Coverage {
    /// Plural, as the API calls it.
    pub resource: String,
    /// API group, empty for the core group.
    pub group: String,
    /// Prefix and path of its etcd keys.
    pub path: KeyBuf,
    /// The API server that reads it.
    pub server: Word,
    /// By the values: `never-encrypted`, `complete`, `rotation-unfinished`, ...
    pub state: Word,
    /// By the operator: `under-way`, `finished` or `unknown`.
    pub migration: Word,
    /// What writes new values; `None` where no configuration at hand tells.
    pub writer: Option<Writer>,
    /// Live values.
    pub live: u64,
    /// Those that are plaintext.
    pub plain: u64,
    /// Those that open with keys in use.
    pub opened: u64,
    /// Those that do not open and should.
    pub not_opened: u64,
    /// Plaintext values of the past in history.
    pub history_plain: u64,
    /// Plaintext records on pages that nothing uses.
    pub free_pages_plain: u64,
    /// Its encrypted values by key.
    pub keys: Vec<CoverageKey>,
}

/// What writes new values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Writer {
    /// Its provider, `identity` for plaintext.
    pub provider: Word,
    /// Its key or plugin.
    pub key: Option<String>,
}

/// The values of a resource under one key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CoverageKey {
    /// Provider as it stands in the values; empty where the prefix is broken.
    pub provider: String,
    /// Name of the key or plugin.
    pub key: String,
    /// `write`, `read`, or `None` where the configuration in use lacks it.
    pub standing: Option<Word>,
    /// Live values.
    pub live: u64,
    /// Those that open with keys in use.
    pub opened: u64,
    /// Those that open only with keys that no restored API server uses by itself.
    pub spare: u64,
    /// Those left out of a sample.
    pub untried: u64,
    /// Why the rest does not open, with numbers.
    pub reasons: BTreeMap<Word, u64>,
    /// etcd keys of the first of them.
    pub examples: Vec<KeyBuf>,
    /// Key IDs that KMS v2 values name, with numbers.
    pub key_ids: BTreeMap<String, u64>,
    /// Values of the past in history.
    pub history: u64,
    /// Records on pages that nothing uses.
    pub free_pages: u64,
}

/// A key of a configuration in use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyUse {
    /// Whose configuration.
    pub server: Word,
    /// Provider.
    pub provider: Word,
    /// Name of the key or plugin.
    pub key: String,
    /// It writes some resource.
    pub writes: bool,
    /// Live values under it; 0 for a key that nothing needs.
    pub live: u64,
    /// Values of the past in history.
    pub history: u64,
    /// Records on pages that nothing uses.
    pub free_pages: u64,
}

/// A Secret of the snapshot that holds keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Link {
    /// Whose.
    pub server: Word,
    /// Namespace and name.
    pub secret: String,
    /// Revision that wrote it.
    pub revision: i64,
    /// `current`, `older` or `past`.
    pub age: Word,
    /// `config`, or `key`: one key alone.
    pub holds: Word,
    /// It could be read.
    pub opened: bool,
    /// Why not.
    pub error: Option<String>,
    /// The keys of a configuration, never their bytes.
    pub keys: Vec<NamedKey>,
    /// Of a key: its cipher.
    pub mode: Option<String>,
    /// Of a key: when all values had been written with it.
    pub migrated_at: Option<String>,
    /// Of a key: the resources that had been.
    pub migrated: Vec<String>,
}

/// A key by its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NamedKey {
    /// Provider.
    pub provider: Word,
    /// Name.
    pub key: String,
}

/// What an operator says of the encryption.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Condition {
    /// Whose.
    pub server: Word,
    /// `EncryptionCompleted`, `EncryptionInProgress`, ...
    pub reason: String,
    /// For people.
    pub message: String,
}
