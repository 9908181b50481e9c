//! How rows go out: one writer for every list, in every form, a row at a time, so that nothing is held back.
//!
//! [`Stream`] knows the forms; [`Rows`] is one that keeps its stream, and [`keys`] are the lists of `assay ls`, which have
//! forms of their own for people and for `xargs`.

pub mod keys;

use std::io::Write;

use checks::Verdict;
use document::{SCHEMA, write_compact};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::RowFormat;
use crate::exit::Error;
use wording::escape;

/// A row of a list.
pub trait Row: Serialize {
    /// Cells of a table, as many as it has titles. Text from a file is escaped, see [`cell`].
    fn cells(&self) -> Vec<String>;

    /// The row for people, escaped.
    fn line(&self) -> String;
}

/// Text from a file as a table has it. A table is opened in programs that obey what they are shown.
pub fn cell(text: &[u8]) -> String {
    escape(text).into_owned()
}

/// What a list says about itself.
#[derive(Debug, Clone, Default)]
pub struct Head<'h> {
    /// The command.
    pub command: &'h str,
    /// Name of the list in the JSON document; none for a document without one.
    pub list: &'h str,
    /// Fields of the artifact that stand before the list.
    pub artifact: Map<String, Value>,
    /// All artifacts, where the list is of none of them: it stands behind them then.
    pub artifacts: Option<Value>,
    /// Titles of a table's columns.
    pub titles: &'h [&'h str],
    /// The line over the rows for people.
    pub line: String,
}

/// A list on its way out, to a stream that is given with each piece. What is for people is written by who knows how.
#[derive(Debug)]
pub struct Stream {
    format: RowFormat,
    has_list: bool,
    is_within: bool,
    written: u64,
}

impl Stream {
    /// Begins a list.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn begin(out: &mut dyn Write, format: RowFormat, head: &Head<'_>) -> Result<Self, Error> {
        let is_within = head.artifacts.is_none();
        let stream = Self { format, has_list: !head.list.is_empty(), is_within, written: 0 };
        match format {
            RowFormat::Human | RowFormat::Ndjson => {}
            RowFormat::Json => open(out, head)?,
            RowFormat::Csv | RowFormat::CsvExact => record(out, format, head.titles)?,
        }
        Ok(stream)
    }

    /// How many rows were given out.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Gives out a row; for people only counts it.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn row<R: Serialize>(
        &mut self,
        out: &mut dyn Write,
        row: impl FnOnce() -> R,
        cells: impl FnOnce() -> Vec<String>,
    ) -> Result<(), Error> {
        match self.format {
            RowFormat::Human => {}
            RowFormat::Csv | RowFormat::CsvExact => record(out, self.format, &cells())?,
            RowFormat::Ndjson => {
                write_compact(out, &row())?;
                out.write_all(b"\n")?;
            }
            RowFormat::Json if self.has_list => {
                out.write_all(if self.written == 0 { b"\n" } else { b",\n" })?;
                write_compact(out, &row())?;
            }
            RowFormat::Json => {}
        }
        self.written += 1;
        Ok(())
    }

    /// Ends the list, with fields of the document that stand behind it.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn finish(
        &self,
        out: &mut dyn Write,
        after: &Fields,
        findings: &[Value],
        verdict: Verdict,
    ) -> Result<(), Error> {
        if self.format != RowFormat::Json {
            return Ok(());
        }
        if self.has_list {
            out.write_all(b"\n]")?;
        }
        if self.has_list && !after.0.is_empty() {
            out.write_all(b",")?;
        }
        out.write_all(&after.0)?;
        out.write_all(if self.is_within { b"}],\"findings\":" } else { b",\"findings\":" })?;
        write_compact(out, findings)?;
        out.write_all(b",\"verdict\":")?;
        write_compact(out, &verdict)?;
        Ok(out.write_all(b"}\n")?)
    }
}

