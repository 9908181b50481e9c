//! One page for people, which fetches nothing and runs nothing.

use calendar::State as Day;
use jiff::civil::Date;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::clusters::{Backup, Cluster, Status, Trend};
use super::gather::Report;

/// Days that are shown of each cluster.
const DAYS: u16 = 28;

/// The page.
pub(super) fn page(report: &Report) -> String {
    let headline = match report.failing() {
        0 => "Every cluster has a backup that was judged good".to_owned(),
        failing => format!("{} without a backup to rely on", wording::count(failing as u64, "cluster")),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Backups of the fleet: " (headline) }
                style { (PreEscaped(calendar::PALETTE)) (PreEscaped(include_str!("style.css"))) (PreEscaped(calendar::STYLE)) }
            }
            body {
                h1 { (headline) }
                p {
                    @for status in Status::ALL {
                        @if let Some(count) = report.statuses.get(status.name()) {
                            span class=(class(status)) { (wording::group_digits(*count)) " " (status.told()) } " "
                        }
                    }
                    br;
                    small { "ages to " (report.now) ", judged as of " (report.judged) " by assay " (report.assay)
                        ", run " code { (report.run) } }
                }
                (clusters(report))
                (findings(report))
            }
        }
    };
    page.into_string() + "\n"
}

fn class(status: Status) -> &'static str {
    match status {
        _ if status.fails() => "bad",
        Status::Good => "good",
        _ => "warn",
    }
}

fn clusters(report: &Report) -> Markup {
    let today = report.now.parse::<jiff::Timestamp>().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let today = jiff::tz::Offset::UTC.to_datetime(today).date();
    html! {
        h2 { "Clusters, the worst first" }
        (calendar::legend(&Day::OF_FLEET))
        table class="clusters" {
            thead { tr {
                th { "Cluster" } th { "Newest good" } th { "Status" } th class="n" { "Backups" } th class="n" { "Fail" }
                th { "Of the newest" } th { "The last " (DAYS) " days" }
            } }
            tbody { @for cluster in &report.clusters { (row(cluster, today)) } }
        }
        @if !report.gone.is_empty() {
            p { "Gone since the run before: " (report.gone.iter().map(|it| plain(it)).collect::<Vec<_>>().join(", ")) }
        }
    }
}

fn row(cluster: &Cluster, today: Date) -> Markup {
    let age = cluster.age_seconds.map_or_else(|| "none".to_owned(), crate::age::shown);
    let trend = match cluster.trend {
        Some(Trend::Worse) => ", worse",
        Some(Trend::Better) => ", better",
        Some(Trend::New) => ", new",
        Some(Trend::Same) | None => "",
    };
    let newest = cluster.newest.as_ref();
    html! {
        tr {
            td class="c" { (plain(&cluster.cluster)) }
            td title=[cluster.newest_good.as_ref().map(|good| plain(&good.uri))] { (age) }
            td class=(class(cluster.status)) {
                (cluster.status.told()) (trend)
                @if let Some(beneath) = cluster.better_beneath().and_then(Backup::beneath) {
                    br; small { "a good one lies beneath, " (plain(&beneath)) }
                }
            }
            td class="n" { (cluster.backups) }
            td class="n" { (cluster.verdicts.get("fail").copied().unwrap_or(0)) }
            td {
                @if let Some(newest) = newest {
                    (newest.verdict.map_or_else(|| newest.state.name(), crate::outcome::Verdict::name))
                    ", " (plain(&newest.taken))
                }
            }
            td { (calendar::line(today, DAYS, |date| cluster.days.get(&date).copied().unwrap_or(Day::None))) }
        }
    }
}

fn findings(report: &Report) -> Markup {
    html! {
        h2 { "Found, the worst first" }
        table {
            thead { tr { th { "Finding" } th { "Severity" } th class="n" { "Clusters" } th class="n" { "Backups" } } }
            tbody {
                @for found in &report.findings {
                    tr {
                        td { (plain(&found.id)) " " (plain(&found.name)) }
                        td { (plain(&found.severity)) }
                        td class="n" { (found.clusters) }
                        td class="n" { (found.backups) }
                    }
                }
            }
        }
    }
}

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
    fn a_page_fetches_nothing_and_a_hostile_name_is_text() {
        let at = "2026-11-29T11:00:00Z";
        let rows =
            [row("<script src=//x>", "b", at, Verdict::Fail), hidden("<script src=//x>", "<b>", at, Verdict::Pass)];
        let page = page(&of(&rows));
        assert!(page.contains("1 cluster without a backup to rely on"));
        assert!(page.contains("deleted: &lt;b&gt;, version V1"), "{page}");
        assert!(page.contains("&lt;script") && !page.contains("<script"), "{page}");
        // the day of the report, and 27 before it
        let days = "<span class=\"unfit\" title=\"2026-11-29: none that can\">✗</span>";
        assert!(page.contains(days) && page.contains(&"·".repeat(27)), "{page}");
        for never in ["src=\"", "href=", "url(", "@import"] {
            assert!(!page.contains(never), "{never}");
        }
    }
}
