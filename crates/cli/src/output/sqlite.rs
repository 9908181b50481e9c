//! A list as an SQLite database. `sqlite-schema.md` is both its description and its schema: the
//! statements are taken from that page.
//!
//! The file is made under a temporary name beside its place, readable by its owner alone, and gets
//! its real name when it is complete and on disk.

pub mod snapshot;

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};

use key_escrow::{Access, Place};
use rusqlite::{Connection, Params, params};
use tempfile::TempPath;

use super::rows::keys::KeySink;
use document::{Finding, Key, KeyRow, RevisionRow, write_compact};
use etcd_snapshot::state;

use crate::exit::Error;
use crate::failure;
use wording::{escape, escape_path};

/// The description of the database, for people.
pub const SCHEMA: &str = include_str!("sqlite-schema.md");
/// Version of the schema; it changes when a table or column changes its meaning.
pub const SCHEMA_VERSION: i32 = 1;
/// `assy`, by which a file manager may tell the database from others.
const APPLICATION_ID: i32 = 0x6173_7379;

/// A database that is being written. It is nothing until [`Database::commit`].
pub struct Database {
    connection: Connection,
    temporary: TempPath,
    target: PathBuf,
    force: bool,
}

impl Database {
    /// Begins a database that is to stand at `target`.
    ///
    /// # Errors
    /// A file that exists, unless `force` is given; a place that cannot be written to.
    pub fn create(target: &Path, force: bool) -> Result<Self, Error> {
        if !force && target.symlink_metadata().is_ok() {
            return Err(exists(target));
        }
        let folder = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        Place::open(folder, Access::Shared).map_err(|error| failure::of_place(target, &error))?;
        let temporary = tempfile::Builder::new()
            .prefix(".assay-")
            .suffix(".part")
            .tempfile_in(folder)
            .map_err(|error| failed(target, &error))?
            .into_temp_path();
        let connection = begin(&temporary).map_err(|error| failed(target, &error))?;
        Ok(Self { connection, temporary, target: target.to_path_buf(), force })
    }

    /// Says something about the whole, in table `meta`.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn meta(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.insert("INSERT INTO meta VALUES (?, ?)", params![name, value])
    }

    /// Adds a row to `resources`: so many live keys are stored in this way, and take so many bytes with their values.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn resource(&mut self, stored: &Stored, live: u64, bytes: u64) -> Result<(), Error> {
        let (resource, group, encoding, provider, key_name) = stored;
        let (provider, key_name) = (provider.as_deref().map(escape), key_name.as_deref().map(escape));
        self.insert(
            "INSERT INTO resources VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![escape(resource), escape(group), encoding, provider, key_name, integer(live), integer(bytes)],
        )
    }

    /// Adds a row to `leases`; so many live keys hang on it.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn lease(&mut self, lease: &state::Lease, keys: u64) -> Result<(), Error> {
        let remaining = (lease.remaining_ttl != 0).then_some(lease.remaining_ttl);
        self.insert(
            "INSERT INTO leases VALUES (?, ?, ?, ?)",
            params![hex(lease.id.cast_unsigned()), lease.ttl, remaining, integer(keys)],
        )
    }

    /// Adds a row to `members`.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn member(&mut self, member: &state::Member) -> Result<(), Error> {
        let list = |urls: &[String]| serde_json::Value::from(urls).to_string();
        let (peers, clients) = (list(&member.peer_urls), list(&member.client_urls));
        self.insert(
            "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?)",
            params![hex(member.id), member.name, peers, clients, member.is_learner, false],
        )
    }

    /// Adds a row to `members` for one that was removed, of which only the ID is known.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn removed_member(&mut self, id: u64) -> Result<(), Error> {
        self.insert("INSERT INTO members VALUES (?, NULL, '[]', '[]', FALSE, TRUE)", params![hex(id)])
    }

    /// Adds a row to `findings`.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn finding(&mut self, finding: &Finding) -> Result<(), Error> {
        let mut evidence = Vec::new();
        write_compact(&mut evidence, &finding.evidence)?;
        let location = &finding.location;
        self.insert(
            "INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                finding.id,
                finding.name,
                finding.severity.name(),
                finding.message,
                String::from_utf8_lossy(&evidence),
                location.page.map(integer),
                location.offset.map(integer),
                location.key.as_ref().map(|key| &key.0),
                location.member.as_deref().and_then(|id| u64::from_str_radix(id, 16).ok()).map(hex),
                finding.remedy
            ],
        )
    }

    /// Completes the database, makes sure of it on disk, and gives it its name.
    ///
    /// # Errors
    /// A database that cannot be written, or a file that has come to stand in its place meanwhile.
    #[expect(clippy::disallowed_methods, reason = "what was written, to sync it")]
    pub fn commit(self) -> Result<(), Error> {
        let target = self.target;
        self.connection.execute_batch("COMMIT; PRAGMA optimize = 0x10002;").map_err(|error| failed(&target, &error))?;
        self.connection.close().map_err(|(_, error)| failed(&target, &error))?;
        let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
        sync(&self.temporary).map_err(|error| failed(&target, &error))?;
        let named =
            if self.force { self.temporary.persist(&target) } else { self.temporary.persist_noclobber(&target) };
        named.map_err(|error| match error.error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(&target),
            _ => failed(&target, &error.error),
        })?;
        // The name is lost with the power unless the directory is on disk, too.
        match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => sync(folder),
            _ => sync(Path::new(".")),
        }
        .map_err(|error| failed(&target, &error))
    }

    fn insert(&self, statement: &str, values: impl Params) -> Result<(), Error> {
        self.connection
            .prepare_cached(statement)
            .and_then(|mut statement| statement.execute(values))
            .map(|_| ())
            .map_err(|error| failed(&self.target, &error))
    }
}

