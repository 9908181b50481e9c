//! Lists of rows of one shape, in every form, a row at a time: nothing is held back.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::json::{SCHEMA, Verdict, write_compact};
use crate::args::RowFormat;
use crate::exit::Error;

/// A row of a list.
pub trait Row: Serialize {
    /// Cells of a table, as many as it has titles. Text from a file is escaped.
    fn cells(&self) -> Vec<String>;

    /// The row for people, escaped.
    fn line(&self) -> String;
}

/// What a list says about itself.
#[derive(Debug, Clone, Default)]
pub struct Head<'h> {
    /// The command.
    pub command: &'h str,
    /// Name of the list in the JSON document.
    pub list: &'h str,
    /// Fields of the artifact that stand before the list.
    pub artifact: Map<String, Value>,
    /// Titles of a table's columns.
    pub titles: &'h [&'h str],
    /// The line over the rows for people.
    pub line: String,
}

/// A list on its way out.
pub struct Rows<'a> {
    out: &'a mut dyn Write,
    format: RowFormat,
    first: bool,
}

impl<'a> Rows<'a> {
    /// Begins a list.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn begin(out: &'a mut dyn Write, format: RowFormat, head: &Head<'_>) -> Result<Self, Error> {
        let mut rows = Self { out, format, first: true };
        match format {
            RowFormat::Human if head.line.is_empty() => {}
            RowFormat::Human => writeln!(rows.out, "{}", head.line.trim_end())?,
            RowFormat::Json => rows.open(head)?,
            RowFormat::Ndjson => {}
            RowFormat::Csv => rows.record(head.titles)?,
        }
        Ok(rows)
    }

    fn open(&mut self, head: &Head<'_>) -> Result<(), Error> {
        let (version, command) = (env!("CARGO_PKG_VERSION"), head.command);
        write!(
            self.out,
            "{{\"schema\":\"{SCHEMA}\",\"command\":\"{command}\",\"assay\":\"{version}\",\"artifacts\":[{{"
        )?;
        for (name, value) in &head.artifact {
            write_compact(self.out, name)?;
            self.out.write_all(b":")?;
            write_compact(self.out, value)?;
            self.out.write_all(b",")?;
        }
        Ok(write!(self.out, "\"{}\":[", head.list)?)
    }

    fn record<S: AsRef<[u8]>>(&mut self, cells: &[S]) -> Result<(), Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let text = writer.write_record(cells).map_err(io::Error::other).and_then(|()| {
            writer.into_inner().map_err(|error| io::Error::other(error.to_string())) // in memory: it cannot fail
        })?;
        Ok(self.out.write_all(&text)?)
    }

    /// Gives out a row.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn row(&mut self, row: &impl Row) -> Result<(), Error> {
        match self.format {
            RowFormat::Human => writeln!(self.out, "{}", row.line().trim_end())?,
            RowFormat::Csv => self.record(&row.cells())?,
            RowFormat::Ndjson => {
                write_compact(self.out, row)?;
                self.out.write_all(b"\n")?;
            }
            RowFormat::Json => {
                self.out.write_all(if self.first { b"\n" } else { b",\n" })?;
                write_compact(self.out, row)?;
            }
        }
        self.first = false;
        Ok(())
    }

    /// Ends the list: fields of the artifact that stand behind it, or lines for people.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn finish(self, after: &Map<String, Value>, lines: &[String], verdict: Verdict) -> Result<(), Error> {
        match self.format {
            RowFormat::Csv | RowFormat::Ndjson => {}
            RowFormat::Human => {
                if !self.first && !lines.is_empty() {
                    writeln!(self.out)?;
                }
                for line in lines {
                    writeln!(self.out, "{line}")?;
                }
            }
            RowFormat::Json => {
                self.out.write_all(b"\n]")?;
                for (name, value) in after {
                    self.out.write_all(b",")?;
                    write_compact(self.out, name)?;
                    self.out.write_all(b":")?;
                    write_compact(self.out, value)?;
                }
                self.out.write_all(b"}],\"findings\":[],\"verdict\":")?;
                write_compact(self.out, &verdict)?;
                self.out.write_all(b"}\n")?;
            }
        }
        Ok(())
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

    fn text(format: RowFormat) -> String {
        let mut out = Vec::new();
        let mut artifact = Map::new();
        artifact.insert("path".into(), "x".into());
        let head = Head { command: "c", list: "pairs", artifact, titles: &["a", "b"], line: "A B ".to_owned() };
        let mut rows = Rows::begin(&mut out, format, &head).unwrap();
        rows.row(&Pair { a: 1, b: "x,y" }).unwrap();
        rows.row(&Pair { a: 2, b: "z" }).unwrap();
        let mut after = Map::new();
        after.insert("count".into(), 2.into());
        rows.finish(&after, &["2 pairs".to_owned()], Verdict::Pass).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_form_holds_every_row() {
        assert_eq!(text(RowFormat::Human), "A B\n1 x,y\n2 z\n\n2 pairs\n");
        assert_eq!(text(RowFormat::Csv), "a,b\n1,\"x,y\"\n2,z\n");
        assert_eq!(text(RowFormat::Ndjson), "{\"a\":1,\"b\":\"x,y\"}\n{\"a\":2,\"b\":\"z\"}\n");
        let document: Value = serde_json::from_str(&text(RowFormat::Json)).unwrap();
        assert_eq!(
            document["artifacts"],
            json!([{"path": "x", "pairs": [{"a": 1, "b": "x,y"}, {"a": 2, "b": "z"}], "count": 2}])
        );
        assert_eq!((&document["command"], &document["verdict"]), (&json!("c"), &json!("pass")));
    }
}
