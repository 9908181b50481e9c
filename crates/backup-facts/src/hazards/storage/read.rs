//! Storage objects to facts.

use serde_json::Value;

use super::{Attachment, Claim, LocalOwner, PodWithClaims, StatefulSet, Storage, Volume, VolumeSource};
use crate::hazards::list::{ObjectName, at, items, word, words};
use crate::hazards::object::Object;
use crate::hazards::view::{ANNOTATIONS, CREATED, DELETED, Field, LABELS, METADATA, SPEC, STATUS, View};

/// Older kinds of volumes: the field of the source, and the field that names the volume.
const OTHER_SOURCES: [(Field, Field); 20] = [
    (Field(1, "gcePersistentDisk"), Field(1, "pdName")),
    (Field(2, "awsElasticBlockStore"), Field(1, "volumeID")),
    (Field(3, "hostPath"), Field(1, "path")),
    (Field(4, "glusterfs"), Field(2, "path")),
    (Field(5, "nfs"), Field(2, "path")),
    (Field(6, "rbd"), Field(2, "image")),
    (Field(7, "iscsi"), Field(2, "iqn")),
    (Field(8, "cinder"), Field(1, "volumeID")),
    (Field(9, "cephfs"), Field(2, "path")),
    (Field(10, "fc"), Field(1, "targetWWNs")),
    (Field(11, "flocker"), Field(1, "datasetName")),
    (Field(12, "flexVolume"), Field(1, "driver")),
    (Field(13, "azureFile"), Field(2, "shareName")),
    (Field(14, "vsphereVolume"), Field(1, "volumePath")),
    (Field(15, "quobyte"), Field(2, "volume")),
    (Field(16, "azureDisk"), Field(2, "diskURI")),
    (Field(17, "photonPersistentDisk"), Field(1, "pdID")),
    (Field(18, "portworxVolume"), Field(1, "volumeID")),
    (Field(19, "scaleIO"), Field(8, "volumeName")),
    (Field(21, "storageos"), Field(1, "volumeName")),
];
/// References to Secrets in the source of a CSI volume.
const SECRET_REFS: [Field; 5] = [
    Field(6, "controllerPublishSecretRef"),
    Field(7, "nodeStageSecretRef"),
    Field(8, "nodePublishSecretRef"),
    Field(9, "controllerExpandSecretRef"),
    Field(10, "nodeExpandSecretRef"),
];
/// Where a PersistentVolume says what it is; Go embeds it in the spec.
const SOURCE: Field = Field(2, "");
const CSI: Field = Field(22, "csi");
const PHASE: Field = Field(1, "phase");
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
    pub(in crate::hazards) fn add_volume(&mut self, key: &Object<'_>, object: View<'_>) {
        let metadata = object.get(METADATA);
        let text = |field: Field, name: &str| {
            let text = metadata.and_then(|metadata| metadata.entry(field, &format!("storage.openshift.com/{name}")));
            text.filter(|text| !text.is_empty())
        };
        let label = |new: &str, old: &str| text(LABELS, new).or_else(|| text(LABELS, old));
        let owner = label("owner-name", "local-volume-owner-name").map(|name| ObjectName {
            namespace: label("owner-namespace", "local-volume-owner-namespace").unwrap_or_default(),
            name,
        });
        let spec = object.get(SPEC);
        let of_spec = |field| spec.map(|spec: View<'_>| spec.text(field)).unwrap_or_default();
        let source = spec.and_then(|spec| spec.get(SOURCE));
        let csi = source.and_then(|source| source.get(CSI));
        let secrets = csi.into_iter().flat_map(|csi| SECRET_REFS.into_iter().filter_map(move |field| csi.get(field)));
        let affinity = [Field(9, "nodeAffinity"), Field(1, "required")];
        self.volumes.push(Volume {
            name: key.name(),
            source: source.map(source_of).unwrap_or_default(),
            reclaim_policy: of_spec(Field(5, "persistentVolumeReclaimPolicy")),
            access_modes: spec.map(|spec| spec.texts(Field(3, "accessModes"))).unwrap_or_default(),
            storage_class: of_spec(Field(6, "storageClassName")),
            phase: phase(object),
            claim: spec.and_then(|spec| spec.get(Field(4, "claimRef"))).map(|claim| ObjectName {
                namespace: claim.text(Field(2, "namespace")),
                name: claim.text(Field(3, "name")),
            }),
            created: metadata.and_then(|metadata| metadata.time(CREATED)),
            deleting: metadata.is_some_and(|metadata| metadata.get(DELETED).is_some()),
            nodes: spec.and_then(|spec| spec.path(&affinity)).map(hostnames).unwrap_or_default(),
            secrets: secrets
                .map(|secret| ObjectName {
                    namespace: secret.text(Field(2, "namespace")),
                    name: secret.text(Field(1, "name")),
                })
                .collect(),
            owner,
            device_name: text(ANNOTATIONS, "device-name"),
            device_id: text(ANNOTATIONS, "device-id"),
        });
    }

    pub(in crate::hazards) fn add_claim(&mut self, key: &Object<'_>, object: View<'_>) {
        self.claims.push(Claim {
            name: key.object_name(),
            volume: object.get(SPEC).map(|spec| spec.text(Field(3, "volumeName"))).unwrap_or_default(),
            phase: phase(object),
            volume_missing: false,
        });
    }

    pub(in crate::hazards) fn add_attachment(&mut self, key: &Object<'_>, object: View<'_>) {
        let Some(spec) = object.get(SPEC) else { return };
        let status = object.get(STATUS);
        let failed = |field| status.is_some_and(|status: View<'_>| status.get(field).is_some());
        let volume = spec.path(&[Field(2, "source"), Field(1, "persistentVolumeName")]);
        self.attachments.push(Attachment {
            name: key.name(),
            attacher: spec.text(Field(1, "attacher")),
            volume: volume.map(|volume| word(&volume.as_text())).unwrap_or_default(),
            node: spec.text(Field(3, "nodeName")),
            attached: status.is_some_and(|status| status.flag(Field(1, "attached"))),
            attach_failed: failed(Field(3, "attachError")),
            detach_failed: failed(Field(4, "detachError")),
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
            nodes: object.pointer("/spec/nodeSelector").map(View::Json).map(hostnames).unwrap_or_default(),
        });
    }

    pub(in crate::hazards) fn add_stateful_set(&mut self, key: &Object<'_>, object: View<'_>) {
        let Some(spec) = object.get(SPEC) else { return };
        let name = |template: View<'_>| template.get(METADATA).map(|metadata| metadata.text(Field(1, "name")));
        let templates: Vec<String> = spec
            .all(Field(4, "volumeClaimTemplates"))
            .take(MOST_PARTS)
            .map(|one| name(one).unwrap_or_default())
            .collect();
        if templates.is_empty() {
            return;
        }
        self.stateful_sets.push(StatefulSet {
            name: key.object_name(),
            replicas: spec.number(Field(1, "replicas")).unwrap_or(1),
            ready: object.get(STATUS).and_then(|status| status.number(Field(3, "readyReplicas"))).unwrap_or(0),
            templates,
        });
    }

    /// A pod, if it has claims and has not run to its end.
    pub(in crate::hazards) fn add_pod(&mut self, key: &Object<'_>, object: View<'_>) {
        let Some(spec) = object.get(SPEC) else { return };
        let volumes = spec.all(Field(1, "volumes")).take(MOST_PARTS);
        let claims: Vec<String> = volumes.filter_map(|volume| claim_of(key, volume)).collect();
        if claims.is_empty() || matches!(phase(object).as_str(), "Succeeded" | "Failed") {
            return;
        }
        let containers = spec.all(Field(2, "containers")).take(MOST_PARTS);
        let names = containers.flat_map(|one| [one.text(Field(2, "image")), one.text(Field(1, "name"))]);
        let software = names.into_iter().find_map(|name| database(&name));
        let node = spec.text(Field(10, "nodeName"));
        self.pods.push(PodWithClaims { name: key.object_name(), node, claims, software });
    }
}

/// The claim behind a pod's volume, if there is one. That of an ephemeral volume is called after pod and volume.
fn claim_of(key: &Object<'_>, volume: View<'_>) -> Option<String> {
    let source = volume.get(SOURCE)?;
    match source.get(Field(10, "persistentVolumeClaim")) {
        Some(claim) => Some(claim.text(Field(1, "claimName"))),
        None => {
            source.get(Field(29, "ephemeral"))?;
            Some(word(&format!("{}-{}", key.name(), volume.text(Field(1, "name")))))
        }
    }
}

fn phase(object: View<'_>) -> String {
    object.get(STATUS).map(|status| status.text(PHASE)).unwrap_or_default()
}

fn source_of(source: View<'_>) -> VolumeSource {
    if let Some(csi) = source.get(CSI) {
        return VolumeSource::Csi { driver: csi.text(Field(1, "driver")), handle: csi.text(Field(2, "volumeHandle")) };
    }
    if let Some(local) = source.get(Field(20, "local")) {
        return VolumeSource::Local { path: local.text(Field(1, "path")) };
    }
    let known = OTHER_SOURCES.into_iter().find_map(|(kind, handle)| Some((kind, handle, source.get(kind)?)));
    known.map_or_else(VolumeSource::default, |(kind, handle, source)| VolumeSource::Other {
        kind: kind.1.to_owned(),
        handle: source.text(handle),
    })
}

/// The nodes that a selector's terms name.
fn hostnames(selector: View<'_>) -> Vec<String> {
    let terms = selector.all(Field(1, "nodeSelectorTerms"));
    let expressions = terms.flat_map(|term| term.all(Field(1, "matchExpressions")));
    let named = expressions.filter(|one| one.is(Field(1, "key"), HOSTNAME) && one.is(Field(2, "operator"), "In"));
    named.flat_map(|one| one.texts(Field(3, "values"))).take(MOST_PARTS).collect()
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
