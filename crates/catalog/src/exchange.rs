//! A catalog written out, an object a line, and taken in by another.
//!
//! The first line says what it is, and the head of its log; then the rows of each table in an order in which each finds what
//! it refers to. Bytes are hexadecimal digits. The log comes last, and is read through before anything is taken in.

use document::HexBytes;
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Transaction, params_from_iter};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result, failing};
use crate::log::{Entry, Head, bytes_of};
use crate::store::{Catalog, Writing};
use crate::witness;

/// What the first line says that it is.
const SCHEMA: &str = "assay-catalog/1";
/// Longest line that is taken, in bytes: findings of a judgement are the longest there is.
pub const LONGEST_LINE: usize = 16 << 20;

/// A table, and what is to be done where a row of it is known already.
struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    known: &'static str,
}

/// In the order in which they refer to each other.
const TABLES: [Table; 9] = [
    Table { name: "host", columns: &["id", "label"], known: "ON CONFLICT DO NOTHING" },
    Table { name: "content", columns: &["sha256", "kind", "size"], known: "ON CONFLICT DO NOTHING" },
    Table {
        name: "sighting",
        columns: &[
            "host",
            "path",
            "content",
            "stored",
            "size",
            "mtime",
            "ctime",
            "inode",
            "first_seen",
            "last_seen",
            "checked",
            "state",
        ],
        known: "ON CONFLICT (host, path) DO UPDATE SET content = excluded.content, stored = excluded.stored, \
            size = excluded.size, mtime = excluded.mtime, ctime = excluded.ctime, inode = excluded.inode, \
            last_seen = excluded.last_seen, checked = excluded.checked, state = excluded.state \
            WHERE max(excluded.last_seen, excluded.checked) > max(sighting.last_seen, sighting.checked)",
    },
    Table {
        name: "backup",
        columns: &[
            "id",
            "cluster",
            "snapshot",
            "resources",
            "taken",
            "taken_by",
            "revision",
            "release",
            "platform",
            "topology",
            "name",
            "added",
            "pinned",
        ],
        known: "ON CONFLICT (id) DO UPDATE SET pinned = coalesce(backup.pinned, excluded.pinned), let_go = NULL \
            WHERE backup.let_go IS NOT NULL OR backup.pinned IS NULL AND excluded.pinned IS NOT NULL",
    },
    Table { name: "belonging", columns: &["backup", "content"], known: "ON CONFLICT DO NOTHING" },
    Table {
        name: "judgement",
        columns: &[
            "backup",
            "beside",
            "at",
            "assay",
            "rules",
            "verdict",
            "keys",
            "updating",
            "migrating",
            "missing",
            "rehearsed",
            "findings",
        ],
        known: "ON CONFLICT DO NOTHING",
    },
    Table { name: "escrow", columns: &["manifest", "sealed", "needed"], known: "ON CONFLICT DO NOTHING" },
    Table { name: "custodian", columns: &["manifest", "share", "recipient"], known: "ON CONFLICT DO NOTHING" },
    Table { name: "key_use", columns: &["content", "role", "fingerprint"], known: "ON CONFLICT DO NOTHING" },
];

/// What was taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// The head of the other's log.
    pub head: Option<Head>,
    /// Rows that were new, or later looks.
    pub rows: u64,
}

