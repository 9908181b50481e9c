//! Lists of keys: for scripts as any list, and in forms of their own for people and for `xargs`.

mod text;

use std::io::Write;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Fields, Head, KeyRow, RevisionRow, Stream, cell};
use crate::args::{ListForm, RowFormat};
use crate::exit::Error;
use crate::output::json::{Hex64, Key, Verdict};

/// Takes the rows of a list, in order, and gives them out as they come.
pub trait KeySink {
    /// Takes a live key.
    ///
    /// # Errors
    /// Whatever keeps it from being given out.
    fn key(&mut self, row: &KeyRow<'_>) -> Result<(), Error>;

    /// Takes the name of a live key, for forms that show nothing else ([`ListForm::is_of_names`]).
    ///
    /// # Errors
    /// Whatever keeps it from being given out.
    fn name(&mut self, key: &[u8]) -> Result<(), Error> {
        self.key(&KeyRow::of_name(key))
    }

    /// Takes one revision of a key.
    ///
    /// # Errors
    /// Whatever keeps it from being given out.
    fn revision(&mut self, row: &RevisionRow<'_>) -> Result<(), Error>;

    /// Ends the list.
    ///
    /// # Errors
    /// Whatever keeps the end from being given out.
    fn finish(&mut self) -> Result<(), Error>;
}

/// What a list of keys says about itself, where its form has room for it.
#[derive(Debug, Clone)]
pub struct KeysHead {
    /// Fields of the artifact in the JSON document, such as `path` and `revision`.
    pub artifact: Map<String, Value>,
    /// The greatest revision in the list, which sets the width of a column.
    pub greatest_revision: i64,
    /// Whether the list is all there is (`pass`) or damage may have cost some of it (`fail`).
    pub verdict: Verdict,
    /// What damage was seen, as the JSON document has it.
    pub findings: Vec<Value>,
    /// Whether its rows are revisions, rather than live keys.
    pub revisions: bool,
    /// Whether the reader is a terminal, and gets a head line over the columns.
    pub titled: bool,
}

/// The sink for a form; `None` for a database, which is no stream (see [`crate::output::sqlite`]).
///
/// # Errors
/// Whatever keeps the beginning of the list from being given out.
pub fn sink<'a>(
    form: &ListForm,
    out: &'a mut dyn Write,
    head: KeysHead,
) -> Result<Option<Box<dyn KeySink + 'a>>, Error> {
    Ok(Some(match form {
        ListForm::Names => Box::new(text::Names::lines(out)),
        ListForm::Nul => Box::new(text::Names::raw(out)),
        ListForm::Long => Box::new(text::Long::begin(out, &head)?),
        ListForm::Count { json: false } => Box::new(text::Count::new(out)),
        ListForm::Count { json: true } => Box::new(Scripted::begin(out, RowFormat::Json, "", head)?),
        ListForm::Json => Box::new(Scripted::begin(out, RowFormat::Json, "keys", head)?),
        ListForm::Ndjson => Box::new(Scripted::begin(out, RowFormat::Ndjson, "keys", head)?),
        ListForm::Csv => Box::new(Scripted::begin(out, RowFormat::Csv, "keys", head)?),
        ListForm::Sqlite { .. } => return Ok(None),
    }))
}

const KEY_TITLES: [&str; 13] = [
    "key",
    "resource",
    "group",
    "namespace",
    "name",
    "createRevision",
    "modRevision",
    "version",
    "lease",
    "size",
    "encoding",
    "provider",
    "keyName",
];

const REVISION_TITLES: [&str; 12] = [
    "key",
    "resource",
    "group",
    "namespace",
    "name",
    "revision",
    "sub",
    "tombstone",
    "createRevision",
    "version",
    "lease",
    "size",
];

/// A list for scripts: every key, or in a document without a list how many there are.
struct Scripted<'a> {
    out: &'a mut dyn Write,
    stream: Stream,
    is_count: bool,
    findings: Vec<Value>,
    verdict: Verdict,
}

impl<'a> Scripted<'a> {
    fn begin(out: &'a mut dyn Write, format: RowFormat, list: &str, head: KeysHead) -> Result<Self, Error> {
        let titles: &[&str] = if head.revisions { &REVISION_TITLES } else { &KEY_TITLES };
        let KeysHead { artifact, findings, verdict, .. } = head;
        let head = Head { command: "ls", list, artifact, titles, ..Head::default() };
        let stream = Stream::begin(out, format, &head)?;
        Ok(Self { out, stream, is_count: list.is_empty(), findings, verdict })
    }
}

