//! Work that a restored cluster does at once, and what holds its work up.

use backup_facts::hazards::{Due, Hazards, Leader, Marked, ObjectName};

use super::Named;
use crate::finding::Findings;
use crate::findings::{
    CRON_JOBS_DUE, EVICTIONS_CLOSED, JOBS_UNFINISHED, LEADERS_LONG, MACHINES_MARKED, NODES_CORDONED,
};

pub(super) fn check(hazards: &Hazards, findings: &mut Findings) {
    let work = &hazards.work;
    let due = Named::all(&work.due, |Due { name, schedule }| format!("`{name}` ({schedule})"));
    if !due.is_empty() {
        let jobs = due.count("CronJob was", "CronJobs were");
        findings.push(due.finding(&CRON_JOBS_DUE, format!("{jobs} due before {}: {}", hazards.restore, due.shown())));
    }
    let unfinished = Named::all(&work.unfinished, name);
    if !unfinished.is_empty() {
        let jobs = unfinished.count("Job was", "Jobs were");
        findings.push(unfinished.finding(&JOBS_UNFINISHED, format!("{jobs} not finished: {}", unfinished.shown())));
    }
    check_drains(hazards, findings);
    let marked = Named::all(&hazards.intent.marked, |Marked { set, machines }| {
        let more = machines.len().saturating_sub(1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("`{}`{more} of `{set}`", machines.first().map_or("", String::as_str))
    });
    if !marked.is_empty() {
        let sets = marked.count("MachineSet has", "MachineSets have");
        let message = format!("{sets} machines that are to go first: {}", marked.shown());
        findings.push(marked.finding(&MACHINES_MARKED, message));
    }
    let leaders = Named::all(&work.leaders, |Leader { name, holder, seconds }| {
        format!("`{name}` of `{holder}` ({seconds} seconds)")
    });
    if !leaders.is_empty() {
        let leases = leaders.count("Lease", "Leases");
        let message = format!("{leases} of leaders that are waited for long: {}", leaders.shown());
        findings.push(leaders.finding(&LEADERS_LONG, message));
    }
}

/// Nodes that a rollout of the machine configuration drains are told of with it.
fn check_drains(hazards: &Hazards, findings: &mut Findings) {
    let cordoned = Named::of(
        &hazards.nodes.nodes,
        |node| node.unschedulable && !node.is_rolling_out(),
        |node| format!("`{}`", node.name),
    );
    if !cordoned.is_empty() {
        let of = hazards.nodes.nodes.total;
        let nodes = cordoned.count("node", "nodes");
        findings.push(cordoned.finding(&NODES_CORDONED, format!("{nodes} of {of} cordoned: {}", cordoned.shown())));
    }
    let (closed, evicting) = (Named::all(&hazards.work.closed, name), Named::all(&hazards.work.evicting, name));
    let closed_message = (!closed.is_empty()).then(|| {
        let budgets = closed.count("PodDisruptionBudget lets", "PodDisruptionBudgets let");
        format!("{budgets} no pod be evicted: {}", closed.shown())
    });
    let evicting_message = (!evicting.is_empty()).then(|| {
        let budgets = evicting.count("PodDisruptionBudget", "PodDisruptionBudgets");
        format!("evictions were under way under {budgets}: {}", evicting.shown())
    });
    let message = [closed_message, evicting_message].into_iter().flatten().collect::<Vec<_>>().join("; ");
    if !message.is_empty() {
        findings.push(closed.finding(&EVICTIONS_CLOSED, message).with("evicting", evicting.listed()));
    }
}

fn name(name: &ObjectName) -> String {
    format!("`{name}`")
}
