//! What was asked for and not done when the backup was made: controllers go on with it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::list::{Listed, ObjectName, at, items, word};
use super::object::Object;
use super::view::{ANNOTATIONS, LABELS, METADATA, View};

/// Distributions whose servers leave etcd when an annotation of theirs says so.
const PROGRAMS: [&str; 2] = ["k3s", "rke2"];
/// The label of servers that run etcd.
const ETCD_ROLE: &str = "node-role.kubernetes.io/etcd";
/// Annotations of machines that are to go first.
const GOES_FIRST: [&str; 3] = [
    "machine.openshift.io/delete-machine",
    "machine.openshift.io/cluster-api-delete-machine",
    "cluster.x-k8s.io/delete-machine",
];
/// What a controller leaves alone while it is set.
const PAUSED: &str = "/metadata/annotations/cluster.x-k8s.io~1paused";
/// Machines of a set that are named.
const MOST_MARKED: usize = 20;

/// What was asked for and not done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intent {
    /// Servers of k3s and rke2 that run etcd.
    pub etcd_servers: u64,
    /// Those of them whose removal from etcd was asked for, and not done.
    pub removals: Listed<String>,
    /// MachineSets that have another number of machines than they should.
    pub scaling: Listed<MachineSet>,
    /// Machines that are to go first, of MachineSets that have as many as they should.
    pub marked: Listed<Marked>,
    /// Whether there are machines that could not be read: then they cannot be counted.
    pub unread_machines: bool,
    sets: BTreeMap<SetName, u64>,
    machines: BTreeMap<SetName, Machines>,
}

/// API group, and name.
type SetName = (String, ObjectName);

/// Machines of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Machines {
    count: u64,
    marked: Vec<String>,
}

/// A MachineSet that has another number of machines than it should.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineSet {
    /// Namespace and name.
    pub name: ObjectName,
    /// How many machines it should have.
    pub wanted: u64,
    /// How many it has that are not being deleted already.
    pub machines: u64,
    /// Those of them that an annotation says are to go first, up to twenty.
    pub marked: Vec<String>,
}

/// Machines of a set that are to go first when it is scaled down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked {
    /// Namespace and name of the MachineSet.
    pub set: ObjectName,
    /// The machines, up to twenty.
    pub machines: Vec<String>,
}

impl Intent {
    /// A server is removed where all is there that the controller looks for, and it has not been done.
    pub(super) fn add_node(&mut self, key: &Object<'_>, object: View<'_>) {
        let Some(metadata) = object.get(METADATA) else { return };
        if metadata.entry(LABELS, ETCD_ROLE).is_none() {
            return;
        }
        let note = |program: &str, name: &str| metadata.entry(ANNOTATIONS, &format!("etcd.{program}.cattle.io/{name}"));
        let runs = |program: &&&str| note(program, "node-name").is_some() && note(program, "node-address").is_some();
        let Some(program) = PROGRAMS.iter().find(runs) else { return };
        self.etcd_servers = self.etcd_servers.saturating_add(1);
        let asked = note(program, "remove").is_some_and(|said| said.eq_ignore_ascii_case("true"));
        if asked && note(program, "removed-node-name").is_none() {
            self.removals.push(key.name());
        }
    }

    pub(super) fn add_machine(&mut self, key: &Object<'_>, object: &Value) {
        let owner = items(object, "/metadata/ownerReferences").find(|owner| at(owner, "/kind") == "MachineSet");
        let Some(owner) = owner.filter(|_| object.pointer("/metadata/deletionTimestamp").is_none()) else { return };
        let set = ObjectName { name: at(owner, "/name"), ..key.object_name() };
        let machines = self.machines.entry((group_of(key), set)).or_default();
        machines.count = machines.count.saturating_add(1);
        let annotations = object.pointer("/metadata/annotations");
        let marks = |name: &&str| annotations.and_then(|all| all.get(*name)).is_some_and(|said| is_set(said.as_str()));
        if machines.marked.len() < MOST_MARKED && GOES_FIRST.iter().any(marks) {
            machines.marked.push(key.name());
        }
    }

    pub(super) fn add_machine_set(&mut self, key: &Object<'_>, object: &Value) {
        let left_alone = object.pointer("/metadata/deletionTimestamp").or_else(|| object.pointer(PAUSED)).is_some();
        let wanted = object.pointer("/spec/replicas").and_then(Value::as_u64);
        if let Some(wanted) = wanted.filter(|_| !left_alone) {
            self.sets.insert((group_of(key), key.object_name()), wanted);
        }
    }

    /// Notes an object of which nothing is known but its name.
    pub(super) fn add_unread(&mut self, key: &Object<'_>) {
        self.unread_machines |= key.resource() == b"machines";
    }

    /// Holds sets against machines.
    pub(super) fn join(&mut self) {
        let (sets, mut machines) = (std::mem::take(&mut self.sets), std::mem::take(&mut self.machines));
        if self.unread_machines {
            return;
        }
        for (name, wanted) in sets {
            let Machines { count, marked } = machines.remove(&name).unwrap_or_default();
            if count <= wanted && !marked.is_empty() {
                self.marked.push(Marked { set: name.1.clone(), machines: marked.clone() });
            }
            if count != wanted {
                self.scaling.push(MachineSet { name: name.1, wanted, machines: count, marked });
            }
        }
        self.removals.items.sort();
    }
}

/// `false` says that it is not to go, as does nothing.
fn is_set(said: Option<&str>) -> bool {
    said.is_some_and(|said| !said.is_empty() && said != "false")
}

fn group_of(key: &Object<'_>) -> String {
    word(&String::from_utf8_lossy(key.group()))
}
