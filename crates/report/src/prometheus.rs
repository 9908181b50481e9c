//! Prometheus' text exposition format, version 0.0.4, for node_exporter's textfile collector.
//!
//! Gauges all: each run replaces the file. A series is a cluster and a place: names lose the time in them, so that tonight's
//! backup continues the series of last night's, and of several in one place the newest is told. Written by hand: a line has three characters to escape, and libraries of
//! metrics bring registries and locks that a file has no use for.

pub(crate) mod kept;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use checks::{Severity, Verdict};
use document::{Artifact, Backup, Document, Newest, OpenShift, Row, Run, Snapshot, Tarball};
use jiff::Timestamp;
use wording::inert;

use crate::parts::{stamp_in, taken, time, whole};
use crate::timeless::timeless;

pub use kept::Kept;

pub(crate) fn render(document: &Document) -> String {
    let mut metrics = Metrics::default();
    judged(document, &mut metrics);
    if let Some(run) = &document.run {
        clusters(run, &mut metrics);
    }
    let rows = document.rows();
    let mut told: BTreeSet<&str> = rows.iter().flat_map(|row| document.names_of(row)).collect();
    for row in newest(&rows) {
        let cluster = row.cluster_id.unwrap_or_default();
        for name in document.names_of(row) {
            let series = Series { cluster, path: &timeless(name) };
            series.findings(document, name, &mut metrics);
            for artifact in document.artifacts.iter().filter(|artifact| artifact.name() == name) {
                series.artifact(artifact, &mut metrics);
            }
        }
        if let Some(taken) = row.taken.and_then(|taken| taken.parse::<Timestamp>().ok()).or_else(|| stamped(row)) {
            let series = Series { cluster, path: &timeless(row.name) };
            let help = "When the newest backup of that place was taken, by its data or the time stamp in its name.";
            series.set(&mut metrics, "assay_backup_timestamp_seconds", help, taken.as_second());
        }
    }
    // directories, and what a later assay tells of
    for name in document.names() {
        if told.insert(name) {
            Series { cluster: "", path: &timeless(name) }.findings(document, name, &mut metrics);
        }
    }
    metrics.text()
}

/// Of backups whose names differ by their time alone, the newest; so each night has the series of the night before.
fn newest<'r, 'd>(rows: &'r [Row<'d>]) -> Vec<&'r Row<'d>> {
    let mut order: Vec<(&str, String)> = Vec::new();
    let mut newest: BTreeMap<(&str, String), &Row<'d>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.error.is_none()) {
        let place = (row.cluster_id.unwrap_or_default(), timeless(row.name));
        let taken = |row: &Row<'_>| row.taken.map(str::to_owned).or_else(|| Some(stamped(row)?.to_string()));
        match newest.get(&place) {
            Some(known) if taken(known) > taken(row) => {}
            Some(_) => drop(newest.insert(place, row)),
            None => {
                order.push(place.clone());
                newest.insert(place, row);
            }
        }
    }
    order.iter().filter_map(|place| newest.get(place).copied()).collect()
}

/// When a backup was taken by its name: what a lone tarball, and an older assay, say of it.
fn stamped(row: &Row<'_>) -> Option<Timestamp> {
    row.timestamp.or_else(|| stamp_in(row.path)).and_then(taken)
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
    let help = "Backups by verdict, and what could not be read.";
    let rows = document.rows();
    for verdict in [Verdict::Pass, Verdict::Warn, Verdict::Fail] {
        let number = rows.iter().filter(|row| row.error.is_none() && row.verdict == verdict).count();
        metrics.set("assay_backups", help, &[("verdict", verdict.name())], number);
    }
    metrics.set("assay_backups", help, &[("verdict", "unreadable")], document.unread().count());
}

