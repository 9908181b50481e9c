//! Objects as rows: the columns that `kubectl get` shows, as far as an object alone can fill them.
//!
//! Where kubectl says how old an object is, this says when it was created: a snapshot has no now.

pub mod pod;
mod wide;

use kube_objects::{ShownKey, StorageKey};
use serde_json::Value;

/// A column: its title, and how an object fills it.
type Column = (&'static str, fn(&Value) -> String);

/// What a cell says where the object says nothing.
const NONE: &str = "<none>";

/// The columns of a resource, between NAME and CREATED.
#[derive(Clone, Copy)]
pub struct Columns {
    usual: &'static [Column],
    more: &'static [Column],
}

impl Columns {
    /// The columns for the resource of a key, and where it is `wide` those that kubectl has then, too; none but the name
    /// and the time for a resource that has none of its own.
    #[must_use]
    pub fn of(key: &StorageKey<'_>, wide: bool) -> Self {
        let of = |tables: &[(&[u8], &[u8], &'static [Column])]| {
            let found = tables.iter().find(|(group, resource, _)| key.group == *group && key.resource == *resource);
            found.map_or(&[][..], |(_, _, columns)| *columns)
        };
        Self { usual: of(TABLES), more: if wide { of(wide::TABLES) } else { &[] } }
    }

    fn all(self) -> impl Iterator<Item = &'static Column> {
        self.usual.iter().chain(self.more)
    }

    /// Their titles.
    pub fn titles(self) -> impl Iterator<Item = &'static str> {
        self.all().map(|(title, _)| *title)
    }

    /// What an object puts into them.
    pub fn cells(self, object: &Value) -> impl Iterator<Item = String> + '_ {
        self.all().map(|(_, cell)| cell(object))
    }
}

/// An object as `kubectl get -o name` has it: `deployment.apps/web`. What does not say its kind is called as its key has it.
#[must_use]
pub fn kubectl_name(key: &ShownKey<'_>, object: &Value) -> String {
    let parsed = key.parsed();
    let name = String::from_utf8_lossy(if key.name().is_empty() { key.key() } else { key.name() });
    let said = |pointer| object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let group = said("/apiVersion").and_then(|version| Some(version.split_once('/')?.0));
    let kind = said("/kind").map_or_else(|| String::from_utf8_lossy(parsed.resource).into_owned(), str::to_lowercase);
    match group {
        Some(group) => format!("{kind}.{group}/{name}"),
        None => format!("{kind}/{name}"),
    }
}

/// When an object was created, as it says itself.
#[must_use]
pub fn created(object: &Value) -> String {
    text(object, "/metadata/creationTimestamp")
}

const APPS: &[u8] = b"apps";
const CORE: &[u8] = b"";
const CONFIG: &[u8] = b"config.openshift.io";

