//! Objects in the forms of `kubectl get`, one or a list, written as they come.

use std::io::{self, Write};

use assay::documents;
use document::write_compact;
use etcd_snapshot::Record;
use kube_objects::{ShownKey, StorageKey, to_exact_yaml, to_json, to_yaml};
use lens::table::{Columns, created};
use lens::{Object, Unseen};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::args::ObjectFormat;
use crate::exit::Error;
use crate::ui::{Ui, style};
use wording::{count, escape, hex_dump};

/// Writes one object; raw and hex are not for objects, see [`bytes`].
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn one(format: ObjectFormat, record: &Record<'_>, object: &Object, ui: &mut Ui) -> Result<(), Error> {
    let yaml = yaml(ui);
    let out = ui.out();
    match format {
        ObjectFormat::Json => out.write_all(to_json(object.shown()).as_bytes())?,
        ObjectFormat::Ndjson => line(out, record, Ok(object))?,
        ObjectFormat::Table => {
            let mut table = ObjectTable::default();
            table.add(record, object);
            table.write(out, |text| text.to_owned())?;
        }
        ObjectFormat::Yaml | ObjectFormat::Raw | ObjectFormat::Hex => {
            out.write_all(yaml(object.shown()).as_bytes())?;
        }
    }
    Ok(())
}

/// Writes one value: in hexadecimal digits, or as it is.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn bytes(out: &mut dyn Write, format: ObjectFormat, bytes: &[u8]) -> Result<(), Error> {
    match format {
        ObjectFormat::Hex => hex_dump(bytes).try_for_each(|line| Ok(writeln!(out, "{line}")?)),
        _ => Ok(out.write_all(bytes)?),
    }
}

/// What the reader of objects should know, said once.
#[derive(Debug, Default)]
pub struct Notes {
    masked: u64,
    unknown_kinds: u64,
    unknown_fields: u64,
}

impl Notes {
    /// Takes an object.
    pub fn add(&mut self, object: &Object) {
        self.masked += u64::from(object.is_masked());
        self.unknown_kinds += u64::from(!object.known_kind());
        self.unknown_fields += u64::from(object.known_kind() && object.unknown_fields() > 0);
    }

    /// Says it on standard error.
    pub fn say(&self, ui: &mut Ui) {
        if self.masked > 0 {
            ui.warn(&format!("secret values are masked in {}; `--reveal` shows them", count(self.masked, "object")));
        }
        for (objects, what) in [(self.unknown_kinds, "kind is"), (self.unknown_fields, "fields are partly")] {
            if objects > 0 {
                let objects = count(objects, "object");
                ui.warn(&format!("{objects}: {what} not known here; what is not known is shown by field number"));
            }
        }
    }
}

/// Several objects, in the form of kubectl's `List` or line by line.
pub struct List {
    format: ObjectFormat,
    objects: u64,
    table: ObjectTable,
}

impl List {
    /// Begins a list.
    ///
    /// # Errors
    /// Whatever keeps its beginning from being written.
    pub fn begin(format: ObjectFormat, ui: &mut Ui) -> Result<Self, Error> {
        match format {
            ObjectFormat::Json => ui.out().write_all(b"{\n    \"apiVersion\": \"v1\",\n    \"items\": [")?,
            ObjectFormat::Yaml => ui.out().write_all(b"apiVersion: v1\nitems:")?,
            _ => {}
        }
        Ok(Self { format, objects: 0, table: ObjectTable::default() })
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.objects == 0
    }

