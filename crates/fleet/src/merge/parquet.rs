//! Rows as Parquet, for those who query: columns by name, so that a question about two reads two.
//!
//! Rows come one at a time and go out in groups; what is in memory is a group and what is finished, compressed.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;

/// Rows of a group.
const GROUP: usize = 20_000;

/// What a column holds. Each may be empty.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Number,
    Truth,
}

/// Columns: name, where the value stands in a row, kind.
type Columns = [(&'static str, &'static str, Kind)];

/// Columns of `verdicts`.
const VERDICTS: &Columns = &[
    ("run", "/run", Kind::Text),
    ("item", "/item", Kind::Text),
    ("shard", "/shard", Kind::Number),
    ("cluster", "/cluster", Kind::Text),
    ("clusterFrom", "/clusterFrom", Kind::Text),
    ("folder", "/folder", Kind::Text),
    ("uri", "/uri", Kind::Text),
    ("etag", "/etag", Kind::Text),
    ("version", "/version", Kind::Text),
    ("over", "/over/kind", Kind::Text),
    ("overVersion", "/over/version", Kind::Text),
    ("overModified", "/over/modified", Kind::Text),
    ("size", "/size", Kind::Number),
    ("modified", "/modified", Kind::Text),
    ("depth", "/depth", Kind::Text),
    ("newest", "/newest", Kind::Truth),
    ("snapshot", "/snapshot", Kind::Truth),
    ("state", "/state", Kind::Text),
    ("verdict", "/verdict", Kind::Text),
    ("judged", "/judged", Kind::Text),
    ("worst", "/worst", Kind::Text),
    ("critical", "/counts/critical", Kind::Number),
    ("high", "/counts/high", Kind::Number),
    ("medium", "/counts/medium", Kind::Number),
    ("low", "/counts/low", Kind::Number),
    ("info", "/counts/info", Kind::Number),
    ("sha256", "/sha256", Kind::Text),
    ("taken", "/taken", Kind::Text),
    ("revision", "/revision", Kind::Number),
    ("etcd", "/etcd", Kind::Text),
    ("openshift", "/openshift", Kind::Text),
    ("clusterId", "/clusterId", Kind::Text),
    ("clusterName", "/clusterName", Kind::Text),
    ("liveKeys", "/liveKeys", Kind::Number),
    ("encrypted", "/encrypted", Kind::Truth),
    ("assay", "/assay", Kind::Text),
    ("policy", "/policy", Kind::Text),
    ("error", "/error", Kind::Text),
];

/// Columns of `findings`.
const FINDINGS: &Columns = &[
    ("run", "/run", Kind::Text),
    ("item", "/item", Kind::Text),
    ("id", "/id", Kind::Text),
    ("name", "/name", Kind::Text),
    ("severity", "/severity", Kind::Text),
    ("message", "/message", Kind::Text),
    ("page", "/page", Kind::Number),
    ("offset", "/offset", Kind::Number),
    ("key", "/key", Kind::Text),
    ("evidence", "/evidence", Kind::Text),
    ("waived", "/waived", Kind::Text),
];

/// Writes a table.
pub(super) struct Table {
    columns: &'static Columns,
    writer: SerializedFileWriter<Vec<u8>>,
    rows: Vec<Value>,
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::new(format!("a table: {error}"))
}

impl Table {
    /// A table of verdicts.
    pub(super) fn verdicts() -> Result<Self, Error> {
        Self::new("verdicts", VERDICTS)
    }

    /// A table of findings.
    pub(super) fn findings() -> Result<Self, Error> {
        Self::new("findings", FINDINGS)
    }

    fn new(name: &str, columns: &'static Columns) -> Result<Self, Error> {
        let column = |(name, _, kind): &(&str, &str, Kind)| match kind {
            Kind::Text => format!("OPTIONAL BYTE_ARRAY {name} (UTF8);"),
            Kind::Number => format!("OPTIONAL INT64 {name};"),
            Kind::Truth => format!("OPTIONAL BOOLEAN {name};"),
        };
        let fields: String = columns.iter().map(column).collect();
        let schema = parse_message_type(&format!("message {name} {{ {fields} }}")).map_err(failed)?;
        // no time and no host: equal rows make equal bytes
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("assay-fleet ", env!("CARGO_PKG_VERSION")).to_owned());
        let writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build()));
        Ok(Self { columns, writer: writer.map_err(failed)?, rows: Vec::new() })
    }

    /// Adds a row.
    pub(super) fn row(&mut self, row: &impl Serialize) -> Result<(), Error> {
        self.rows.push(serde_json::to_value(row).map_err(failed)?);
        if self.rows.len() >= GROUP { self.group() } else { Ok(()) }
    }

    fn group(&mut self) -> Result<(), Error> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for (_, place, kind) in self.columns {
            let Some(mut column) = group.next_column().map_err(failed)? else { break };
            let values: Vec<Option<&Value>> =
                rows.iter().map(|row| row.pointer(place).filter(|value| !value.is_null())).collect();
            write(&mut column, &values, *kind)?;
            column.close().map_err(failed)?;
        }
        group.close().map(drop).map_err(failed)
    }

    /// The file.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Error> {
        if !self.rows.is_empty() {
            self.group()?;
        }
        self.writer.into_inner().map_err(failed)
    }
}

/// Writes a column of a group: what is there, and of each row whether it is.
fn write(column: &mut SerializedColumnWriter<'_>, values: &[Option<&Value>], kind: Kind) -> Result<(), Error> {
    let there: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values = values.iter().flatten();
    let written = match kind {
        Kind::Text => {
            let texts: Vec<ByteArray> =
                values.map(|value| ByteArray::from(value.as_str().unwrap_or_default())).collect();
            column.typed::<ByteArrayType>().write_batch(&texts, Some(&there), None)
        }
        Kind::Number => {
            let number = |value: &&Value| value.as_i64().unwrap_or(i64::MAX);
            let numbers: Vec<i64> = values.map(number).collect();
            column.typed::<Int64Type>().write_batch(&numbers, Some(&there), None)
        }
        Kind::Truth => {
            let truths: Vec<bool> = values.map(|value| value.as_bool().unwrap_or(false)).collect();
            column.typed::<BoolType>().write_batch(&truths, Some(&there), None)
        }
    };
    written.map(drop).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field that is new would else be missing in silence.
    #[test]
    fn every_field_of_a_row_has_its_column() {
        let schema = include_str!("../../../../docs/assay-fleet-1.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        for (kind, columns) in [("verdict", VERDICTS), ("finding", FINDINGS)] {
            let fields = schema["$defs"][kind]["properties"].as_object().unwrap().keys();
            let told = |field: &str| columns.iter().any(|(_, place, _)| place.split('/').nth(1) == Some(field));
            let missing: Vec<&String> = fields.filter(|field| *field != "schema" && !told(field)).collect();
            assert!(missing.is_empty(), "{kind}: {missing:?}");
        }
    }
}