static TABLES: &[(&[u8], &[u8], &[Column])] = &[
    (
        CORE,
        b"pods",
        &[
            ("READY", pod::ready),
            ("STATUS", pod::status),
            ("RESTARTS", pod::restarts),
            ("NODE", |pod| text(pod, "/spec/nodeName")),
        ],
    ),
    (
        CORE,
        b"nodes",
        &[
            ("STATUS", node_status),
            ("ROLES", node_roles),
            ("VERSION", |node| text(node, "/status/nodeInfo/kubeletVersion")),
        ],
    ),
    (
        CORE,
        b"services",
        &[
            ("TYPE", |service| text(service, "/spec/type")),
            ("CLUSTER-IP", |service| text(service, "/spec/clusterIP")),
            ("PORT(S)", ports),
        ],
    ),
    (
        CORE,
        b"secrets",
        &[("TYPE", |secret| text(secret, "/type")), ("DATA", |secret| length(secret, "/data").to_string())],
    ),
    (CORE, b"configmaps", &[("DATA", |map| (length(map, "/data") + length(map, "/binaryData")).to_string())]),
    (CORE, b"namespaces", &[("STATUS", |namespace| text(namespace, "/status/phase"))]),
    (CORE, b"serviceaccounts", &[("SECRETS", |account| length(account, "/secrets").to_string())]),
    (
        CORE,
        b"persistentvolumes",
        &[
            ("CAPACITY", |volume| text(volume, "/spec/capacity/storage")),
            ("RECLAIM POLICY", |volume| text(volume, "/spec/persistentVolumeReclaimPolicy")),
            ("STATUS", |volume| text(volume, "/status/phase")),
            ("CLAIM", |volume| joined(volume, &["/spec/claimRef/namespace", "/spec/claimRef/name"], "/")),
            ("STORAGECLASS", |volume| text(volume, "/spec/storageClassName")),
        ],
    ),
    (
        CORE,
        b"persistentvolumeclaims",
        &[
            ("STATUS", |claim| text(claim, "/status/phase")),
            ("VOLUME", |claim| text(claim, "/spec/volumeName")),
            ("CAPACITY", |claim| text(claim, "/status/capacity/storage")),
            ("STORAGECLASS", |claim| text(claim, "/spec/storageClassName")),
        ],
    ),
    (
        CORE,
        b"events",
        &[
            ("LAST SEEN", |event| first(event, &["/series/lastObservedTime", "/lastTimestamp", "/eventTime"])),
            ("TYPE", |event| text(event, "/type")),
            ("REASON", |event| text(event, "/reason")),
            ("OBJECT", |event| joined(event, &["/involvedObject/kind", "/involvedObject/name"], "/")),
            ("MESSAGE", |event| text(event, "/message").replace('\n', " ")),
        ],
    ),
    (CORE, b"replicationcontrollers", REPLICAS),
    (APPS, b"replicasets", REPLICAS),
    (
        APPS,
        b"deployments",
        &[
            ("READY", |deployment| {
                format!("{}/{}", number(deployment, "/status/readyReplicas"), number(deployment, "/spec/replicas"))
            }),
            ("UP-TO-DATE", |deployment| number(deployment, "/status/updatedReplicas").to_string()),
            ("AVAILABLE", |deployment| number(deployment, "/status/availableReplicas").to_string()),
        ],
    ),
    (
        APPS,
        b"statefulsets",
        &[("READY", |set| format!("{}/{}", number(set, "/status/readyReplicas"), number(set, "/spec/replicas")))],
    ),
    (
        APPS,
        b"daemonsets",
        &[
            ("DESIRED", |set| number(set, "/status/desiredNumberScheduled").to_string()),
            ("CURRENT", |set| number(set, "/status/currentNumberScheduled").to_string()),
            ("READY", |set| number(set, "/status/numberReady").to_string()),
        ],
    ),
    (
        b"batch",
        b"jobs",
        &[("COMPLETIONS", |job| format!("{}/{}", number(job, "/status/succeeded"), number(job, "/spec/completions")))],
    ),
    (
        b"batch",
        b"cronjobs",
        &[
            ("SCHEDULE", |job| text(job, "/spec/schedule")),
            ("SUSPEND", |job| flag(job, "/spec/suspend")),
            ("LAST SCHEDULE", |job| text(job, "/status/lastScheduleTime")),
        ],
    ),
    (
        b"certificates.k8s.io",
        b"certificatesigningrequests",
        &[
            ("SIGNERNAME", |request| text(request, "/spec/signerName")),
            ("REQUESTOR", |request| text(request, "/spec/username")),
            ("CONDITION", |request| {
                let conditions = request.pointer("/status/conditions").and_then(Value::as_array);
                let types = conditions.into_iter().flatten().filter_map(|one| one.get("type")?.as_str());
                let types: Vec<&str> = types.collect();
                if types.is_empty() { "Pending".to_owned() } else { types.join(",") }
            }),
        ],
    ),
    (
        b"coordination.k8s.io",
        b"leases",
        &[("HOLDER", |lease| text(lease, "/spec/holderIdentity")), ("RENEWED", |lease| text(lease, "/spec/renewTime"))],
    ),
    (
        b"storage.k8s.io",
        b"volumeattachments",
        &[
            ("ATTACHER", |attachment| text(attachment, "/spec/attacher")),
            ("PV", |attachment| text(attachment, "/spec/source/persistentVolumeName")),
            ("NODE", |attachment| text(attachment, "/spec/nodeName")),
            ("ATTACHED", |attachment| flag(attachment, "/status/attached")),
        ],
    ),
    (
        b"storage.k8s.io",
        b"storageclasses",
        &[
            ("PROVISIONER", |class| text(class, "/provisioner")),
            ("RECLAIMPOLICY", |class| text(class, "/reclaimPolicy")),
            ("VOLUMEBINDINGMODE", |class| text(class, "/volumeBindingMode")),
        ],
    ),
    (b"networking.k8s.io", b"ingresses", &[("HOSTS", |ingress| list(ingress, "/spec/rules", "/host"))]),
    (b"rbac.authorization.k8s.io", b"rolebindings", BINDING),
    (b"rbac.authorization.k8s.io", b"clusterrolebindings", BINDING),
    (
        b"route.openshift.io",
        b"routes",
        &[
            ("HOST", |route| text(route, "/spec/host")),
            ("SERVICES", |route| text(route, "/spec/to/name")),
            ("TERMINATION", |route| text(route, "/spec/tls/termination")),
        ],
    ),
    (b"oauth.openshift.io", b"oauthaccesstokens", TOKEN),
    (b"oauth.openshift.io", b"oauthauthorizetokens", TOKEN),
    (
        CONFIG,
        b"clusteroperators",
        &[
            ("VERSION", |operator| {
                let versions = operator.pointer("/status/versions").and_then(Value::as_array);
                let own = versions.into_iter().flatten().find(|one| text(one, "/name") == "operator");
                own.map_or_else(|| NONE.to_owned(), |own| text(own, "/version"))
            }),
            ("AVAILABLE", |operator| condition(operator, "Available")),
            ("PROGRESSING", |operator| condition(operator, "Progressing")),
            ("DEGRADED", |operator| condition(operator, "Degraded")),
        ],
    ),
    (
        CONFIG,
        b"clusterversions",
        &[
            ("VERSION", |version| text(version, "/status/desired/version")),
            ("AVAILABLE", |version| condition(version, "Available")),
            ("PROGRESSING", |version| condition(version, "Progressing")),
        ],
    ),
    (
        b"apiextensions.k8s.io",
        b"customresourcedefinitions",
        &[
            ("KIND", |definition| text(definition, "/spec/names/kind")),
            ("SCOPE", |definition| text(definition, "/spec/scope")),
        ],
    ),
];

