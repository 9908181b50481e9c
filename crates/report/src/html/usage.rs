//! Where the bytes of a snapshot are, as `assay du` tells it: classes, what could be had back, a map of the keys.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::treemap::{Rect, lay_out};
use super::{STYLE, name, percent, policy, share};
use crate::document::{Document, Node};
use crate::text::{count, grouped, size};

/// Rectangles of a map; what is smaller is taken together.
const SHOWN: usize = 120;
/// Least share of width and height, in percent, of a rectangle with a label.
const LABELLED: (f64, f64) = (9.0, 6.0);
/// The maps are laid out as if they were so much wider than high.
const ASPECT: f64 = 2.0;

/// Classes of bytes: field of the document, words, class of the style sheet.
const CLASSES: [(&str, &str, &str); 9] = [
    ("live", "live records", "enc"),
    ("history", "history", "enc2"),
    ("tombstones", "tombstones", "part"),
    ("otherElements", "other elements", "clear"),
    ("ownState", "etcd's own state", "used"),
    ("pageOverhead", "page overhead", "plain"),
    ("free", "free pages", "rest"),
    ("trailer", "integrity hash", "plain"),
    ("tail", "behind the pages", "plain"),
];

struct Cell {
    name: String,
    bytes: i64,
    told: String,
    class: &'static str,
}

pub(crate) fn render(document: &Document<'_>) -> String {
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
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    @for artifact in document.artifacts() { (section(artifact)) }
                }
                footer {
                    p { "Made by assay from the document that " code { "assay du --json" } " prints." }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn section(artifact: Node<'_>) -> Markup {
    let file = artifact.at("fileSize").integer().unwrap_or(0);
    let classes = CLASSES.map(|(field, words, class)| {
        let bytes = artifact.at("account").at(field).integer().unwrap_or(0);
        Cell { name: words.to_owned(), bytes, told: size(bytes), class }
    });
    html! {
        section {
            h2 { (name(artifact.at("path").text().unwrap_or("?"))) }
            p.soft { (size(file)) " (" (grouped(file)) " bytes)" }
            h3 { "Where the bytes are" }
            (bars(&classes, file))
            (reclaimable(artifact))
            (map("Records by resource", artifact.at("resources"), "resource"))
            (map("Records by namespace", artifact.at("namespaces"), "namespace"))
            (map("Largest keys", artifact.at("top"), "key"))
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

fn reclaimable(artifact: Node<'_>) -> Markup {
    let had = artifact.at("reclaimable");
    let bytes = |field: &str| had.at(field).integer().unwrap_or(0);
    let number = |field: &str| had.at(field).number().unwrap_or(0.0);
    html! {
        h3 { "What could be had back" }
        ul {
            li {
                "a defragmentation: " (number("defragmentationMb")) " MB (" (number("fragmentationPercent"))
                " % of " code { "etcd_mvcc_db_total_size_in_bytes" } " " (grouped(bytes("dbTotalSize")))
                ", in use " (grouped(bytes("dbInUse"))) ")"
            }
            li { "a compaction, and a defragmentation after it: " (size(bytes("compaction"))) " more" }
        }
    }
}

fn cells(groups: Node<'_>, noun: &str) -> Vec<Cell> {
    let cell = |group: Node<'_>| {
        let (bytes, live) = (group.at("total").integer().unwrap_or(0), group.at("live").integer().unwrap_or(0));
        let told = format!(
            "{}, {} live, {}",
            size(bytes),
            size(live),
            count(group.at("revisions").integer().unwrap_or(0), "revision")
        );
        let class = if live.saturating_mul(2) >= bytes { "enc" } else { "part" };
        Cell { name: group.at("name").line().into_owned(), bytes, told, class }
    };
    let mut cells: Vec<Cell> = groups.items().map(cell).filter(|cell| cell.bytes > 0).collect();
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
fn map(title: &str, groups: Node<'_>, noun: &str) -> Markup {
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
    let shown = crate::text::shown(&cell.name);
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
