//! What the objects of a snapshot say of the release.

use std::collections::BTreeMap;

use etcd_snapshot::Scan;
use kube_objects::{ClusterVersion, DecodeOptions, StorageKey, StoredObject};
use memchr::memmem;
use serde_json::Value;

/// Objects of one kind that are remembered; no cluster has so many operators or control plane nodes.
const CAP: usize = 1000;
/// The longest text that is taken for a version.
const LONGEST: usize = 200;
/// The variable in which an operator's Deployment names the release it is of.
const OPERATOR: &str = "OPERATOR_IMAGE_VERSION";

/// Versions that objects state, each under the object that states it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnapshotVersions {
    /// `status.versions[name=operator]`, by ClusterOperator.
    pub operators: BTreeMap<String, String>,
    /// `OPERATOR_IMAGE_VERSION` of operators' Deployments, by `<namespace>/<name>`.
    pub deployments: BTreeMap<String, String>,
    /// Kubelet versions, by control plane node.
    pub kubelets: BTreeMap<String, String>,
    /// Why ClusterVersion cannot be read, where it is there.
    pub unreadable: Option<String>,
}

/// What a snapshot says of its release, for whoever asks nothing else of it.
#[derive(Debug, Default)]
pub struct SnapshotRelease {
    /// The object `version`.
    pub cluster_version: Option<ClusterVersion>,
    /// What the other objects say.
    pub versions: SnapshotVersions,
    /// Bucket `cluster`, `clusterVersion`.
    pub etcd_cluster: Option<String>,
    /// Bucket `meta`, `storageVersion`.
    pub etcd_storage: Option<String>,
}

impl SnapshotRelease {
    /// Looks at the live objects of a scan and nothing else.
    #[must_use]
    pub fn of(scan: &Scan<'_>) -> Self {
        let mut found = Self {
            etcd_cluster: scan.state.cluster_version.clone(),
            etcd_storage: scan.state.storage_version.clone(),
            ..Self::default()
        };
        for live in scan.store.live() {
            let key = StorageKey::parse(live.kv.key);
            found.versions.add(&key, live.kv.value);
            if (key.group, key.resource, key.name) == (b"config.openshift.io", b"clusterversions", b"version") {
                found.cluster_version = ClusterVersion::read(live.kv.value).ok();
            }
        }
        found
    }
}

impl SnapshotVersions {
    /// Takes what a live object says. Most objects say nothing, and cost nothing but a look at their key.
    pub fn add(&mut self, parsed: &StorageKey<'_>, value: &[u8]) {
        match (parsed.group, parsed.resource) {
            (b"config.openshift.io", b"clusteroperators") if self.operators.len() < CAP => {
                if let Some(version) = operator_version(value) {
                    self.operators.insert(text(parsed.name), version);
                }
            }
            (b"config.openshift.io", b"clusterversions") if parsed.name == b"version" => {
                self.unreadable = ClusterVersion::read(value).err().map(|fault| fault.to_string());
            }
            (b"apps", b"deployments") if self.deployments.len() < CAP => {
                let namespace = parsed.namespace.unwrap_or_default();
                if namespace.starts_with(b"openshift-")
                    && let Some(version) = deployment_version(value)
                {
                    self.deployments.insert(format!("{}/{}", text(namespace), text(parsed.name)), version);
                }
            }
            (b"", b"nodes") if self.kubelets.len() < CAP => {
                if let Some(version) = kubelet_version(value) {
                    self.kubelets.insert(text(parsed.name), version);
                }
            }
            _ => {}
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn short(text: &str) -> Option<String> {
    (!text.is_empty() && text.len() <= LONGEST).then(|| text.to_owned())
}

fn decode(value: &[u8]) -> Option<Value> {
    StoredObject::decode(value, &DecodeOptions::default()).ok().map(StoredObject::into_json)
}

fn operator_version(value: &[u8]) -> Option<String> {
    let object = decode(value)?;
    let versions = object.pointer("/status/versions")?.as_array()?;
    let operator = versions.iter().find(|version| version.get("name").and_then(Value::as_str) == Some("operator"))?;
    short(operator.get("version")?.as_str()?)
}

fn deployment_version(value: &[u8]) -> Option<String> {
    memmem::find(value, OPERATOR.as_bytes())?;
    let object = decode(value)?;
    let containers = object.pointer("/spec/template/spec/containers")?.as_array()?;
    let variables = containers.iter().filter_map(|container| container.get("env")?.as_array()).flatten();
    variables
        .filter(|variable| variable.get("name").and_then(Value::as_str) == Some(OPERATOR))
        .find_map(|variable| short(variable.get("value")?.as_str()?))
}

/// Of control plane nodes alone: workers may lag behind by two minor releases.
fn kubelet_version(value: &[u8]) -> Option<String> {
    memmem::find(value, b"node-role.kubernetes.io/")?;
    let object = decode(value)?;
    let labels = object.pointer("/metadata/labels")?;
    let has = |role: &str| labels.get(format!("node-role.kubernetes.io/{role}")).is_some();
    if !has("master") && !has("control-plane") {
        return None;
    }
    short(object.pointer("/status/nodeInfo/kubeletVersion")?.as_str()?)
}