fn open(out: &mut dyn Write, head: &Head<'_>) -> Result<(), Error> {
    let (version, command) = (env!("CARGO_PKG_VERSION"), head.command);
    write!(out, "{{\"schema\":\"{SCHEMA}\",\"command\":\"{command}\",\"assay\":\"{version}\",\"artifacts\":")?;
    match &head.artifacts {
        Some(artifacts) => {
            write_compact(out, artifacts)?;
            out.write_all(b",")?;
        }
        None => {
            out.write_all(b"[{")?;
            for (name, value) in &head.artifact {
                field(out, name, value)?;
                out.write_all(b",")?;
            }
        }
    }
    if head.list.is_empty() {
        return Ok(());
    }
    Ok(write!(out, "\"{}\":[", head.list)?)
}

fn field(out: &mut dyn Write, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
    write_compact(out, name)?;
    out.write_all(b":")?;
    Ok(write_compact(out, value)?)
}

/// Fields of a JSON document, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<u8>);

impl Fields {
    /// Adds a field.
    ///
    /// # Errors
    /// Whatever keeps the value from being JSON.
    pub fn add(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        if !self.0.is_empty() {
            self.0.push(b',');
        }
        field(&mut self.0, name, value)
    }
}

/// Writes a line of a table: cells that a reader could take apart wrongly stand in quotes, and one that a spreadsheet
/// would take for a formula begins with an apostrophe, unless `format` is the exact one.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn record<S: AsRef<str>>(out: &mut dyn Write, format: RowFormat, cells: &[S]) -> Result<(), Error> {
    let mut line = String::new();
    for (at, cell) in cells.iter().map(AsRef::as_ref).enumerate() {
        if at > 0 {
            line.push(',');
        }
        let guarded;
        let cell = if format != RowFormat::CsvExact && is_formula(cell) {
            guarded = format!("'{cell}");
            &guarded
        } else {
            cell
        };
        if cell.contains([',', '"', '\n', '\r']) {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(cell);
        }
    }
    line.push('\n');
    Ok(out.write_all(line.as_bytes())?)
}

/// Whether a spreadsheet would obey a cell. A number is none, be it negative; what begins with a full-width sign is one
/// to some. Controls do not come here: they are escaped.
fn is_formula(cell: &str) -> bool {
    let rest = match cell.chars().next() {
        Some('=' | '@' | '\t' | '\r' | '\n' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}') => return true,
        Some('+' | '-') => cell.get(1..).unwrap_or_default(),
        _ => return false,
    };
    rest.is_empty() || !rest.bytes().all(|byte| byte.is_ascii_digit())
}

/// A list on its way out.
pub struct Rows<'a> {
    out: &'a mut dyn Write,
    stream: Stream,
    failed: Result<(), Error>,
}

