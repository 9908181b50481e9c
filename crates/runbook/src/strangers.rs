//! Hosts that a question may name.

use crate::known::Known;

/// Names of the hosts of the control plane, in order: its Nodes, or where the snapshot has none the members of etcd.
#[must_use]
pub fn nameable(known: &Known<'_>) -> Vec<String> {
    let nodes = known.hazards.nodes.nodes.items.iter().filter(|node| node.control_plane).map(|node| &node.name);
    let mut names: Vec<String> = nodes.cloned().collect();
    if names.is_empty() {
        names = known.site.members.iter().map(|member| member.name.clone()).collect();
    }
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}
