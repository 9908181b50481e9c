//! JUnit: a test for each cluster, which fails where the cluster lacks what it must have.

use maud::{Markup, PreEscaped, html};

use super::clusters::{Backup, Cluster};
use super::gather::Report;

/// The document.
pub(super) fn suite(report: &Report) -> String {
    let body = html! {
        testsuites {
            testsuite name="assay-fleet" tests=(report.clusters.len()) failures=(report.failing()) errors="0" skipped="0" {
                @for cluster in &report.clusters { (case(cluster)) }
            }
        }
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", body.into_string())
}

fn case(cluster: &Cluster) -> Markup {
    let name = plain(&cluster.cluster);
    let good = match (&cluster.newest_good, cluster.age_seconds) {
        (Some(good), Some(age)) => format!("newest good: {}, {} old", good.uri, crate::age::shown(age)),
        (Some(good), None) => format!("newest good: {}, of no known time", good.uri),
        (None, _) => "newest good: none".to_owned(),
    };
    let beneath = cluster.better_beneath().and_then(Backup::beneath);
    let good = beneath.map_or(good.clone(), |beneath| format!("{good}; a good one lies beneath, {beneath}"));
    html! {
        testcase classname="fleet.cluster" name=(name) {
            @if cluster.status.fails() {
                failure message=(cluster.status.told()) type=(cluster.status.name()) { (plain(&good)) }
            } @else {
                (PreEscaped("<system-out>")) (plain(&good)) (PreEscaped("</system-out>"))
            }
        }
    }
}

/// What XML has no place for is shown.
fn plain(text: &str) -> String {
    wording::inert(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::clusters::tests::{hidden, row};
    use super::super::gather::tests::of;
    use super::*;
    use crate::outcome::Verdict;

    #[test]
    fn a_cluster_is_a_test_and_hostile_names_are_text() {
        let at = "2026-11-29T11:00:00Z";
        let rows = [row("<x>&\"\u{1b}", "a", at, Verdict::Fail), row("prod", "b", at, Verdict::Pass)];
        let rows =
            [rows, [hidden("<x>&\"\u{1b}", "c", at, Verdict::Pass), hidden("prod", "d", at, Verdict::Fail)]].concat();
        let text = suite(&of(&rows));
        assert!(text.contains("tests=\"2\" failures=\"1\""), "{text}");
        assert_eq!(text.matches("newest good: none; a good one lies beneath, of 2026").count(), 1, "{text}");
        assert!(text.contains("&lt;x&gt;&amp;&quot;") && !text.contains('\u{1b}') && !text.contains("<x>"), "{text}");
    }
}
