//! Where the bytes of a snapshot are, as `assay du` tells it: classes, what could be had back, a map of the keys.

use document::{Account, Artifact, Document, KeyGroup, Reclaimable, Usage};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::told::{count, grouped, size};
use super::treemap::{Rect, lay_out};
use super::{STYLE, name, percent, policy, share};
use crate::parts::{key_in_words, whole};

/// Rectangles of a map; what is smaller is taken together.
const SHOWN: usize = 120;
/// Least share of width and height, in percent, of a rectangle with a label.
const LABELLED: (f64, f64) = (9.0, 6.0);
/// The maps are laid out as if they were so much wider than high.
const ASPECT: f64 = 2.0;

/// Classes of bytes: words, bytes, class of the style sheet.
fn classes(of: &Account) -> [(&'static str, u64, &'static str); 9] {
    [
        ("live records", of.live, "enc"),
        ("history", of.history, "enc2"),
        ("tombstones", of.tombstones, "part"),
        ("other elements", of.other_elements, "clear"),
        ("etcd's own state", of.own_state, "used"),
        ("page overhead", of.page_overhead, "plain"),
        ("free pages", of.free, "rest"),
        ("integrity hash", of.trailer, "plain"),
        ("behind the pages", of.tail, "plain"),
    ]
}

struct Cell {
    name: String,
    bytes: i64,
    told: String,
    class: &'static str,
}

pub(crate) fn render(document: &Document) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "Space · assay" }
                style { (PreEscaped(STYLE.as_str())) }
            }
            body {
                main {
                    @for artifact in &document.artifacts { @if let Artifact::Usage(usage) = artifact { (section(usage)) } }
                }
                footer {
                    p { "Made by assay from the document that " code { "assay du --json" } " prints." }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn section(usage: &Usage) -> Markup {
    let file = whole(usage.file_size);
    let classes = classes(&usage.account).map(|(words, bytes, class)| {
        let bytes = whole(bytes);
        Cell { name: words.to_owned(), bytes, told: size(bytes), class }
    });
    html! {
        section {
            h2 { (name(if usage.path.is_empty() { "?" } else { &usage.path })) }
            p.soft { (size(file)) " (" (grouped(file)) " bytes)" }
            h3 { "Where the bytes are" }
            (bars(&classes, file))
            (reclaimable(&usage.reclaimable))
            (map("Records by resource", &usage.resources, "resource"))
            (map("Records by namespace", &usage.namespaces, "namespace"))
            (map("Largest keys", &usage.top, "key"))
        }
    }
}

fn bars(classes: &[Cell], file: i64) -> Markup {
    html! {
        div.bars {
            @for class in classes.iter().filter(|class| class.bytes > 0) {
                div.row {
                    span.label { (class.name) }
                    svg.bar width="100%" height="16" role="img" aria-label=(format!("{} of {}", class.told, size(file))) {
                        rect.rest width="100%" height="16" {}
                        rect.used width=(percent(share(class.bytes, file))) height="16" {}
                    }
                    span.value { (class.told) ", " (format!("{:.1} %", share(class.bytes, file))) }
                }
            }
        }
    }
}

fn reclaimable(had: &Reclaimable) -> Markup {
    html! {
        h3 { "What could be had back" }
        ul {
            li {
                "a defragmentation: " (had.defragmentation_mb) " MB (" (had.fragmentation_percent)
                " % of " code { "etcd_mvcc_db_total_size_in_bytes" } " " (grouped(whole(had.db_total_size)))
                ", in use " (grouped(whole(had.db_in_use))) ")"
            }
            li { "a compaction, and a defragmentation after it: " (size(whole(had.compaction))) " more" }
        }
    }
}

fn cells(groups: &[KeyGroup], noun: &str) -> Vec<Cell> {
    let cell = |group: &KeyGroup| {
        let (bytes, live) = (whole(group.total), whole(group.live));
        let told = format!("{}, {} live, {}", size(bytes), size(live), count(whole(group.revisions), "revision"));
        let class = if live.saturating_mul(2) >= bytes { "enc" } else { "part" };
        Cell { name: key_in_words(&group.name), bytes, told, class }
    };
    let mut cells: Vec<Cell> = groups.iter().map(cell).filter(|cell| cell.bytes > 0).collect();
    cells.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    if cells.len() > SHOWN {
        let rest = cells.split_off(SHOWN - 1);
        let bytes = rest.iter().fold(0, |sum: i64, cell| sum.saturating_add(cell.bytes));
        let name = format!("{} more", count(i64::try_from(rest.len()).unwrap_or(i64::MAX), noun));
        cells.push(Cell { name, bytes, told: size(bytes), class: "plain" });
        cells.sort_by_key(|cell| std::cmp::Reverse(cell.bytes));
    }
    cells
}

#[expect(clippy::cast_precision_loss, reason = "areas are for the eye")]
fn map(title: &str, groups: &[KeyGroup], noun: &str) -> Markup {
    let cells = cells(groups, noun);
    if cells.is_empty() {
        return html! {};
    }
    let weights: Vec<f64> = cells.iter().map(|cell| cell.bytes as f64).collect();
    let rects = lay_out(&weights, Rect { x: 0.0, y: 0.0, width: 100.0 * ASPECT, height: 100.0 });
    let total = cells.iter().fold(0, |sum: i64, cell| sum.saturating_add(cell.bytes));
    html! {
        h3 { (title) }
        svg.map width="100%" height="420" role="img" aria-label=(format!("{title}: {}", size(total))) {
            @for (cell, rect) in cells.iter().zip(&rects) { (tile(cell, rect)) }
        }
        p.legend {
            span.key.enc { "mostly live" } span.key.part { "mostly history" }
            span.soft { (size(total)) " of records" }
        }
        details {
            summary { "as a table" }
            div.wide { table {
                thead { tr { th { (noun) } th { "records" } th.num { "share" } } }
                tbody { @for cell in &cells {
                    tr {
                        td { (name(&cell.name)) }
                        td { (cell.told) }
                        td.num { (format!("{:.1} %", share(cell.bytes, total))) }
                    }
                } }
            } }
        }
    }
}

/// A rectangle with its label; a nested `svg` cuts off what does not fit.
fn tile(cell: &Cell, rect: &Rect) -> Markup {
    let (width, height) = (rect.width / ASPECT, rect.height);
    let labelled = width >= LABELLED.0 && height >= LABELLED.1;
    let shown = wording::inert(&cell.name);
    html! {
        svg x=(percent(rect.x / ASPECT)) y=(percent(rect.y)) width=(percent(width)) height=(percent(height)) {
            rect class={ "tile " (cell.class) } width="100%" height="100%" { title { (shown) ": " (cell.told) } }
            @if labelled {
                text x="7" y="18" { (shown) }
                text.small x="7" y="34" { (size(cell.bytes)) }
            }
        }
    }
}
