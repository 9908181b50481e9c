//! The columns that `kubectl get -o wide` adds, as far as an object alone can fill them.

use serde_json::Value;

use super::{APPS, CORE, Column, NONE, list, text};

pub(super) static TABLES: &[(&[u8], &[u8], &[Column])] = &[
    (
        CORE,
        b"pods",
        &[
            ("IP", |pod| text(pod, "/status/podIP")),
            ("NOMINATED NODE", |pod| text(pod, "/status/nominatedNodeName")),
            ("READINESS GATES", |pod| list(pod, "/spec/readinessGates", "/conditionType")),
        ],
    ),
    (
        CORE,
        b"nodes",
        &[
            ("INTERNAL-IP", |node| address(node, "InternalIP")),
            ("EXTERNAL-IP", |node| address(node, "ExternalIP")),
            ("OS-IMAGE", |node| text(node, "/status/nodeInfo/osImage")),
            ("KERNEL-VERSION", |node| text(node, "/status/nodeInfo/kernelVersion")),
            ("CONTAINER-RUNTIME", |node| text(node, "/status/nodeInfo/containerRuntimeVersion")),
        ],
    ),
    (CORE, b"services", &[("SELECTOR", |service| pairs(service, "/spec/selector"))]),
    (CORE, b"replicationcontrollers", &[CONTAINERS, IMAGES, ("SELECTOR", |set| pairs(set, "/spec/selector"))]),
    (APPS, b"deployments", WORKLOAD),
    (APPS, b"replicasets", WORKLOAD),
    (APPS, b"daemonsets", WORKLOAD),
    (APPS, b"statefulsets", &[CONTAINERS, IMAGES]),
    (b"batch", b"jobs", WORKLOAD),
    (
        b"batch",
        b"cronjobs",
        &[
            ("CONTAINERS", |job| list(job, "/spec/jobTemplate/spec/template/spec/containers", "/name")),
            ("IMAGES", |job| list(job, "/spec/jobTemplate/spec/template/spec/containers", "/image")),
        ],
    ),
    (CORE, b"persistentvolumes", &[("VOLUMEMODE", |volume| text(volume, "/spec/volumeMode"))]),
    (CORE, b"persistentvolumeclaims", &[("VOLUMEMODE", |claim| text(claim, "/spec/volumeMode"))]),
];

const CONTAINERS: Column = ("CONTAINERS", |set| list(set, "/spec/template/spec/containers", "/name"));
const IMAGES: Column = ("IMAGES", |set| list(set, "/spec/template/spec/containers", "/image"));
const WORKLOAD: &[Column] = &[CONTAINERS, IMAGES, ("SELECTOR", |set| pairs(set, "/spec/selector/matchLabels"))];

fn address(node: &Value, kind: &str) -> String {
    let addresses = node.pointer("/status/addresses").and_then(Value::as_array);
    let found = addresses.into_iter().flatten().find(|one| one.get("type").and_then(Value::as_str) == Some(kind));
    found.map_or_else(|| NONE.to_owned(), |found| text(found, "/address"))
}

/// The pairs of a map, as a selector has them.
fn pairs(object: &Value, pointer: &str) -> String {
    let map = object.pointer(pointer).and_then(Value::as_object);
    let mut pairs: Vec<String> = map
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort_unstable();
    if pairs.is_empty() { NONE.to_owned() } else { pairs.join(",") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Columns;
    use super::*;
    use kube_objects::StorageKey;

    #[test]
    fn wide_rows_say_what_kubectl_adds() {
        let pod = json!({"status": {"podIP": "10.0.0.1"}});
        let node = json!({"status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.2"}], "nodeInfo": {"osImage": "OS"}}});
        let template = json!({"spec": {"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "j"}]}});
        let deployment = json!({"spec": {"template": template, "selector": {"matchLabels": {"b": "2", "a": "1"}}}});
        for (key, object, cells) in [
            ("/kubernetes.io/pods/a/b", &pod, &["10.0.0.1", NONE, NONE][..]),
            ("/kubernetes.io/minions/w1", &node, &["10.0.0.2", NONE, "OS", NONE, NONE]),
            ("/kubernetes.io/deployments/a/b", &deployment, &["a,b", "i,j", "a=1,b=2"]),
            ("/kubernetes.io/configmaps/a/b", &pod, &[]),
        ] {
            let key = StorageKey::parse(key.as_bytes());
            let all: Vec<String> = Columns::of(&key, true).cells(object).collect();
            let usual = Columns::of(&key, false).cells(object).count();
            assert_eq!(all[usual..], *cells);
        }
    }
}
