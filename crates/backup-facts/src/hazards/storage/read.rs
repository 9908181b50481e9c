//! Storage objects to facts. Objects come decoded, as the API would show them; pods come as they are stored.

use kube_objects::protobuf::Message;
use serde_json::Value;

use super::{Attachment, Claim, LocalOwner, PodWithClaims, Source, StatefulSet, Storage, Volume};
use crate::hazards::list::{ObjectName, at, items, word, words};
use crate::hazards::object::{Object, created};

/// Older kinds of volumes: the field of the spec, and the field that names the volume.
const OTHER_SOURCES: [(&str, &str); 19] = [
    ("awsElasticBlockStore", "volumeID"),
    ("azureDisk", "diskURI"),
    ("azureFile", "shareName"),
    ("cephfs", "path"),
    ("cinder", "volumeID"),
    ("fc", "lun"),
    ("flexVolume", "driver"),
    ("flocker", "datasetName"),
    ("gcePersistentDisk", "pdName"),
    ("glusterfs", "path"),
    ("hostPath", "path"),
    ("iscsi", "iqn"),
    ("nfs", "path"),
    ("photonPersistentDisk", "pdID"),
    ("portworxVolume", "volumeID"),
    ("quobyte", "volume"),
    ("rbd", "image"),
    ("storageos", "volumeName"),
    ("vsphereVolume", "volumePath"),
];
/// References to Secrets in the spec of a CSI volume.
const SECRET_REFS: [&str; 5] = [
    "controllerPublishSecretRef",
    "nodeStageSecretRef",
    "nodePublishSecretRef",
    "controllerExpandSecretRef",
    "nodeExpandSecretRef",
];
/// Where a node is named by affinity.
const HOSTNAME: &str = "kubernetes.io/hostname";
/// Software that keeps state of its own, by a part of its image's or container's name.
const DATABASES: [&str; 37] = [
    "activemq",
    "arangodb",
    "artemis",
    "cassandra",
    "clickhouse",
    "cockroach",
    "consul",
    "couchbase",
    "couchdb",
    "db2",
    "elasticsearch",
    "etcd",
    "galera",
    "influxdb",
    "kafka",
    "loki",
    "mariadb",
    "milvus",
    "minio",
    "mongo",
    "mssql",
    "mysql",
    "neo4j",
    "opensearch",
    "oracle",
    "percona",
    "postgres",
    "prometheus",
    "qdrant",
    "rabbitmq",
    "redis",
    "scylla",
    "solr",
    "thanos",
    "valkey",
    "vault",
    "zookeeper",
];
/// Claims and containers of one pod that are looked at.
const MOST_PARTS: usize = 64;

