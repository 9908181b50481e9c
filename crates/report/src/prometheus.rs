//! Prometheus' text exposition format, version 0.0.4, for node_exporter's textfile collector.
//!
//! Gauges all: each run replaces the file. Written by hand: a line has three characters to escape, and libraries of
//! metrics bring registries and locks that a file has no use for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use checks::{Severity, Verdict};
use document::{Artifact, Backup, Document, OpenShift, Snapshot, Tarball};
use wording::inert;

use crate::parts::{stamp_in, taken, time, whole};

pub(crate) fn render(document: &Document) -> String {
    let mut metrics = Metrics::default();
    judged(document, &mut metrics);
    for name in document.names() {
        findings(document, name, &mut metrics);
    }
    for artifact in &document.artifacts {
        match artifact {
            Artifact::Snapshot(it) => snapshot(it, &mut metrics),
            Artifact::Tarball(it) => tarball(it, &mut metrics),
            Artifact::Backup(it) => backup(it, artifact.name(), &mut metrics),
            _ => {}
        }
    }
    metrics.text()
}

fn judged(document: &Document, metrics: &mut Metrics) {
    let version = if document.assay.is_empty() { "unknown" } else { &document.assay };
    metrics.set("assay_build_info", "The assay that judged; always 1.", &[("version", version)], 1);
    let help = "The verdict on all inputs together: 1 for the one that holds, 0 for the others.";
    for verdict in [Verdict::Pass, Verdict::Warn, Verdict::Fail] {
        let holds = i64::from(document.verdict == verdict);
        metrics.set("assay_verdict", help, &[("verdict", verdict.name())], holds);
    }
    let help = "Whether every input could be read and judged.";
    metrics.set("assay_complete", help, &[], i64::from(!document.is_incomplete()));
}

fn findings(document: &Document, path: &str, metrics: &mut Metrics) {
    let of = || document.findings.iter().filter(|finding| finding.artifact == path);
    for severity in Severity::ALL.into_iter().rev() {
        let help = "Findings that count, by severity.";
        let number = of().filter(|finding| finding.waived.is_none() && finding.severity == severity).count();
        metrics.set("assay_findings", help, &[("path", path), ("severity", severity.name())], number);
    }
    let help = "Findings that a policy waives.";
    let waived = of().filter(|finding| finding.waived.is_some()).count();
    metrics.set("assay_findings_waived", help, &[("path", path)], waived);
    for kind in document.kinds(path) {
        let standing: Vec<_> = kind.iter().filter(|finding| finding.waived.is_none()).collect();
        let Some(first) = standing.first() else { continue };
        let labels = [("path", path), ("id", &first.id), ("name", &first.name)];
        let help = "Findings that count, by kind; a kind without findings has no sample.";
        metrics.set("assay_findings_by_kind", help, &labels, standing.len());
    }
}

