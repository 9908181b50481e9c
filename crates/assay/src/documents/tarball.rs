//! A tarball: the shape that `inspect` and `verify` share.

use document::{Artifact, EncryptionConfig, KeyBuf, Word};
use static_resources::{FaultKind, Producer};

use super::material;
use crate::tarball::Tarball;

/// What was found in a tarball.
pub fn of(tarball: &Tarball) -> Artifact {
    let (resources, named) = (tarball.resources(), &tarball.named);
    let bare = resources.faults.iter().any(|fault| fault.kind == FaultKind::NotGzip);
    Artifact::Tarball(Box::new(document::Tarball {
        kind: document::Tarball::KIND,
        path: tarball.path.clone(),
        size: resources.archive.compressed_size,
        sha256: resources.archive.compressed_sha256.to_string(),
        compression: (!bare).then_some(Word::Borrowed("gzip")),
        timestamp: named.as_ref().map(|named| named.timestamp.clone()),
        dirty: named.as_ref().is_some_and(|named| named.dirty),
        producer: producer(resources.producer).map(Word::Borrowed),
        complete: resources.complete,
        members: resources.members.len() as u64,
        keyless: tarball.is_keyless(),
        node: resources.static_pods.node.as_ref().map(|node| node.value.clone()),
        pods: resources.static_pods.pods.iter().map(material::pod).collect(),
        encryption_config: tarball.encryption().map(|encryption| EncryptionConfig {
            path: KeyBuf::from(encryption.member.as_bytes()),
            resources: encryption.facts.resources.iter().map(material::resource).collect(),
        }),
        key_material: tarball.rows().iter().map(material::material).collect(),
        certificates: resources.certificates.len() as u64,
        version: material::version(&resources.static_pods.version),
        ..document::Tarball::default()
    }))
}

fn producer(producer: Producer) -> Option<&'static str> {
    match producer {
        Producer::ClusterBackupScript => Some("cluster-backup.sh"),
        Producer::GoBackupCommand => Some("cluster-etcd-operator"),
        Producer::Unknown => None,
    }
}