    /// Takes an object.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn object(&mut self, record: &Record<'_>, object: &Object, ui: &mut Ui) -> Result<(), Error> {
        let first = self.objects == 0;
        self.objects += 1;
        match self.format {
            ObjectFormat::Json => {
                let text = to_json(&list_of(object.shown()));
                let comma = if first { "" } else { "," };
                write!(ui.out(), "{comma}\n{}", within(&text, "\"items\": [\n", "\n    ]"))?;
            }
            ObjectFormat::Yaml => {
                let text = yaml(ui)(&list_of(object.shown()));
                if first {
                    ui.out().write_all(b"\n")?;
                }
                ui.out().write_all(within(&text, "items:\n", YAML_END).as_bytes())?;
            }
            ObjectFormat::Ndjson => line(ui.out(), record, Ok(object))?,
            ObjectFormat::Table | ObjectFormat::Raw | ObjectFormat::Hex => {
                let parsed = StorageKey::parse(record.kv.key);
                if self.table.is_of_another(&parsed) {
                    self.flush(ui)?;
                    writeln!(ui.out())?;
                }
                self.table.add(record, object);
            }
        }
        Ok(())
    }

    /// Takes what cannot be shown as an object: only lines of JSON have room for it.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it.
    pub fn unseen(&mut self, record: &Record<'_>, why: &Unseen, ui: &mut Ui) -> Result<(), Error> {
        self.objects += 1;
        match self.format {
            ObjectFormat::Ndjson => line(ui.out(), record, Err(why)),
            _ => {
                self.objects -= 1;
                Ok(())
            }
        }
    }

    /// Ends the list.
    ///
    /// # Errors
    /// Whatever keeps its end from being written.
    pub fn finish(&mut self, ui: &mut Ui) -> Result<(), Error> {
        let empty = self.objects == 0;
        match self.format {
            ObjectFormat::Json => {
                let end = if empty { "]" } else { "\n    ]" };
                let rest =
                    ",\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n";
                write!(ui.out(), "{end}{rest}")?;
            }
            ObjectFormat::Yaml => {
                let none = if empty { " []\n" } else { "" };
                write!(ui.out(), "{none}{YAML_END}")?;
            }
            ObjectFormat::Ndjson => {}
            ObjectFormat::Table | ObjectFormat::Raw | ObjectFormat::Hex => self.flush(ui)?,
        }
        Ok(())
    }

    fn flush(&mut self, ui: &mut Ui) -> Result<(), Error> {
        let table = std::mem::take(&mut self.table);
        let head = |text: &str| ui.paint(style::HEAD, text).to_string();
        let mut text = Vec::new();
        table.write(&mut text, head)?;
        Ok(ui.out().write_all(&text)?)
    }
}

/// The end of a list.
const YAML_END: &str = "kind: List\nmetadata:\n  resourceVersion: \"\"\n";

/// A list of one, so that the object is indented, and its long lines folded, as in any list.
fn list_of(object: &Value) -> Value {
    json!({"apiVersion": "v1", "items": [object], "kind": "List", "metadata": {"resourceVersion": ""}})
}

/// How objects are written as YAML: byte for byte as kubectl does, but to a terminal with nothing that ends a line there.
fn yaml(ui: &Ui) -> fn(&Value) -> String {
    if ui.look().width.is_some() { to_exact_yaml } else { to_yaml }
}

/// What stands between the first `before` and the last `behind`.
fn within<'t>(text: &'t str, before: &str, behind: &str) -> &'t str {
    let from = text.find(before).map_or(0, |at| at + before.len());
    let to = text.rfind(behind).filter(|to| *to >= from).unwrap_or(text.len());
    text.get(from..to).unwrap_or_default()
}

fn line(out: &mut dyn Write, record: &Record<'_>, object: Result<&Object, &Unseen>) -> Result<(), Error> {
    write_compact(out, &documents::object_row(record, &ShownKey::of(record.kv.key), object))?;
    Ok(out.write_all(b"\n")?)
}

/// Rows of one resource, aligned once all are there.
#[derive(Default)]
struct ObjectTable {
    resource: Option<Vec<u8>>,
    rows: Vec<Vec<String>>,
}

impl ObjectTable {
    fn is_of_another(&self, key: &StorageKey<'_>) -> bool {
        self.resource.as_ref().is_some_and(|resource| resource != key.stored_resource)
    }

    fn add(&mut self, record: &Record<'_>, object: &Object) {
        let shown = ShownKey::of(record.kv.key);
        let parsed = shown.parsed();
        let columns = Columns::of(parsed);
        if self.resource.is_none() {
            self.resource = Some(parsed.stored_resource.to_vec());
            let titles = ["NAMESPACE", "NAME"].into_iter().chain(columns.titles()).chain(["CREATED"]);
            self.rows.push(titles.map(str::to_owned).collect());
        }
        let namespace = parsed.namespace.unwrap_or(b"-");
        let name = if shown.name().is_empty() { shown.key() } else { shown.name() };
        let head = [namespace, name].map(|cell| escape(cell).into_owned());
        let cells = columns.cells(object.shown()).chain([created(object.shown())]);
        self.rows.push(head.into_iter().chain(cells.map(|cell| escape(cell.as_bytes()).into_owned())).collect());
    }

    fn write(&self, out: &mut dyn Write, head: impl Fn(&str) -> String) -> io::Result<()> {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for (number, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 3));
            }
            let line = line.trim_end();
            writeln!(out, "{}", if number == 0 { head(line) } else { line.to_owned() })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An item may end without a line feed, where its last text ends in what a YAML 1.1 reader takes for one.
    #[test]
    fn an_object_is_taken_out_of_a_list_whole() {
        for data in ["\nkind: List\nitems:\n", "a\nb\u{2028}"] {
            let text = to_yaml(&list_of(&json!({"data": {"a": data}})));
            let item = within(&text, "items:\n", YAML_END);
            assert_eq!(text, format!("apiVersion: v1\nitems:\n{item}{YAML_END}"));
        }
    }
}
