//! Metrics in Prometheus' text format. Labels are stable: a cluster, and words of a fixed list; no address, no digest.

use std::fmt::Write as _;

use super::clusters::Status;
use super::gather::Report;
use crate::item::State;

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
    head(
        &mut text,
        "assay_fleet_newest_good_timestamp_seconds",
        "When the newest backup of a cluster that was judged good was taken; left out where there is none.",
    );
    for cluster in &report.clusters {
        let taken = cluster.newest_good.as_ref().and_then(|good| good.taken.parse::<jiff::Timestamp>().ok());
        if let Some(taken) = taken {
            let name = label(&cluster.cluster);
            let seconds = taken.as_second();
            let _ = writeln!(text, "assay_fleet_newest_good_timestamp_seconds{{cluster=\"{name}\"}} {seconds}");
        }
    }
    text
}

/// The value of a label.
fn label(text: &str) -> String {
    wording::inert(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::super::clusters::tests::row;
    use super::super::gather::tests::of;
    use super::*;
    use crate::item::Verdict;

    #[test]
    fn labels_are_words_and_names_and_hostile_names_stay_inside_them() {
        let rows = [row("a\"}\n1", "s3://secret/uri", "2026-11-29T11:00:00Z", Verdict::Pass)];
        let text = metrics(&of(&rows));
        assert!(text.contains("assay_fleet_clusters{status=\"good\"} 1"), "{text}");
        assert!(text.contains("seconds{cluster=\"a\\\"}"), "{text}");
        assert!(!text.contains("s3://"), "{text}");
        assert!(text.lines().all(|line| line.starts_with('#') || line.starts_with("assay_fleet_")), "{text}");
    }
}