impl Storage {
    pub(in crate::hazards) fn add_volume(&mut self, key: &Object<'_>, object: &Value) {
        let label = |name: &str| at(object, &format!("/metadata/labels/storage.openshift.com~1{name}"));
        let annotation = |name: &str| {
            let text = at(object, &format!("/metadata/annotations/storage.openshift.com~1{name}"));
            (!text.is_empty()).then_some(text)
        };
        let either = |new: &str, old: &str| Some(label(new)).filter(|text| !text.is_empty()).unwrap_or(label(old));
        let owner = ObjectName {
            namespace: either("owner-namespace", "local-volume-owner-namespace"),
            name: either("owner-name", "local-volume-owner-name"),
        };
        self.volumes.push(Volume {
            name: key.name(),
            source: source(object),
            reclaim_policy: at(object, "/spec/persistentVolumeReclaimPolicy"),
            access_modes: words(object, "/spec/accessModes"),
            storage_class: at(object, "/spec/storageClassName"),
            phase: at(object, "/status/phase"),
            claim: object.pointer("/spec/claimRef").map(reference),
            created: created(object),
            deleting: object.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null()),
            nodes: hostnames(object, "/spec/nodeAffinity/required/nodeSelectorTerms"),
            secrets: SECRET_REFS
                .iter()
                .filter_map(|field| object.pointer(&format!("/spec/csi/{field}")))
                .map(reference)
                .collect(),
            owner: (!owner.name.is_empty()).then_some(owner),
            device_name: annotation("device-name"),
            device_id: annotation("device-id"),
        });
    }

    pub(in crate::hazards) fn add_claim(&mut self, key: &Object<'_>, object: &Value) {
        self.claims.push(Claim {
            name: key.object_name(),
            volume: at(object, "/spec/volumeName"),
            phase: at(object, "/status/phase"),
            volume_missing: false,
        });
    }

    pub(in crate::hazards) fn add_attachment(&mut self, key: &Object<'_>, object: &Value) {
        let failed = |field: &str| object.pointer(field).is_some_and(|error| !error.is_null());
        self.attachments.push(Attachment {
            name: key.name(),
            attacher: at(object, "/spec/attacher"),
            volume: at(object, "/spec/source/persistentVolumeName"),
            node: at(object, "/spec/nodeName"),
            attached: object.pointer("/status/attached").and_then(Value::as_bool) == Some(true),
            attach_failed: failed("/status/attachError"),
            detach_failed: failed("/status/detachError"),
            ..Attachment::default()
        });
    }

    pub(in crate::hazards) fn add_local_owner(&mut self, key: &Object<'_>, object: &Value) {
        let devices: Vec<&Value> = items(object, "/spec/storageClassDevices").take(MOST_PARTS).collect();
        let set = key.resource() == b"localvolumesets";
        let class = at(object, "/spec/storageClassName");
        self.local_owners.push(LocalOwner {
            kind: if set { "LocalVolumeSet" } else { "LocalVolume" }.to_owned(),
            name: key.object_name(),
            storage_classes: devices
                .iter()
                .map(|device| at(device, "/storageClassName"))
                .chain(Some(class).filter(|class| !class.is_empty()))
                .collect(),
            device_paths: devices.iter().flat_map(|device| words(device, "/devicePaths")).collect(),
            nodes: hostnames(object, "/spec/nodeSelector/nodeSelectorTerms"),
        });
    }

    pub(in crate::hazards) fn add_stateful_set(&mut self, key: &Object<'_>, object: &Value) {
        let templates: Vec<String> =
            items(object, "/spec/volumeClaimTemplates").take(MOST_PARTS).map(|one| at(one, "/metadata/name")).collect();
        if templates.is_empty() {
            return;
        }
        let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
        self.stateful_sets.push(StatefulSet {
            name: key.object_name(),
            replicas: number("/spec/replicas").unwrap_or(1),
            ready: number("/status/readyReplicas").unwrap_or(0),
            templates,
        });
    }

    /// A pod, if it has claims and has not run to its end. Of protobuf only the fields needed are read: pods are many.
    pub(in crate::hazards) fn add_pod(&mut self, key: &Object<'_>, value: &[u8]) {
        let pod = match Message::of_object(value) {
            Some(pod) => pod_of_protobuf(key, pod),
            None => key.decode(value).and_then(|object| pod_of_json(key, &object)),
        };
        self.pods.extend(pod);
    }
}