impl Catalog {
    /// Writes out everything, a line at a time.
    ///
    /// # Errors
    /// Whatever keeps it from being read, and what `line` gives.
    pub fn export<E: From<Error>>(&self, line: &mut dyn FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        let failed = failing(&self.path);
        // all of one moment, whoever writes meanwhile
        let tx = self.db.unchecked_transaction().map_err(&failed)?;
        line(&json!({"schema": SCHEMA, "log": self.head()?.to_string()}).to_string())?;
        for table in &TABLES {
            // what was let go is not passed on
            let only = match table.name {
                "backup" => "WHERE let_go IS NULL",
                "belonging" | "judgement" => "WHERE backup IN (SELECT id FROM backup WHERE let_go IS NULL)",
                _ => "",
            };
            // judgements in the order in which they were made; nothing else has one
            let order = if table.name == "judgement" { "id" } else { "1, 2" };
            let sql = format!("SELECT {} FROM {} {only} ORDER BY {order}", table.columns.join(", "), table.name);
            let mut read = tx.prepare(&sql).map_err(&failed)?;
            let mut rows = read.query([]).map_err(&failed)?;
            while let Some(row) = rows.next().map_err(&failed)? {
                let mut object = Map::new();
                object.insert("table".to_owned(), table.name.into());
                for (at, column) in table.columns.iter().enumerate() {
                    object.insert((*column).to_owned(), json_of(row.get_ref(at).map_err(&failed)?));
                }
                line(&Value::Object(object).to_string())?;
            }
        }
        let mut read = tx.prepare(Entry::ALL).map_err(&failed)?;
        let mut rows = read.query([]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            let mut object = Entry::of(row).map_err(&failed)?.told();
            if let Some(fields) = object.as_object_mut() {
                fields.insert("table".to_owned(), "event".into());
            }
            line(&object.to_string())?;
        }
        Ok(())
    }
}

/// What another catalog wrote out, read through: nothing of it is taken in yet.
pub struct Foreign {
    head: Head,
    rows: Vec<(usize, Vec<Sql>)>,
}

impl Foreign {
    /// Reads the lines.
    ///
    /// # Errors
    /// In words, with the number of the line: it is no catalog, or its log does not hold together.
    pub fn read(lines: impl Iterator<Item = Result<String, String>>) -> Result<Self, String> {
        let mut lines = lines.zip(1_u64..);
        let at = |number: u64, what: &str| format!("line {number}: {what}");
        let object = |line: Result<String, String>, number: u64| -> Result<Map<String, Value>, String> {
            let line = line.map_err(|error| at(number, &error))?;
            match serde_json::from_str(&line) {
                Ok(Value::Object(object)) => Ok(object),
                Ok(_) => Err(at(number, "it is no object")),
                Err(error) => Err(at(number, &error.to_string())),
            }
        };
        let (first, number) = lines.next().ok_or("it is empty")?;
        let head = object(first, number)?;
        if head.get("schema").and_then(Value::as_str) != Some(SCHEMA) {
            return Err(at(1, &format!("it does not say that it is `{SCHEMA}`")));
        }
        let told = head.get("log").and_then(Value::as_str).unwrap_or_default();
        let head: Head = told.parse().map_err(|error: &str| at(1, error))?;
        let (mut rows, mut last) = (Vec::new(), Head::BEGINNING);
        for (line, number) in lines {
            let object = object(line, number)?;
            let table = object.get("table").and_then(Value::as_str).unwrap_or_default();
            if table == "event" {
                let entry = Entry::read(&object).ok_or_else(|| at(number, "it is no entry of a log"))?;
                last = entry
                    .follow(last)
                    .map_err(|what| at(number, &format!("entry {} of the log {what}", entry.seq())))?;
                continue;
            }
            let found = TABLES.iter().position(|it| it.name == table);
            let place = found.ok_or_else(|| at(number, "it is of no table that is known"))?;
            let columns = TABLES.get(place).map_or(&[][..], |table| table.columns);
            let row = columns.iter().map(|column| sql_of(column, object.get(*column).unwrap_or(&Value::Null)));
            let row =
                row.collect::<Option<Vec<Sql>>>().ok_or_else(|| at(number, "a field is not what it has to be"))?;
            rows.push((place, row));
        }
        if last != head {
            return Err(format!("its log ends at {last}, and its first line says {head}: it was cut or changed"));
        }
        Ok(Self { head, rows })
    }
}

