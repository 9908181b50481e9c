//! Objects as rows, aligned once all are there.

use std::io;

use etcd_snapshot::Record;
use kube_objects::{ShownKey, StorageKey};
use lens::Object;
use lens::table::{Columns, created};
use unicode_width::UnicodeWidthStr;

use crate::ui::{Ui, style};
use wording::{escape, shorten, shorten_end};

/// Blanks between columns, and columns that one has at least, as kubectl has them.
const GAP: usize = 3;
const NARROWEST: usize = 6;
/// No column is shortened below this.
const LEAST: usize = 8;

/// Rows under their titles.
#[derive(Default)]
pub(super) struct Rows {
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// No rows yet; a table without titles has none to print.
    pub(super) fn new(titles: impl IntoIterator<Item = String>) -> Self {
        Self { titles: titles.into_iter().collect(), rows: Vec::new() }
    }

    /// Takes a row. Nothing in it obeys a terminal.
    pub(super) fn add(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| escape(cell.as_bytes()).into_owned()).collect());
    }

    /// Writes them; with `room`, as much of the longest columns as so many columns of a terminal have room for.
    pub(super) fn write(&self, room: Option<usize>, ui: &mut Ui) -> io::Result<()> {
        let titles = (!self.titles.is_empty()).then_some(&self.titles);
        let all = || titles.into_iter().chain(&self.rows);
        let columns = all().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| all().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
        let widths = fitted(widths, room);
        for (number, row) in all().enumerate() {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                // of a time, which comes last, the beginning tells most
                let is_last = at + 1 == columns;
                let cell = if is_last { shorten_end(cell, *width, "…") } else { shorten(cell, *width) };
                line.push_str(&cell);
                let next = (width + GAP).max(NARROWEST);
                line.extend(std::iter::repeat_n(' ', next.saturating_sub(cell.width())));
            }
            let line = line.trim_end();
            if number == 0 && titles.is_some() {
                let line = ui.paint(style::HEAD, line).to_string();
                writeln!(ui.out(), "{line}")?;
            } else {
                writeln!(ui.out(), "{line}")?;
            }
        }
        Ok(())
    }
}

/// Widths of columns of which the widest give way, until the line has room.
fn fitted(mut widths: Vec<usize>, room: Option<usize>) -> Vec<usize> {
    let Some(room) = room else { return widths };
    loop {
        let line: usize = widths.iter().map(|width| (width + GAP).max(NARROWEST)).sum();
        let over = line.saturating_sub(GAP).saturating_sub(room);
        let Some(widest) = widths.iter_mut().max().filter(|widest| over > 0 && **widest > LEAST) else { return widths };
        *widest -= 1;
    }
}

/// Rows of one resource.
#[derive(Default)]
pub(super) struct ObjectTable {
    resource: Option<Vec<u8>>,
    rows: Rows,
    /// With the columns of `-o wide`.
    wide: bool,
    /// Without titles.
    bare: bool,
}

impl ObjectTable {
    /// No rows yet.
    pub(super) fn new(wide: bool, bare: bool) -> Self {
        Self { wide, bare, ..Self::default() }
    }

    /// Whether a key is not of the resource of the rows so far.
    pub(super) fn is_of_another(&self, key: &StorageKey<'_>) -> bool {
        self.resource.as_ref().is_some_and(|resource| resource != key.stored_resource)
    }

    /// Takes an object.
    pub(super) fn add(&mut self, record: &Record<'_>, object: &Object) {
        let shown = ShownKey::of(record.kv.key);
        let parsed = shown.parsed();
        let columns = Columns::of(parsed, self.wide);
        if self.resource.is_none() {
            self.resource = Some(parsed.stored_resource.to_vec());
            let titles = ["NAMESPACE", "NAME"].into_iter().chain(columns.titles()).chain(["CREATED"]);
            self.rows = Rows::new(titles.filter(|_| !self.bare).map(str::to_owned));
        }
        let namespace = parsed.namespace.unwrap_or(b"-");
        let name = if shown.name().is_empty() { shown.key() } else { shown.name() };
        let head = [namespace, name].map(|cell| escape(cell).into_owned());
        let cells = columns.cells(object.shown()).chain([created(object.shown())]);
        let cells = cells.map(|cell| escape(cell.as_bytes()).into_owned());
        self.rows.rows.push(head.into_iter().chain(cells).collect());
    }

    /// Writes the rows, and has none any more.
    pub(super) fn flush(&mut self, ui: &mut Ui) -> io::Result<()> {
        self.resource = None;
        let room = ui.look().width;
        std::mem::take(&mut self.rows).write(room, ui)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::tests::captured;

    #[test]
    fn the_widest_columns_give_way_to_a_terminal() {
        let (mut ui, out, _) = captured();
        let mut rows = Rows::new(["A", "NAME", "X"].map(str::to_owned));
        rows.add(["1".to_owned(), "n".repeat(100), "x".repeat(50)]);
        let mut before = 0;
        for (room, longest) in [(None, 159), (Some(120), 120), (Some(80), 80), (Some(10), 25)] {
            rows.write(room, &mut ui).unwrap();
            let text = out.text();
            let text = text.get(std::mem::replace(&mut before, text.len())..).unwrap();
            assert_eq!(text.lines().map(|line| line.width()).max(), Some(longest), "{text}");
            assert!(text.lines().all(|line| line.trim_end() == line));
        }
    }
}
