//! How far encryption has come, a bar for each resource.

use document::{Backup, Coverage, Resource, Snapshot};
use maud::{Markup, html};
use wording::inert;

use super::told::{count, grouped};
use super::{name, percent, share, text};
use crate::parts::whole;

/// A resource with its values by how they are stored.
struct Row<'d> {
    resource: String,
    /// What the document calls its state, where it has a word for it.
    state: Option<&'d str>,
    live: i64,
    plain: i64,
    /// Provider and key, values.
    encrypted: Vec<(String, i64)>,
}

/// Of a snapshot: Secrets, and every resource of which something is encrypted.
pub(crate) fn of_snapshot(snapshot: &Snapshot) -> Markup {
    let mut rows: Vec<Row<'_>> = snapshot.keys.resources.iter().map(of_resource).collect();
    rows.retain(|row| !row.encrypted.is_empty() || row.resource == "secrets");
    rows.sort_by_key(|row| std::cmp::Reverse(row.live));
    bars(&rows)
}

/// Of a backup: what its `coverage` lists.
pub(crate) fn of_backup(backup: &Backup) -> Markup {
    let rows: Vec<Row<'_>> =
        backup.encryption.iter().flat_map(|encryption| &encryption.coverage).map(of_coverage).collect();
    bars(&rows)
}

fn of_resource(it: &Resource) -> Row<'_> {
    let keys = it.encrypted.iter().map(|key| (key.provider.as_str(), key.key.as_str(), key.count));
    Row::new(&it.resource, &it.group, (it.live, it.plain), keys)
}

fn of_coverage(it: &Coverage) -> Row<'_> {
    let keys = it.keys.iter().map(|key| (key.provider.as_str(), key.key.as_str(), key.live));
    let state = Some(&*it.state).filter(|state| !state.is_empty());
    Row { state, ..Row::new(&it.resource, &it.group, (it.live, it.plain), keys) }
}

impl<'d> Row<'d> {
    fn new(
        resource: &str,
        group: &str,
        (live, plain): (u64, u64),
        keys: impl Iterator<Item = (&'d str, &'d str, u64)>,
    ) -> Self {
        let named = |(provider, key, values): (&str, &str, u64)| {
            let key = format!("{} {}", inert(provider), inert(key));
            (key.trim().to_owned(), whole(values))
        };
        let encrypted: Vec<(String, i64)> = keys.map(named).collect();
        let known = encrypted.iter().fold(whole(plain), |sum, (_, count)| sum.saturating_add(*count));
        let resource = super::resource(resource, group);
        Row { resource, state: None, live: whole(live).max(known), plain: whole(plain), encrypted }
    }
}

fn bars(rows: &[Row<'_>]) -> Markup {
    if rows.is_empty() {
        return html! {};
    }
    html! {
        h3 { "Encryption coverage" }
        div.bars {
            @for row in rows {
                div.row {
                    span.label { bdi { (row.resource) } }
                    (bar(row))
                    span.value { (told(row)) }
                }
            }
        }
        p.legend {
            span.key.enc { "encrypted" } span.key.enc2 { "under another key" } span.key.clear { "in clear" }
        }
    }
}

/// Segments from the left: by key, then what is in clear; what is left is of no known kind.
fn bar(row: &Row<'_>) -> Markup {
    let mut at = 0.0;
    let mut segments = Vec::new();
    let keys = row
        .encrypted
        .iter()
        .enumerate()
        .map(|(n, (key, count))| (if n % 2 == 0 { "enc" } else { "enc2" }, key.as_str(), *count));
    for (class, key, number) in keys.chain([("clear", "in clear", row.plain)]) {
        let width = share(number, row.live);
        segments.push((class, format!("{key}: {}", grouped(number)), at, width));
        at += width;
    }
    html! {
        svg.bar width="100%" height="16" role="img" aria-label=(told_plainly(row)) {
            rect.rest width="100%" height="16" {}
            @for (class, title, x, width) in segments {
                @if width > 0.0 { rect class=(class) x=(percent(x)) width=(percent(width)) height="16" { title { (title) } } }
            }
        }
    }
}

fn told(row: &Row<'_>) -> Markup {
    html! {
        (told_plainly(row))
        @if let Some(state) = row.state { " " span.soft { (name(state)) } }
        @if !row.encrypted.is_empty() {
            span.soft { " " @for (n, (key, count)) in row.encrypted.iter().enumerate() {
                @if n > 0 { ", " } (text(key)) ": " (grouped(*count))
            } }
        }
    }
}

fn told_plainly(row: &Row<'_>) -> String {
    let encrypted = row.encrypted.iter().fold(0, |sum: i64, (_, count)| sum.saturating_add(*count));
    format!("{} of {} encrypted", grouped(encrypted), count(row.live, "value"))
}
