//! A tarball of static pod resources and its key material, as scripts read it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::Key;

/// A tarball.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TarballJson<'a> {
    /// The input.
    pub path: String,
    /// `static-kuberesources`.
    pub kind: &'static str,
    /// Bytes of the file.
    pub size: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// `YYYY-MM-DD_HHMMSS` of its name, in the node's local time.
    pub timestamp: Option<String>,
    /// Taken with `--force`, by its name.
    pub dirty: bool,
    /// The archive was read to its end.
    pub complete: bool,
    /// The node it was taken on.
    pub node: Option<&'a str>,
    /// The static pods.
    pub pods: Vec<PodJson<'a>>,
    /// What tells the OpenShift version.
    pub version: VersionJson<'a>,
    /// Encryption is configured, and the keys are not in the tarball.
    pub keyless: bool,
    /// The encryption configuration; null without one.
    pub encryption_config: Option<ConfigJson<'a>>,
    /// More of them, where none belongs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_encryption_configs: Vec<ConfigJson<'a>>,
    /// Key material, never the material itself.
    pub key_material: Vec<MaterialJson<'a>>,
    /// How many members of each class are secret.
    pub secret_members: BTreeMap<&'static str, usize>,
    /// What is wrong with the archive.
    pub faults: Vec<FaultJson<'a>>,
}

/// A static pod.
#[derive(Debug, Serialize)]
pub struct PodJson<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its revision.
    pub revision: u64,
    /// Its members in the tarball.
    pub members: u64,
}

/// The OpenShift version.
#[derive(Debug, Serialize)]
pub struct VersionJson<'a> {
    /// The exact version, where it is stated.
    pub exact: Option<&'a str>,
    /// `X.Y`.
    pub minor: Option<&'a str>,
    /// The member that states it.
    pub source: Option<Key<'a>>,
}

/// An encryption configuration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigJson<'a> {
    /// Where.
    pub path: Key<'a>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How fingerprints are made.
    pub fingerprint_method: &'static str,
    /// What it means for each resource.
    pub resources: Vec<ResourceJson<'a>>,
    /// What is wrong with it.
    pub problems: Vec<ProblemJson<'a>>,
}

/// What writes and reads a resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceJson<'a> {
    /// The resource.
    pub resource: &'a str,
    /// What writes new values.
    pub writer: Option<UseJson<'a>>,
    /// What else reads.
    pub readers: Vec<UseJson<'a>>,
    /// What the order means.
    pub state: &'static str,
    /// The cipher was changed.
    pub mode_change: bool,
}

/// A provider with its key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UseJson<'a> {
    /// Its word.
    pub provider: &'a str,
    /// The name of the key or plugin; null for plaintext.
    pub key: Option<&'a str>,
    /// The fingerprint of the key.
    pub fingerprint: Option<&'a str>,
}

/// What is wrong with a configuration.
#[derive(Debug, Serialize)]
pub struct ProblemJson<'a> {
    /// Where in the document.
    pub at: &'a str,
    /// What.
    pub message: String,
}

/// A piece of key material.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MaterialJson<'a> {
    /// The member.
    pub path: Key<'a>,
    /// Its class.
    pub class: &'static str,
    /// Such as `RSA-2048`, `JWT RS256` or `aescbc-256`.
    pub algorithm: Option<&'a str>,
    /// The name of an encryption key.
    pub key_name: Option<&'a str>,
    /// A public name for it.
    pub fingerprint: Option<&'a str>,
    /// When it, or the certificate that belongs to it, expires.
    pub not_after: Option<&'a str>,
    /// Whom a token or certificate speaks for.
    pub subject: Option<&'a str>,
    /// What told: `path`, `content` or `path-and-content`.
    pub evidence: &'static str,
}

/// A fault of the archive.
#[derive(Debug, Serialize)]
pub struct FaultJson<'a> {
    /// What is wrong.
    pub message: String,
    /// The member.
    pub member: Option<Key<'a>>,
    /// Where, in bytes of the inner tar, or of the file for faults of the gzip layer.
    pub offset: u64,
}