impl<'a> Rows<'a> {
    /// Begins a list.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn begin(out: &'a mut dyn Write, format: RowFormat, head: &Head<'_>) -> Result<Self, Error> {
        let stream = Stream::begin(out, format, head)?;
        if format == RowFormat::Human && !head.line.is_empty() {
            writeln!(out, "{}", head.line.trim_end())?;
        }
        Ok(Self { out, stream, failed: Ok(()) })
    }

    /// How many rows were given out.
    pub fn written(&self) -> u64 {
        self.stream.written()
    }

    /// Gives out a row where nobody can be told that the stream does not take it; [`Self::finish`] tells. Nothing follows
    /// a row that was not taken.
    pub fn pour(&mut self, row: &impl Row) {
        if self.failed.is_ok() {
            self.failed = self.row(row);
        }
    }

    /// Gives out a row.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn row(&mut self, row: &impl Row) -> Result<(), Error> {
        if self.stream.format == RowFormat::Human {
            writeln!(self.out, "{}", row.line().trim_end())?;
        }
        self.stream.row(self.out, || row, || row.cells())
    }

    /// Ends the list: fields of the document that stand behind it, or lines for people.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn finish(self, after: &Fields, lines: &[String], verdict: Verdict) -> Result<(), Error> {
        self.failed?;
        if self.stream.format == RowFormat::Human {
            if self.stream.written > 0 && !lines.is_empty() {
                writeln!(self.out)?;
            }
            for line in lines {
                writeln!(self.out, "{line}")?;
            }
        }
        self.stream.finish(self.out, after, &[], verdict)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    struct Pair {
        a: u8,
        b: &'static str,
    }

    impl Row for Pair {
        fn cells(&self) -> Vec<String> {
            vec![self.a.to_string(), self.b.to_owned()]
        }

        fn line(&self) -> String {
            format!("{} {}  ", self.a, self.b)
        }
    }

    fn text(format: RowFormat, artifacts: Option<Value>) -> String {
        let mut out = Vec::new();
        let artifact = Map::from_iter([("path".to_owned(), json!("x"))]);
        let line = "A B ".to_owned();
        let head = Head { command: "c", list: "pairs", artifact, artifacts, titles: &["a", "b"], line };
        let mut rows = Rows::begin(&mut out, format, &head).unwrap();
        rows.row(&Pair { a: 1, b: "x,\"y" }).unwrap();
        rows.row(&Pair { a: 2, b: "" }).unwrap();
        let mut after = Fields::default();
        after.add("count", &2).unwrap();
        rows.finish(&after, &["2 pairs".to_owned()], Verdict::Pass).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_cell_is_a_formula_unless_cells_are_asked_for_as_they_are() {
        let line = |format, cells: &[&str]| {
            let mut out = Vec::new();
            record(&mut out, format, cells).unwrap();
            String::from_utf8(out).unwrap()
        };
        for cell in [
            "=1+1",
            "+1+1",
            "-1+1",
            "@SUM(A1)",
            "-",
            "+",
            "\u{ff1d}1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            "\u{ff20}x",
            "-1.5e3x",
        ] {
            assert_eq!(line(RowFormat::Csv, &["a", cell]), format!("a,'{cell}\n"));
            assert_eq!(line(RowFormat::CsvExact, &["a", cell]), format!("a,{cell}\n"));
        }
        for (cell, quoted) in
            [("=a,b", "\"'=a,b\""), ("=\"x\"", "\"'=\"\"x\"\"\""), ("\t=1", "'\t=1"), ("\r=1", "\"'\r=1\"")]
        {
            assert_eq!(line(RowFormat::Csv, &[cell]), format!("{quoted}\n"), "{cell}");
        }
        for cell in ["-12", "+3", "12", "", "a=b", "/x/-y", "'=1", "1-1"] {
            assert_eq!(line(RowFormat::Csv, &[cell]), format!("{cell}\n"));
        }
    }

    #[test]
    fn each_form_holds_every_row() {
        assert_eq!(text(RowFormat::Human, None), "A B\n1 x,\"y\n2\n\n2 pairs\n");
        assert_eq!(text(RowFormat::Csv, None), "a,b\n1,\"x,\"\"y\"\n2,\n");
        assert_eq!(text(RowFormat::Ndjson, None), "{\"a\":1,\"b\":\"x,\\\"y\"}\n{\"a\":2,\"b\":\"\"}\n");
        let pairs = json!([{"a": 1, "b": "x,\"y"}, {"a": 2, "b": ""}]);
        let document: Value = serde_json::from_str(&text(RowFormat::Json, None)).unwrap();
        assert_eq!(document["artifacts"], json!([{"path": "x", "pairs": pairs, "count": 2}]));
        assert_eq!((&document["command"], &document["verdict"]), (&json!("c"), &json!("pass")));
        let behind: Value = serde_json::from_str(&text(RowFormat::Json, Some(json!([{"path": "x"}, 1])))).unwrap();
        assert_eq!(
            (&behind["artifacts"], &behind["pairs"], &behind["count"]),
            (&json!([{"path": "x"}, 1]), &pairs, &json!(2))
        );
        assert_eq!((&behind["findings"], &behind["verdict"]), (&json!([]), &json!("pass")));
    }
}
