//! Where the bytes are: pages, and values by resource.

use document::{Resource, Snapshot, Space};
use maud::{Markup, html};

use super::told::{count, grouped, size};
use super::treemap::{Rect, lay_out};
use super::{number, percent, share};
use crate::parts::whole;

/// Resources with a rectangle of their own.
const SHOWN: usize = 40;
/// Least share of width and height, in percent, of a rectangle with a label.
const LABELLED: (f64, f64) = (9.0, 9.0);
/// The map is laid out as if it were so much wider than high.
const ASPECT: f64 = 2.2;

struct Cell {
    name: String,
    bytes: i64,
    keys: i64,
    class: &'static str,
}

pub(crate) fn section(snapshot: &Snapshot) -> Markup {
    html! {
        (pages(&snapshot.space))
        (map(snapshot))
    }
}

fn pages(space: &Space) -> Markup {
    // every database has pages; a document that says nothing of them has no such part
    if space.db_size == 0 {
        return html! {};
    }
    let [all, used, free, quota] = [space.db_size, space.in_use, space.free, space.quota].map(whole);
    html! {
        h3 { "Space" }
        div.bars {
            div.row {
                span.label { "pages" }
                svg.bar width="100%" height="16" role="img" aria-label=(format!("{} in use of {}", size(used), size(all))) {
                    rect.rest width="100%" height="16" {}
                    rect.used width=(percent(share(used, all))) height="16" {}
                }
                span.value { (size(used)) " in use, " (size(free)) " free (" (space.fragmentation_percent) " %)" }
            }
            div.row {
                span.label { "quota" }
                svg.bar width="100%" height="16" role="img" aria-label=(format!("{} of {}", size(all), size(quota))) {
                    rect.rest width="100%" height="16" {}
                    rect.used width=(percent(share(all, quota))) height="16" {}
                }
                span.value { (size(all)) " of " (size(quota)) }
            }
        }
    }
}

fn cells(snapshot: &Snapshot) -> Vec<Cell> {
    let mut cells: Vec<Cell> = snapshot.keys.resources.iter().map(cell).filter(|cell| cell.bytes > 0).collect();
    cells.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    if cells.len() > SHOWN {
        let rest = cells.split_off(SHOWN - 1);
        let sum = |of: fn(&Cell) -> i64| rest.iter().fold(0, |sum: i64, cell| sum.saturating_add(of(cell)));
        let name = format!("{} more", count(number(rest.len()), "resource"));
        cells.push(Cell { name, bytes: sum(|cell| cell.bytes), keys: sum(|cell| cell.keys), class: "plain" });
        // the rest together may be larger than one of the first
        cells.sort_by_key(|cell| std::cmp::Reverse(cell.bytes));
    }
    cells
}

fn cell(it: &Resource) -> Cell {
    let class = match (!it.encrypted.is_empty(), it.plain > 0) {
        (true, false) => "enc",
        (true, true) => "part",
        (false, _) if it.resource == "secrets" => "clear",
        (false, _) => "plain",
    };
    Cell { name: super::resource(&it.resource, &it.group), bytes: whole(it.bytes), keys: whole(it.live), class }
}

#[expect(clippy::cast_precision_loss, reason = "areas are for the eye")]
fn map(snapshot: &Snapshot) -> Markup {
    let cells = cells(snapshot);
    if cells.is_empty() {
        return html! {};
    }
    let weights: Vec<f64> = cells.iter().map(|cell| cell.bytes as f64).collect();
    let rects = lay_out(&weights, Rect { x: 0.0, y: 0.0, width: 100.0 * ASPECT, height: 100.0 });
    let total = cells.iter().fold(0, |sum: i64, cell| sum.saturating_add(cell.bytes));
    html! {
        h3 { "Live values by resource" }
        svg.map width="100%" height="360" role="img" aria-label=(format!("{} of values by resource", size(total))) {
            @for (cell, rect) in cells.iter().zip(&rects) { (tile(cell, rect)) }
        }
        p.legend {
            span.key.enc { "encrypted" } span.key.part { "in part" } span.key.clear { "Secrets in clear" }
            span.key.plain { "in clear" } span.soft { (size(total)) " of values, history not counted" }
        }
        details {
            summary { "as a table" }
            div.wide { table {
                thead { tr { th { "resource" } th.num { "keys" } th.num { "bytes" } th.num { "share" } } }
                tbody { @for cell in &cells {
                    tr {
                        td { bdi { (cell.name) } }
                        td.num { (grouped(cell.keys)) }
                        td.num { (size(cell.bytes)) }
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
    html! {
        svg x=(percent(rect.x / ASPECT)) y=(percent(rect.y)) width=(percent(width)) height=(percent(height)) {
            rect class={ "tile " (cell.class) } width="100%" height="100%" {
                title { (cell.name) ": " (size(cell.bytes)) ", " (count(cell.keys, "key")) }
            }
            @if labelled {
                text x="7" y="18" { (cell.name) }
                text.small x="7" y="34" { (size(cell.bytes)) }
            }
        }
    }
}
