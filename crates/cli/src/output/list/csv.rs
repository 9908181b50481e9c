//! Lists for spreadsheets.
//!
//! Keys are escaped as people see them: a table is opened in programs that obey what they are shown.

use std::io::{self, Write};

use csv::Writer;

use super::{Head, KeySink};
use crate::exit::Error;
use crate::output::rows::{KeyRow, RevisionRow};
use crate::text::escape;

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

/// Comma-separated values under a line of titles.
pub(super) struct Table<'a> {
    writer: Writer<&'a mut dyn Write>,
}

impl<'a> Table<'a> {
    /// Begins with the titles of the rows to come.
    pub(super) fn begin(out: &'a mut dyn Write, head: &Head) -> Result<Self, Error> {
        let mut table = Self { writer: Writer::from_writer(out) };
        if head.revisions {
            table.record(REVISION_TITLES)?;
        } else {
            table.record(KEY_TITLES)?;
        }
        Ok(table)
    }

    fn record<const N: usize>(&mut self, fields: [impl AsRef<[u8]>; N]) -> Result<(), Error> {
        self.writer.write_record(fields).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Error::Stdout(error), // a closed pipe must stay one
            other => Error::Stdout(io::Error::other(format!("{other:?}"))),
        })
    }
}

fn cell(text: Option<&[u8]>) -> String {
    text.map_or_else(String::new, |text| escape(text).into_owned())
}

fn hex(id: Option<u64>) -> String {
    id.map_or_else(String::new, |id| format!("{id:x}"))
}

impl KeySink for Table<'_> {
    fn key(&mut self, row: &KeyRow<'_>) -> Result<(), Error> {
        self.record([
            escape(row.key).into_owned(),
            cell(row.identity.resource),
            cell(row.identity.group),
            cell(row.identity.namespace),
            cell(row.identity.name),
            row.create_revision.to_string(),
            row.mod_revision.to_string(),
            row.version.to_string(),
            hex(row.lease),
            row.size.to_string(),
            cell(row.encoding.map(str::as_bytes)),
            cell(row.provider),
            cell(row.key_name),
        ])
    }

    fn revision(&mut self, row: &RevisionRow<'_>) -> Result<(), Error> {
        self.record([
            escape(row.key).into_owned(),
            cell(row.identity.resource),
            cell(row.identity.group),
            cell(row.identity.namespace),
            cell(row.identity.name),
            row.main.to_string(),
            row.sub.to_string(),
            row.tombstone.to_string(),
            row.create_revision.to_string(),
            row.version.to_string(),
            hex(row.lease),
            row.size.to_string(),
        ])
    }

    fn finish(&mut self) -> Result<(), Error> {
        Ok(self.writer.flush()?)
    }
}
