//! Metrics in Prometheus' text format. Labels are stable: a cluster, and words of a fixed list; no address, no digest.

use std::fmt::Write as _;

use super::clusters::{Backup, Cluster, Status};
use super::gather::Report;
use crate::outcome::State;

/// The metrics.
pub(super) fn metrics(report: &Report) -> String {
    let mut text = String::new();
    let head = |text: &mut String, name: &str, help: &str| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
    };
    head(&mut text, "assay_fleet_clusters", "Clusters by what they have.");
    for status in Status::ALL {
        let count = report.statuses.get(status.name()).copied().unwrap_or(0);
        let _ = writeln!(text, "assay_fleet_clusters{{status=\"{}\"}} {count}", status.name());
    }
    head(&mut text, "assay_fleet_backups", "Backups by what came of them.");
    for state in State::ALL {
        let count = report.states.get(state.name()).copied().unwrap_or(0);
        let _ = writeln!(text, "assay_fleet_backups{{state=\"{}\"}} {count}", state.name());
    }
    head(&mut text, "assay_fleet_verdicts", "Backups by verdict.");
    for verdict in ["pass", "warn", "plausible", "fail"] {
        let count = report.verdicts.get(verdict).copied().unwrap_or(0);
        let _ = writeln!(text, "assay_fleet_verdicts{{verdict=\"{verdict}\"}} {count}");
    }
    head(&mut text, "assay_fleet_cluster_failing", "Whether a cluster lacks what it must have.");
    for cluster in &report.clusters {
        let failing = u8::from(cluster.status.fails());
        let _ = writeln!(text, "assay_fleet_cluster_failing{{cluster=\"{}\"}} {failing}", label(&cluster.cluster));
    }
    let newest = "assay_fleet_newest_good_timestamp_seconds";
    let help = "When the newest backup of a cluster that was judged good was taken; left out where there is none.";
    head(&mut text, newest, help);
    times(&mut text, newest, report, |cluster| cluster.newest_good.as_ref());
    let beneath = "assay_fleet_newest_good_beneath_timestamp_seconds";
    let help = "When a newer one was taken that was judged good, and was overwritten or deleted; left out where there is none.";
    head(&mut text, beneath, help);
    times(&mut text, beneath, report, Cluster::better_beneath);
    text
}

/// When a backup of each cluster was taken that has one.
fn times(text: &mut String, metric: &str, report: &Report, of: impl Fn(&Cluster) -> Option<&Backup>) {
    for cluster in &report.clusters {
        let taken = of(cluster).and_then(|backup| backup.taken.parse::<jiff::Timestamp>().ok());
        if let Some(taken) = taken {
            let _ = writeln!(text, "{metric}{{cluster=\"{}\"}} {}", label(&cluster.cluster), taken.as_second());
        }
    }
}

/// The value of a label.
fn label(text: &str) -> String {
    wording::inert(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::super::clusters::tests::{hidden, row};
    use super::super::gather::tests::of;
    use super::*;
    use crate::outcome::Verdict;

    #[test]
    fn labels_are_words_and_names_and_hostile_names_stay_inside_them() {
        let rows = [row("a\"}\n1", "s3://secret/uri", "2026-11-29T11:00:00Z", Verdict::Pass)];
        let text = metrics(&of(&rows));
        assert!(text.contains("assay_fleet_clusters{status=\"good\"} 1"), "{text}");
        assert!(text.contains("seconds{cluster=\"a\\\"}"), "{text}");
        assert!(!text.contains("s3://") && !text.contains("beneath_timestamp_seconds{"), "{text}");
        let text = metrics(&of(&[hidden("a", "s3://secret/uri", "2026-11-29T11:00:00Z", Verdict::Pass)]));
        assert!(text.contains("good_beneath_timestamp_seconds{cluster=\"a\"} 1795950000"), "{text}");
        assert!(!text.contains("s3://"), "{text}");
        assert!(text.lines().all(|line| line.starts_with('#') || line.starts_with("assay_fleet_")), "{text}");
    }
}
