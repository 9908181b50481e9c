//! What the objects of a snapshot say that a tarball can be held against.
//!
//! [`ClusterFacts`] takes what it needs while the live objects pass by, and borrows the rest: no object is copied whole.

mod content;
mod object;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use jiff::Timestamp;
use kube_objects::{ClusterVersion, ObjectHead, StorageKey};

pub use content::{Content, contents, pem_fingerprints, substituted};
pub use object::{MirrorPod, Node, NodeStatus, StaticPod};

/// Objects of one kind that are remembered.
const CAP: usize = 10_000;
/// Objects created last that are asked for their time.
const NEWEST: usize = 32;

/// The static pods, their namespaces, and the resources of their operators.
pub const STATIC_PODS: [(&str, &str, &[u8]); 4] = [
    ("kube-apiserver", "openshift-kube-apiserver", b"kubeapiservers"),
    ("kube-controller-manager", "openshift-kube-controller-manager", b"kubecontrollermanagers"),
    ("kube-scheduler", "openshift-kube-scheduler", b"kubeschedulers"),
    ("etcd", "openshift-etcd", b"etcds"),
];

/// What the objects say, as far as a tarball says something about the same.
#[derive(Debug, Clone, Default)]
pub struct ClusterFacts<'a> {
    /// Revisions, by static pod.
    pub static_pods: BTreeMap<&'static str, StaticPod>,
    /// Nodes, by name.
    pub nodes: BTreeMap<String, Node>,
    /// What kubelets report of the static pods that really run.
    pub mirror_pods: Vec<MirrorPod>,
    /// The newest renewal of a Lease.
    pub renewed: Option<Timestamp>,
    /// UID of the cluster: that of namespace `kube-system`.
    pub uid: Option<String>,
    /// ID of an OpenShift cluster, by its ClusterVersion.
    pub cluster_id: Option<String>,
    /// Secrets and ConfigMaps in the namespaces of the static pods: key and value as stored.
    pub objects: BTreeMap<&'a [u8], &'a [u8]>,
    newest: BinaryHeap<Reverse<(i64, Stored<'a>)>>,
}

/// An etcd key and its value.
pub type Stored<'a> = (&'a [u8], &'a [u8]);

impl<'a> ClusterFacts<'a> {
    /// Takes what a live object says.
    pub fn add(&mut self, key: &'a [u8], parsed: &StorageKey<'_>, value: &'a [u8], create_revision: i64) {
        self.newest.push(Reverse((create_revision, (key, value))));
        if self.newest.len() > NEWEST {
            self.newest.pop();
        }
        match (parsed.group, parsed.resource) {
            (b"", b"nodes") if self.nodes.len() < CAP => {
                if let Some(node) = Node::read(value) {
                    self.nodes.insert(object::text(parsed.name), node);
                }
            }
            (b"", b"namespaces") if parsed.name == b"kube-system" => {
                let uid = ObjectHead::read(value).ok().map(|head| head.metadata.uid.into_owned());
                self.uid = uid.filter(|uid| !uid.is_empty());
            }
            (b"", b"pods") => self.add_pod(parsed, value),
            (b"", b"secrets" | b"configmaps") if of_static_pod(parsed).is_some() && self.objects.len() < CAP => {
                self.objects.insert(key, value);
            }
            (b"config.openshift.io", b"clusterversions") if parsed.name == b"version" => {
                let id = ClusterVersion::read(value).ok().map(|version| version.spec.cluster_id);
                self.cluster_id = id.filter(|id| !id.is_empty());
            }
            (b"coordination.k8s.io", b"leases") => {
                self.renewed = self.renewed.max(object::renewed(value));
            }
            (b"operator.openshift.io", resource) if parsed.name == b"cluster" => self.add_operator(resource, value),
            _ => {}
        }
    }

    fn add_pod(&mut self, parsed: &StorageKey<'_>, value: &[u8]) {
        let Some(pod) = of_static_pod(parsed).filter(|_| self.mirror_pods.len() < CAP) else { return };
        self.mirror_pods.extend(MirrorPod::read(pod, value));
    }

    fn add_operator(&mut self, resource: &[u8], value: &[u8]) {
        if let Some((pod, ..)) = STATIC_PODS.iter().find(|(_, _, operator)| *operator == resource)
            && let Some(read) = StaticPod::read(value)
        {
            self.static_pods.insert(pod, read);
        }
    }

    /// The newest moment that an object is known to be from: when the last ones were created, and when a Lease was
    /// last renewed.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        let created = self.newest.iter().filter_map(|Reverse((_, (_, value)))| {
            let head = ObjectHead::read(value).ok()?;
            head.metadata.creation_timestamp
        });
        created.max().max(self.renewed)
    }

    /// The control plane nodes.
    pub fn control_plane(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().filter(|(_, node)| node.control_plane).map(|(name, node)| (name.as_str(), node))
    }

    /// Addresses of the control plane nodes.
    #[must_use]
    pub fn addresses(&self) -> BTreeSet<&str> {
        self.control_plane().flat_map(|(_, node)| &node.addresses).map(String::as_str).collect()
    }
}

/// The static pod whose namespace an object lies in.
fn of_static_pod(parsed: &StorageKey<'_>) -> Option<&'static str> {
    let namespace = parsed.namespace?;
    STATIC_PODS.iter().find(|(_, own, _)| own.as_bytes() == namespace).map(|(pod, ..)| *pod)
}

#[cfg(test)]
mod tests;
