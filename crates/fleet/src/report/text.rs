//! The report for a terminal of 80 columns.

use std::fmt::Write as _;

use super::clusters::{Cluster, Status, Trend};
use super::gather::Report;

/// Columns of a cluster's name.
const NAME: usize = 36;
/// Findings that are named.
const FINDINGS: usize = 10;

/// The screen.
pub(super) fn screen(report: &Report, top: usize) -> String {
    let mut text = format!("{}: ", wording::count(report.clusters.len() as u64, "cluster"));
    let count = |status: &Status| Some((*status, *report.statuses.get(status.name())?));
    let told: Vec<String> = Status::ALL
        .iter()
        .filter_map(count)
        .map(|(status, count)| format!("{} {}", wording::group_digits(count), status.told()))
        .collect();
    text.push_str(&told.join(", "));
    text.push('\n');
    if report.clusters.iter().any(|cluster| cluster.trend.is_some()) {
        let (worse, better, new) =
            (report.of_trend(Trend::Worse), report.of_trend(Trend::Better), report.of_trend(Trend::New));
        let _ = writeln!(
            text,
            "since the run before: {worse} worse, {better} better, {new} new, {} gone",
            report.gone.len()
        );
    }
    let _ = writeln!(text, "\n{:NAME$}  {:11}  {:19}  {:>7}", "CLUSTER", "NEWEST GOOD", "STATUS", "BACKUPS");
    for cluster in report.clusters.iter().take(top) {
        let _ = writeln!(text, "{}", line(cluster));
    }
    let more = report.clusters.len().saturating_sub(top);
    if more > 0 {
        let _ = writeln!(
            text,
            "and {} more: --top {} names all",
            wording::group_digits(more as u64),
            report.clusters.len()
        );
    }
    beneath(&mut text, report, top);
    let joined = |counts: &std::collections::BTreeMap<&'static str, u64>| {
        counts
            .iter()
            .map(|(word, count)| format!("{} {word}", wording::group_digits(*count)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let _ = writeln!(text, "\nbackups: {}", joined(&report.states));
    let _ = writeln!(text, "verdicts: {}", joined(&report.verdicts));
    if !report.beneath.is_empty() {
        let _ = writeln!(text, "beneath the newest versions: {}", joined(&report.beneath));
    }
    let serious = report.findings.iter().filter(|found| found.severity != "info").take(FINDINGS);
    for (at, found) in serious.enumerate() {
        if at == 0 {
            text.push_str("\nfound, the worst first:\n");
        }
        let where_to =
            format!("{} of {}", wording::count(found.backups, "backup"), wording::count(found.clusters, "cluster"));
        let _ =
            writeln!(text, "{:9} {:8} {:32} {where_to}", found.id, found.severity, wording::shorten(&found.name, 32));
    }
    wording::inert_lines(&text).into_owned()
}

/// What can be brought back, and by which version.
fn beneath(text: &mut String, report: &Report, top: usize) {
    for (at, (cluster, told)) in report.better_beneath().enumerate() {
        if at == 0 {
            text.push_str("\na good one lies beneath, newer than the newest good that is seen:\n");
        }
        if at == top {
            text.push_str("and more\n");
            return;
        }
        let name = wording::escape(cluster.cluster.as_bytes());
        let _ = writeln!(text, "{}\n  {told}", wording::shorten(&name, NAME));
    }
}

fn line(cluster: &Cluster) -> String {
    let age = cluster.age_seconds.map_or_else(|| "none".to_owned(), crate::age::shown);
    let trend = match cluster.trend {
        Some(Trend::Worse) => "  worse",
        Some(Trend::Better) => "  better",
        Some(Trend::New) => "  new",
        Some(Trend::Same) | None => "",
    };
    let name = wording::escape(cluster.cluster.as_bytes());
    let name = wording::shorten(&name, NAME);
    let gap = " ".repeat(NAME.saturating_sub(wording::width(&name)));
    format!("{name}{gap}  {age:11}  {:19}  {:>7}{trend}", cluster.status.told(), cluster.backups)
}

#[cfg(test)]
mod tests {
    use super::super::clusters::tests::{hidden, row};
    use super::super::gather::tests::of;
    use super::*;
    use crate::outcome::Verdict;

    #[test]
    fn what_lies_beneath_is_told_with_its_version() {
        let at = "2026-11-29T11:00:00Z";
        let rows = [hidden("prod", "s3://b/x.db\u{1b}[2J", at, Verdict::Pass), row("prod", "y", at, Verdict::Fail)];
        let text = screen(&of(&rows), 20);
        let told = "a good one lies beneath, newer than the newest good that is seen:\nprod\n  of 2026-11-29T11:00:00Z, \
                    deleted: s3://b/x.db";
        assert!(text.contains(told) && text.contains(", version V1\n"), "{text}");
        assert!(text.contains("verdicts: 1 fail\nbeneath the newest versions: 1 pass\n"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn a_screen_has_eighty_columns_and_a_terminal_obeys_nothing_in_it() {
        let at = "2026-11-29T11:00:00Z";
        let long = "s3://a-bucket-with-a-long-name/and/a/long/way/to/the/cluster-\u{1b}[2J";
        let rows = [row(long, "x", at, Verdict::Fail), row("prod", "y", at, Verdict::Pass)];
        let text = screen(&of(&rows), 20);
        assert!(text.lines().all(|line| wording::width(line) <= 80), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.starts_with("2 clusters: 1 none judged good, 1 good\n"), "{text}");
        assert!(screen(&of(&rows), 1).contains("and 1 more: --top 2 names all"));
    }
}
