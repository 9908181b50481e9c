//! A tarball of static pod resources and its key material, as scripts read it.

use std::collections::BTreeMap;

use serde::Serialize;

use encryption_config::State;
use static_resources::{Evidence, Pod, VersionEvidence};

use super::json::{Key, KeyBuf};
use crate::inventory::{ResourceFact, Row, UseFact};

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
    pub pods: Vec<PodJson>,
    /// What tells the OpenShift version.
    pub version: VersionJson,
    /// Encryption is configured, and the keys are not in the tarball.
    pub keyless: bool,
    /// The encryption configuration; null without one.
    pub encryption_config: Option<ConfigJson<'a>>,
    /// More of them, where none belongs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_encryption_configs: Vec<ConfigJson<'a>>,
    /// Key material, never the material itself.
    pub key_material: Vec<MaterialJson>,
    /// How many members of each class are secret.
    pub secret_members: BTreeMap<&'static str, usize>,
    /// What is wrong with the archive.
    pub faults: Vec<FaultJson<'a>>,
}

/// A static pod.
#[derive(Debug, Serialize)]
pub struct PodJson {
    /// Its name.
    pub name: String,
    /// Its revision.
    pub revision: u64,
    /// Its members in the tarball.
    pub members: u64,
}

/// The OpenShift version.
#[derive(Debug, Serialize)]
pub struct VersionJson {
    /// The exact version, where it is stated.
    pub exact: Option<String>,
    /// `X.Y`.
    pub minor: Option<String>,
    /// The member that states it.
    pub source: Option<KeyBuf>,
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
    pub resources: Vec<ResourceJson>,
    /// What is wrong with it.
    pub problems: Vec<ProblemJson<'a>>,
}

/// What writes and reads a resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceJson {
    /// The resource.
    pub resource: String,
    /// What writes new values.
    pub writer: Option<UseJson>,
    /// What else reads.
    pub readers: Vec<UseJson>,
    /// What the order means.
    pub state: &'static str,
    /// The cipher was changed.
    pub mode_change: bool,
}

/// A provider with its key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UseJson {
    /// Its word.
    pub provider: &'static str,
    /// The name of the key or plugin; null for plaintext.
    pub key: Option<String>,
    /// The fingerprint of the key.
    pub fingerprint: Option<String>,
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
pub struct MaterialJson {
    /// The member.
    pub path: KeyBuf,
    /// Its class.
    pub class: &'static str,
    /// Such as `RSA-2048`, `JWT RS256` or `aescbc-256`.
    pub algorithm: Option<String>,
    /// The name of an encryption key.
    pub key_name: Option<String>,
    /// A public name for it.
    pub fingerprint: Option<String>,
    /// When it, or the certificate that belongs to it, expires.
    pub not_after: Option<String>,
    /// Whom a token or certificate speaks for.
    pub subject: Option<String>,
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

impl From<&Pod> for PodJson {
    fn from(pod: &Pod) -> Self {
        Self { name: pod.name.clone(), revision: pod.revision, members: pod.members }
    }
}

impl From<&VersionEvidence> for VersionJson {
    fn from(version: &VersionEvidence) -> Self {
        let (exact, minor) = (version.exact(), version.minor());
        Self {
            exact: exact.map(|claim| claim.raw.clone()),
            minor: minor.and_then(|claim| claim.minor.clone()),
            source: exact.or(minor).map(|claim| KeyBuf(claim.member.as_bytes().to_vec())),
        }
    }
}

impl From<&ResourceFact> for ResourceJson {
    fn from(resource: &ResourceFact) -> Self {
        Self {
            resource: resource.resource.clone(),
            writer: resource.writer.as_ref().map(UseJson::from),
            readers: resource.readers.iter().map(UseJson::from).collect(),
            state: match resource.state {
                State::NeverEncrypted => "never-encrypted",
                State::ReadKeyDistributed => "read-key-distributed",
                State::Writing => "writing",
                State::RotationReadKeyDistributed => "rotation-read-key-distributed",
                State::Rotated => "rotated",
                State::Decrypting => "decrypting",
                State::ReEnabled => "re-enabled",
                State::WritingOrderUnknown => "writing-order-unknown",
            },
            mode_change: resource.mode_change,
        }
    }
}

impl From<&UseFact> for UseJson {
    fn from(used: &UseFact) -> Self {
        Self { provider: used.provider.as_str(), key: used.name.clone(), fingerprint: used.fingerprint.clone() }
    }
}

impl From<&Row> for MaterialJson {
    fn from(row: &Row) -> Self {
        Self {
            path: KeyBuf(row.path.as_bytes().to_vec()),
            class: row.class.as_str(),
            algorithm: row.algorithm.clone(),
            key_name: row.key_name.clone(),
            fingerprint: row.fingerprint.clone(),
            not_after: row.not_after.clone(),
            subject: row.subject.clone(),
            evidence: match row.evidence {
                Evidence::Path => "path",
                Evidence::Content => "content",
                Evidence::PathAndContent => "path-and-content",
            },
        }
    }
}
