//! Operators, network, admission, deletion, and the space of the database.

use backup_facts::hazards::{DefragOff, Hazards};
use wording::number_of;

use super::Named;
use crate::finding::{Finding, Findings};
use crate::findings::{
    ABOVE_DEFAULT_QUOTA, BLOCKING_WEBHOOK, DEFRAG_OFF, DELETION_UNDER_WAY, FORCED_REDEPLOYMENT, OVN_DATABASES,
};

pub(super) fn check(hazards: &Hazards, findings: &mut Findings) {
    check_webhooks(hazards, findings);
    check_deletions(hazards, findings);
    check_redeployments(hazards, findings);
    check_network(hazards, findings);
    check_space(hazards, findings);
}

fn check_webhooks(hazards: &Hazards, findings: &mut Findings) {
    let webhooks = Named::all(&hazards.webhooks, |webhook| {
        let resources = match &webhook.resources[..] {
            few if few.len() <= 3 => few.join(", "),
            many => number_of(many.len() as u64, "resource", "resources"),
        };
        format!("`{}` in `{}`, by service `{}`, for {resources}", webhook.name, webhook.configuration, webhook.service)
    });
    if !webhooks.is_empty() {
        let message = format!(
            "{} answer before core objects change: {}",
            webhooks.count("webhook must", "webhooks must"),
            webhooks.shown()
        );
        findings.push(webhooks.finding(&BLOCKING_WEBHOOK, message));
    }
}

fn check_deletions(hazards: &Hazards, findings: &mut Findings) {
    let deletions = Named::all(&hazards.deletions, |deletion| {
        let since = deletion.since.map_or_else(String::new, |since| format!(" since {since}"));
        format!("{} `{}`{since}", deletion.resource, deletion.name)
    });
    if !deletions.is_empty() {
        let message = format!("{} being deleted: {}", deletions.count("object was", "objects were"), deletions.shown());
        findings.push(deletions.finding(&DELETION_UNDER_WAY, message));
    }
}

fn check_redeployments(hazards: &Hazards, findings: &mut Findings) {
    let forced = &hazards.control_plane.forced_redeployments;
    let names: Vec<_> = forced.iter().map(|(operator, reason)| format!("{operator} with `{reason}`")).collect();
    let named = Named { total: names.len() as u64, names };
    if !named.is_empty() {
        let message = format!("a redeployment has been forced: {}", named.shown());
        findings.push(named.finding(&FORCED_REDEPLOYMENT, message));
    }
}

fn check_network(hazards: &Hazards, findings: &mut Findings) {
    if hazards.control_plane.network_type == "OVNKubernetes" {
        let message = "the network is OVNKubernetes, whose databases on the nodes are of today";
        findings.push(Finding::new(&OVN_DATABASES, message));
    }
}

fn check_space(hazards: &Hazards, findings: &mut Findings) {
    let space = &hazards.space;
    let percent = format!("{}.{:02}", space.free_share / 100, space.free_share % 100);
    if let Some(off) = space.defrag_off.filter(|_| space.defrag_due) {
        let why = match off {
            DefragOff::ConfigMap => "ConfigMap `etcd-disable-defrag` turns the operator's controller off",
            DefragOff::SingleReplica => "the operator leaves a single control-plane node alone",
        };
        let alert = if space.fragmentation_alert { "; etcdDatabaseHighFragmentationRatio fires" } else { "" };
        let message = format!("{percent} % of {} bytes are free pages, and {why}{alert}", space.size);
        let finding = Finding::new(&DEFRAG_OFF, message).with("size", space.size).with("inUse", space.in_use);
        findings.push(finding.with("freePercent", percent));
    }
    let default = space.default_quota;
    // with the default itself, the nearness to the quota is what counts
    if space.size > default && space.quota > default {
        let message = format!(
            "the database has {} bytes, the default quota is {default}; here it was {}",
            space.size, space.quota
        );
        let finding = Finding::new(&ABOVE_DEFAULT_QUOTA, message).with("size", space.size);
        findings.push(finding.with("quota", space.quota).with("defaultQuota", default));
    }
}
