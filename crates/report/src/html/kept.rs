//! A calendar of backups, from the document that `assay catalog calendar` makes: a page to hang on a wall.
//!
//! A day is a cell. What its colour says, a mark in it says, too, for whoever sees colours otherwise, and on paper.

use std::sync::LazyLock;

use calendar::{Day, State};
use document::{Artifact, BackupDay, ClusterStats, Document};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::told::{count, grouped, size};
use super::{minute, name, policy_of};
use crate::parts::whole;

/// That of a report, and how days look.
static STYLE: LazyLock<String> =
    LazyLock::new(|| [super::STYLE.as_str(), include_str!("kept.css"), calendar::STYLE].concat());
/// Gaps and changes of keys that are listed.
const LISTED: usize = 5;

pub(crate) fn render(document: &Document, now: Option<Timestamp>) -> String {
    let clusters: Vec<&ClusterStats> = document
        .artifacts
        .iter()
        .filter_map(|artifact| match artifact {
            Artifact::ClusterStats(it) => Some(it.as_ref()),
            _ => None,
        })
        .collect();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy_of(&STYLE));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "Backups · assay" }
                // the style sheet is ours and has no `<`; escaped, its digest would not be that of the policy
                style { (PreEscaped(STYLE.as_str())) }
            }
            body {
                (head(&clusters, now))
                main {
                    (calendar::legend(&State::OF_CATALOG))
                    @for cluster in clusters { (section(cluster, now)) }
                }
                footer { p { "Made by assay " (super::text(&document.assay)) " from its catalog of backups. " code { "assay catalog stats" } " has the figures." } }
            }
        }
    };
    page.into_string() + "\n"
}

/// The worst news of all clusters first.
fn head(clusters: &[&ClusterStats], now: Option<Timestamp>) -> Markup {
    let of = |is: &dyn Fn(&ClusterStats) -> bool| clusters.iter().filter(|it| is(it)).count();
    let never = of(&|it| it.last_restorable.is_none());
    let failing = of(&|it| it.last_restorable.is_some() && it.last.as_ref().is_some_and(|last| !last.restorable));
    let hurt = of(&|it| it.backups.changed + it.backups.missing > 0);
    let (class, title) = match (never + failing, hurt) {
        _ if clusters.is_empty() => ("warn", "No backup is known"),
        (0, 0) => ("pass", "The newest backup of each cluster can be restored"),
        (0, _) => ("warn", "Backups have changed or gone since they were taken"),
        _ => ("fail", "The newest backup cannot be restored"),
    };
    let clusters_in_words = |number: usize| count(whole(u64::try_from(number).unwrap_or(u64::MAX)), "cluster");
    html! {
        header class={ "verdict " (class) } {
            div.band {
                h1 { "Backups" }
                p.sentence { (title) "." }
                ul.counts {
                    li.badge { b { (clusters.len()) } " known" }
                    @if never > 0 { li.badge.critical { (clusters_in_words(never)) " without any" } }
                    @if failing > 0 { li.badge.critical { (clusters_in_words(failing)) " whose newest fails" } }
                    @if hurt > 0 { li.badge.medium { (clusters_in_words(hurt)) " with changed or missing files" } }
                }
                @if let Some(now) = now { p.soft { "As of " (minute(now)) } }
            }
        }
    }
}

fn section(it: &ClusterStats, now: Option<Timestamp>) -> Markup {
    let id = it.cluster.as_deref().unwrap_or("of no cluster that is known");
    html! {
        section.cluster {
            h2 { (name(it.name.as_deref().unwrap_or(id))) }
            @if it.name.is_some() { p.soft { (name(id)) } }
            (facts(it, now))
            (calendar::months(&it.days.iter().filter_map(day).collect::<Vec<_>>()))
        }
    }
}