impl KeySink for Scripted<'_> {
    fn key(&mut self, row: &KeyRow<'_>) -> Result<(), Error> {
        self.stream.row(self.out, || KeyJson::from(row), || key_cells(row))
    }

    fn revision(&mut self, row: &RevisionRow<'_>) -> Result<(), Error> {
        self.stream.row(self.out, || RevisionJson::from(row), || revision_cells(row))
    }

    fn finish(&mut self) -> Result<(), Error> {
        let mut after = Fields::default();
        if self.is_count {
            after.add("count", &self.stream.written())?;
        }
        self.stream.finish(self.out, &after, &self.findings, self.verdict)
    }
}

fn or_empty(text: Option<&[u8]>) -> String {
    text.map(cell).unwrap_or_default()
}

fn hex(id: Option<u64>) -> String {
    id.map_or_else(String::new, |id| format!("{id:x}"))
}

fn key_cells(row: &KeyRow<'_>) -> Vec<String> {
    vec![
        cell(row.key),
        or_empty(row.identity.resource),
        or_empty(row.identity.group),
        or_empty(row.identity.namespace),
        or_empty(row.identity.name),
        row.create_revision.to_string(),
        row.mod_revision.to_string(),
        row.version.to_string(),
        hex(row.lease),
        row.size.to_string(),
        or_empty(row.encoding.map(str::as_bytes)),
        or_empty(row.provider),
        or_empty(row.key_name),
    ]
}

fn revision_cells(row: &RevisionRow<'_>) -> Vec<String> {
    vec![
        cell(row.key),
        or_empty(row.identity.resource),
        or_empty(row.identity.group),
        or_empty(row.identity.namespace),
        or_empty(row.identity.name),
        row.main.to_string(),
        row.sub.to_string(),
        row.tombstone.to_string(),
        row.create_revision.to_string(),
        row.version.to_string(),
        hex(row.lease),
        row.size.to_string(),
    ]
}

/// A live key as scripts read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyJson<'a> {
    key: Key<'a>,
    resource: Option<Key<'a>>,
    group: Option<Key<'a>>,
    namespace: Option<Key<'a>>,
    name: Option<Key<'a>>,
    create_revision: i64,
    mod_revision: i64,
    version: i64,
    lease: Option<Hex64>,
    size: u64,
    encoding: Option<&'a str>,
    provider: Option<Key<'a>>,
    key_name: Option<Key<'a>>,
}

impl<'a> From<&KeyRow<'a>> for KeyJson<'a> {
    fn from(row: &KeyRow<'a>) -> Self {
        Self {
            key: Key(row.key),
            resource: row.identity.resource.map(Key),
            group: row.identity.group.map(Key),
            namespace: row.identity.namespace.map(Key),
            name: row.identity.name.map(Key),
            create_revision: row.create_revision,
            mod_revision: row.mod_revision,
            version: row.version,
            lease: row.lease.map(Hex64),
            size: row.size,
            encoding: row.encoding,
            provider: row.provider.map(Key),
            key_name: row.key_name.map(Key),
        }
    }
}

/// One revision as scripts read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevisionJson<'a> {
    key: Key<'a>,
    resource: Option<Key<'a>>,
    group: Option<Key<'a>>,
    namespace: Option<Key<'a>>,
    name: Option<Key<'a>>,
    revision: i64,
    sub: i64,
    tombstone: bool,
    create_revision: i64,
    version: i64,
    lease: Option<Hex64>,
    size: u64,
}

impl<'a> From<&RevisionRow<'a>> for RevisionJson<'a> {
    fn from(row: &RevisionRow<'a>) -> Self {
        Self {
            key: Key(row.key),
            resource: row.identity.resource.map(Key),
            group: row.identity.group.map(Key),
            namespace: row.identity.namespace.map(Key),
            name: row.identity.name.map(Key),
            revision: row.main,
            sub: row.sub,
            tombstone: row.tombstone,
            create_revision: row.create_revision,
            version: row.version,
            lease: row.lease.map(Hex64),
            size: row.size,
        }
    }
}

#[cfg(test)]
mod tests;