const REPLICAS: &[Column] = &[
    ("DESIRED", |set| number(set, "/spec/replicas").to_string()),
    ("CURRENT", |set| number(set, "/status/replicas").to_string()),
    ("READY", |set| number(set, "/status/readyReplicas").to_string()),
];
const BINDING: &[Column] = &[
    ("ROLE", |binding| joined(binding, &["/roleRef/kind", "/roleRef/name"], "/")),
    ("SUBJECTS", |binding| list(binding, "/subjects", "/name")),
];
const TOKEN: &[Column] = &[
    ("USER NAME", |token| text(token, "/userName")),
    ("CLIENT", |token| text(token, "/clientName")),
    ("EXPIRES IN", |token| format!("{} s", number(token, "/expiresIn"))),
];

fn text(object: &Value, pointer: &str) -> String {
    let found = object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.unwrap_or(NONE).to_owned()
}

fn first(object: &Value, pointers: &[&str]) -> String {
    let mut texts = pointers.iter().map(|pointer| text(object, pointer));
    texts.find(|text| text != NONE).unwrap_or_else(|| NONE.to_owned())
}

fn joined(object: &Value, pointers: &[&str], by: &str) -> String {
    let found = pointers.iter().filter_map(|pointer| object.pointer(pointer)?.as_str());
    let found: Vec<&str> = found.collect();
    if found.is_empty() { NONE.to_owned() } else { found.join(by) }
}

fn list(object: &Value, pointer: &str, inner: &str) -> String {
    let items = object.pointer(pointer).and_then(Value::as_array);
    let found: Vec<&str> = items.into_iter().flatten().filter_map(|item| item.pointer(inner)?.as_str()).collect();
    if found.is_empty() { NONE.to_owned() } else { found.join(",") }
}

fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn flag(object: &Value, pointer: &str) -> String {
    let flag = object.pointer(pointer).and_then(Value::as_bool).unwrap_or(false);
    if flag { "True" } else { "False" }.to_owned()
}

fn length(object: &Value, pointer: &str) -> usize {
    match object.pointer(pointer) {
        Some(Value::Array(items)) => items.len(),
        Some(Value::Object(map)) => map.len(),
        _ => 0,
    }
}

fn condition(object: &Value, kind: &str) -> String {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let found = conditions.into_iter().flatten().find(|one| text(one, "/type") == kind);
    found.map_or_else(|| NONE.to_owned(), |found| text(found, "/status"))
}