fn facts(it: &ClusterStats, now: Option<Timestamp>) -> Markup {
    let counts = it.backups;
    let at = |text: &str| text.parse::<Timestamp>().map_or_else(|_| text.to_owned(), minute);
    html! {
        dl.facts {
            dt { "Newest to restore" }
            dd {
                @match &it.last_restorable {
                    Some(last) => { (name(&last.id)) ", taken " (at(&last.taken)) (ago(&last.taken, now)) }
                    None => { b { "none" } }
                }
            }
            dt { "Backups" }
            dd {
                (count(whole(counts.all), "backup")) ", " (grouped(whole(counts.restorable))) " to restore"
                @if counts.changed > 0 { ", " b { (grouped(whole(counts.changed))) " changed since" } }
                @if counts.missing > 0 { ", " b { (grouped(whole(counts.missing))) " missing" } }
                @if counts.orphan > 0 { ", " (grouped(whole(counts.orphan))) " without their other half" }
            }
            @if !it.hosts.is_empty() {
                dt { "They lie on" }
                dd {
                    @for (place, host) in it.hosts.iter().enumerate() {
                        @if place > 0 { ", " } (name(&host.host)) " (" (grouped(whole(host.backups))) ")"
                    }
                    @if it.on_one_host > 0 { "; " (grouped(whole(it.on_one_host))) " on one host alone" }
                }
            }
            @if let Some(median) = it.cadence.median_seconds { dt { "One comes" } dd { "every " (span(median)) } }
            @for gap in it.cadence.gaps.iter().take(LISTED) {
                dt { "A gap of " (span(gap.seconds)) } dd { (at(&gap.from)) " to " (at(&gap.to)) }
            }
            @if let Some(last) = it.sizes.last() {
                dt { "Size" }
                dd {
                    (size(whole(last.size))) ", " (last.fragmentation_percent) " % of it free pages"
                    @if let Some(growth) = it.growth_bytes_per_day { ", " (grown(growth)) " a day" }
                }
            }
            @for rotation in it.rotations.iter().rev().take(LISTED) {
                dt { "Keys changed" }
                dd {
                    (at(&rotation.taken)) ": " (count(whole(rotation.added.len() as u64), "key")) " more, "
                    (grouped(whole(rotation.gone.len() as u64))) " not needed any more"
                }
            }
        }
    }
}

/// A day, unless it has no date.
fn day(of: &BackupDay) -> Option<Day> {
    let state = State::named(&of.state);
    let said = state.map_or("?", State::said);
    let told = match of.backups {
        0 => format!("{}: {said}", of.day),
        _ => format!(
            "{}: {}, {} to restore; {said}",
            of.day,
            count(whole(of.backups), "backup"),
            grouped(whole(of.restorable))
        ),
    };
    Some(Day { date: of.day.parse().ok()?, state, told })
}

/// How long ago, in brackets.
fn ago(taken: &str, now: Option<Timestamp>) -> String {
    let seconds =
        now.zip(taken.parse().ok()).map(|(now, taken): (Timestamp, Timestamp)| now.as_second() - taken.as_second());
    seconds.filter(|seconds| *seconds >= 0).map(|seconds| format!(" ({} ago)", span(seconds))).unwrap_or_default()
}

/// `3 days`, `26 hours`, `5 minutes`.
fn span(seconds: i64) -> String {
    match seconds {
        172_800.. => count(seconds / 86_400, "day"),
        7200.. => count(seconds / 3600, "hour"),
        _ => count(seconds / 60, "minute"),
    }
}

/// With its sign.
#[expect(clippy::cast_possible_truncation, reason = "a figure for people")]
fn grown(bytes: f64) -> String {
    let bytes = bytes as i64;
    format!("{}{}", if bytes < 0 { "−" } else { "+" }, size(bytes.saturating_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_in_the_unit_that_fits() {
        for (seconds, words) in
            [(59, "0 minutes"), (7199, "119 minutes"), (7200, "2 hours"), (172_799, "47 hours"), (172_800, "2 days")]
        {
            assert_eq!(span(seconds).replace('\u{a0}', " "), words);
        }
        assert_eq!((grown(-2048.0), grown(10.0)), ("−2.0\u{a0}KiB".to_owned(), "+10\u{a0}B".to_owned()));
    }

    #[test]
    fn the_style_sheet_fetches_nothing_and_holds_no_tag() {
        for word in ["url(", "@import", "<", "http", "expression("] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}
