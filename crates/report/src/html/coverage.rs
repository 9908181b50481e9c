//! How far encryption has come, a bar for each resource.

use maud::{Markup, html};

use super::{name, percent, share, text};
use crate::document::Node;
use crate::text::{count, grouped};

/// A resource with its values by how they are stored.
struct Row<'v> {
    resource: String,
    /// What the document calls its state, where it has a word for it.
    state: Option<&'v str>,
    live: i64,
    plain: i64,
    /// Provider, key, values.
    encrypted: Vec<(String, i64)>,
}

/// Of a snapshot: Secrets, and every resource of which something is encrypted.
pub(crate) fn of_snapshot(artifact: Node<'_>) -> Markup {
    let mut rows: Vec<Row<'_>> = artifact
        .at("keys.resources")
        .items()
        .map(row)
        .filter(|row| !row.encrypted.is_empty() || row.resource == "secrets")
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.live));
    bars(&rows)
}

/// Of a backup: what its `coverage` lists.
pub(crate) fn of_backup(artifact: Node<'_>) -> Markup {
    let rows: Vec<Row<'_>> = artifact.at("encryption.coverage").items().map(row).collect();
    bars(&rows)
}

fn row<'v>(node: Node<'v>) -> Row<'v> {
    let (resource, group) = (node.at("resource").line(), node.at("group").line());
    // a snapshot counts by key as `encrypted`, a backup whose values were opened as `keys`
    let of_snapshot = node.at("encrypted").items().map(|kind| (kind, "count"));
    let of_backup = node.at("keys").items().map(|kind| (kind, "live"));
    let encrypted: Vec<(String, i64)> = of_snapshot
        .chain(of_backup)
        .map(|(kind, number)| {
            let key = format!("{} {}", kind.at("provider").line(), kind.at("key").line());
            (key.trim().to_owned(), kind.at(number).integer().unwrap_or(0).max(0))
        })
        .collect();
    let plain = node.at("plain").integer().unwrap_or(0).max(0);
    let known = encrypted.iter().fold(plain, |sum, (_, count)| sum.saturating_add(*count));
    Row {
        resource: if group.is_empty() { resource.into_owned() } else { format!("{resource}.{group}") },
        state: node.at("state").word(),
        live: node.at("live").integer().unwrap_or(known).max(known),
        plain,
        encrypted,
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
