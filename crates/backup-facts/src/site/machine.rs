//! Machines of the control plane, without what is secret in them.

use serde_json::Value;

use crate::hazards::{MOST_WORDS, Nodes, Object, at, items};

/// The most Machines that are kept: etcd takes seven members, and a few more wait to be deleted.
const MOST: usize = 100;
/// The annotation in which `kubectl apply` repeats the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Names, in small letters and without hyphens and underscores, of what clouds hand to a machine when it starts, and of
/// what is a secret by its name. References to Secrets (`userDataSecret`, `credentialsSecret`) are objects and stay.
const SECRET: [&str; 12] = [
    "userdata",
    "customdata",
    "startupscript",
    "windowsstartupscriptps1",
    "cloudinit",
    "cloudconfig",
    "ignition",
    "password",
    "adminpassword",
    "token",
    "secretkey",
    "privatekey",
];

/// A Machine of the control plane.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MachineObject {
    /// Name.
    pub name: String,
    /// Its node, by its reference or by an address that they share; empty where it has none.
    pub node: String,
    /// What the cloud calls it; empty where none is noted.
    pub provider_id: String,
    /// The object without what is secret in it (user data that stands in it, private keys, the copy of `kubectl apply`); as
    /// the API shows it.
    pub object: Value,
    /// Whether anything secret stood in it, and was left out.
    pub had_secrets: bool,
    labelled: bool,
}

/// Machines that may be of the control plane, while a snapshot is read.
#[derive(Default)]
pub(super) struct Machines(Vec<MachineObject>);

impl Machines {
    /// Notes a Machine, unless its label says that it is a worker's.
    pub(super) fn add(&mut self, key: &Object<'_>, value: &[u8]) {
        let Some((mut object, masked)) = key.decode_masked(value) else { return };
        let role = at(&object, "/metadata/labels/machine.openshift.io~1cluster-api-machine-role");
        let labelled = matches!(role.as_str(), "master" | "control-plane");
        if self.0.len() >= MOST || !(labelled || role.is_empty()) {
            return;
        }
        let had_secrets = without_secrets(&mut object) | (masked > 0);
        self.0.push(MachineObject {
            name: key.name(),
            node: at(&object, "/status/nodeRef/name"),
            provider_id: at(&object, "/spec/providerID"),
            object,
            had_secrets,
            labelled,
        });
    }

    /// Those of the control plane, by name: by their label, or by their node.
    pub(super) fn join(self, nodes: &Nodes) -> Vec<MachineObject> {
        let nodes = &nodes.nodes.items;
        let mut machines = self.0;
        for machine in &mut machines {
            if machine.node.is_empty() {
                let own: Vec<String> = addresses(&machine.object);
                let shares = |it: &&crate::hazards::Node| it.addresses.iter().any(|address| own.contains(address));
                machine.node = nodes.iter().find(shares).map(|node| node.name.clone()).unwrap_or_default();
            }
        }
        let masters = |name: &str| nodes.iter().any(|node| node.control_plane && node.name == name);
        machines.retain(|machine| machine.labelled || masters(&machine.node));
        machines.sort_by(|a, b| a.name.cmp(&b.name));
        machines
    }
}

/// `InternalIP`s of a Machine.
fn addresses(object: &Value) -> Vec<String> {
    let internal = items(object, "/status/addresses").filter(|one| at(one, "/type") == "InternalIP");
    internal.take(MOST_WORDS).map(|one| at(one, "/address")).filter(|address| !address.is_empty()).collect()
}

/// Takes away what is secret in a Machine; whether there was anything.
fn without_secrets(object: &mut Value) -> bool {
    let copies = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let copy = copies.is_some_and(|annotations| annotations.remove(LAST_APPLIED).is_some());
    // as deep as it was decoded, which is bounded
    strip(object) | copy
}

/// Takes away every text under a name that says it is a secret: `userData: <text>`, and `{key: user-data, value: <text>}`.
fn strip(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let before = fields.len();
            fields.retain(|name, value| !is_secret(name) || is_reference(value));
            let gone = fields.len() < before;
            fields.values_mut().fold(gone, |gone, value| strip(value) | gone)
        }
        Value::Array(items) => {
            let before = items.len();
            items.retain(|item| !item.get("key").and_then(Value::as_str).is_some_and(is_secret));
            let gone = items.len() < before;
            items.iter_mut().fold(gone, |gone, value| strip(value) | gone)
        }
        _ => false,
    }
}

fn is_secret(name: &str) -> bool {
    let bare: String = name.chars().filter(|c| !"-_".contains(*c)).map(|c| c.to_ascii_lowercase()).collect();
    SECRET.contains(&bare.as_str())
}

/// Whether this says where a secret is, and not what it is: `{name, namespace}`, as bare metal has it under `userData`, or
/// `{userDataSecret: {name}}`, as libvirt has it under `ignition`.
fn is_reference(value: &Value) -> bool {
    let Value::Object(fields) = value else { return matches!(value, Value::Null | Value::Bool(_) | Value::Number(_)) };
    fields.iter().all(|(name, value)| match value {
        Value::String(_) => matches!(name.as_str(), "name" | "namespace" | "key" | "kind" | "apiVersion" | "uid"),
        Value::Object(_) => name.to_ascii_lowercase().contains("secret") && is_reference(value),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::Array(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_machine_is_started_with_is_taken_away_and_where_secrets_lie_stays() {
        let mut object = json!({"metadata": {"name": "m", "annotations": {LAST_APPLIED: "CANARY", "a": "b"}},
            "spec": {"providerSpec": {"value": {
                "userData": "CANARY", "customData": {"inline": "CANARY"}, "user_data": ["CANARY"], "adminPassword": "CANARY",
                "metadata": [{"key": "startup-script", "value": "CANARY"}, {"key": "zone", "value": "b"}],
                "userDataSecret": {"name": "master-user-data"}, "tokenRef": {"name": "t"},
                "credentialsSecret": {"name": "aws-cloud-credentials"}}}}});
        assert!(without_secrets(&mut object));
        assert_eq!(
            object,
            json!({"metadata": {"name": "m", "annotations": {"a": "b"}},
                "spec": {"providerSpec": {"value": {"metadata": [{"key": "zone", "value": "b"}],
                    "userDataSecret": {"name": "master-user-data"}, "tokenRef": {"name": "t"},
                    "credentialsSecret": {"name": "aws-cloud-credentials"}}}}})
        );
    }

    /// Bare metal calls a reference `userData`, libvirt keeps one under `ignition`.
    #[test]
    fn references_under_such_names_are_no_secrets() {
        let object = json!({"userData": {"name": "master-user-data", "namespace": "openshift-machine-api"},
            "ignition": {"userDataSecret": "x"}, "token": null});
        let mut changed = object.clone();
        assert!(without_secrets(&mut changed), "a text is no reference");
        let references = json!({"userData": {"name": "master-user-data", "namespace": "openshift-machine-api"},
            "ignition": {"userDataSecret": {"name": "x"}}, "token": null});
        let mut same = references.clone();
        assert!(!without_secrets(&mut same));
        assert_eq!(same, references);
    }
}
