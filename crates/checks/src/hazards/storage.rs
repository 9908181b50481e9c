//! Volumes, attachments, and credentials of clouds and storage.

use std::collections::BTreeMap;

use backup_facts::hazards::{Hazards, Storage, Volume, is_kernel_name};
use wording::number_of;

use super::Named;
use crate::finding::Findings;
use crate::findings::{
    ATTACHED_ELSEWHERE, ATTACHMENT_FAILED, ATTACHMENT_WITHOUT_NODE, CLAIM_WITHOUT_VOLUME, CLOUD_CREDENTIALS,
    KERNEL_DEVICE_NAME, LOCAL_VOLUMES, PERSISTENT_VOLUMES, STATEFUL_WORKLOADS, STORAGE_CREDENTIALS, VOLUMES_ATTACHED,
};

/// Drivers that a message tells apart.
const DRIVERS: usize = 4;

pub(super) fn check(hazards: &Hazards, findings: &mut Findings) {
    let storage = &hazards.storage;
    check_volumes(storage, findings);
    check_local(storage, findings);
    check_attachments(storage, findings);
    check_claims(storage, findings);
    check_stateful(storage, findings);
    check_credentials(hazards, findings);
}

fn check_volumes(storage: &Storage, findings: &mut Findings) {
    let volumes = Named::all(&storage.volumes, |volume| volume.name.clone());
    if volumes.is_empty() {
        return;
    }
    let mut drivers: BTreeMap<&str, u64> = BTreeMap::new();
    for volume in &storage.volumes.items {
        *drivers.entry(volume.source.driver()).or_default() += 1;
    }
    let mut drivers: Vec<_> = drivers.into_iter().collect();
    drivers.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let by_driver = |most: usize| {
        let named: Vec<_> = drivers.iter().take(most).map(|(driver, number)| format!("{number} {driver}")).collect();
        let more = drivers.len().saturating_sub(most);
        named.join(", ") + &if more > 0 { format!(" and {more} more drivers") } else { String::new() }
    };
    let deleted = storage.volumes.items.iter().filter(|volume| volume.reclaim_policy == "Delete").count() as u64;
    let message = format!(
        "what lies on {} is not in the backup: {}; {deleted} with reclaim policy Delete",
        volumes.count("volume", "volumes"),
        by_driver(DRIVERS)
    );
    let oldest = storage.volumes.items.iter().filter_map(|volume| volume.created).min();
    let finding = volumes.finding(&PERSISTENT_VOLUMES, message).with("drivers", by_driver(100));
    let finding = finding.with("reclaimDelete", deleted);
    findings.push(match oldest {
        Some(oldest) => finding.with("oldest", oldest.to_string()),
        None => finding,
    });
}

fn on_node(volume: &Volume) -> String {
    let node = match &volume.nodes[..] {
        [] => String::new(),
        [node] => format!(" on `{node}`"),
        nodes => format!(" on {} nodes", nodes.len()),
    };
    format!("`{}`{node} at `{}`", volume.name, volume.source.handle())
}

fn check_local(storage: &Storage, findings: &mut Findings) {
    let local = Named::of(&storage.volumes, |volume| volume.source.driver() == "local", on_node);
    let owners = Named::all(&storage.local_owners, |owner| format!("{} `{}`", owner.kind, owner.name));
    if !local.is_empty() || !owners.is_empty() {
        let mut message = format!("{} on devices of single nodes", local.count("volume", "volumes"));
        if !local.is_empty() {
            message = format!("{message}: {}", local.shown());
        }
        if !owners.is_empty() {
            message = format!("{message}; kept by {}", owners.shown());
        }
        findings.push(local.finding(&LOCAL_VOLUMES, message).with("owners", owners.listed()));
    }
    // a symlink may be called after the kernel's name although the device has a stable one
    let by_kernel = |volume: &Volume| {
        volume.source.driver() == "local" && volume.device_id.is_none() && is_kernel_name(volume.source.handle())
    };
    let mut risky = Named::of(&storage.volumes, by_kernel, on_node);
    for owner in &storage.local_owners.items {
        for path in owner.device_paths.iter().filter(|path| is_kernel_name(path)) {
            risky.total = risky.total.saturating_add(1);
            if risky.names.len() < super::LISTED {
                risky.names.push(format!("`{path}` in {} `{}`", owner.kind, owner.name));
            }
        }
    }
    if !risky.is_empty() {
        let message = format!("a device goes by a name that the kernel may give to another: {}", risky.shown());
        findings.push(risky.finding(&KERNEL_DEVICE_NAME, message));
    }
}

