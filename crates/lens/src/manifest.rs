//! Objects as manifests that can be applied to a cluster, this one or another.

use kube_objects::{StorageKey, UNKNOWN_FIELDS};
use serde_json::{Map, Value};

use crate::newest::{Found, Newest};
use crate::object::{Object, Unseen, View};
use crate::open::Opener;
use crate::select::Selection;

/// Metadata that an API server sets.
const SERVER_SET: [&str; 9] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];
/// Annotations that controllers and clients set, and that are wrong on another object.
const STALE_ANNOTATIONS: [&str; 10] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "control-plane.alpha.kubernetes.io/leader",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.kubernetes.io/selected-node",
    "volume.beta.kubernetes.io/storage-provisioner",
    "k8s.ovn.org/pod-networks",
    "k8s.v1.cni.cncf.io/network-status",
    "k8s.v1.cni.cncf.io/networks-status",
];
/// Finalizers that controllers add again.
const OWN_FINALIZERS: [&str; 5] =
    ["kubernetes.io/pvc-protection", "kubernetes.io/pv-protection", "foregroundDeletion", "orphan", "kubernetes"];
/// Labels by which a Job finds its own pods; they hold its UID.
const JOB_LABELS: [&str; 4] =
    ["controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"];

/// What is kept that is cut as a rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keep {
    /// `spec.volumeName` of PersistentVolumeClaims, to bind them to the volumes they had.
    pub volume_names: bool,
}

/// Why an object is left out of an export of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skip {
    /// A controller made it, and makes it again from its owner.
    Owned,
    /// The cluster makes it by itself: endpoints, events, leases, published certificates.
    Generated,
    /// A token that the cluster issues; one of another cluster, or of another time, does not work.
    Token,
}

impl Skip {
    /// What to tell of it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Owned => "that a controller makes again from their owner",
            Self::Generated => "that a cluster makes by itself",
            Self::Token => "that are tokens, which a cluster issues anew",
        }
    }

    /// Whether there is a reason to leave out an object.
    #[must_use]
    pub fn of(key: &[u8], object: &Value) -> Option<Self> {
        let parsed = StorageKey::parse(key);
        let resource = (parsed.group, parsed.resource);
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let has_annotation =
            |name: &str| object.pointer("/metadata/annotations").is_some_and(|all| all.get(name).is_some());
        let is_token = match resource {
            (b"", b"secrets") => {
                text("/type") == "kubernetes.io/service-account-token"
                    || has_annotation("openshift.io/token-secret.name")
                    || has_annotation("openshift.io/internal-registry-auth-token.service-account")
            }
            (b"oauth.openshift.io", b"oauthaccesstokens" | b"oauthauthorizetokens") => true,
            _ => false,
        };
        if is_token {
            return Some(Self::Token);
        }
        let is_generated = match resource {
            (b"", b"events" | b"endpoints" | b"nodes" | b"masterleases" | b"peerserverleases" | b"ranges")
            | (b"events.k8s.io", b"events")
            | (b"coordination.k8s.io", b"leases" | b"leasecandidates")
            | (b"discovery.k8s.io", b"endpointslices")
            | (b"storage.k8s.io", b"csinodes" | b"volumeattachments")
            | (b"apps", b"controllerrevisions") => true,
            (b"", b"configmaps") => matches!(parsed.name, b"kube-root-ca.crt" | b"openshift-service-ca.crt"),
            (b"", b"pods") => has_annotation("kubernetes.io/config.mirror"),
            _ => parsed.group.is_empty() && parsed.resource.is_empty(),
        };
        if is_generated {
            return Some(Self::Generated);
        }
        let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        let is_owned = owners.into_iter().flatten().any(|owner| owner.get("controller") == Some(&Value::Bool(true)));
        is_owned.then_some(Self::Owned)
    }
}

/// Whether objects under this key must be there before others can be: namespaces, and definitions of resources.
#[must_use]
pub fn is_first(key: &[u8]) -> bool {
    let parsed = StorageKey::parse(key);
    matches!(parsed.resource, b"namespaces" | b"customresourcedefinitions" | b"priorityclasses" | b"storageclasses")
}