fn snapshot(it: &Snapshot, metrics: &mut Metrics) {
    let (of, path) = ([("path", it.path.as_str())], it.path.as_str());
    let (space, etcd) = (&it.space, &it.etcd);
    metrics.figure(path, "assay_snapshot_size_bytes", "Size of the snapshot, uncompressed.", Some(whole(it.size)));
    metrics.figure(
        path,
        "assay_snapshot_database_size_bytes",
        "Size of all pages of the database.",
        Some(whole(space.db_size)),
    );
    metrics.figure(path, "assay_snapshot_in_use_bytes", "Size of pages in use.", Some(whole(space.in_use)));
    let ratio = [
        ("assay_snapshot_fragmentation_ratio", "Share of free pages.", space.fragmentation_percent),
        ("assay_snapshot_quota_ratio", "Share of the quota that the database takes.", space.quota_percent),
    ];
    for (name, help, percent) in ratio {
        metrics.set(name, help, &of, percent / 100.0);
    }
    metrics.figure(path, "assay_snapshot_revision", "Newest main revision.", Some(it.revisions.current));
    metrics.figure(
        path,
        "assay_snapshot_compacted_revision",
        "Where the last finished compaction was.",
        it.revisions.compacted,
    );
    metrics.figure(path, "assay_snapshot_live_keys", "Live keys.", Some(whole(it.keys.live)));
    metrics.figure(path, "assay_snapshot_tombstones", "Deletions not yet compacted.", Some(whole(it.keys.tombstones)));
    metrics.figure(path, "assay_snapshot_records", "Records, tombstones included.", Some(whole(it.keys.revisions)));
    metrics.figure(path, "assay_snapshot_leases", "Leases.", Some(whole(etcd.leases)));
    metrics.figure(
        path,
        "assay_snapshot_consistent_index",
        "Raft index of the last change.",
        etcd.consistent_index.map(whole),
    );
    metrics.figure(path, "assay_snapshot_raft_term", "Raft term of the last change.", etcd.term.map(whole));
    let valid = it.trailer.as_ref().map(|trailer| i64::from(trailer.valid == Some(true)));
    metrics.figure(path, "assay_snapshot_trailer_valid", "Whether the SHA-256 at the end is there and right.", valid);
    metrics.set("assay_snapshot_members", "Members of the cluster.", &of, etcd.members.len());
    metrics.set("assay_snapshot_alarms", "Alarms that were on.", &of, etcd.alarms.len());
    timestamp(&None, &it.path, metrics);
    if let Some(it_says) = &it.openshift {
        openshift(it_says, &it.path, metrics);
    }
    values(it, metrics);
}

fn openshift(it: &OpenShift, path: &str, metrics: &mut Metrics) {
    let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
    let [version, state, cluster, infrastructure] =
        [&it.version, &it.state, &it.cluster_id, &it.infrastructure_name].map(text);
    let labels = [
        ("path", path),
        ("version", &version),
        ("state", &state),
        ("cluster_id", &cluster),
        ("infrastructure", &infrastructure),
    ];
    metrics.set("assay_openshift_info", "What the cluster says of itself; always 1.", &labels, 1);
    let help = "Whether an update was under way.";
    metrics.set("assay_openshift_updating", help, &[("path", path)], i64::from(it.updating));
}

/// How values are stored, for resources that should be encrypted: Secrets, and whatever is encrypted in part.
fn values(it: &Snapshot, metrics: &mut Metrics) {
    for resource in &it.keys.resources {
        let encrypted: i64 = resource.encrypted.iter().fold(0, |sum, kind| sum.saturating_add(whole(kind.count)));
        if encrypted == 0 && resource.resource != "secrets" {
            continue;
        }
        let labels = [("path", &*it.path), ("resource", &resource.resource), ("group", &resource.group)];
        let plain = whole(resource.plain);
        metrics.add("assay_values_plain", "Live values stored in clear.", &labels, plain);
        metrics.add("assay_values_encrypted", "Live values stored encrypted.", &labels, encrypted);
    }
}

fn tarball(it: &Tarball, metrics: &mut Metrics) {
    let of = [("path", it.path.as_str())];
    metrics.set("assay_tarball_size_bytes", "Size of the tarball, compressed.", &of, whole(it.size));
    let help = "Whether the archive could be read to its end.";
    metrics.set("assay_tarball_complete", help, &of, i64::from(it.complete));
    metrics.set("assay_tarball_keyless", "Whether its keys are held elsewhere.", &of, i64::from(it.keyless));
    timestamp(&it.timestamp, &it.path, metrics);
    for key in &it.key_material {
        let Some(until) = time(&key.not_after) else { continue };
        let help = "When the certificate of a key in the tarball expires.";
        let member = key.path.text();
        let labels = [("path", it.path.as_str()), ("member", &member)];
        metrics.set("assay_certificate_not_after_timestamp_seconds", help, &labels, until.as_second());
    }
}

