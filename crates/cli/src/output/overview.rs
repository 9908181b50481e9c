//! A snapshot in a few lines, for people. `inspect` and `verify` share them.

use artifact::Contents;
use assay::documents::etcd::alarm_word;
use assay::documents::snapshot::{self, is_updating, running};
use bbolt_page::Walked;
use etcd_snapshot::{EtcdState, Scan};
use kube_objects::{Inventory, OpenShift};

use super::human::Fields;
use backup_facts::platform::Recognised;
use backup_facts::snapshot::{Opened, SnapshotFacts};
use wording::{Size, count, escape, group_digits};

/// How many pages there are, and of what kind.
pub fn pages(walked: &Walked<'_>) -> String {
    let pages = walked.pages_in_use.saturating_add(walked.pages_free);
    format!(
        "{} of {} bytes ({} branch, {} leaf, {} free)",
        count(pages, "page"),
        walked.db.page_size(),
        group_digits(walked.branch_pages),
        group_digits(walked.leaf_pages),
        group_digits(walked.pages_free)
    )
}

/// How many records there are, and from where to where they reach.
pub fn records(scan: &Scan<'_>) -> String {
    let mut text = count(scan.counts.records, "revision");
    if let (Some(first), Some(last)) = (scan.first, scan.last) {
        text += &format!(" ({} to {})", first.main, last.main);
    }
    text += &format!(", {}", count(scan.counts.tombstones, "tombstone"));
    match scan.state.finished_compaction {
        Some(compacted) => text + &format!(", compacted at {}", compacted.main),
        None => text + ", never compacted",
    }
}

/// What is in it: etcd, the cluster, keys and space.
pub fn describe(fields: Fields, source: &Contents, facts: &SnapshotFacts<'_>) -> Fields {
    let scan = &facts.scan;
    let packed = source.compression().name().map(|name| format!(", read from {name}"));
    let size = format!("{}{}", Size(source.bytes().len() as u64).exact(), packed.unwrap_or_default());
    fields
        .maybe("read from", opened(facts.opened))
        .maybe("pages alone", facts.pages.map(|pages| pages_alone(&pages)))
        .field("file", format!("{size}; {}", provenance(facts)))
        .field("etcd", etcd(&scan.state))
        .field("platform", platform(&facts.platform))
        .maybe("openshift", facts.inventory.openshift().map(openshift))
        .field("live keys", keys(scan, &facts.inventory))
        .field("space", space(scan, facts.quota.bytes))
}

fn opened(opened: Opened) -> Option<String> {
    match opened {
        Opened::Meta => None,
        Opened::FoundRoot(root) => Some(format!("SALVAGED from page {root}, which looks most like the root")),
        Opened::PagesAlone => Some("SALVAGED: no meta, no root".to_owned()),
    }
}

fn pages_alone(pages: &etcd_snapshot::salvage::Pages) -> String {
    let newest = pages.newest.map(|newest| format!(", the newest of revision {}", newest.main)).unwrap_or_default();
    format!(
        "SALVAGED: {} with {}{newest}, in use or not; `assay ls --salvage` lists them",
        count(pages.leaves, "leaf page"),
        count(pages.records, "record")
    )
}

fn provenance(facts: &SnapshotFacts<'_>) -> &'static str {
    match facts.provenance {
        etcd_snapshot::Provenance::Stream => "streamed by etcd",
        etcd_snapshot::Provenance::RawCopy => "a copy of a live database file",
        etcd_snapshot::Provenance::Rebuilt => "written anew by a tool",
        etcd_snapshot::Provenance::Packed => "written anew, as `assay rebuild` does",
        etcd_snapshot::Provenance::Unknown => "of unknown origin",
    }
}

fn etcd(state: &EtcdState) -> String {
    let version = state.cluster_version.as_deref().unwrap_or("of unknown version");
    let mut text = escape(version.as_bytes()).into_owned();
    if let Some(storage) =
        state.storage_version.as_deref().filter(|storage| Some(*storage) != state.cluster_version.as_deref())
    {
        text += &format!(", storage {}", escape(storage.as_bytes()));
    }
    text += &format!(", {}", count(state.members.len() as u64, "member"));
    if let Some(index) = state.consistent_index {
        text += &format!(", raft index {index}");
    }
    if let Some(term) = state.term {
        text += &format!(", term {term}");
    }
    let alarms: Vec<_> = state.alarms.iter().map(|alarm| alarm_word(alarm.kind)).collect();
    if !alarms.is_empty() {
        text += &format!(", ALARM {}", alarms.join(" "));
    }
    if state.auth_enabled {
        text += ", authentication on";
    }
    text
}

/// Which platform it is of, and the first thing that says so.
pub fn platform(found: &Recognised) -> String {
    let mut text = found.platform.title().to_owned();
    let own: Vec<_> = found.signs.iter().filter(|sign| sign.kind.platform() == found.platform).collect();
    let sign = own.first().copied().or(found.signs.first());
    if found.asked {
        text += ", as --platform says";
        let data = found.signs.first().filter(|sign| sign.kind.platform() != found.platform);
        if let Some(sign) = data {
            let (says, place) = (sign.kind.platform().title(), escape(sign.place.as_bytes()));
            text += &format!("; the data say {says}, by {place}");
        }
    } else if let Some(sign) = sign {
        text += &format!(", by {}", escape(sign.place.as_bytes()));
        if own.len() > 1 {
            text += &format!(" and {} more", own.len() - 1);
        }
    }
    if found.hosts > 0 {
        text += &format!("; it hosts {} of other clusters", count(found.hosts, "control plane"));
    }
    text
}

fn openshift(openshift: &OpenShift) -> String {
    let mut parts = Vec::new();
    if let Some((version, state)) = running(openshift) {
        let updating = if is_updating(openshift) { ", UPDATE UNDER WAY" } else { "" };
        parts.push(format!("{} ({}{updating})", escape(version.as_bytes()), escape(state.as_bytes())));
    }
    if let Some(version) = &openshift.version {
        parts.push(format!("cluster {}", escape(version.spec.cluster_id.as_bytes())));
    }
    let mut place = Vec::new();
    if let Some(infra) = &openshift.infrastructure {
        let named = [&infra.infrastructure_name, &infra.platform, &infra.control_plane_topology];
        place
            .extend(named.into_iter().filter(|name| !name.is_empty()).map(|name| escape(name.as_bytes()).into_owned()));
    }
    place.push(count(openshift.nodes.len() as u64, "node"));
    let lines = [parts.join(", "), place.join(", ")];
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn keys(scan: &Scan<'_>, inventory: &Inventory) -> String {
    let encrypted: u64 = inventory.resources().flat_map(|(_, count)| count.encrypted.values()).sum();
    let resources = inventory.resources().count() as u64;
    let text = format!("{} in {}", group_digits(scan.store.live_count()), count(resources, "resource"));
    if encrypted == 0 { text + ", none encrypted" } else { text + &format!(", {} encrypted", group_digits(encrypted)) }
}

fn space(scan: &Scan<'_>, quota: u64) -> String {
    let space = snapshot::space(scan, quota);
    format!(
        "{} of a quota of {} ({} %), {} free pages ({} %)",
        Size(space.db_size),
        Size(space.quota),
        space.quota_percent,
        Size(space.free),
        space.fragmentation_percent
    )
}