/// Cuts what a server sets, and what is true of the stored object alone. Gives how many fields were dropped because
/// nobody knows their names.
pub fn manifest(object: &mut Value, keep: Keep) -> usize {
    let mut dropped = 0;
    clean(object, &mut dropped);
    let Some(map) = object.as_object_mut() else { return dropped };
    map.remove("status");
    if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut) {
        clean_metadata(metadata);
    }
    match map.get("kind").and_then(Value::as_str).unwrap_or_default() {
        "Service" => service(map),
        "PersistentVolumeClaim" if !keep.volume_names => remove(map, "spec", &["volumeName"]),
        "PersistentVolume" => {
            if let Some(claim) = at(map, &["spec", "claimRef"]) {
                claim.remove("uid");
                claim.remove("resourceVersion");
            }
        }
        "Namespace" => remove(map, "spec", &["finalizers"]),
        "Pod" => pod(map),
        "Job" => job(map),
        "ServiceAccount" => service_account(map),
        "DeploymentConfig" => deployment_config(map),
        _ => {}
    }
    if map.get("spec").is_some_and(|spec| spec.as_object().is_some_and(Map::is_empty)) {
        map.remove("spec");
    }
    dropped
}

/// Removes fields without a name, and times that are not set. Recurses as deep as decoding allows.
fn clean(value: &mut Value, dropped: &mut usize) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, dropped)),
        Value::Object(map) => {
            if let Some(Value::Array(fields)) = map.remove(UNKNOWN_FIELDS) {
                *dropped += fields.len();
            }
            if map.get("creationTimestamp") == Some(&Value::Null) {
                map.remove("creationTimestamp");
            }
            map.values_mut().for_each(|item| clean(item, dropped));
        }
        _ => {}
    }
}

fn clean_metadata(metadata: &mut Map<String, Value>) {
    for name in SERVER_SET {
        metadata.remove(name);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|name, _| !STALE_ANNOTATIONS.contains(&name.as_str()));
    }
    if let Some(finalizers) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) {
        finalizers.retain(|one| !one.as_str().is_some_and(|one| OWN_FINALIZERS.contains(&one)));
    }
    metadata.retain(|_, value| {
        !(value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty))
    });
}

fn at<'m>(map: &'m mut Map<String, Value>, path: &[&str]) -> Option<&'m mut Map<String, Value>> {
    path.iter().try_fold(map, |map, name| map.get_mut(*name)?.as_object_mut())
}

fn remove(map: &mut Map<String, Value>, part: &str, names: &[&str]) {
    if let Some(part) = map.get_mut(part).and_then(Value::as_object_mut) {
        for name in names {
            part.remove(*name);
        }
    }
}

/// The address of a service is the cluster's to give; `None`, for a service without one, is meant.
fn service(map: &mut Map<String, Value>) {
    let Some(spec) = at(map, &["spec"]) else { return };
    if spec.get("clusterIP").and_then(Value::as_str) != Some("None") {
        spec.remove("clusterIP");
        spec.remove("clusterIPs");
    }
    spec.remove("healthCheckNodePort");
}

/// The node is the scheduler's to choose, and the volume with the token is added on creation.
fn pod(map: &mut Map<String, Value>) {
    let Some(spec) = at(map, &["spec"]) else { return };
    spec.remove("nodeName");
    without_issued(spec, "imagePullSecrets");
    let is_token = |item: &Value| {
        item.get("name").and_then(Value::as_str).is_some_and(|name| name.starts_with("kube-api-access-"))
    };
    if let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) {
        volumes.retain(|volume| !is_token(volume));
    }
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            if let Some(mounts) = container.get_mut("volumeMounts").and_then(Value::as_array_mut) {
                mounts.retain(|mount| !is_token(mount));
            }
        }
    }
}

/// A Job finds its pods by labels that hold its own UID, unless its author chose others.
fn job(map: &mut Map<String, Value>) {
    let Some(spec) = at(map, &["spec"]) else { return };
    if spec.get("manualSelector") == Some(&Value::Bool(true)) {
        return;
    }
    spec.remove("selector");
    if let Some(labels) = at(spec, &["template", "metadata", "labels"]) {
        labels.retain(|name, _| !JOB_LABELS.contains(&name.as_str()));
    }
    if let Some(labels) = at(map, &["metadata", "labels"]) {
        labels.retain(|name, _| !JOB_LABELS.contains(&name.as_str()));
    }
}

/// Tokens and pull secrets that the cluster made for the account; it makes new ones.
fn service_account(map: &mut Map<String, Value>) {
    without_issued(map, "secrets");
    without_issued(map, "imagePullSecrets");
}

/// Cuts references to Secrets that a cluster issues, and the list where none is left.
fn without_issued(map: &mut Map<String, Value>, list: &str) {
    let Some(items) = map.get_mut(list).and_then(Value::as_array_mut) else { return };
    items.retain(|item| {
        let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
        !(name.contains("-token-") || name.contains("-dockercfg-"))
    });
    if items.is_empty() {
        map.remove(list);
    }
}