fn node_status(node: &Value) -> String {
    let ready = match condition(node, "Ready").as_str() {
        "True" => "Ready",
        NONE | "Unknown" | "False" => "NotReady",
        _ => "Unknown",
    };
    let unschedulable = node.pointer("/spec/unschedulable").and_then(Value::as_bool).unwrap_or(false);
    if unschedulable { format!("{ready},SchedulingDisabled") } else { ready.to_owned() }
}

fn node_roles(node: &Value) -> String {
    let labels = node.pointer("/metadata/labels").and_then(Value::as_object);
    let roles = labels.into_iter().flat_map(|labels| labels.keys());
    let roles: Vec<&str> = roles.filter_map(|label| label.strip_prefix("node-role.kubernetes.io/")).collect();
    if roles.is_empty() { NONE.to_owned() } else { roles.join(",") }
}

fn ports(service: &Value) -> String {
    let ports = service.pointer("/spec/ports").and_then(Value::as_array);
    let shown = ports.into_iter().flatten().map(|port| {
        let node_port = match number(port, "/nodePort") {
            0 => String::new(),
            number => format!(":{number}"),
        };
        format!("{}{node_port}/{}", number(port, "/port"), text(port, "/protocol"))
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { NONE.to_owned() } else { shown.join(",") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(key: &str, object: &Value) -> Vec<String> {
        Columns::of(&StorageKey::parse(key.as_bytes()), false).cells(object).collect()
    }

    #[test]
    fn rows_say_what_kubectl_says() {
        let pod = json!({"spec": {"nodeName": "w1", "containers": [{}, {}]}, "status": {"phase": "Running",
            "containerStatuses": [{"ready": true, "restartCount": 2}, {"ready": false, "restartCount": 3,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}});
        let node = json!({"metadata": {"labels": {"node-role.kubernetes.io/worker": "", "x": "y"}},
            "spec": {"unschedulable": true},
            "status": {"nodeInfo": {"kubeletVersion": "v1.31.4"}, "conditions": [{"type": "Ready", "status": "True"}]}});
        let service = json!({"spec": {"type": "NodePort", "clusterIP": "172.30.0.1", "ports": [
            {"port": 443, "nodePort": 30443, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}});
        let secret = json!({"type": "Opaque", "data": {"a": "<masked: 4 bytes>", "b": ""}});
        for (key, object, cells) in [
            ("/kubernetes.io/pods/a/b", &pod, &["1/2", "CrashLoopBackOff", "5", "w1"][..]),
            ("/kubernetes.io/minions/w1", &node, &["Ready,SchedulingDisabled", "worker", "v1.31.4"]),
            ("/kubernetes.io/services/specs/a/b", &service, &["NodePort", "172.30.0.1", "443:30443/TCP,53/UDP"]),
            ("/kubernetes.io/secrets/a/b", &secret, &["Opaque", "2"]),
            ("/kubernetes.io/configmaps/a/b", &json!({}), &["0"]),
            ("/kubernetes.io/some.example.com/things/a/b", &pod, &[]),
        ] {
            assert_eq!(row(key, object), cells, "{key}");
        }
    }

    #[test]
    fn every_table_is_of_a_resource_that_keys_have() {
        // A row whose resource is misspelt would never be found.
        for (group, resource, columns) in TABLES {
            assert!(!columns.is_empty());
            let (group, resource) = (String::from_utf8_lossy(group), String::from_utf8_lossy(resource));
            let stored = match &*resource {
                "nodes" => "kubernetes.io/minions".to_owned(),
                "services" => "kubernetes.io/services/specs".to_owned(),
                "ingresses" => "kubernetes.io/ingress".to_owned(),
                "replicationcontrollers" => "kubernetes.io/controllers".to_owned(),
                "oauthaccesstokens" => "openshift.io/oauth/accesstokens".to_owned(),
                "oauthauthorizetokens" => "openshift.io/oauth/authorizetokens".to_owned(),
                "routes" => "openshift.io/routes".to_owned(),
                "customresourcedefinitions" => format!("kubernetes.io/{group}/{resource}"),
                _ if group.ends_with("openshift.io") => format!("kubernetes.io/{group}/{resource}"),
                _ => format!("kubernetes.io/{resource}"),
            };
            let key = format!("/{stored}/x/y");
            let parsed = StorageKey::parse(key.as_bytes());
            assert_eq!((parsed.group, parsed.resource), (group.as_bytes(), resource.as_bytes()), "{key}");
        }
    }
}