fn source(object: &Value) -> Source {
    if let Some(csi) = object.pointer("/spec/csi") {
        return Source::Csi { driver: at(csi, "/driver"), handle: at(csi, "/volumeHandle") };
    }
    if let Some(local) = object.pointer("/spec/local") {
        return Source::Local { path: at(local, "/path") };
    }
    let Some(spec) = object.pointer("/spec") else { return Source::default() };
    let known = OTHER_SOURCES.iter().find_map(|(kind, handle)| Some((kind, spec.get(kind)?.get(handle))));
    known.map_or_else(Source::default, |(kind, handle)| {
        let handle = handle
            .map_or_else(String::new, |value| word(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        Source::Other { kind: (*kind).to_owned(), handle }
    })
}

fn reference(to: &Value) -> ObjectName {
    ObjectName { namespace: at(to, "/namespace"), name: at(to, "/name") }
}

/// The nodes that the terms of a selector name.
fn hostnames(object: &Value, pointer: &str) -> Vec<String> {
    let expressions = items(object, pointer).flat_map(|term| items(term, "/matchExpressions"));
    let named = expressions.filter(|expression| {
        expression.get("key").and_then(Value::as_str) == Some(HOSTNAME)
            && expression.get("operator").and_then(Value::as_str) == Some("In")
    });
    named.flat_map(|expression| words(expression, "/values")).take(MOST_PARTS * 4).collect()
}

/// Pod {2: spec {1: volumes {2: source {10: persistentVolumeClaim {1}, 29: ephemeral}}, 2: containers {1, 2},
/// 10: nodeName}, 3: status {1: phase}}
fn pod_of_protobuf(key: &Object<'_>, pod: Message<'_>) -> Option<PodWithClaims> {
    let spec = pod.message(2)?;
    let claim = |volume: Message<'_>| {
        let source = volume.message(2)?;
        match (source.message(10), source.message(29)) {
            (Some(claim), _) => Some(word(&claim.text(1))),
            (None, Some(_)) => Some(ephemeral(key, &volume.text(1))),
            (None, None) => None,
        }
    };
    let claims: Vec<String> = spec.messages(1).take(MOST_PARTS).filter_map(claim).collect();
    let phase = pod.message(3).map(|status| status.text(1));
    if claims.is_empty() || phase.as_deref().is_some_and(is_over) {
        return None;
    }
    let names = spec.messages(2).take(MOST_PARTS).flat_map(|container| [container.text(2), container.text(1)]);
    let software = names.into_iter().find_map(|name| database(&name));
    Some(PodWithClaims { name: key.object_name(), node: word(&spec.text(10)), claims, software })
}

fn pod_of_json(key: &Object<'_>, pod: &Value) -> Option<PodWithClaims> {
    let claim = |volume: &Value| match volume.pointer("/persistentVolumeClaim/claimName").and_then(Value::as_str) {
        Some(claim) => Some(word(claim)),
        None => volume.get("ephemeral").map(|_| ephemeral(key, &at(volume, "/name"))),
    };
    let claims: Vec<String> = items(pod, "/spec/volumes").take(MOST_PARTS).filter_map(claim).collect();
    if claims.is_empty() || is_over(&at(pod, "/status/phase")) {
        return None;
    }
    let containers = items(pod, "/spec/containers").take(MOST_PARTS);
    let software = containers
        .flat_map(|container| [at(container, "/image"), at(container, "/name")])
        .find_map(|name| database(&name));
    Some(PodWithClaims { name: key.object_name(), node: at(pod, "/spec/nodeName"), claims, software })
}

/// The claim that stands behind an ephemeral volume.
fn ephemeral(key: &Object<'_>, volume: &str) -> String {
    word(&format!("{}-{volume}", key.name()))
}

fn is_over(phase: &str) -> bool {
    matches!(phase, "Succeeded" | "Failed")
}

/// What a container's name or image's last part says.
fn database(name: &str) -> Option<&'static str> {
    let name = name.split('@').next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default();
    // an exporter or a proxy beside a database holds none itself, and has no claim that matters
    DATABASES.iter().find(|software| name.contains(*software)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_is_told_by_the_last_part_of_an_image() {
        for (name, software) in [
            ("quay.io/example/postgres:1.2.3", Some("postgres")),
            ("registry.redhat.io/rhel8/postgresql-13@sha256:0123", Some("postgres")),
            ("localhost:5000/mysql", Some("mysql")),
            ("prometheus", Some("prometheus")),
            ("quay.io/mysql/shop-frontend:redis", None),
            ("", None),
        ] {
            assert_eq!(database(name), software, "{name}");
        }
        assert!(DATABASES.is_sorted());
    }
}
