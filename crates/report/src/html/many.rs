//! A run over many backups: a table of all, a row each, filtered and sorted in the browser; what stands against each is
//! folded.
//!
//! The page runs one script, which is in it and allowed by its digest, and fetches nothing. Without the script the table is
//! there all the same, worst first.

use std::collections::BTreeSet;

use checks::{Severity, Verdict};
use document::{ClusterRun, Document, Finding, Newest, Row};
use jiff::Timestamp;
use maud::{Markup, html};
use wording::{clip, inert};

use super::told::{count, grouped, size};
use super::{name, number, text};
use crate::Context;
use crate::parts::{place, stamp_in, taken, whole};

/// Backups that have a page of their own each; more of them are a table.
pub(super) const FEW: usize = 5;
/// Clusters that are told of one by one.
const CLUSTERS: usize = 50;
/// Findings of a kind that are told one by one; of the rest there is a number.
const OPEN: usize = 2;
/// Letters of what is told of one finding.
const LONGEST: usize = 400;
/// Bytes that all that is folded may take together: a page is to be mailed. The worst backups have theirs first.
const ROOM: usize = 1_400_000;

/// What makes the table one that can be filtered and sorted.
pub(super) const SCRIPT: &str = include_str!("many.js");

/// The table, and what is behind it.
pub(super) fn section(document: &Document, rows: &[Row<'_>], context: &Context<'_>) -> Markup {
    let mut order: Vec<&Row<'_>> = rows.iter().collect();
    order.sort_by_key(|row| (std::cmp::Reverse(rank(row)), std::cmp::Reverse(when(row))));
    let mut room = ROOM;
    let details: Vec<Option<Markup>> = order
        .iter()
        .map(|row| {
            let markup = folded(document, row);
            let left = room.checked_sub(markup.0.len());
            room = left.unwrap_or(room);
            left.map(|_| markup)
        })
        .collect();
    html! {
        section #backups {
            h2 { "Backups" }
            (clusters(document))
            form.filter #filter hidden {
                label { "Search " input #search type="search" autocomplete="off"; }
                @for (word, title) in VERDICTS {
                    label { input type="checkbox" name=(word) checked; " " (title) }
                }
                output #shown { (count(number(order.len()), "backup")) }
            }
            div.wide {
                table.backups #table {
                    thead { tr {
                        @for (key, title) in COLUMNS { th scope="col" data-key=(key) { (title) } }
                    } }
                    @for (row, details) in order.iter().zip(&details) { (entry(row, details.as_ref(), context)) }
                }
            }
        }
        (elsewhere(document, rows))
        (glossary(document, context))
    }
}

/// Verdicts as rows have them, and how they are called.
const VERDICTS: [(&str, &str); 4] =
    [("unreadable", "unreadable"), ("fail", "fail"), ("warn", "warn"), ("pass", "pass")];

/// Columns: what a row's value is called, and the head.
const COLUMNS: [(&str, &str); 8] = [
    ("verdict", "Verdict"),
    ("name", "Backup"),
    ("cluster", "Cluster"),
    ("taken", "Taken, UTC"),
    ("release", "Release"),
    ("size", "Size"),
    ("keys", "Live keys"),
    ("worst", "Worst finding"),
];

/// 3: it could not be read; then as verdicts are.
fn rank(row: &Row<'_>) -> usize {
    match (row.error, row.verdict) {
        (Some(_), _) => 3,
        (None, Verdict::Fail) => 2,
        (None, Verdict::Warn) => 1,
        (None, Verdict::Pass) => 0,
    }
}