fn check_attachments(storage: &Storage, findings: &mut Findings) {
    let place = |volume: &str, node: &str| format!("`{volume}` to `{node}`");
    let attached = Named::of(&storage.attachments, |one| one.attached, |one| place(&one.volume, &one.node));
    if !attached.is_empty() {
        let exclusive = storage.attachments.items.iter().filter(|one| one.attached && one.exclusive).count() as u64;
        let message = format!(
            "{} attached, {exclusive} of them for one node at a time: {}",
            attached.count("volume was", "volumes were"),
            attached.shown()
        );
        findings.push(attached.finding(&VOLUMES_ATTACHED, message).with("exclusive", exclusive));
    }
    let elsewhere = Named::all(&storage.elsewhere, |one| {
        format!("`{}` on `{}`, its volume `{}` on `{}`", one.pod, one.pod_node, one.volume, one.attached_to)
    });
    if !elsewhere.is_empty() {
        let message = format!(
            "{}: {}",
            elsewhere.count("pod was apart from its volume", "pods were apart from their volumes"),
            elsewhere.shown()
        );
        findings.push(elsewhere.finding(&ATTACHED_ELSEWHERE, message));
    }
    let orphans =
        Named::of(&storage.attachments, |one| one.attached && one.node_missing, |one| place(&one.volume, &one.node));
    if !orphans.is_empty() {
        let message = format!(
            "{} attached to a node that is not there: {}",
            orphans.count("volume was", "volumes were"),
            orphans.shown()
        );
        findings.push(orphans.finding(&ATTACHMENT_WITHOUT_NODE, message));
    }
    let failed = Named::of(
        &storage.attachments,
        |one| one.attach_failed || one.detach_failed,
        |one| {
            format!("{} {}", if one.detach_failed { "detaching" } else { "attaching" }, place(&one.volume, &one.node))
        },
    );
    if !failed.is_empty() {
        let message = format!("{} failed: {}", failed.count("attachment", "attachments"), failed.shown());
        findings.push(failed.finding(&ATTACHMENT_FAILED, message));
    }
}

fn check_claims(storage: &Storage, findings: &mut Findings) {
    let lost = Named::of(
        &storage.claims,
        |claim| claim.phase == "Lost" || claim.volume_missing,
        |claim| {
            let why = if claim.volume_missing { "is not there" } else { "is lost" };
            format!("`{}`, whose volume `{}` {why}", claim.name, claim.volume)
        },
    );
    if !lost.is_empty() {
        let message = format!("{} without a volume: {}", lost.count("claim", "claims"), lost.shown());
        findings.push(lost.finding(&CLAIM_WITHOUT_VOLUME, message));
    }
}

fn check_stateful(storage: &Storage, findings: &mut Findings) {
    let sets = Named::all(&storage.stateful_sets, |set| format!("`{}`", set.name));
    let databases = Named::all(&storage.databases, |one| format!("`{}` ({})", one.pod, one.software));
    let parts = [
        (!sets.is_empty()).then(|| format!("{}: {}", sets.count("stateful set", "stateful sets"), sets.shown())),
        (!databases.is_empty()).then(|| {
            format!("{} by name: {}", databases.count("database or queue", "databases or queues"), databases.shown())
        }),
    ];
    let message = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    if !message.is_empty() {
        let finding = sets.finding(&STATEFUL_WORKLOADS, format!("state on volumes: {message}"));
        findings.push(finding.with("databases", databases.listed()));
    }
}

fn check_credentials(hazards: &Hazards, findings: &mut Findings) {
    let credentials = &hazards.credentials;
    let requests = Named::of(
        &credentials.requests,
        |request| request.provisioned || request.last_sync.is_some(),
        |request| match request.last_sync {
            Some(time) => format!("`{}` of {time}", request.secret),
            None => format!("`{}`", request.secret),
        },
    );
    let roots = Named::all(&credentials.root_secrets, |secret| format!("`{secret}`"));
    if !requests.is_empty() || !roots.is_empty() {
        let drivers = Named::all(&credentials.csi_drivers, |driver| format!("`{driver}`"));
        let mut parts = Vec::new();
        if !roots.is_empty() {
            parts.push(format!("root credentials {}", roots.shown()));
        }
        if !requests.is_empty() {
            let what = requests.count("secret", "secrets");
            parts.push(format!("{what} by CredentialsRequests: {}", requests.shown()));
        }
        if !drivers.is_empty() {
            parts.push(format!("used by drivers {}", drivers.shown()));
        }
        let age = hazards.age_days().filter(|days| *days > 0);
        let age = age.map_or_else(String::new, |days| {
            format!(", {} before the restore", number_of(days.unsigned_abs(), "day", "days"))
        });
        let message = format!("a restore brings back cloud credentials as they were{age}: {}", parts.join("; "));
        let finding = requests.finding(&CLOUD_CREDENTIALS, message);
        findings.push(finding.with("root", roots.listed()).with("drivers", drivers.listed()));
    }
    let secrets = Named::all(&credentials.volume_secrets, |secret| format!("`{secret}`"));
    if !secrets.is_empty() {
        let message = format!("volumes name {}: {}", secrets.count("secret", "secrets"), secrets.shown());
        findings.push(secrets.finding(&STORAGE_CREDENTIALS, message));
    }
}
