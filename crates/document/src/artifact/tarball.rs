//! A tarball of static pod resources, as `inspect`, `verify` and `keys ls` tell of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use checks::Verdict;
use serde::{Deserialize, Serialize};

use super::Expected;
use crate::any::Fields;
use crate::values::{KeyBuf, Word};

/// What `kind` says of a tarball.
const KIND: Word = Cow::Borrowed("static-kuberesources");

/// One tarball: `inspect` and `verify`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tarball {
    /// [`Tarball::KIND`].
    pub kind: Word,
    /// The input, as given.
    pub path: String,
    /// Bytes, as compressed.
    pub size: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// `gzip`; `None` where it is a bare tar.
    pub compression: Option<Word>,
    /// `YYYY-MM-DD_HHMMSS` of its name, by the node's clock.
    pub timestamp: Option<String>,
    /// Whether its name says that it was taken with `--force`.
    pub dirty: bool,
    /// `cluster-backup.sh` or `cluster-etcd-operator`; `None`: neither.
    pub producer: Option<Word>,
    /// Whether it could be read to its end.
    pub complete: bool,
    /// Members of the archive.
    pub members: u64,
    /// Whether keys are asked for that are not in it.
    pub keyless: bool,
    /// The node it was taken on.
    pub node: Option<String>,
    /// The static pods.
    pub pods: Vec<Pod>,
    /// What kube-apiserver encrypts with; names and fingerprints only.
    pub encryption_config: Option<EncryptionConfig>,
    /// What is secret, and public keys; never the material.
    pub key_material: Vec<Material>,
    /// Certificates.
    pub certificates: u64,
    /// The release, as far as the tarball says.
    pub version: Version,
    /// What came of holding this file alone against what was said of it; `None` where nothing was given.
    pub expected: Option<Expected>,
    /// What the findings about it come to; `None` of `inspect`.
    pub verdict: Option<Verdict>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Tarball {
    /// What `kind` says of it.
    pub const KIND: Word = KIND;
}

/// An encryption configuration in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EncryptionConfig {
    /// The member that it stands in.
    pub path: KeyBuf,
    /// What it means for each resource.
    pub resources: Vec<ConfiguredResource>,
}

/// One tarball: `keys ls`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeysLs {
    /// The input.
    pub path: String,
    /// [`KeysLs::KIND`].
    pub kind: Word,
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// `YYYY-MM-DD_HHMMSS` of its name, by the node's clock.
    pub timestamp: Option<String>,
    /// Whether its name says that it was taken with `--force`.
    pub dirty: bool,
    /// Whether it could be read to its end.
    pub complete: bool,
    /// The node it was taken on.
    pub node: Option<String>,
    /// The static pods.
    pub pods: Vec<Pod>,
    /// The release, as far as the tarball says.
    pub version: Version,
    /// Encryption is configured, and the keys are not in the tarball.
    pub keyless: bool,
    /// The encryption configuration; `None` without one.
    pub encryption_config: Option<Config>,
    /// More of them, where none belongs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_encryption_configs: Vec<Config>,
    /// Key material, never the material itself.
    pub key_material: Vec<Material>,
    /// How many members of each class are secret.
    pub secret_members: BTreeMap<Word, u64>,
    /// What is wrong with the archive.
    pub faults: Vec<ArchiveFault>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl KeysLs {
    /// What `kind` says of it.
    pub const KIND: Word = KIND;
}

/// A static pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its revision.
    pub revision: u64,
    /// Its members in the tarball.
    pub members: u64,
}

/// The OpenShift version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Version {
    /// The exact version, where it is stated.
    pub exact: Option<String>,
    /// `X.Y`.
    pub minor: Option<String>,
    /// The member that states it.
    pub source: Option<KeyBuf>,
}

/// An encryption configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Config {
    /// The member that it stands in.
    pub path: KeyBuf,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How fingerprints are made.
    pub fingerprint_method: Word,
    /// What it means for each resource.
    pub resources: Vec<ConfiguredResource>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// What writes and reads a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfiguredResource {
    /// Resource or wildcard.
    pub resource: String,
    /// What writes new values.
    pub writer: Option<KeyUsed>,
    /// What else reads.
    pub readers: Vec<KeyUsed>,
    /// What the order means: `writing`, `rotated`, `decrypting`.
    pub state: Word,
    /// Whether the cipher was changed.
    pub mode_change: bool,
}

/// A provider with its key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyUsed {
    /// `aescbc`, `aesgcm`, `secretbox`, `kms` or `identity`.
    pub provider: Word,
    /// The name of the key or plugin; `None` for plaintext.
    pub key: Option<String>,
    /// A public name for the bytes of the key.
    pub fingerprint: Option<String>,
    /// Why it has none though it could: `budget`, the run had made as many as it makes.
    #[serde(rename = "fingerprintOmitted", skip_serializing_if = "Option::is_none")]
    pub fingerprint_omitted: Option<Word>,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// Where in the configuration.
    pub at: String,
    /// What.
    pub message: String,
}

/// A piece of key material.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Material {
    /// The member.
    pub path: KeyBuf,
    /// `tls-key`, `signing-key`, `token`, `encryption-config`, `public-key`.
    pub class: Word,
    /// Such as `RSA-2048`, `JWT RS256` or `aescbc-256`.
    pub algorithm: Option<String>,
    /// The name of an encryption key.
    pub key_name: Option<String>,
    /// A public name for it.
    pub fingerprint: Option<String>,
    /// Why it has none though it could: `budget`, the run had made as many as it makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint_omitted: Option<Word>,
    /// When it, or the certificate that belongs to it, expires, RFC 3339.
    pub not_after: Option<String>,
    /// Whom a token or certificate speaks for.
    pub subject: Option<String>,
    /// What told: `path`, `content` or `path-and-content`.
    pub evidence: Word,
}

/// A fault of the archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArchiveFault {
    /// What is wrong.
    pub message: String,
    /// The member.
    pub member: Option<KeyBuf>,
    /// Where, in bytes of the inner tar, or of the file for faults of the gzip layer.
    pub offset: u64,
}