fn word(row: &Row<'_>) -> &'static str {
    if row.error.is_some() { "unreadable" } else { row.verdict.name() }
}

/// When it was taken, in seconds.
fn when(row: &Row<'_>) -> Option<i64> {
    let told = row.taken.and_then(|at| at.parse::<Timestamp>().ok());
    let named = || row.timestamp.or_else(|| stamp_in(row.path)).and_then(taken);
    told.or_else(named).map(Timestamp::as_second)
}

/// A row, and another below it with what is folded; numbers beside the words are what the table is sorted by.
fn entry(row: &Row<'_>, details: Option<&Markup>, context: &Context<'_>) -> Markup {
    let when = when(row);
    let time = when.and_then(|at| Timestamp::from_second(at).ok()).map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
    let named = row.worst.and_then(|id| context.rule(id)).map(|rule| rule.name);
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    html! {
        tbody data-verdict=(word(row)) {
            tr {
                td data-value=(rank(row)) { span class={ "badge " (badge(row)) } { (word(row)) } }
                th scope="row" { (name(&clip(row.name, LONGEST))) }
                td { @if let Some(cluster) = row.cluster_name.or(row.cluster_id) { (name(&clip(cluster, 80))) } }
                td.num data-value=(when.map(|at| at.to_string()).unwrap_or_default()) {
                    (time.unwrap_or_default())
                    @if row.taken_by == Some("name") { " by name" }
                }
                td { @if let Some(release) = row.release { (text(&clip(release, 40))) } }
                td.num data-value=(number(row.size)) { @if let Some(bytes) = row.size { (size(whole(bytes))) } }
                td.num data-value=(number(row.live_keys)) {
                    @if let Some(keys) = row.live_keys { (grouped(whole(keys))) }
                }
                td { @if let Some(id) = row.worst { span.id { (text(id)) " " (named.unwrap_or_default()) } } }
            }
            tr.more { td colspan="8" {
                @match details {
                    Some(details) => (details),
                    None => {
                        p.soft { "Left out: this page has no room for all. " code { "assay verify --json" } " has it." }
                    },
                }
            } }
        }
    }
}

fn badge(row: &Row<'_>) -> &'static str {
    match rank(row) {
        3 => "critical",
        2 => "high",
        1 => "medium",
        _ => "good",
    }
}

/// What stands against a backup: kinds of findings that need attention with their words, the others by name.
fn folded(document: &Document, row: &Row<'_>) -> Markup {
    let names = document.names_of(row);
    let about = |finding: &&Finding| names.contains(&finding.artifact.as_str());
    let mut findings: Vec<&Finding> = document.findings.iter().filter(about).collect();
    findings.sort_by_key(|finding| (finding.waived.is_some(), std::cmp::Reverse(finding.severity)));
    let (heavy, light): (Vec<&Finding>, Vec<&Finding>) =
        findings.into_iter().partition(|finding| finding.waived.is_none() && finding.severity >= Severity::Medium);
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let kinds: Vec<Vec<&Finding>> = heavy
        .iter()
        .filter(|first| done.insert(&first.id))
        .map(|first| heavy.iter().filter(|other| other.id == first.id).copied().collect())
        .collect();
    let mut listed: BTreeSet<&str> = BTreeSet::new();
    let light: Vec<&str> = light.iter().map(|finding| &*finding.id).filter(|id| listed.insert(id)).collect();
    let unread = document.unread().filter(|unread| names.contains(&unread.path.as_str()));
    let total = number(heavy.len());
    html! {
        details {
            summary {
                @if row.error.is_some() { "why" }
                @else if total == 0 { "nothing to look at" }
                @else { (count(total, "finding")) " to look at" }
            }
            @for unread in unread { p { (name(&clip(&unread.error, LONGEST))) } }
            @for kind in &kinds { (kind_of(kind)) }
            @if !light.is_empty() { p.soft { "low, for information, or waived: " (inert(&light.join(", "))) } }
        }
    }
}

fn kind_of(kind: &[&Finding]) -> Markup {
    let Some(first) = kind.first() else { return html! {} };
    let more = kind.len().saturating_sub(OPEN);
    html! {
        p {
            span class={ "badge " (first.severity.name()) } { (first.severity.name()) }
            " " span.id { (text(&first.id)) " " (text(&first.name)) }
        }
        ul.found {
            @for finding in kind.iter().take(OPEN) {
                li {
                    span.message { (name(&clip(&finding.message, LONGEST))) }
                    @if let Some(place) = place(finding) { " " span.place { (name(&clip(&place, LONGEST))) } }
                }
            }
            @if more > 0 { li.soft { (count(number(more), "more finding")) " of this kind" } }
        }
    }
}

const HEADS: [&str; 5] = ["Cluster", "Judged", "Newest, UTC", "Verdict", "Newest that does not fail, UTC"];

/// The newest backup of each cluster.
fn clusters(document: &Document) -> Markup {
    let Some(run) = document.run.as_ref().filter(|run| !run.clusters.is_empty()) else { return html! {} };
    let more = run.clusters.len().saturating_sub(CLUSTERS);
    html! {
        details.clusters {
            summary { "Newest backups of " (count(number(run.clusters.len()), "cluster")) }
            div.wide {
                table {
                    thead { tr { @for head in HEADS { th { (head) } } } }
                    tbody { @for cluster in run.clusters.iter().take(CLUSTERS) { (cluster_row(cluster)) } }
                }
            }
            @if more > 0 { p.soft { "and " (count(number(more), "more cluster")) } }
            @if run.passed_over > 0 {
                p.soft { (count(whole(run.passed_over), "older backup")) " passed over, as --newest asks" }
            }
        }
    }
}

fn cluster_row(it: &ClusterRun) -> Markup {
    let cluster = it.cluster.as_ref();
    let at = |newest: &Option<Newest>| {
        let taken = newest.as_ref().and_then(|newest| newest.taken.as_ref());
        taken.map(|taken| clip(&taken.at.replace('T', " "), 20)).unwrap_or_default()
    };
    let verdict = it.newest.as_ref().map(|newest| newest.verdict);
    html! {
        tr {
            th scope="row" {
                @match cluster {
                    Some(cluster) => {
                        @if let Some(own) = &cluster.name { (name(&clip(own, 80))) " " }
                        code { (inert(&clip(&cluster.id, 80))) }
                    },
                    None => "of no cluster known",
                }
            }
            td.num { (it.judged) }
            td.num { (at(&it.newest)) }
            td { @if let Some(verdict) = verdict { (verdict.name()) } }
            td.num { @if it.newest_good.is_none() { b { "none" } } @else { (at(&it.newest_good)) } }
        }
    }
}

/// What is said of no backup: of directories.
fn elsewhere(document: &Document, rows: &[Row<'_>]) -> Markup {
    let told: BTreeSet<&str> = rows.iter().flat_map(|row| document.names_of(row)).collect();
    let findings: Vec<&Finding> =
        document.findings.iter().filter(|finding| !told.contains(finding.artifact.as_str())).take(100).collect();
    html! {
        @if !findings.is_empty() {
            section {
                h2 { "Besides" }
                ul.found {
                    @for finding in findings {
                        li {
                            span.badge class=(finding.severity.name()) { (finding.severity.name()) } " "
                            span.id { (text(&finding.id)) } " "
                            (name(&clip(&finding.artifact, LONGEST))) ": "
                            span.message { (name(&clip(&finding.message, LONGEST))) }
                        }
                    }
                }
            }
        }
    }
}

/// What to do, once for each kind of finding that needs attention.
fn glossary(document: &Document, context: &Context<'_>) -> Markup {
    let mut kinds: Vec<&Finding> = Vec::new();
    let heavy = |finding: &&Finding| finding.waived.is_none() && finding.severity >= Severity::Medium;
    for finding in document.findings.iter().filter(heavy) {
        if !kinds.iter().any(|known| known.id == finding.id) {
            kinds.push(finding);
        }
    }
    kinds.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    html! {
        @if !kinds.is_empty() {
            section #remedies {
                h2 { "What to do" }
                dl {
                    @for finding in kinds {
                        dt {
                            span.id { (text(&finding.id)) } " "
                            @match context.rule(&finding.id) { Some(rule) => (rule.title), None => (text(&finding.name)) }
                        }
                        dd { (name(&clip(&finding.remedy, LONGEST))) }
                    }
                }
            }
        }
    }
}
