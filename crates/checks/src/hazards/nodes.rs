//! Nodes, machines, certificate requests, rollouts.

use std::collections::BTreeSet;

use backup_facts::hazards::{Hazards, Nodes};
use wording::number_of;

use super::Named;
use crate::finding::{Finding, Findings};
use crate::findings::{
    CONFIG_ROLLOUT, CONTROL_PLANE_MACHINES, MACHINE_WITHOUT_NODE, MEMBERS_NOT_NODES, NODE_NOT_READY, PENDING_CSRS,
    POOL_PAUSED,
};

pub(super) fn check(hazards: &Hazards, findings: &mut Findings) {
    let nodes = &hazards.nodes;
    check_requests(nodes, findings);
    check_machines(nodes, findings);
    check_nodes(nodes, findings);
    check_rollouts(nodes, findings);
    check_members(hazards, findings);
}

fn check_requests(nodes: &Nodes, findings: &mut Findings) {
    let pending = Named::all(&nodes.pending_csrs, |csr| format!("`{}` of `{}`", csr.name, csr.username));
    if pending.is_empty() {
        return;
    }
    let signers: BTreeSet<_> = nodes.pending_csrs.items.iter().map(|csr| csr.signer.as_str()).take(1000).collect();
    let signers: Vec<_> = signers.into_iter().take(5).collect();
    let message = format!(
        "{} neither approved nor denied: {}; for signer {}",
        pending.count("certificate request was", "certificate requests were"),
        pending.shown(),
        signers.iter().map(|signer| format!("`{signer}`")).collect::<Vec<_>>().join(", ")
    );
    findings.push(pending.finding(&PENDING_CSRS, message).with("requests", nodes.csrs));
}

fn check_machines(nodes: &Nodes, findings: &mut Findings) {
    let astray = Named::of(
        &nodes.machines,
        |machine| machine.node.is_empty() || machine.node_missing || !matches!(machine.phase.as_str(), "" | "Running"),
        |machine| {
            let node = match (machine.node.as_str(), machine.node_missing) {
                ("", _) => "no node".to_owned(),
                (node, true) => format!("node `{node}` is not there"),
                (node, false) => format!("node `{node}`"),
            };
            let phase = if machine.phase.is_empty() { String::new() } else { format!("{}, ", machine.phase) };
            format!("`{}` ({phase}{node})", machine.name)
        },
    );
    if !astray.is_empty() {
        let message = format!("{} not run on a node: {}", astray.count("machine does", "machines do"), astray.shown());
        findings.push(astray.finding(&MACHINE_WITHOUT_NODE, message));
    }
    let masters = Named::of(
        &nodes.machines,
        |machine| machine.control_plane,
        |machine| match machine.provider_id.as_str() {
            "" => format!("`{}`", machine.name),
            id => format!("`{}` ({id})", machine.name),
        },
    );
    if !masters.is_empty() {
        let set = nodes.machine_sets.items.first();
        let set = set.map_or_else(
            || "no ControlPlaneMachineSet".to_owned(),
            |set| {
                let state = if set.state.is_empty() { "of unknown state" } else { set.state.as_str() };
                format!("ControlPlaneMachineSet `{}` {state}", set.name)
            },
        );
        let message =
            format!("{}: {}; {set}", masters.count("control-plane machine", "control-plane machines"), masters.shown());
        findings.push(masters.finding(&CONTROL_PLANE_MACHINES, message));
    }
}

fn check_nodes(nodes: &Nodes, findings: &mut Findings) {
    let unready = Named::of(
        &nodes.nodes,
        |node| node.ready != "True",
        |node| {
            let state = if node.ready.is_empty() { "not reported" } else { node.ready.as_str() };
            format!("`{}` (Ready: {state})", node.name)
        },
    );
    if !unready.is_empty() {
        let of = nodes.nodes.total;
        let message = format!("{} of {of} not ready: {}", unready.count("node", "nodes"), unready.shown());
        findings.push(unready.finding(&NODE_NOT_READY, message));
    }
}

fn check_rollouts(nodes: &Nodes, findings: &mut Findings) {
    let moving = Named::of(
        &nodes.nodes,
        |node| node.is_rolling_out(),
        |node| match node.config_state.as_str() {
            "" | "Done" => format!("`{}` to `{}`", node.name, node.desired_config),
            state => format!("`{}` ({state})", node.name),
        },
    );
    let pools = Named::of(
        &nodes.pools,
        |pool| pool.updating || pool.degraded,
        |pool| format!("`{}` ({})", pool.name, if pool.degraded { "degraded" } else { "updating" }),
    );
    let parts = [
        (!moving.is_empty()).then(|| format!("{}: {}", moving.count("node", "nodes"), moving.shown())),
        (!pools.is_empty()).then(|| format!("{}: {}", pools.count("pool", "pools"), pools.shown())),
    ];
    let message = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    if !message.is_empty() {
        let message = format!("a machine configuration was under way: {message}");
        findings.push(moving.finding(&CONFIG_ROLLOUT, message).with("pools", pools.listed()));
    }
    let paused = Named::of(&nodes.pools, |pool| pool.paused, |pool| format!("`{}`", pool.name));
    if !paused.is_empty() {
        let message = format!("{} paused: {}", paused.count("pool is", "pools are"), paused.shown());
        findings.push(paused.finding(&POOL_PAUSED, message));
    }
}

fn check_members(hazards: &Hazards, findings: &mut Findings) {
    let masters = hazards.nodes.nodes.items.iter().filter(|node| node.control_plane).count() as u64;
    // an external etcd, or a hosted control plane: no node carries it
    if masters == 0 || hazards.voters == masters || hazards.voters == 0 {
        return;
    }
    let message = format!(
        "{} and {}",
        number_of(hazards.voters, "voting member of etcd", "voting members of etcd"),
        number_of(masters, "control-plane node", "control-plane nodes")
    );
    findings.push(Finding::new(&MEMBERS_NOT_NODES, message).with("voters", hazards.voters).with("nodes", masters));
}