/// The image that a trigger found last is that of the registry of then; it is looked up again.
fn deployment_config(map: &mut Map<String, Value>) {
    let triggers = at(map, &["spec"]).and_then(|spec| spec.get_mut("triggers")).and_then(Value::as_array_mut);
    for trigger in triggers.into_iter().flatten() {
        if let Some(image) = trigger.get_mut("imageChangeParams").and_then(Value::as_object_mut) {
            image.remove("lastTriggeredImage");
        }
    }
}

/// What becomes of objects that are to be applied elsewhere.
pub struct Export<'e> {
    /// How objects are shown.
    pub view: View,
    /// What is kept of what is cut; none where nothing is cut.
    pub keep: Option<Keep>,
    /// Whether what a cluster makes by itself is left out.
    pub skips: bool,
    /// Which objects.
    pub selection: &'e Selection,
    /// Opens values.
    pub opener: &'e dyn Opener,
}

/// What becomes of one object.
pub enum Exported {
    /// It can be applied. No `Debug`: it may be a Secret.
    Manifest {
        /// What is left of it.
        shown: Value,
        /// Whether it holds what is secret.
        is_secret: bool,
        /// Whether fields that are not known were cut.
        is_cut: bool,
    },
    /// It is not asked for.
    NotMeant,
    /// A cluster makes it by itself.
    Skipped(Skip),
    /// Secrets in it are masked: applied, it would destroy what is there.
    Masked,
    /// Its kind is not known.
    UnknownKind,
    /// It stays closed, or is no object.
    Unseen(Unseen),
}

