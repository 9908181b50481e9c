//! Single objects, as far as they are asked for.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kube_objects::protobuf::Message;
use kube_objects::{DecodeOptions, StoredObject};
use serde_json::Value;

/// Items of one list in one object.
const CAP: usize = 1000;

/// What the operator of a static pod says of its revisions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaticPod {
    /// The newest revision there is.
    pub latest: Option<u64>,
    /// Revisions by node.
    pub nodes: Vec<NodeStatus>,
}

/// What runs on a node, and what is to run there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeStatus {
    /// The node.
    pub node: String,
    /// The revision that runs; 0 for none.
    pub current: u64,
    /// The revision being rolled out; 0 for none.
    pub target: u64,
}

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Whether it has a role of the control plane.
    pub control_plane: bool,
    /// Its internal and external addresses.
    pub addresses: BTreeSet<String>,
}

/// A mirror pod: what a kubelet reports of a static pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorPod {
    /// The static pod.
    pub pod: &'static str,
    /// The node it runs on.
    pub node: String,
    /// Its revision.
    pub revision: u64,
    /// The images of its containers.
    pub images: BTreeSet<String>,
}

/// Bytes as text, what is not UTF-8 replaced.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn decode(value: &[u8]) -> Option<Value> {
    StoredObject::decode(value, &DecodeOptions::default()).ok().map(StoredObject::into_json)
}

fn items<'o>(object: &'o Value, path: &str) -> impl Iterator<Item = &'o Value> {
    object.pointer(path).and_then(Value::as_array).into_iter().flatten().take(CAP)
}

fn string(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl StaticPod {
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let object = decode(value)?;
        let nodes = items(&object, "/status/nodeStatuses").map(|status| {
            let number = |name: &str| status.get(name).and_then(Value::as_u64).unwrap_or(0);
            NodeStatus {
                node: string(status, "nodeName"),
                current: number("currentRevision"),
                target: number("targetRevision"),
            }
        });
        let latest = object.pointer("/status/latestAvailableRevision").and_then(Value::as_u64);
        Some(Self { nodes: nodes.collect(), latest })
    }
}

impl Node {
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let object = decode(value)?;
        let labels = object.pointer("/metadata/labels");
        let has = |role: &str| labels.is_some_and(|it| it.get(format!("node-role.kubernetes.io/{role}")).is_some());
        let is_address = |it: &&Value| it.get("type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with("IP"));
        let addresses = items(&object, "/status/addresses").filter(is_address).map(|it| string(it, "address"));
        Some(Self { control_plane: has("master") || has("control-plane"), addresses: addresses.collect() })
    }
}

impl MirrorPod {
    /// `None` for a pod that is no mirror of a static pod, such as an installer.
    pub(super) fn read(pod: &'static str, value: &[u8]) -> Option<Self> {
        let object = decode(value)?;
        object.pointer("/metadata/annotations")?.get("kubernetes.io/config.mirror")?;
        let node = object.pointer("/spec/nodeName").and_then(Value::as_str)?.to_owned();
        let name = object.pointer("/metadata/name").and_then(Value::as_str)?;
        let short = name.strip_suffix(node.as_str())?.strip_suffix('-')?;
        if short != pod && short.strip_prefix("openshift-") != Some(pod) {
            return None; // the guard and the startup monitor are mirrored, too
        }
        let revision = object.pointer("/metadata/labels/revision").and_then(Value::as_str)?.parse().ok()?;
        let images = items(&object, "/spec/containers").map(|container| string(container, "image"));
        Some(Self { pod, node, revision, images: images.filter(|image| !image.is_empty()).collect() })
    }
}

/// `spec.renewTime` of a Lease: `MicroTime {1: seconds}` in field 4 of field 2.
pub(super) fn renewed(value: &[u8]) -> Option<Timestamp> {
    match Message::of_object(value) {
        Some(lease) => {
            let seconds = lease.message(2)?.message(4)?.number(1)?;
            Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
        }
        None => decode(value)?.pointer("/spec/renewTime")?.as_str()?.parse().ok(),
    }
}
