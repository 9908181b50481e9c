//! A tarball as scripts read it: the shape that `inspect` and `verify` share.

use encryption_config::{ProviderKind, State};
use serde::Serialize;
use static_resources::{Evidence, FaultKind, Pod, Producer, StaticResources};

use super::{KeyRow, key_rows};
use crate::tarball::{EncryptedResource, KeyName, Tarball};

/// One tarball.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TarballJson {
    kind: &'static str,
    path: String,
    size: u64,
    sha256: String,
    compression: Option<&'static str>,
    timestamp: Option<String>,
    dirty: bool,
    producer: Option<&'static str>,
    complete: bool,
    members: u64,
    keyless: bool,
    node: Option<String>,
    pods: Vec<PodJson>,
    encryption_config: Option<EncryptionJson>,
    key_material: Vec<MaterialJson>,
    certificates: u64,
    version: VersionJson,
}

#[derive(Debug, Serialize)]
struct PodJson {
    name: String,
    revision: u64,
    members: u64,
}

#[derive(Debug, Serialize)]
struct EncryptionJson {
    path: String,
    resources: Vec<ResourceJson>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceJson {
    resource: String,
    state: &'static str,
    writer: Option<KeyJson>,
    readers: Vec<KeyJson>,
    mode_change: bool,
}

#[derive(Debug, Serialize)]
struct KeyJson {
    provider: &'static str,
    key: Option<String>,
    fingerprint: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MaterialJson {
    path: String,
    class: &'static str,
    algorithm: Option<String>,
    key_name: Option<String>,
    fingerprint: Option<String>,
    not_after: Option<String>,
    subject: Option<String>,
    evidence: &'static str,
}

/// The version, as far as the tarball says.
#[derive(Debug, Serialize)]
struct VersionJson {
    exact: Option<String>,
    minor: Option<String>,
    source: Option<String>,
}

impl TarballJson {
    /// What was found in a tarball.
    pub fn new(tarball: &Tarball) -> Self {
        let (resources, named) = (&tarball.resources, &tarball.named);
        let bare = resources.faults.iter().any(|fault| fault.kind == FaultKind::NotGzip);
        Self {
            kind: "static-kuberesources",
            path: tarball.name.clone(),
            size: resources.archive.compressed_size,
            sha256: resources.archive.compressed_sha256.to_string(),
            compression: (!bare).then_some("gzip"),
            timestamp: named.as_ref().map(|named| named.timestamp.clone()),
            dirty: named.as_ref().is_some_and(|named| named.dirty),
            producer: producer(resources.producer),
            complete: resources.complete,
            members: resources.members.len() as u64,
            keyless: tarball.keyless,
            node: resources.facts.node.as_ref().map(|node| node.value.clone()),
            pods: resources.facts.pods.iter().map(PodJson::from).collect(),
            encryption_config: tarball.encryption.as_ref().map(|encryption| EncryptionJson {
                path: encryption.member.clone(),
                resources: encryption.resources.iter().map(ResourceJson::from).collect(),
            }),
            key_material: key_rows(tarball).into_iter().map(MaterialJson::from).collect(),
            certificates: resources.certificates.len() as u64,
            version: VersionJson::of(resources),
        }
    }
}

fn producer(producer: Producer) -> Option<&'static str> {
    match producer {
        Producer::ClusterBackupScript => Some("cluster-backup.sh"),
        Producer::GoBackupCommand => Some("cluster-etcd-operator"),
        Producer::Unknown => None,
    }
}

impl From<&Pod> for PodJson {
    fn from(pod: &Pod) -> Self {
        Self { name: pod.name.clone(), revision: pod.revision, members: pod.members }
    }
}

impl From<&EncryptedResource> for ResourceJson {
    fn from(resource: &EncryptedResource) -> Self {
        Self {
            resource: resource.resource.clone(),
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
            writer: resource.writer.as_ref().map(KeyJson::from),
            readers: resource.readers.iter().map(KeyJson::from).collect(),
            mode_change: resource.mode_change,
        }
    }
}

impl From<&KeyName> for KeyJson {
    fn from(key: &KeyName) -> Self {
        let provider: ProviderKind = key.provider;
        Self { provider: provider.as_str(), key: key.name.clone(), fingerprint: key.fingerprint.clone() }
    }
}

impl From<KeyRow> for MaterialJson {
    fn from(row: KeyRow) -> Self {
        let KeyRow { path, class, algorithm, key_name, fingerprint, not_after, subject, evidence } = row;
        let evidence = match evidence {
            Evidence::Path => "path",
            Evidence::Content => "content",
            Evidence::PathAndContent => "path-and-content",
        };
        Self { path, class: class.as_str(), algorithm, key_name, fingerprint, not_after, subject, evidence }
    }
}

impl VersionJson {
    fn of(resources: &StaticResources) -> Self {
        let version = &resources.facts.version;
        let (exact, minor) = (version.exact(), version.minor());
        Self {
            exact: exact.map(|claim| claim.raw.clone()),
            minor: minor.and_then(|claim| claim.minor.clone()),
            source: exact.or(minor).map(|claim| claim.member.to_string()),
        }
    }
}
