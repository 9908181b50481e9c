//! What the operators of the control plane, admission and deletion have under way.

use jiff::Timestamp;
use kube_objects::protobuf::Message;
use kube_objects::{ClusterVersion, DecodeOptions, Envelope, Infrastructure, ObjectHead, StorageKey, StoredObject};
use memchr::memmem::Finder;
use serde_json::Value;

use super::list::{ObjectName, at, items, word, words};
use super::object::Object;
use super::view::{CREATED, METADATA, View};

/// What the operators say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ControlPlane {
    /// Operators of static pods whose `forceRedeploymentReason` is set, with the reason.
    pub forced_redeployments: Vec<(String, String)>,
    /// `OVNKubernetes`, `OpenShiftSDN`, ...; empty where none is noted.
    pub network_type: String,
    /// `HighlyAvailable`, `SingleReplica`, ...; empty where none is noted.
    pub topology: String,
    /// Release that the cluster reports as completed last.
    pub version: Option<String>,
    /// When the installation began.
    pub installed: Option<Timestamp>,
    /// `spec.backendQuotaGiB` of the etcd operator, where it is set.
    pub quota_gib: Option<u64>,
    /// ConfigMap `etcd-disable-defrag` is there.
    pub defrag_disabled: bool,
}

/// A webhook that an API server cannot do without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhook {
    /// The configuration that it stands in.
    pub configuration: String,
    /// Its name.
    pub name: String,
    /// The Service behind it.
    pub service: ObjectName,
    /// Resources of the core group that it is asked about.
    pub resources: Vec<String>,
}

/// An object whose deletion was under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletion {
    /// Resource, with its group where it has one.
    pub resource: String,
    /// Namespace and name.
    pub name: ObjectName,
    /// When its deletion was asked for.
    pub since: Option<Timestamp>,
    /// What holds it back.
    pub finalizers: Vec<String>,
}

impl ControlPlane {
    pub(super) fn add_operator(&mut self, key: &Object<'_>, object: &Value) {
        let reason = at(object, "/spec/forceRedeploymentReason");
        if !reason.is_empty() {
            self.forced_redeployments.push((word(&String::from_utf8_lossy(key.resource())), reason));
        }
        if key.resource() == b"etcds" {
            self.add_etcd(object);
        }
    }

    /// What `etcds/cluster` says of the space that etcd may use.
    pub(crate) fn add_etcd(&mut self, object: &Value) {
        self.quota_gib = object.pointer("/spec/backendQuotaGiB").and_then(Value::as_u64).filter(|gib| *gib > 0);
    }

    /// Takes of an object what tells of etcd's quota: the release, and what the operator was told.
    pub(crate) fn add_quota(&mut self, parsed: &StorageKey<'_>, value: &[u8]) {
        match (parsed.group, parsed.resource, parsed.name) {
            (b"config.openshift.io", b"clusterversions", _) => self.add_cluster_version(value),
            (b"operator.openshift.io", b"etcds", b"cluster") => {
                let object = StoredObject::decode(value, &DecodeOptions::default());
                object.iter().for_each(|object| self.add_etcd(object.json()));
            }
            _ => {}
        }
    }

    pub(super) fn add_network(&mut self, object: &Value) {
        let status = at(object, "/status/networkType");
        self.network_type = if status.is_empty() { at(object, "/spec/networkType") } else { status };
    }

    pub(super) fn add_infrastructure(&mut self, value: &[u8]) {
        if let Ok(infrastructure) = Infrastructure::read(value) {
            self.topology = word(&infrastructure.control_plane_topology);
        }
    }

    /// The installation is the oldest entry of the history.
    pub(crate) fn add_cluster_version(&mut self, value: &[u8]) {
        let Ok(version) = ClusterVersion::read(value) else { return };
        let history = &version.status.history;
        self.version = history.iter().find(|update| update.state == "Completed").map(|update| word(&update.version));
        self.note_start(history.iter().filter_map(|update| update.started_time).min());
    }

    /// Namespace `kube-system` is made when an API server first starts.
    pub(super) fn add_kube_system(&mut self, object: View<'_>) {
        self.note_start(object.get(METADATA).and_then(|metadata| metadata.time(CREATED)));
    }

    fn note_start(&mut self, at: Option<Timestamp>) {
        self.installed = [self.installed, at].into_iter().flatten().min();
    }
}

/// The webhooks of a configuration that block where they do not answer: failurePolicy `Fail`, served by pods of the
/// cluster, asked about resources of the core group.
pub(super) fn blocking_webhooks(key: &Object<'_>, object: &Value) -> Vec<Webhook> {
    let blocking = |webhook: &&Value| {
        // v1 stores the policy it defaults to, which is Fail
        matches!(at(webhook, "/failurePolicy").as_str(), "Fail" | "")
            && webhook.pointer("/clientConfig/service").is_some()
    };
    items(object, "/webhooks")
        .filter(blocking)
        .take(MOST_WEBHOOKS)
        .filter_map(|webhook| {
            let mut resources: Vec<String> = items(webhook, "/rules")
                .filter(|rule| is_core(rule))
                .flat_map(|rule| words(rule, "/resources"))
                .collect();
            resources.sort();
            resources.dedup();
            (!resources.is_empty()).then(|| Webhook {
                configuration: key.name(),
                name: at(webhook, "/name"),
                service: ObjectName {
                    namespace: at(webhook, "/clientConfig/service/namespace"),
                    name: at(webhook, "/clientConfig/service/name"),
                },
                resources,
            })
        })
        .collect()
}

const MOST_WEBHOOKS: usize = 500;

fn is_core(rule: &Value) -> bool {
    words(rule, "/apiGroups").iter().any(|group| matches!(group.as_str(), "" | "*"))
}

/// Finds objects in deletion among all others, cheaply: hardly any is.
#[derive(Debug)]
pub(super) struct DeletionFinder {
    name: Finder<'static>,
}

impl Default for DeletionFinder {
    fn default() -> Self {
        Self { name: Finder::new("deletionTimestamp") }
    }
}

impl DeletionFinder {
    /// The deletion of an object that finalizers hold back, or of a namespace that is being emptied.
    pub(super) fn find(&self, key: &Object<'_>, value: &[u8]) -> Option<Deletion> {
        if !self.may_be_deleting(value) {
            return None;
        }
        let metadata = ObjectHead::read(value).ok()?.metadata;
        let since = metadata.deletion_timestamp?;
        let namespace = key.group().is_empty() && key.resource() == b"namespaces";
        if metadata.finalizers.is_empty() && !namespace {
            return None; // a pod that is told to stop, say
        }
        let text = |bytes: &[u8]| word(&String::from_utf8_lossy(bytes));
        let resource = match key.group() {
            b"" => text(key.resource()),
            group => format!("{}.{}", text(key.resource()), text(group)),
        };
        let finalizers = metadata.finalizers.iter().take(MOST_FINALIZERS).map(|name| word(name)).collect();
        Some(Deletion { resource, name: key.object_name(), since: Some(since), finalizers })
    }

    /// ObjectMeta {9: deletionTimestamp}; in JSON and CBOR the field's name stands in the value.
    fn may_be_deleting(&self, value: &[u8]) -> bool {
        match Envelope::of(value) {
            Envelope::Protobuf => {
                let metadata = Message::of_object(value).and_then(|object| object.message(1));
                metadata.is_some_and(|metadata| metadata.message(9).is_some())
            }
            Envelope::Json | Envelope::Cbor => self.name.find(value).is_some(),
            _ => false,
        }
    }
}

const MOST_FINALIZERS: usize = 20;
