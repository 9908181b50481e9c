//! Nodes, machines, and what they wait for: certificates and configuration.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;

use super::list::{Listed, MOST_WORDS, at, items};
use super::object::Object;
use super::view::{ANNOTATIONS, CREATED, DELETED, Field, LABELS, METADATA, SPEC, STATUS, View};

/// Labels of control-plane nodes; the older one first.
const CONTROL_PLANE: [&str; 2] = ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"];

/// Conditions after which a certificate request waits for nobody.
const SETTLED: [&str; 3] = ["Approved", "Denied", "Failed"];

/// Everything about nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nodes {
    /// Every Node.
    pub nodes: Listed<Node>,
    /// Every Machine.
    pub machines: Listed<Machine>,
    /// Every ControlPlaneMachineSet; a cluster has one at most.
    pub machine_sets: Listed<ControlPlaneMachineSet>,
    /// Every MachineConfigPool.
    pub pools: Listed<Pool>,
    /// CertificateSigningRequests that are neither approved nor denied nor failed.
    pub pending_csrs: Listed<Csr>,
    /// CertificateSigningRequests of any state.
    pub csrs: u64,
}

/// A Node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Whether it carries the control plane, by label.
    pub control_plane: bool,
    /// Condition `Ready`: `True`, `False`, `Unknown`; empty where there is none.
    pub ready: String,
    /// No pods are scheduled to it.
    pub unschedulable: bool,
    /// Machine configuration that it runs; empty where none is noted.
    pub current_config: String,
    /// Machine configuration that it should run; empty where none is noted.
    pub desired_config: String,
    /// `Done`, `Working`, `Degraded`, `Unreconcilable`; empty where none is noted.
    pub config_state: String,
    /// Its addresses inside the cluster (`InternalIP`), of both families, in the order of its status.
    pub addresses: Vec<String>,
    /// Its address of type `Hostname`; empty where none is noted.
    pub hostname: String,
    /// When the object was created.
    pub created: Option<Timestamp>,
    /// When its deletion was asked for; `None` where it was not.
    pub deleted: Option<Timestamp>,
}

impl Node {
    /// Whether a machine configuration was being rolled out to it, or had failed.
    #[must_use]
    pub fn is_rolling_out(&self) -> bool {
        let other = !self.desired_config.is_empty() && self.desired_config != self.current_config;
        other || !matches!(self.config_state.as_str(), "" | "Done")
    }
}

/// A Machine of the Machine API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// Name.
    pub name: String,
    /// Whether it is one of the control plane, by its label or its node.
    pub control_plane: bool,
    /// `Provisioning`, `Provisioned`, `Running`, `Deleting`, `Failed`; empty where none is noted.
    pub phase: String,
    /// Its node; empty where it has none.
    pub node: String,
    /// The node that it names is not in the snapshot.
    pub node_missing: bool,
    /// What the cloud calls it; empty where none is noted.
    pub provider_id: String,
}

/// A ControlPlaneMachineSet: it replaces lost control-plane machines by itself when it is active.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ControlPlaneMachineSet {
    /// Name.
    pub name: String,
    /// `Active` or `Inactive`.
    pub state: String,
}

/// A MachineConfigPool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pool {
    /// Name.
    pub name: String,
    /// Nothing is rolled out while it is.
    pub paused: bool,
    /// Condition `Updating` is `True`, or status and spec name different configurations.
    pub updating: bool,
    /// Condition `Degraded` is `True`.
    pub degraded: bool,
}

/// A CertificateSigningRequest that waits for approval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Csr {
    /// Name.
    pub name: String,
    /// Who should sign, such as `kubernetes.io/kube-apiserver-client-kubelet`.
    pub signer: String,
    /// Who asked.
    pub username: String,
    /// When the object was created.
    pub created: Option<Timestamp>,
}

