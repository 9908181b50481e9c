//! A snapshot: the shape that `inspect` and `verify` share.

use artifact::Contents;
use backup_facts::platform::{Recognised, Sign};
use backup_facts::snapshot::SnapshotFacts;
use document::{
    Artifact, EncryptedWith, Format, Keys, OpenShift, Platform, PlatformEvidence, Resource, Revisions, Snapshot, Space,
    Update, Word,
};
use etcd_snapshot::Scan;
use kube_objects::{Inventory, ResourceCount};

use super::{etcd, hashes};

/// What it says, and whether keys fit that were given for this file alone.
pub fn of(source: &Contents, facts: &SnapshotFacts<'_>, keys_fit: Option<bool>) -> Artifact {
    let scan = &facts.scan;
    let (db, told) = (&scan.walked.db, &scan.state);
    let main = |revision: Option<etcd_snapshot::Revision>| revision.map(|revision| revision.main);
    Artifact::Snapshot(Box::new(Snapshot {
        kind: Snapshot::KIND,
        path: source.name(),
        size: source.bytes().len() as u64,
        format: Format {
            page_size: db.page_size(),
            high_water_mark: db.meta().high_water.0,
            txid: db.meta().txid.0,
            freelist_persisted: db.meta().freelist.is_some(),
            byte_order: Word::Borrowed("little-endian"),
            provenance: Word::Borrowed(facts.provenance.name()),
            compression: source.compression().name().map(Word::Borrowed),
        },
        trailer: facts.trailer.as_ref().map(hashes::trailer),
        status: hashes::status(&scan.status),
        hashkv: facts.hash_kv.as_ref().map(hashes::hash_kv),
        revisions: Revisions {
            current: scan.current(),
            compacted: main(told.finished_compaction),
            scheduled_compaction: main(told.scheduled_compaction),
            first_retained: main(scan.first),
            bump_marker: main(scan.bump_marker),
        },
        space: space(scan, facts.quota.bytes),
        etcd: etcd::of(told),
        platform: platform(&facts.platform),
        openshift: facts.inventory.openshift().map(openshift),
        keys: Keys {
            live: scan.store.live_count(),
            tombstones: scan.counts.tombstones,
            revisions: scan.counts.records,
            resources: resources(&facts.inventory),
        },
        keys_fit,
        ..Snapshot::default()
    }))
}

fn platform(found: &Recognised) -> Platform {
    let evidence = |sign: &Sign| PlatformEvidence {
        source: Word::Borrowed(sign.kind.name()),
        says: Word::Borrowed(sign.kind.platform().name()),
        place: sign.place.clone(),
    };
    Platform {
        name: Word::Borrowed(found.platform.name()),
        title: Word::Borrowed(found.platform.title()),
        asked: found.asked,
        evidence: found.signs.iter().map(evidence).collect(),
        hosts: found.hosts,
    }
}

/// The figures of a scan.
pub fn space(scan: &Scan<'_>, quota: u64) -> Space {
    let walked = &scan.walked;
    let (size, page) = (walked.db.size(), walked.db.page_size());
    let free = walked.pages_free.saturating_mul(page);
    Space {
        db_size: size,
        in_use: walked.pages_in_use.saturating_mul(page),
        free,
        fragmentation_percent: percent(free, size),
        quota,
        quota_percent: percent(size, quota),
    }
}

/// A share in percent, rounded to two decimals, as OpenShift's operator rounds it.
fn percent(part: u64, whole: u64) -> f64 {
    let hundredths = u128::from(part).saturating_mul(20_000).checked_div(u128::from(whole)).unwrap_or(0);
    let rounded = u32::try_from(hundredths.div_ceil(2)).unwrap_or(u32::MAX);
    f64::from(rounded) / 100.0
}

/// How live values are stored, by resource.
pub fn resources(inventory: &Inventory) -> Vec<Resource> {
    inventory.resources().map(|(path, count)| resource(path, count)).collect()
}

fn resource(path: &[u8], count: &ResourceCount) -> Resource {
    let encrypted = count.encrypted.iter().map(|(key, &count)| EncryptedWith {
        provider: text(&key.provider),
        version: text(&key.version),
        key: text(&key.key_name),
        count,
    });
    Resource {
        resource: text(&count.resource),
        group: text(&count.group),
        stored_as: text(path),
        live: count.live,
        bytes: count.bytes,
        plain: count.plain,
        encrypted: encrypted.collect(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Version and state of the update that was begun last.
pub fn running(openshift: &kube_objects::OpenShift) -> Option<(&str, &str)> {
    let newest = openshift.version.as_ref()?.status.history.first()?;
    Some((&newest.version, &newest.state))
}

/// Whether an update was under way: the newest entry of the history is not completed, or the operator says so.
pub fn is_updating(openshift: &kube_objects::OpenShift) -> bool {
    let progressing = openshift.version.as_ref().and_then(|version| version.condition("Progressing"));
    running(openshift).is_some_and(|(_, state)| state != "Completed") || progressing.is_some_and(|c| c.status == "True")
}

fn openshift(of: &kube_objects::OpenShift) -> OpenShift {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (version, infrastructure) = (of.version.as_ref(), of.infrastructure.as_ref());
    let history = version.map(|version| version.status.history.as_slice()).unwrap_or_default();
    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
    let (running, state) = running(of).unzip();
    OpenShift {
        version: running.and_then(some),
        state: state.and_then(some),
        cluster_id: version.and_then(|version| some(&version.spec.cluster_id)),
        infrastructure_name: infrastructure.and_then(|infra| some(&infra.infrastructure_name)),
        platform: infrastructure.and_then(|infra| some(&infra.platform)),
        topology: infrastructure.and_then(|infra| some(&infra.control_plane_topology)),
        updating: is_updating(of),
        history: history
            .iter()
            .map(|update| Update {
                completion_time: time(update.completion_time),
                image: update.image.clone(),
                started_time: time(update.started_time),
                state: update.state.clone(),
                verified: update.verified,
                version: update.version.clone(),
            })
            .collect(),
        nodes: of.nodes.iter().cloned().collect(),
        encryption_type: of.encryption_type.clone(),
        revisions: of.revisions.iter().map(|(pod, revision)| (Word::Borrowed(*pod), *revision)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn shares_are_rounded_to_two_decimals() {
        for (part, whole, expected) in [(0, 5, 0.0), (1, 3, 33.33), (2, 3, 66.67), (5, 5, 100.0), (1, 0, 0.0)] {
            assert!((percent(part, whole) - expected).abs() < 1e-9, "{part} of {whole}: {}", percent(part, whole));
        }
    }
}