impl Export<'_> {
    /// The live ones of the keys that were found, as far as they are meant by their keys, in an order in which they can be
    /// applied in one go: what others need comes before them.
    pub fn in_order<'n, 'a>(&'n self, newest: &'n Newest<'a>) -> impl Iterator<Item = Found<'a>> + use<'n, 'a> {
        let wanted = |key: &[u8]| self.selection.matches(key) || self.selection.is_own_namespace(key);
        [true, false].into_iter().flat_map(move |first| {
            newest.live().filter(move |found| is_first(found.record.kv.key) == first && wanted(found.record.kv.key))
        })
    }

    /// What becomes of the value of a key, as it is in a view.
    #[must_use]
    pub fn of(&self, found: &Found<'_>) -> Exported {
        let (key, kv) = (found.record.kv.key, found.record.kv);
        let object = match Object::read(self.opener, key, kv.value, kv.mod_revision, self.view) {
            Ok(object) => object,
            // A key that no API server writes has no manifest, encrypted or not.
            Err(_) if self.skips && StorageKey::parse(key).resource.is_empty() => return Exported::NotMeant,
            Err(why) => return Exported::Unseen(why),
        };
        let is_own_namespace = self.selection.is_own_namespace(key);
        if self.selection.looks_inside() && !is_own_namespace && !self.selection.matches_object(object.shown()) {
            return Exported::NotMeant;
        }
        if let Some(skip) = Skip::of(key, object.shown()).filter(|_| self.skips) {
            return Exported::Skipped(skip);
        }
        if object.is_masked() {
            return Exported::Masked;
        }
        if !object.known_kind() {
            return Exported::UnknownKind;
        }
        let is_secret = object.holds_secret(key);
        let mut shown = object.into_shown();
        let is_cut = self.keep.is_some_and(|keep| manifest(&mut shown, keep) > 0);
        Exported::Manifest { shown, is_secret, is_cut }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cut(mut object: Value) -> Value {
        manifest(&mut object, Keep::default());
        object
    }

    #[test]
    fn what_a_server_sets_is_cut() {
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "prod", "uid": "u", "resourceVersion": "7", "generation": 3,
                "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [], "selfLink": "/x",
                "ownerReferences": [{"uid": "o"}], "labels": {"app": "web"},
                "annotations": {"deployment.kubernetes.io/revision": "4", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
                "finalizers": ["foregroundDeletion", "example.com/mine"]},
            "spec": {"replicas": 2, "template": {"metadata": {"creationTimestamp": null, "labels": {"app": "web"}}}},
            "status": {"replicas": 2}});
        assert_eq!(
            cut(object),
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "prod", "labels": {"app": "web"}, "finalizers": ["example.com/mine"]},
            "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "web"}}}}})
        );
    }

    #[test]
    fn what_only_this_cluster_can_give_is_cut() {
        for (object, spec) in [
            (
                json!({"kind": "Service", "spec": {"clusterIP": "172.30.0.9", "clusterIPs": ["172.30.0.9"], "ports": []}}),
                json!({"ports": []}),
            ),
            (
                json!({"kind": "Service", "spec": {"clusterIP": "None", "clusterIPs": ["None"]}}),
                json!({"clusterIP": "None", "clusterIPs": ["None"]}),
            ),
            (
                json!({"kind": "PersistentVolumeClaim", "spec": {"volumeName": "pvc-1", "storageClassName": "x"}}),
                json!({"storageClassName": "x"}),
            ),
            (
                json!({"kind": "PersistentVolume", "spec": {"claimRef": {"name": "c", "uid": "u", "resourceVersion": "1"}}}),
                json!({"claimRef": {"name": "c"}}),
            ),
            (
                json!({"kind": "Pod", "spec": {"nodeName": "w1", "volumes": [{"name": "kube-api-access-x"}, {"name": "v"}],
                "containers": [{"volumeMounts": [{"name": "kube-api-access-x"}, {"name": "v"}]}]}}),
                json!({"volumes": [{"name": "v"}], "containers": [{"volumeMounts": [{"name": "v"}]}]}),
            ),
            (
                json!({"kind": "Pod", "spec": {"imagePullSecrets": [{"name": "default-dockercfg-abcde"}, {"name": "mine"}]}}),
                json!({"imagePullSecrets": [{"name": "mine"}]}),
            ),
            (
                json!({"kind": "DeploymentConfig", "spec": {"triggers": [{"type": "ConfigChange"}, {"type": "ImageChange",
                "imageChangeParams": {"automatic": true, "lastTriggeredImage": "registry/a@sha256:1"}}]}}),
                json!({"triggers": [{"type": "ConfigChange"}, {"type": "ImageChange", "imageChangeParams": {"automatic": true}}]}),
            ),
            (
                json!({"kind": "Job", "spec": {"selector": {}, "template": {"metadata": {"labels": {"job-name": "j", "a": "b"}}}}}),
                json!({"template": {"metadata": {"labels": {"a": "b"}}}}),
            ),
            (
                json!({"kind": "Job", "spec": {"manualSelector": true, "selector": {"a": "b"}}}),
                json!({"manualSelector": true, "selector": {"a": "b"}}),
            ),
        ] {
            assert_eq!(cut(object)["spec"], spec);
        }
        let claim = || json!({"kind": "PersistentVolumeClaim", "spec": {"volumeName": "pvc-1"}});
        let mut kept = claim();
        manifest(&mut kept, Keep { volume_names: true });
        assert_eq!(kept, claim());
        let account = json!({"kind": "ServiceAccount", "secrets": [{"name": "default-token-abcde"}, {"name": "mine"}],
            "imagePullSecrets": [{"name": "default-dockercfg-xyz"}]});
        assert_eq!(cut(account), json!({"kind": "ServiceAccount", "secrets": [{"name": "mine"}]}));
        let mut unknown = json!({"kind": "X", "spec": {"<unknown fields>": [{"field": 1}], "a": 1}});
        assert_eq!((manifest(&mut unknown, Keep::default()), unknown), (1, json!({"kind": "X", "spec": {"a": 1}})));
    }

    #[test]
    fn what_a_cluster_makes_by_itself_is_left_out() {
        let owned = json!({"metadata": {"ownerReferences": [{"kind": "ReplicaSet", "controller": true}]}});
        let loose = json!({"metadata": {"ownerReferences": [{"kind": "ConfigMap"}]}});
        let token = json!({"type": "kubernetes.io/service-account-token"});
        for (key, object, skip) in [
            ("/kubernetes.io/pods/a/b", &owned, Some(Skip::Owned)),
            ("/kubernetes.io/pods/a/b", &loose, None),
            ("/kubernetes.io/secrets/a/b", &token, Some(Skip::Token)),
            ("/kubernetes.io/secrets/a/b", &json!({"type": "Opaque"}), None),
            ("/kubernetes.io/events/a/b", &loose, Some(Skip::Generated)),
            ("/kubernetes.io/services/endpoints/a/b", &loose, Some(Skip::Generated)),
            ("/kubernetes.io/services/specs/a/b", &loose, None),
            ("/kubernetes.io/configmaps/a/kube-root-ca.crt", &loose, Some(Skip::Generated)),
            ("/kubernetes.io/configmaps/a/app", &loose, None),
            ("/openshift.io/oauth/accesstokens/sha256~x", &loose, Some(Skip::Token)),
            ("compact_rev_key", &loose, Some(Skip::Generated)),
        ] {
            assert_eq!(Skip::of(key.as_bytes(), object), skip, "{key}");
        }
    }
}
