//! Lists of keys in every form that goes to a stream, a row at a time.

mod csv;
mod json;
mod text;

use std::io::Write;

use serde_json::{Map, Value};

use super::json::Verdict;
use super::rows::{KeyRow, RevisionRow};
use crate::args::ListForm;
use crate::exit::Error;

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

/// What a list says about itself, where its form has room for it.
#[derive(Debug, Clone)]
pub struct Head {
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

/// The sink for a form; `None` for a database, which is no stream (see [`super::sqlite`]).
///
/// # Errors
/// Whatever keeps the beginning of the list from being given out.
pub fn sink<'a>(form: &ListForm, out: &'a mut dyn Write, head: &Head) -> Result<Option<Box<dyn KeySink + 'a>>, Error> {
    Ok(Some(match form {
        ListForm::Names => Box::new(text::Names::lines(out)),
        ListForm::Nul => Box::new(text::Names::raw(out)),
        ListForm::Long => Box::new(text::Long::begin(out, head)?),
        ListForm::Count { json: false } => Box::new(text::Count::new(out)),
        ListForm::Count { json: true } => Box::new(json::Document::count(out, head)?),
        ListForm::Json => Box::new(json::Document::keys(out, head)?),
        ListForm::Ndjson => Box::new(json::Ndjson::new(out)),
        ListForm::Csv => Box::new(csv::Table::begin(out, head)?),
        ListForm::Sqlite { .. } => return Ok(None),
    }))
}

#[cfg(test)]
mod tests;
