//! A tarball as scripts read it: the shape that `inspect` and `verify` share.

use serde::Serialize;
use static_resources::{FaultKind, Producer};

use crate::output::inventory::{MaterialJson, PodJson, ResourceJson, VersionJson};
use crate::output::json::KeyBuf;
use crate::tarball::Tarball;

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
struct EncryptionJson {
    path: KeyBuf,
    resources: Vec<ResourceJson>,
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
            keyless: tarball.is_keyless(),
            node: resources.facts.node.as_ref().map(|node| node.value.clone()),
            pods: resources.facts.pods.iter().map(PodJson::from).collect(),
            encryption_config: tarball.encryption().map(|encryption| EncryptionJson {
                path: KeyBuf(encryption.member.as_bytes().to_vec()),
                resources: encryption.facts.resources.iter().map(ResourceJson::from).collect(),
            }),
            key_material: tarball.rows().iter().map(MaterialJson::from).collect(),
            certificates: resources.certificates.len() as u64,
            version: VersionJson::from(&resources.facts.version),
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
