//! Objects in the forms of `kubectl get`, one or a list, written as they come.

mod table;

use std::borrow::Cow;
use std::io::Write;

use assay::documents;
use document::write_compact;
use etcd_snapshot::Record;
use kube_objects::{ShownKey, StorageKey, to_exact_yaml, to_json, to_yaml};
use lens::jsonpath::{EvalError, Template};
use lens::table::kubectl_name;
use lens::{Object, Unseen};
use serde_json::{Value, json};

use crate::args::ObjectFormat;
use crate::exit::Error;
use crate::ui::Ui;
use table::{ObjectTable, Rows};
use wording::{count, escape, hex_dump, inert_lines};

/// How objects are written.
#[derive(Debug, Clone)]
pub struct ObjectLook {
    /// The form.
    pub format: ObjectFormat,
    /// Tables and columns without their titles.
    pub bare: bool,
}

/// Writes one object; raw and hex are not for objects, see [`bytes`].
///
/// # Errors
/// Whatever keeps the stream from taking it, and a template that does not fit it.
pub fn one(look: &ObjectLook, record: &Record<'_>, object: &Object, ui: &mut Ui) -> Result<(), Error> {
    match &look.format {
        ObjectFormat::Json => ui.out().write_all(to_json(object.shown()).as_bytes())?,
        ObjectFormat::Yaml | ObjectFormat::Raw | ObjectFormat::Hex => {
            let yaml = yaml(ui);
            ui.out().write_all(yaml(object.shown()).as_bytes())?;
        }
        ObjectFormat::JsonPath(template) => filled_in(template, object.shown(), ui)?,
        ObjectFormat::Ndjson | ObjectFormat::Table { .. } | ObjectFormat::Name | ObjectFormat::CustomColumns(_) => {
            let mut list = List::begin(look, ui)?;
            list.object(record, object, ui)?;
            list.finish(ui)?;
        }
    }
    Ok(())
}

/// Writes a template, filled in: to a terminal with nothing that it obeys, else as kubectl does.
fn filled_in(template: &Template, document: &Value, ui: &mut Ui) -> Result<(), Error> {
    let show: fn(&str) -> Cow<'_, str> =
        if ui.look().width.is_some() { inert_lines } else { |text| Cow::Borrowed(text) };
    let text = template.print(document, show).map_err(|error| misfit(&error))?;
    Ok(ui.out().write_all(text.as_bytes())?)
}

/// The error of a template or a column that does not fit what there is.
fn misfit(error: &EvalError) -> Error {
    Error::Usage(format!("the expression does not fit what was found: {error}"))
}

/// Writes one value: in hexadecimal digits, or as it is.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn bytes(out: &mut dyn Write, format: &ObjectFormat, bytes: &[u8]) -> Result<(), Error> {
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
pub struct List<'l> {
    look: &'l ObjectLook,
    objects: u64,
    table: ObjectTable,
    columns: Rows,
    /// What a template is filled in from once all are there.
    items: Vec<Value>,
}

impl<'l> List<'l> {
    /// Begins a list.
    ///
    /// # Errors
    /// Whatever keeps its beginning from being written.
    pub fn begin(look: &'l ObjectLook, ui: &mut Ui) -> Result<Self, Error> {
        let wide = look.format == ObjectFormat::Table { wide: true };
        let (table, mut columns) = (ObjectTable::new(wide, look.bare), Rows::default());
        match &look.format {
            ObjectFormat::Json => ui.out().write_all(b"{\n    \"apiVersion\": \"v1\",\n    \"items\": [")?,
            ObjectFormat::Yaml => ui.out().write_all(b"apiVersion: v1\nitems:")?,
            ObjectFormat::CustomColumns(own) => {
                columns =
                    Rows::new(own.titles().filter(|_| !look.bare).map(|title| escape(title.as_bytes()).into_owned()));
            }
            _ => {}
        }
        Ok(Self { look, objects: 0, table, columns, items: Vec::new() })
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.objects == 0
    }

    /// Takes an object.
    ///
    /// # Errors
    /// Whatever keeps the stream from taking it, and a column that does not fit it.
    pub fn object(&mut self, record: &Record<'_>, object: &Object, ui: &mut Ui) -> Result<(), Error> {
        let first = self.objects == 0;
        self.objects += 1;
        match &self.look.format {
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
            ObjectFormat::Name => {
                let name = kubectl_name(&ShownKey::of(record.kv.key), object.shown());
                writeln!(ui.out(), "{}", escape(name.as_bytes()))?;
            }
            ObjectFormat::JsonPath(_) => self.items.push(object.shown().clone()),
            ObjectFormat::CustomColumns(own) => {
                self.columns.add(own.cells(object.shown()).map_err(|error| misfit(&error))?);
            }
            ObjectFormat::Table { .. } | ObjectFormat::Raw | ObjectFormat::Hex => {
                let parsed = StorageKey::parse(record.kv.key);
                if self.table.is_of_another(&parsed) {
                    self.table.flush(ui)?;
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
        if self.look.format == ObjectFormat::Ndjson {
            self.objects += 1;
            line(ui.out(), record, Err(why))?;
        }
        Ok(())
    }

    /// Ends the list.
    ///
    /// # Errors
    /// Whatever keeps its end from being written, and a template that does not fit it.
    pub fn finish(&mut self, ui: &mut Ui) -> Result<(), Error> {
        let empty = self.objects == 0;
        match &self.look.format {
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
            ObjectFormat::Ndjson | ObjectFormat::Name => {}
            ObjectFormat::JsonPath(template) => filled_in(template, &list(std::mem::take(&mut self.items)), ui)?,
            ObjectFormat::CustomColumns(_) => self.columns.write(None, ui)?,
            ObjectFormat::Table { .. } | ObjectFormat::Raw | ObjectFormat::Hex => self.table.flush(ui)?,
        }
        Ok(())
    }
}

/// The end of a list.
const YAML_END: &str = "kind: List\nmetadata:\n  resourceVersion: \"\"\n";

/// A list of one, so that the object is indented, and its long lines folded, as in any list.
fn list_of(object: &Value) -> Value {
    list(vec![object.clone()])
}

/// Objects as kubectl's list.
fn list(items: Vec<Value>) -> Value {
    json!({"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}})
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Look;
    use crate::ui::tests::{PLAIN, captured_as};

    /// An item may end without a line feed, where its last text ends in what a YAML 1.1 reader takes for one.
    #[test]
    fn an_object_is_taken_out_of_a_list_whole() {
        for data in ["\nkind: List\nitems:\n", "a\nb\u{2028}"] {
            let text = to_yaml(&list_of(&json!({"data": {"a": data}})));
            let item = within(&text, "items:\n", YAML_END);
            assert_eq!(text, format!("apiVersion: v1\nitems:\n{item}{YAML_END}"));
        }
    }

    #[test]
    fn a_template_gives_a_terminal_nothing_that_it_obeys() {
        let template = Template::parse("{.a}{\"\\t\"}").unwrap();
        let document = json!({"a": "x\u{1b}[31m\ny"});
        for (width, expected) in [(None, "x\u{1b}[31m\ny\t"), (Some(80), "x\\u{1b}[31m\ny\t")] {
            let (mut ui, out, _) = captured_as(Look { width, ..PLAIN });
            filled_in(&template, &document, &mut ui).unwrap();
            assert_eq!(out.text(), expected);
        }
    }
}