fn timestamp(stamp: &Option<String>, path: &str, metrics: &mut Metrics) {
    if let Some(taken) = stamp.as_deref().or_else(|| stamp_in(path)).and_then(taken) {
        let help = "When the backup was taken, by the time stamp in its name.";
        metrics.set("assay_backup_timestamp_seconds", help, &[("path", path)], taken.as_second());
    }
}

fn backup(it: &Backup, name: &str, metrics: &mut Metrics) {
    timestamp(&it.timestamp, name, metrics);
    if let Some(fit) = it.encryption.as_ref().and_then(|encryption| encryption.keys_fit) {
        let help = "Whether the keys at hand open every encrypted value.";
        metrics.set("assay_backup_keys_fit", help, &[("path", name)], i64::from(fit));
    }
    if let Some(verdict) = it.compat.verdict {
        let target = it.compat.target.as_deref().unwrap_or_default();
        let labels = [("path", name), ("target", target), ("verdict", verdict.name())];
        let help = "The verdict on a restore onto the target version; always 1.";
        metrics.set("assay_backup_compat_info", help, &labels, 1);
    }
}

/// Metrics in the order in which they came up; samples of one metric stand together, as the format asks.
#[derive(Default)]
struct Metrics {
    order: Vec<&'static str>,
    known: BTreeMap<&'static str, Metric>,
}

struct Metric {
    help: &'static str,
    /// Values by their labels, in order; a set of labels that comes twice counts once.
    samples: Vec<(String, String)>,
}

impl Metrics {
    fn set(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: impl ToString) {
        let metric = self.known.entry(name).or_insert_with(|| {
            self.order.push(name);
            Metric { help, samples: Vec::new() }
        });
        let (labels, value) = (label_set(labels), value.to_string());
        match metric.samples.iter_mut().find(|(known, _)| *known == labels) {
            Some((_, known)) => *known = value,
            None => metric.samples.push((labels, value)),
        }
    }

    /// A figure of one artifact, where it is known.
    fn figure(&mut self, path: &str, name: &'static str, help: &'static str, value: Option<i64>) {
        if let Some(value) = value {
            self.set(name, help, &[("path", path)], value);
        }
    }

    /// Like [`Self::set`], but a set of labels that comes twice counts the sum: one resource may be stored at two places.
    fn add(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: i64) {
        let set = label_set(labels);
        let known = self.known.get(name).and_then(|metric| metric.samples.iter().find(|(labels, _)| *labels == set));
        let known: i64 = known.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        self.set(name, help, labels, known.saturating_add(value));
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for name in &self.order {
            let Some(metric) = self.known.get(name) else { continue };
            // writing to a `String` cannot fail
            let _ = writeln!(out, "# HELP {name} {}\n# TYPE {name} gauge", metric.help);
            for (labels, value) in &metric.samples {
                let _ = writeln!(out, "{name}{labels} {value}");
            }
        }
        out
    }
}

/// `{path="a",severity="high"}`; nothing where there are no labels.
fn label_set(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let escaped = |value: &str| inert(value).replace('\\', "\\\\").replace('"', "\\\"");
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_together_whatever_is_in_them() {
        assert_eq!(label_set(&[]), "");
        assert_eq!(label_set(&[("path", "a\"} 1\n\\")]), r#"{path="a\"} 1\\n\\"}"#);
    }

    #[test]
    fn one_set_of_labels_has_one_sample() {
        let mut metrics = Metrics::default();
        metrics.set("a", "h", &[("p", "x")], 1);
        metrics.set("b", "h", &[], 0.5);
        metrics.set("a", "h", &[("p", "x")], 2);
        metrics.add("a", "h", &[("p", "x")], 5);
        assert_eq!(metrics.text(), "# HELP a h\n# TYPE a gauge\na{p=\"x\"} 7\n# HELP b h\n# TYPE b gauge\nb 0.5\n");
    }
}