impl Nodes {
    pub(crate) fn add_node(&mut self, key: &Object<'_>, object: View<'_>) {
        let metadata = object.get(METADATA);
        let has_label = |name| metadata.is_some_and(|metadata: View<'_>| metadata.entry(LABELS, name).is_some());
        let config = |name: &str| {
            let name = format!("machineconfiguration.openshift.io/{name}");
            metadata.and_then(|metadata| metadata.entry(ANNOTATIONS, &name)).unwrap_or_default()
        };
        let conditions = object.get(STATUS).into_iter().flat_map(|status| status.all(Field(4, "conditions")));
        let ready = conditions.into_iter().find(|condition| condition.is(Field(1, "type"), "Ready"));
        self.nodes.push(Node {
            name: key.name(),
            control_plane: CONTROL_PLANE.into_iter().any(has_label),
            ready: ready.map(|condition| condition.text(Field(2, "status"))).unwrap_or_default(),
            unschedulable: object.get(SPEC).is_some_and(|spec| spec.flag(Field(4, "unschedulable"))),
            current_config: config("currentConfig"),
            desired_config: config("desiredConfig"),
            config_state: config("state"),
            addresses: addresses(object, "InternalIP"),
            hostname: addresses(object, "Hostname").into_iter().next().unwrap_or_default(),
            created: metadata.and_then(|metadata| metadata.time(CREATED)),
            deleted: metadata.and_then(|metadata| metadata.time(DELETED)),
        });
    }

    pub(super) fn add_machine(&mut self, key: &Object<'_>, object: &Value) {
        let role = at(object, "/metadata/labels/machine.openshift.io~1cluster-api-machine-role");
        self.machines.push(Machine {
            name: key.name(),
            control_plane: matches!(role.as_str(), "master" | "control-plane"),
            phase: at(object, "/status/phase"),
            node: at(object, "/status/nodeRef/name"),
            node_missing: false,
            provider_id: at(object, "/spec/providerID"),
        });
    }

    pub(super) fn add_machine_set(&mut self, key: &Object<'_>, object: &Value) {
        self.machine_sets.push(ControlPlaneMachineSet { name: key.name(), state: at(object, "/spec/state") });
    }

    pub(super) fn add_pool(&mut self, key: &Object<'_>, object: &Value) {
        let (wanted, runs) = (at(object, "/spec/configuration/name"), at(object, "/status/configuration/name"));
        self.pools.push(Pool {
            name: key.name(),
            paused: flag(object, "/spec/paused"),
            updating: condition(object, "Updating") == "True"
                || !runs.is_empty() && !wanted.is_empty() && wanted != runs,
            degraded: condition(object, "Degraded") == "True",
        });
    }

    pub(super) fn add_csr(&mut self, key: &Object<'_>, object: View<'_>) {
        self.csrs = self.csrs.saturating_add(1);
        let mut conditions = object.get(STATUS).into_iter().flat_map(|status| status.all(Field(1, "conditions")));
        let settles = |condition: View<'_>| SETTLED.iter().any(|kind| condition.is(Field(1, "type"), kind));
        if conditions.any(settles) {
            return;
        }
        let spec = object.get(SPEC);
        let of_spec = |field| spec.map(|spec: View<'_>| spec.text(field)).unwrap_or_default();
        self.pending_csrs.push(Csr {
            name: key.name(),
            signer: of_spec(Field(7, "signerName")),
            username: of_spec(Field(2, "username")),
            created: object.get(METADATA).and_then(|metadata| metadata.time(CREATED)),
        });
    }

    /// Holds machines against nodes, and puts all lists in order.
    pub(super) fn join(&mut self) {
        let nodes = &self.nodes;
        let names: HashSet<&str> = nodes.items.iter().map(|node| node.name.as_str()).collect();
        let masters: HashSet<&str> =
            nodes.items.iter().filter(|node| node.control_plane).map(|node| node.name.as_str()).collect();
        for machine in &mut self.machines.items {
            machine.control_plane |= masters.contains(machine.node.as_str());
            let all_known = !names.is_empty() && nodes.items.len() as u64 == nodes.total;
            machine.node_missing = all_known && !machine.node.is_empty() && !names.contains(machine.node.as_str());
        }
        self.nodes.items.sort_by(|a, b| a.name.cmp(&b.name));
        self.machines.items.sort_by(|a, b| a.name.cmp(&b.name));
        self.pools.items.sort_by(|a, b| a.name.cmp(&b.name));
        self.pending_csrs.items.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Addresses of a kind in a Node's status.
fn addresses(object: View<'_>, kind: &str) -> Vec<String> {
    let all = object.get(STATUS).into_iter().flat_map(|status| status.all(Field(5, "addresses")));
    let of_kind = all.filter(|address| address.is(Field(1, "type"), kind)).take(MOST_WORDS);
    of_kind.map(|address| address.text(Field(2, "address"))).collect()
}

fn flag(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

/// The status of a condition; empty where there is none.
fn condition(object: &Value, kind: &str) -> String {
    let found = items(object, "/status/conditions").find(|one| one.get("type").and_then(Value::as_str) == Some(kind));
    found.map(|condition| at(condition, "/status")).unwrap_or_default()
}
