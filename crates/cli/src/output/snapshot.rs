//! A snapshot as scripts read it: the shape that `inspect` and `verify` share.

use std::collections::BTreeMap;

use etcd_snapshot::Scan;
use kube_objects::{Inventory, OpenShift, ResourceCount};
use serde::Serialize;
use serde_json::{Value, json};

use super::etcd::EtcdJson;
use super::hashes::{HashKvJson, StatusJson, TrailerJson};
use crate::analysis::Analysis;
use crate::input::Source;

/// One snapshot.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotJson {
    kind: &'static str,
    path: String,
    size: u64,
    format: FormatJson,
    trailer: Option<TrailerJson>,
    status: StatusJson,
    hashkv: Option<HashKvJson>,
    revisions: RevisionsJson,
    space: SpaceJson,
    etcd: EtcdJson,
    openshift: Option<OpenShiftJson>,
    keys: KeysJson,
    /// Whether the keys that were given for it alone open every encrypted value.
    keys_fit: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FormatJson {
    page_size: u64,
    high_water_mark: u64,
    txid: u64,
    freelist_persisted: bool,
    byte_order: &'static str,
    provenance: &'static str,
    compression: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RevisionsJson {
    current: i64,
    compacted: Option<i64>,
    scheduled_compaction: Option<i64>,
    first_retained: Option<i64>,
    bump_marker: Option<i64>,
}

/// Where the bytes of the database are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpaceJson {
    /// High-water mark times page size.
    pub db_size: u64,
    /// Pages in use, in bytes.
    pub in_use: u64,
    /// Free pages, in bytes.
    pub free: u64,
    /// Share of free pages, two decimals.
    pub fragmentation_percent: f64,
    /// Space quota.
    pub quota: u64,
    /// Share of the quota, two decimals.
    pub quota_percent: f64,
}

impl SpaceJson {
    /// The figures of a scan.
    pub fn of(scan: &Scan<'_>, quota: u64) -> Self {
        let report = &scan.report;
        let (size, page) = (report.db.size(), report.db.page_size());
        let free = report.pages_free.saturating_mul(page);
        Self {
            db_size: size,
            in_use: report.pages_in_use.saturating_mul(page),
            free,
            fragmentation_percent: percent(free, size),
            quota,
            quota_percent: percent(size, quota),
        }
    }
}

/// A share in percent, rounded to two decimals, as OpenShift's operator rounds it.
fn percent(part: u64, whole: u64) -> f64 {
    let hundredths = u128::from(part).saturating_mul(20_000).checked_div(u128::from(whole)).unwrap_or(0);
    let rounded = u32::try_from(hundredths.div_ceil(2)).unwrap_or(u32::MAX);
    f64::from(rounded) / 100.0
}

