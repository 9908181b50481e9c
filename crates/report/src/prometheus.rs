//! Prometheus' text exposition format, version 0.0.4, for node_exporter's textfile collector.
//!
//! Gauges all: each run replaces the file. Written by hand: a line has three characters to escape, and libraries of
//! metrics bring registries and locks that a file has no use for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::document::{Document, Node, Severity, taken};
use crate::text::shown;

pub(crate) fn render(document: &Document<'_>) -> String {
    let mut metrics = Metrics::default();
    whole(document, &mut metrics);
    for name in document.names() {
        findings(document, name, &mut metrics);
    }
    for artifact in document.artifacts() {
        let path = artifact.artifact_name();
        match artifact.at("kind").text() {
            Some("snapshot") => snapshot(artifact, path, &mut metrics),
            Some("static-kuberesources") => tarball(artifact, path, &mut metrics),
            Some("backup") => backup(artifact, path, &mut metrics),
            _ => {}
        }
    }
    metrics.text()
}

fn whole(document: &Document<'_>, metrics: &mut Metrics) {
    let version = document.root.at("assay").text().unwrap_or("unknown");
    metrics.set("assay_build_info", "The assay that judged; always 1.", &[("version", version)], 1);
    let help = "The verdict on all inputs together: 1 for the one that holds, 0 for the others.";
    for verdict in ["pass", "warn", "fail"] {
        let holds = i64::from(document.verdict() == verdict);
        metrics.set("assay_verdict", help, &[("verdict", verdict)], holds);
    }
    let help = "Whether every input could be read and judged.";
    metrics.set("assay_complete", help, &[], i64::from(!document.is_incomplete()));
}

fn findings(document: &Document<'_>, path: &str, metrics: &mut Metrics) {
    let of = || document.findings.iter().filter(|finding| finding.artifact == path);
    for severity in Severity::ALL {
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
        let labels = [("path", path), ("id", first.id), ("name", first.name)];
        let help = "Findings that count, by kind; a kind without findings has no sample.";
        metrics.set("assay_findings_by_kind", help, &labels, standing.len());
    }
}

/// Figures of a snapshot: metric, help, where in the document, divisor.
const FIGURES: [(&str, &str, &str, f64); 13] = [
    ("assay_snapshot_size_bytes", "Size of the snapshot, uncompressed.", "size", 1.0),
    ("assay_snapshot_database_size_bytes", "Size of all pages of the database.", "space.dbSize", 1.0),
    ("assay_snapshot_in_use_bytes", "Size of pages in use.", "space.inUse", 1.0),
    ("assay_snapshot_fragmentation_ratio", "Share of free pages.", "space.fragmentationPercent", 100.0),
    ("assay_snapshot_quota_ratio", "Share of the quota that the database takes.", "space.quotaPercent", 100.0),
    ("assay_snapshot_revision", "Newest main revision.", "revisions.current", 1.0),
    ("assay_snapshot_compacted_revision", "Where the last finished compaction was.", "revisions.compacted", 1.0),
    ("assay_snapshot_live_keys", "Live keys.", "keys.live", 1.0),
    ("assay_snapshot_tombstones", "Deletions not yet compacted.", "keys.tombstones", 1.0),
    ("assay_snapshot_records", "Records, tombstones included.", "keys.revisions", 1.0),
    ("assay_snapshot_leases", "Leases.", "etcd.leases", 1.0),
    ("assay_snapshot_consistent_index", "Raft index of the last change.", "etcd.consistentIndex", 1.0),
    ("assay_snapshot_raft_term", "Raft term of the last change.", "etcd.term", 1.0),
];

fn snapshot(artifact: Node<'_>, path: &str, metrics: &mut Metrics) {
    for (name, help, place, divisor) in FIGURES {
        let node = artifact.at(place);
        match (node.integer(), node.number()) {
            // exact where a float would not be
            (Some(number), _) if divisor == 1.0 => metrics.set(name, help, &[("path", path)], number),
            (_, Some(number)) => metrics.set(name, help, &[("path", path)], number / divisor),
            _ => {}
        }
    }
    if artifact.at("trailer").is_there() {
        let valid = artifact.at("trailer.valid").flag() == Some(true);
        let help = "Whether the SHA-256 at the end is there and right.";
        metrics.set("assay_snapshot_trailer_valid", help, &[("path", path)], i64::from(valid));
    }
    if artifact.at("etcd").is_there() {
        let help = "Members of the cluster.";
        metrics.set("assay_snapshot_members", help, &[("path", path)], artifact.at("etcd.members").items().count());
        let help = "Alarms that were on.";
        metrics.set("assay_snapshot_alarms", help, &[("path", path)], artifact.at("etcd.alarms").items().count());
    }
    timestamp(artifact, path, metrics);
    openshift(artifact, path, metrics);
    values(artifact, path, metrics);
}