impl KeySink for Database {
    fn key(&mut self, row: &KeyRow<'_>) -> Result<(), Error> {
        self.insert(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                row.key.0,
                std::str::from_utf8(row.key.0).ok(),
                row.identity.prefix.map(escape),
                row.identity.resource.map(text),
                row.identity.group.map(text),
                row.identity.namespace.map(text),
                row.identity.name.map(text),
                row.create_revision,
                row.mod_revision,
                row.version,
                row.lease.map(|id| hex(id.0)),
                integer(row.size),
                row.encoding,
                row.provider.map(text),
                row.key_name.map(text)
            ],
        )
    }

    fn revision(&mut self, row: &RevisionRow<'_>) -> Result<(), Error> {
        self.insert(
            "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                row.revision,
                row.sub,
                row.key.0,
                row.tombstone,
                row.create_revision,
                row.version,
                row.lease.map(|id| hex(id.0)),
                integer(row.size)
            ],
        )
    }

    /// Adds the indices; [`Database::commit`] does the rest.
    fn finish(&mut self) -> Result<(), Error> {
        statements("CREATE INDEX")
            .try_for_each(|block| self.connection.execute_batch(block))
            .map_err(|error| failed(&self.target, &error))
    }
}

/// Opens the temporary file and creates the tables in one transaction that stays open.
fn begin(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(16);
    // Until it has its name the file is worth nothing, so nothing is journalled.
    connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    connection.execute_batch("BEGIN")?;
    statements("CREATE TABLE").try_for_each(|block| connection.execute_batch(block))?;
    Ok(connection)
}

/// The blocks of SQL of the page that begin with these words.
fn statements(beginning: &'static str) -> impl Iterator<Item = &'static str> {
    SCHEMA
        .split("```sql\n")
        .skip(1)
        .filter_map(|block| block.split("```").next())
        .filter(move |block| block.starts_with(beginning))
}

/// How values of a resource are stored: resource, group, encoding, provider, key name.
pub type Stored = (Vec<u8>, Vec<u8>, String, Option<Vec<u8>>, Option<Vec<u8>>);

fn text(key: Key<'_>) -> Cow<'_, str> {
    escape(key.0)
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn hex(id: u64) -> String {
    format!("{id:x}")
}

fn exists(target: &Path) -> Error {
    Error::Output {
        path: escape_path(target),
        reason: "the file exists".to_owned(),
        hint: Some("choose another name, or add `--force` to replace it".to_owned()),
    }
}

fn failed(target: &Path, error: &dyn std::error::Error) -> Error {
    Error::Output { path: escape_path(target), reason: error.to_string(), hint: None }
}

#[cfg(test)]
mod tests;
