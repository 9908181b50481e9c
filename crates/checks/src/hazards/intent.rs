//! What was asked for and not done: controllers go on with it.

use backup_facts::hazards::{Hazards, Intent, MachineSet};
use wording::number_of;

use super::Named;
use crate::finding::{Finding, Findings};
use crate::findings::{REMOVAL_ASKED, SET_SCALING};
use crate::severity::Severity;

pub(super) fn check(hazards: &Hazards, findings: &mut Findings) {
    check_removals(&hazards.intent, findings);
    check_sets(&hazards.intent, findings);
}

/// etcd refuses to remove the only member, and the annotation is taken back.
fn check_removals(intent: &Intent, findings: &mut Findings) {
    let asked = Named::all(&intent.removals, |node| format!("`{node}`"));
    if !asked.is_empty() && intent.etcd_servers > 1 {
        let message = format!(
            "of {} servers, {} to be removed from etcd: {}",
            intent.etcd_servers,
            asked.count("was", "were"),
            asked.shown()
        );
        findings.push(asked.finding(&REMOVAL_ASKED, message).with("servers", intent.etcd_servers));
    }
}

fn check_sets(intent: &Intent, findings: &mut Findings) {
    let sets = Named::all(&intent.scaling, scaling);
    if sets.is_empty() {
        return;
    }
    let message = format!("{} scaled: {}", sets.count("MachineSet will be", "MachineSets will be"), sets.shown());
    let deletes = intent.scaling.items.iter().any(|set| set.machines > set.wanted);
    let severity = if deletes { Severity::Medium } else { SET_SCALING.severity };
    findings.push(Finding { severity, ..sets.finding(&SET_SCALING, message) });
}

/// "`a/b` from 4 machines to 3, `m` first"
fn scaling(set: &MachineSet) -> String {
    let first = match set.marked.first() {
        Some(first) if set.machines > set.wanted => format!(", `{first}` first"),
        _ => String::new(),
    };
    format!("`{}` from {} to {}{first}", set.name, number_of(set.machines, "machine", "machines"), set.wanted)
}
