//! Lists of keys: for scripts as any list, and in forms of their own for people and for `xargs`.

mod text;

use std::io::Write;

use assay::documents;
use checks::{Finding, Verdict};
use document::{Hex64, Key, KeyRow, RevisionRow};
use serde_json::{Map, Value, json};

use super::{Fields, Head, Stream, cell};
use crate::args::{ListForm, RowFormat};
use crate::exit::Error;

/// Takes the rows of a list, in order, and gives them out as they come.
pub trait KeySink {
    /// Takes a live key.
    ///
    /// # Errors
    /// Whatever keeps it from being given out.
    fn key(&mut self, row: &KeyRow<'_>) -> Result<(), Error>;

    /// Takes the name of a live key, for forms that show nothing else ([`ListForm::is_of_names`]); others pass it over.
    ///
    /// # Errors
    /// Whatever keeps it from being given out.
    fn name(&mut self, _key: &[u8]) -> Result<(), Error> {
        Ok(())
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

impl KeysHead {
    /// Of the input `path`, in the view of a revision, or salvaged; `findings` tell what damage was seen.
    #[must_use]
    pub fn of(path: &str, revision: Option<i64>, findings: &[Finding]) -> Self {
        let mut artifact = Map::new();
        artifact.insert("path".into(), path.into());
        match revision {
            Some(revision) => artifact.insert("revision".into(), revision.into()),
            None => artifact.insert("salvaged".into(), true.into()),
        };
        Self {
            artifact,
            greatest_revision: 0,
            verdict: Verdict::Pass,
            findings: documents::findings(findings, path).map(|finding| json!(finding)).collect(),
            revisions: false,
            titled: false,
        }
    }
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
        ListForm::Csv { exact: false } => Box::new(Scripted::begin(out, RowFormat::Csv, "keys", head)?),
        ListForm::Csv { exact: true } => Box::new(Scripted::begin(out, RowFormat::CsvExact, "keys", head)?),
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
        self.stream.row(self.out, || row, || key_cells(row))
    }

    fn name(&mut self, key: &[u8]) -> Result<(), Error> {
        self.stream.row(self.out, || Key(key), || vec![cell(key)])
    }

    fn revision(&mut self, row: &RevisionRow<'_>) -> Result<(), Error> {
        self.stream.row(self.out, || row, || revision_cells(row))
    }

    fn finish(&mut self) -> Result<(), Error> {
        let mut after = Fields::default();
        if self.is_count {
            after.add("count", &self.stream.written())?;
        }
        self.stream.finish(self.out, &after, &self.findings, self.verdict)
    }
}

fn or_empty(text: Option<Key<'_>>) -> String {
    text.map(|text| cell(text.0)).unwrap_or_default()
}

fn hex(id: Option<Hex64>) -> String {
    id.map_or_else(String::new, |id| id.to_string())
}

fn key_cells(row: &KeyRow<'_>) -> Vec<String> {
    vec![
        cell(row.key.0),
        or_empty(row.identity.resource),
        or_empty(row.identity.group),
        or_empty(row.identity.namespace),
        or_empty(row.identity.name),
        row.create_revision.to_string(),
        row.mod_revision.to_string(),
        row.version.to_string(),
        hex(row.lease),
        row.size.to_string(),
        row.encoding.unwrap_or_default().to_owned(),
        or_empty(row.provider),
        or_empty(row.key_name),
    ]
}

fn revision_cells(row: &RevisionRow<'_>) -> Vec<String> {
    vec![
        cell(row.key.0),
        or_empty(row.identity.resource),
        or_empty(row.identity.group),
        or_empty(row.identity.namespace),
        or_empty(row.identity.name),
        row.revision.to_string(),
        row.sub.to_string(),
        row.tombstone.to_string(),
        row.create_revision.to_string(),
        row.version.to_string(),
        hex(row.lease),
        row.size.to_string(),
    ]
}

#[cfg(test)]
mod tests;
