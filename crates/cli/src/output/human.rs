//! Blocks of fields and tables, aligned for the eye.

use std::io::{self, Write};

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use crate::ui::{Look, style};
use wording::shorten;

/// Names and values under each other, the values aligned:
///
/// ```text
///   revision   120034
///   size       1.0 GiB (1 077 239 840 B)
/// ```
#[derive(Debug, Clone, Default)]
pub struct Fields {
    fields: Vec<(String, String)>,
}

impl Fields {
    /// An empty block.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field. Lines of a value after its first are aligned with it.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl ToString) -> Self {
        self.fields.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a field if there is something to say.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// Writes the block, indented by two columns.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn write(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let widest = self.fields.iter().map(|(name, _)| name.width()).max();
        let widest = widest.unwrap_or(0);
        let dim = Paint::new(look, style::DIM);
        for (name, value) in &self.fields {
            let mut label = name.as_str();
            for line in value.split('\n') {
                let pad = widest - label.width().min(widest);
                writeln!(out, "  {}{label}{}{:pad$}   {line}", dim.on, dim.off, "")?;
                label = "";
            }
        }
        Ok(())
    }
}

/// On which side the cells of a column lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// Rows under a head, columns aligned, no lines drawn: easy to read and to cut.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    elastic: Option<usize>,
}

/// Blanks between columns.
const GAP: usize = 2;
/// The elastic column is never shortened below this.
const LEAST: usize = 8;

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[(&str, Align)]) -> Self {
        Self {
            columns: columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect(),
            rows: Vec::new(),
            elastic: None,
        }
    }

    /// Lets a column be shortened in the middle when the table is wider than the terminal.
    #[must_use]
    pub fn elastic(mut self, column: usize) -> Self {
        self.elastic = Some(column);
        self
    }

    /// Adds a row; cells beyond the columns are dropped, missing ones are empty.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the table, indented by two columns. It is shortened on a terminal only.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn write(&self, out: &mut dyn Write, look: Look) -> io::Result<()> {
        let widths = self.widths(look.width);
        let head: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        self.write_row(out, &head, &widths, Paint::new(look, style::HEAD))?;
        for row in &self.rows {
            self.write_row(out, row, &widths, Paint::none())?;
        }
        Ok(())
    }

    fn widths(&self, terminal: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(column, (name, _))| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| cell.width()).fold(name.width(), usize::max)
            })
            .collect();
        if let (Some(limit), Some(elastic)) = (terminal, self.elastic) {
            let total: usize = widths.iter().map(|width| width + GAP).sum();
            if let Some(width) = widths.get_mut(elastic) {
                let least = LEAST.min(*width);
                *width = width.saturating_sub(total.saturating_sub(limit)).max(least);
            }
        }
        widths
    }

    fn write_row(&self, out: &mut dyn Write, cells: &[String], widths: &[usize], paint: Paint) -> io::Result<()> {
        let mut line = String::new();
        for (column, (width, (_, align))) in widths.iter().zip(&self.columns).enumerate() {
            let cell = cells.get(column).map_or("", String::as_str);
            let cell = shorten(cell, *width);
            let pad = " ".repeat(width - cell.width().min(*width));
            line.push_str("  ");
            match align {
                Align::Left => line.extend([&*cell, &pad]),
                Align::Right => line.extend([&*pad, &cell]),
            }
        }
        writeln!(out, "{}{}{}", paint.on, line.trim_end(), paint.off)
    }
}

/// The codes around a piece of text, or nothing.
struct Paint {
    on: String,
    off: String,
}

impl Paint {
    fn new(look: Look, style: Style) -> Self {
        if look.out_color {
            Self { on: style.render().to_string(), off: style.render_reset().to_string() }
        } else {
            Self::none()
        }
    }

    fn none() -> Self {
        Self { on: String::new(), off: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::tests::PLAIN;

    fn text(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_stand_under_each_other() {
        let fields = Fields::new()
            .field("size", 12)
            .maybe("absent", None::<u8>)
            .field("revision", "7\nand more")
            .field("ключ", "x");
        assert_eq!(
            text(|out| fields.write(out, PLAIN)),
            "  size       12\n  revision   7\n             and more\n  ключ       x\n"
        );
    }

    fn table() -> Table {
        let mut table = Table::new(&[("resource", Align::Left), ("live", Align::Right)]).elastic(0);
        table.row(["configmaps".to_owned(), "7".to_owned()]);
        table.row(["日本".to_owned(), "12345".to_owned()]);
        table
    }

    #[test]
    fn columns_stand_under_each_other() {
        assert_eq!(
            text(|out| table().write(out, PLAIN)),
            "  resource     live\n  configmaps      7\n  日本        12345\n"
        );
    }

    #[test]
    fn a_narrow_terminal_shortens_the_elastic_column_only() {
        let narrow = Look { width: Some(17), ..PLAIN };
        assert_eq!(text(|out| table().write(out, narrow)), "  resource   live\n  conf…aps      7\n  日本      12345\n");
        let tiny = Look { width: Some(3), ..PLAIN };
        assert!(text(|out| table().write(out, tiny)).contains("12345"));
    }

    #[test]
    fn colour_does_not_move_anything() {
        let colored = Look { out_color: true, ..PLAIN };
        let painted = text(|out| table().write(out, colored));
        assert!(painted.starts_with("\u{1b}[1m  resource"), "{painted:?}");
        let fields = text(|out| Fields::new().field("a", 1).write(out, colored));
        assert_eq!(fields, "  \u{1b}[2ma\u{1b}[0m   1\n");
    }
}