impl Writing<'_> {
    /// Takes in what another catalog knew. What is known is not doubled; of two looks at a file the later counts.
    ///
    /// # Errors
    /// Whatever keeps it from being written; a row that refers to nothing.
    pub fn import(&mut self, foreign: &Foreign) -> Result<Imported> {
        let failed = failing(self.path);
        let mut taken = 0_usize;
        for (place, row) in &foreign.rows {
            let Some(table) = TABLES.get(*place) else { continue };
            taken += put(&self.tx, table, row).map_err(&failed)?;
        }
        if taken > 0 {
            self.say("import", &json!({"log": foreign.head.to_string(), "rows": taken}))?;
            for id in foreign.backups() {
                let body = self.imported(id).map_err(&failed)?;
                self.say("imported", &body)?;
            }
        }
        Ok(Imported { head: Some(foreign.head), rows: taken as u64 })
    }
}

impl Foreign {
    /// The IDs of the backups in it.
    fn backups(&self) -> impl Iterator<Item = &str> {
        let of_backups = self.rows.iter().filter(|(place, _)| TABLES.get(*place).is_some_and(|it| it.name == "backup"));
        of_backups.filter_map(|(_, row)| match row.first() {
            Some(Sql::Text(id)) => Some(id.as_str()),
            _ => None,
        })
    }
}

impl Writing<'_> {
    /// What the log says of a backup that was taken in: all that the tables say of it.
    fn imported(&self, id: &str) -> rusqlite::Result<Value> {
        let sql =
            format!("SELECT host, path, stored, state FROM sighting WHERE content IN ({PARTS}) ORDER BY host, path");
        let mut read = self.tx.prepare_cached(&sql)?;
        let files = read.query_map([id], |row| {
            let (host, path, stored): (String, String, [u8; 32]) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let state: String = row.get(3)?;
            Ok(json!([host, path, witness::beginning(&stored), state]))
        })?;
        let files = files.collect::<rusqlite::Result<Vec<Value>>>()?;
        let keys = |role: &str, escrow: bool| -> rusqlite::Result<Vec<String>> {
            let sql = format!(
                "SELECT DISTINCT fingerprint FROM key_use k JOIN content c ON c.sha256 = k.content \
                 WHERE k.content IN ({PARTS}) AND k.role = ?2 AND (c.kind = 'escrow') = ?3 ORDER BY fingerprint"
            );
            self.tx.prepare_cached(&sql)?.query_map(rusqlite::params![id, role, escrow], |row| row.get(0))?.collect()
        };
        let pinned: Option<String> =
            self.tx.query_row("SELECT pinned FROM backup WHERE id = ?", [id], |row| row.get(0))?;
        Ok(json!({
            "backup": id,
            "files": files,
            "needs": keys("needs", false)?,
            "has": keys("has", false)?,
            "sealed": keys("has", true)?,
            "pinned": pinned,
            "row": witness::of_backup(&self.tx, id)?,
        }))
    }
}

/// The contents of a backup.
const PARTS: &str = "SELECT snapshot FROM backup WHERE id = ?1 UNION SELECT resources FROM backup WHERE id = ?1 \
    UNION SELECT content FROM belonging WHERE backup = ?1";

fn put(tx: &Transaction<'_>, table: &Table, row: &[Sql]) -> rusqlite::Result<usize> {
    let marks = vec!["?"; table.columns.len()].join(", ");
    let sql = format!("INSERT INTO {} ({}) VALUES ({marks}) {}", table.name, table.columns.join(", "), table.known);
    tx.prepare_cached(&sql)?.execute(params_from_iter(row))
}

fn json_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
        ValueRef::Blob(bytes) => HexBytes(bytes).to_string().into(),
    }
}

/// The columns that hold bytes.
const BYTES: [&str; 8] = ["sha256", "stored", "snapshot", "resources", "beside", "manifest", "sealed", "content"];

fn sql_of(column: &str, value: &Value) -> Option<Sql> {
    Some(match value {
        Value::Null => Sql::Null,
        Value::Number(number) => Sql::Integer(number.as_i64()?),
        Value::String(text) if BYTES.contains(&column) => Sql::Blob(bytes_of(text)?),
        Value::String(text) => Sql::Text(text.clone()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    })
}