#[derive(Debug, Serialize)]
struct KeysJson {
    live: u64,
    tombstones: u64,
    revisions: u64,
    resources: Vec<ResourceJson>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceJson {
    resource: String,
    group: String,
    stored_as: String,
    live: u64,
    bytes: u64,
    plain: u64,
    encrypted: Vec<EncryptedJson>,
}

#[derive(Debug, Serialize)]
struct EncryptedJson {
    provider: String,
    version: String,
    key: String,
    count: u64,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl ResourceJson {
    fn new(path: &[u8], count: &ResourceCount) -> Self {
        let encrypted = count.encrypted.iter().map(|(key, &count)| EncryptedJson {
            provider: text(&key.provider),
            version: text(&key.version),
            key: text(&key.key_name),
            count,
        });
        Self {
            resource: text(&count.resource),
            group: text(&count.group),
            stored_as: text(path),
            live: count.live,
            bytes: count.bytes,
            plain: count.plain,
            encrypted: encrypted.collect(),
        }
    }
}

/// What the objects of the cluster say of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenShiftJson {
    version: Option<String>,
    state: Option<String>,
    cluster_id: Option<String>,
    infrastructure_name: Option<String>,
    platform: Option<String>,
    topology: Option<String>,
    updating: bool,
    history: Vec<Value>,
    nodes: Vec<String>,
    encryption_type: Option<String>,
    revisions: BTreeMap<&'static str, i64>,
}

/// Version and state of the update that was begun last.
pub fn running(openshift: &OpenShift) -> Option<(&str, &str)> {
    let newest = openshift.version.as_ref()?.status.history.first()?;
    Some((&newest.version, &newest.state))
}

/// Whether an update was under way: the newest entry of the history is not completed, or the operator says so.
pub fn is_updating(openshift: &OpenShift) -> bool {
    let progressing = openshift.version.as_ref().and_then(|version| version.condition("Progressing"));
    running(openshift).is_some_and(|(_, state)| state != "Completed") || progressing.is_some_and(|c| c.status == "True")
}

impl From<&OpenShift> for OpenShiftJson {
    fn from(openshift: &OpenShift) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let version = openshift.version.as_ref();
        let infrastructure = openshift.infrastructure.as_ref();
        let history = version.map(|version| version.status.history.as_slice()).unwrap_or_default();
        let (running, state) = running(openshift).unzip();
        Self {
            version: running.and_then(some),
            state: state.and_then(some),
            cluster_id: version.and_then(|version| some(&version.spec.cluster_id)),
            infrastructure_name: infrastructure.and_then(|infra| some(&infra.infrastructure_name)),
            platform: infrastructure.and_then(|infra| some(&infra.platform)),
            topology: infrastructure.and_then(|infra| some(&infra.control_plane_topology)),
            updating: is_updating(openshift),
            history: history
                .iter()
                .map(|update| {
                    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
                    json!({
                        "version": update.version,
                        "state": update.state,
                        "startedTime": time(update.started_time),
                        "completionTime": time(update.completion_time),
                        "image": update.image,
                        "verified": update.verified,
                    })
                })
                .collect(),
            nodes: openshift.nodes.iter().cloned().collect(),
            encryption_type: openshift.encryption_type.clone(),
            revisions: openshift.revisions.clone(),
        }
    }
}

impl SnapshotJson {
    /// What an analysis found, and whether keys fit that were given for this file alone.
    pub fn new(source: &Source, analysis: &Analysis<'_>, keys_fit: Option<bool>) -> Self {
        let scan = &analysis.scan;
        let (db, facts) = (&scan.report.db, &scan.facts);
        let main = |revision: Option<etcd_snapshot::Revision>| revision.map(|revision| revision.main);
        Self {
            kind: "snapshot",
            path: source.name(),
            size: source.bytes().len() as u64,
            format: FormatJson {
                page_size: db.page_size(),
                high_water_mark: db.meta().high_water.0,
                txid: db.meta().txid.0,
                freelist_persisted: db.meta().freelist.is_some(),
                byte_order: "little-endian",
                provenance: analysis.provenance.name(),
                compression: source.compression().name(),
            },
            trailer: analysis.trailer.as_ref().map(TrailerJson::from),
            status: StatusJson::from(&scan.status),
            hashkv: analysis.hash_kv.as_ref().map(HashKvJson::from),
            revisions: RevisionsJson {
                current: scan.current(),
                compacted: main(facts.finished_compaction),
                scheduled_compaction: main(facts.scheduled_compaction),
                first_retained: main(scan.first),
                bump_marker: main(scan.bump_marker),
            },
            space: SpaceJson::of(scan, analysis.quota.bytes),
            etcd: EtcdJson::from(facts),
            openshift: analysis.inventory.openshift().map(OpenShiftJson::from),
            keys_fit,
            keys: KeysJson {
                live: scan.store.live_count(),
                tombstones: scan.counts.tombstones,
                revisions: scan.counts.records,
                resources: resources(&analysis.inventory),
            },
        }
    }
}

fn resources(inventory: &Inventory) -> Vec<ResourceJson> {
    inventory.resources().map(|(path, count)| ResourceJson::new(path, count)).collect()
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