fn openshift(artifact: Node<'_>, path: &str, metrics: &mut Metrics) {
    let openshift = artifact.at("openshift");
    if !openshift.is_there() {
        return;
    }
    let text = |name: &str| openshift.at(name).text().unwrap_or_default();
    let labels = [
        ("path", path),
        ("version", text("version")),
        ("state", text("state")),
        ("cluster_id", text("clusterId")),
        ("infrastructure", text("infrastructureName")),
    ];
    metrics.set("assay_openshift_info", "What the cluster says of itself; always 1.", &labels, 1);
    let updating = i64::from(openshift.at("updating").flag() == Some(true));
    let help = "Whether an update was under way.";
    metrics.set("assay_openshift_updating", help, &[("path", path)], updating);
}

/// How values are stored, for resources that should be encrypted: Secrets, and whatever is encrypted in part.
fn values(artifact: Node<'_>, path: &str, metrics: &mut Metrics) {
    for resource in artifact.at("keys.resources").items() {
        let encrypted: i64 = resource.at("encrypted").items().filter_map(|kind| kind.at("count").integer()).sum();
        let name = resource.at("resource").text().unwrap_or_default();
        if encrypted == 0 && name != "secrets" {
            continue;
        }
        let labels = [("path", path), ("resource", name), ("group", resource.at("group").text().unwrap_or_default())];
        let plain = resource.at("plain").integer().unwrap_or(0);
        metrics.add("assay_values_plain", "Live values stored in clear.", &labels, plain);
        metrics.add("assay_values_encrypted", "Live values stored encrypted.", &labels, encrypted);
    }
}

fn tarball(artifact: Node<'_>, path: &str, metrics: &mut Metrics) {
    if let Some(size) = artifact.at("size").integer() {
        metrics.set("assay_tarball_size_bytes", "Size of the tarball, compressed.", &[("path", path)], size);
    }
    for (place, name, help) in [
        ("complete", "assay_tarball_complete", "Whether the archive could be read to its end."),
        ("keyless", "assay_tarball_keyless", "Whether its keys are held elsewhere."),
    ] {
        if let Some(flag) = artifact.at(place).flag() {
            metrics.set(name, help, &[("path", path)], i64::from(flag));
        }
    }
    timestamp(artifact, path, metrics);
    for key in artifact.at("keyMaterial").items() {
        let (Some(until), Some(member)) = (key.at("notAfter").time(), key.at("path").text()) else { continue };
        let help = "When the certificate of a key in the tarball expires.";
        let labels = [("path", path), ("member", member)];
        metrics.set("assay_certificate_not_after_timestamp_seconds", help, &labels, until.as_second());
    }
}

fn timestamp(artifact: Node<'_>, path: &str, metrics: &mut Metrics) {
    // a snapshot's document tells no time: its name does
    let name = path.rsplit('/').next().and_then(|name| name.split_once('_')).and_then(|(_, rest)| rest.get(..17));
    if let Some(taken) = artifact.at("timestamp").text().or(name).and_then(taken) {
        let help = "When the backup was taken, by the time stamp in its name.";
        metrics.set("assay_backup_timestamp_seconds", help, &[("path", path)], taken.as_second());
    }
}

fn backup(artifact: Node<'_>, path: &str, metrics: &mut Metrics) {
    timestamp(artifact, path, metrics);
    if let Some(fit) = artifact.at("encryption.keysFit").flag() {
        let help = "Whether the keys at hand open every encrypted value.";
        metrics.set("assay_backup_keys_fit", help, &[("path", path)], i64::from(fit));
    }
    let compat = artifact.at("compat");
    if let Some(verdict) = compat.at("verdict").text() {
        let labels = [("path", path), ("target", compat.at("target").text().unwrap_or_default()), ("verdict", verdict)];
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
    let escaped = |value: &str| shown(value).replace('\\', "\\\\").replace('"', "\\\"");
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_together_whatever_is_in_them() {
        assert_eq!(label_set(&[]), "");
        assert_eq!(label_set(&[("path", "a\"} 1\n\\")]), r#"{path="a\"} 1\\u{a}\\"}"#);
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