fn clusters(run: &Run, metrics: &mut Metrics) {
    for it in &run.clusters {
        let cluster = it.cluster.as_ref().map_or("", |cluster| cluster.id.as_str());
        for (verdict, number) in [("pass", it.pass), ("warn", it.warn), ("fail", it.fail)] {
            let labels = [("cluster", cluster), ("verdict", verdict)];
            metrics.set("assay_cluster_backups", "Backups of a cluster by verdict.", &labels, whole(number));
        }
        let at = |newest: &Option<Newest>| newest.as_ref()?.taken.as_ref()?.at.parse::<Timestamp>().ok();
        for (name, help, newest) in [
            ("assay_cluster_newest_timestamp_seconds", "When the newest backup of a cluster was taken.", &it.newest),
            (
                "assay_cluster_newest_good_timestamp_seconds",
                "When the newest backup of a cluster was taken that does not fail.",
                &it.newest_good,
            ),
        ] {
            metrics.figure(&[("cluster", cluster)], name, help, at(newest).map(Timestamp::as_second));
        }
    }
}

/// What tells one series from another: the cluster, and where its backups lie.
struct Series<'s> {
    cluster: &'s str,
    path: &'s str,
}

impl Series<'_> {
    fn labels<'m>(&'m self, more: &[(&'m str, &'m str)]) -> Vec<(&'m str, &'m str)> {
        [("cluster", self.cluster), ("path", self.path)].into_iter().chain(more.iter().copied()).collect()
    }

    fn set(&self, metrics: &mut Metrics, name: &'static str, help: &'static str, value: impl ToString) {
        metrics.set(name, help, &self.labels(&[]), value);
    }

    /// A figure of one artifact, where it is known.
    fn figure(&self, metrics: &mut Metrics, name: &'static str, help: &'static str, value: Option<i64>) {
        metrics.figure(&self.labels(&[]), name, help, value);
    }

    fn artifact(&self, artifact: &Artifact, metrics: &mut Metrics) {
        match artifact {
            Artifact::Snapshot(it) => self.snapshot(it, metrics),
            Artifact::Tarball(it) => self.tarball(it, metrics),
            Artifact::Backup(it) => self.backup(it, metrics),
            _ => {}
        }
    }

    fn findings(&self, document: &Document, name: &str, metrics: &mut Metrics) {
        let of = || document.findings.iter().filter(|finding| finding.artifact == name);
        for severity in Severity::ALL.into_iter().rev() {
            let help = "Findings that count, by severity.";
            let number = of().filter(|finding| finding.waived.is_none() && finding.severity == severity).count();
            metrics.set("assay_findings", help, &self.labels(&[("severity", severity.name())]), number);
        }
        let help = "Findings that a policy waives.";
        let waived = of().filter(|finding| finding.waived.is_some()).count();
        self.set(metrics, "assay_findings_waived", help, waived);
        for kind in document.kinds(name) {
            let standing: Vec<_> = kind.iter().filter(|finding| finding.waived.is_none()).collect();
            let Some(first) = standing.first() else { continue };
            let labels = [("id", &*first.id), ("name", &*first.name)];
            let help = "Findings that count, by kind; a kind without findings has no sample.";
            metrics.set("assay_findings_by_kind", help, &self.labels(&labels), standing.len());
        }
    }

    fn snapshot(&self, it: &Snapshot, metrics: &mut Metrics) {
        let (space, etcd) = (&it.space, &it.etcd);
        let ratio = [
            ("assay_snapshot_fragmentation_ratio", "Share of free pages.", space.fragmentation_percent),
            ("assay_snapshot_quota_ratio", "Share of the quota that the database takes.", space.quota_percent),
        ];
        for (name, help, percent) in ratio {
            self.set(metrics, name, help, percent / 100.0);
        }
        let valid = it.trailer.as_ref().map(|trailer| i64::from(trailer.valid == Some(true)));
        for (name, help, value) in [
            ("assay_snapshot_size_bytes", "Size of the snapshot, uncompressed.", Some(whole(it.size))),
            ("assay_snapshot_database_size_bytes", "Size of all pages of the database.", Some(whole(space.db_size))),
            ("assay_snapshot_in_use_bytes", "Size of pages in use.", Some(whole(space.in_use))),
            ("assay_snapshot_revision", "Newest main revision.", Some(it.revisions.current)),
            ("assay_snapshot_compacted_revision", "Where the last finished compaction was.", it.revisions.compacted),
            ("assay_snapshot_live_keys", "Live keys.", Some(whole(it.keys.live))),
            ("assay_snapshot_tombstones", "Deletions not yet compacted.", Some(whole(it.keys.tombstones))),
            ("assay_snapshot_records", "Records, tombstones included.", Some(whole(it.keys.revisions))),
            ("assay_snapshot_leases", "Leases.", Some(whole(etcd.leases))),
            ("assay_snapshot_consistent_index", "Raft index of the last change.", etcd.consistent_index.map(whole)),
            ("assay_snapshot_raft_term", "Raft term of the last change.", etcd.term.map(whole)),
            ("assay_snapshot_trailer_valid", "Whether the SHA-256 at the end is there and right.", valid),
        ] {
            self.figure(metrics, name, help, value);
        }
        self.set(metrics, "assay_snapshot_members", "Members of the cluster.", etcd.members.len());
        self.set(metrics, "assay_snapshot_alarms", "Alarms that were on.", etcd.alarms.len());
        if let Some(it_says) = &it.openshift {
            self.openshift(it_says, metrics);
        }
        self.values(it, metrics);
    }

    fn openshift(&self, it: &OpenShift, metrics: &mut Metrics) {
        let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        let [version, state, cluster, infrastructure] =
            [&it.version, &it.state, &it.cluster_id, &it.infrastructure_name].map(text);
        let labels = [
            ("version", version.as_str()),
            ("state", &state),
            ("cluster_id", &cluster),
            ("infrastructure", &infrastructure),
        ];
        metrics.set("assay_openshift_info", "What the cluster says of itself; always 1.", &self.labels(&labels), 1);
        let help = "Whether an update was under way.";
        self.set(metrics, "assay_openshift_updating", help, i64::from(it.updating));
    }

    /// How values are stored, for resources that should be encrypted: Secrets, and whatever is encrypted in part.
    fn values(&self, it: &Snapshot, metrics: &mut Metrics) {
        for resource in &it.keys.resources {
            let encrypted: i64 = resource.encrypted.iter().fold(0, |sum, kind| sum.saturating_add(whole(kind.count)));
            if encrypted == 0 && resource.resource != "secrets" {
                continue;
            }
            let labels = self.labels(&[("resource", &resource.resource), ("group", &resource.group)]);
            let plain = whole(resource.plain);
            metrics.add("assay_values_plain", "Live values stored in clear.", &labels, plain);
            metrics.add("assay_values_encrypted", "Live values stored encrypted.", &labels, encrypted);
        }
    }

    fn tarball(&self, it: &Tarball, metrics: &mut Metrics) {
        self.set(metrics, "assay_tarball_size_bytes", "Size of the tarball, compressed.", whole(it.size));
        let help = "Whether the archive could be read to its end.";
        self.set(metrics, "assay_tarball_complete", help, i64::from(it.complete));
        self.set(metrics, "assay_tarball_keyless", "Whether its keys are held elsewhere.", i64::from(it.keyless));
        for key in &it.key_material {
            let Some(until) = time(&key.not_after) else { continue };
            let help = "When the certificate of a key in the tarball expires.";
            let member = timeless(&key.path.text());
            let labels = self.labels(&[("member", &member)]);
            metrics.set("assay_certificate_not_after_timestamp_seconds", help, &labels, until.as_second());
        }
    }

    fn backup(&self, it: &Backup, metrics: &mut Metrics) {
        if let Some(fit) = it.encryption.as_ref().and_then(|encryption| encryption.keys_fit) {
            let help = "Whether the keys at hand open every encrypted value.";
            self.set(metrics, "assay_backup_keys_fit", help, i64::from(fit));
        }
        if let Some(verdict) = it.compat.verdict {
            let target = it.compat.target.as_deref().unwrap_or_default();
            let labels = self.labels(&[("target", target), ("verdict", verdict.name())]);
            let help = "The verdict on a restore onto the target version; always 1.";
            metrics.set("assay_backup_compat_info", help, &labels, 1);
        }
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

    /// A figure, where it is known.
    fn figure(&mut self, labels: &[(&str, &str)], name: &'static str, help: &'static str, value: Option<i64>) {
        if let Some(value) = value {
            self.set(name, help, labels, value);
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
