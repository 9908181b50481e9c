//! The restore of OpenShift, R-01 to R-29: each step as the release and the topology want it.

mod choose;
pub(crate) mod copy;
pub(crate) mod machines;
pub(crate) mod network;
mod nodes;
mod operators;
mod run;
mod settle;
pub(crate) mod stop;

pub(crate) use run::exports;

use crate::draft::Draft;
use crate::plan::Plan;
use crate::step::Written;

/// The order to 4.17.
const LONG: [&str; 30] = [
    "R-01", "R-02", "R-03", "R-04", "R-05", "R-06", "R-07", "R-07x", "R-08", "R-09", "R-10", "R-11", "R-12", "R-13",
    "R-14", "R-15", "R-16", "R-17", "R-18", "R-19", "R-20", "R-21", "R-22", "R-23", "R-24", "R-25", "R-26", "R-27",
    "R-28", "R-29",
];
/// The order since 4.18: etcd is stopped before the copy, and the guard is off until the cluster is stable.
const SHORT: [&str; 30] = [
    "R-01", "R-02", "R-03", "R-04", "R-05", "R-07", "R-07x", "R-06", "R-08", "R-09", "R-10", "R-11", "R-12", "R-13",
    "R-14", "R-15", "R-16", "R-18", "R-19", "R-17", "R-28", "R-20", "R-21", "R-22", "R-23", "R-24", "R-25", "R-26",
    "R-27", "R-29",
];

/// The step that ends the part which procedures for all members at once have instead.
const LAST_OF_FIRST: &str = "R-10";

/// Writes.
pub(crate) fn begin(plan: &Plan<'_>, draft: &mut Draft) {
    let (first, _) = halves(plan);
    first.iter().for_each(|id| draft.add(id, step(plan, id)));
}

/// Writes what comes after R-10.
pub(crate) fn end(plan: &Plan<'_>, draft: &mut Draft) {
    let (_, second) = halves(plan);
    second.iter().for_each(|id| draft.add(id, step(plan, id)));
}

fn halves(plan: &Plan<'_>) -> (&'static [&'static str], &'static [&'static str]) {
    let order: &'static [&'static str] = if plan.is_long() || plan.is_manual() { &LONG } else { &SHORT };
    let end = order.iter().position(|id| *id == LAST_OF_FIRST).map_or(order.len(), |at| at + 1);
    order.split_at(end)
}

fn step(plan: &Plan<'_>, id: &str) -> Written {
    match id {
        "R-01" => choose::same_release(plan),
        "R-02" => choose::is_it_needed(plan),
        "R-03" => choose::have_at_hand(plan),
        "R-04" => choose::recovery_host(plan),
        "R-05" => choose::ssh(plan),
        "R-06" => choose::copy(plan),
        "R-07" => stop::others(plan),
        "R-07x" => stop::etcd_everywhere(plan),
        "R-08" => run::go(plan),
        "R-09" => run::proxy(plan),
        "R-10" => run::restore(plan),
        "R-11" => nodes::look(plan),
        "R-12" => nodes::kubelet(plan),
        "R-13" => nodes::requests(plan),
        "R-14" => nodes::single_member(plan),
        "R-15" => network::ovn(plan),
        "R-16" => network::webhooks(plan),
        "R-17" => machines::recreate(plan),
        _ => late(plan, id),
    }
}

fn late(plan: &Plan<'_>, id: &str) -> Written {
    match id {
        "R-18" => operators::credentials(plan),
        "R-19" => operators::guard_off(plan),
        "R-20" => operators::redeploy(plan),
        "R-21" => operators::guard_on(plan),
        "R-22" => operators::etcd_settled(plan),
        "R-23" => operators::roll_out(plan, id, "kubeapiserver"),
        "R-24" => operators::roll_out(plan, id, "kubecontrollermanager"),
        "R-25" => operators::roll_out(plan, id, "kubescheduler"),
        "R-26" => settle::joined(plan),
        "R-27" => settle::restart(plan),
        "R-28" => settle::stable(plan),
        "R-29" => settle::afterwards(plan),
        other => Err(format!("no step is called {other}")),
    }
}
