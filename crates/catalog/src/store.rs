//! The file: opened, brought to the newest schema, and written in transactions that see nobody else's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{Error, Result, failing};
use crate::log::{self, Author, Head, Log};

/// `assy`: what SQLite's header says that the database is.
const APPLICATION: i64 = 0x6173_7379;
/// The newest schema.
pub(crate) const SCHEMA: i64 = 1;
const SCHEMA_1: &str = include_str!("schema.sql");

/// Memory for pages of the file, in KiB, as SQLite wants it: negative.
const CACHE: i64 = -65_536;

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a catalog is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read what is in it.
    Read,
    /// To write into it; it is made where there is none.
    Write,
}

/// Whether a catalog may lie on a file system of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// It may not.
    Refused,
    /// It may, and nobody but this host writes to it: it has no write-ahead log then.
    Allowed,
}

/// A catalog.
pub struct Catalog {
    pub(crate) db: Connection,
    pub(crate) path: PathBuf,
}

/// A transaction under way: all of it is written, or nothing.
pub struct Writing<'c> {
    pub(crate) tx: Transaction<'c>,
    pub(crate) path: &'c Path,
    pub(crate) author: &'c Author,
    log: Log,
}

impl Catalog {
    /// Opens it, and brings it to the newest schema where it is to be written to.
    ///
    /// # Errors
    /// Where it is not there, is no catalog, is of a later schema, or lies where it may not.
    pub fn open(path: &Path, access: Access, network: Network) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let remote = crate::network::kind(if path.exists() { path } else { folder });
        if let (Some(kind), Network::Refused) = (remote, network) {
            return Err(Error::Network { path: path.to_path_buf(), kind });
        }
        if access == Access::Read && !path.exists() {
            return Err(Error::Absent { path: path.to_path_buf() });
        }
        let flags = match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        };
        let failed = |source| Error::Sqlite { path: path.to_path_buf(), source };
        let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
        let mut catalog = Self { db, path: path.to_path_buf() };
        catalog.begin(access, remote.is_some())?;
        Ok(catalog)
    }

    fn begin(&mut self, access: Access, remote: bool) -> Result<()> {
        let failed = failing(&self.path);
        self.db.busy_timeout(PATIENCE).map_err(&failed)?;
        self.db.pragma_update(None, "foreign_keys", true).map_err(&failed)?;
        self.db.pragma_update(None, "trusted_schema", false).map_err(&failed)?;
        self.db.pragma_update(None, "cache_size", CACHE).map_err(&failed)?;
        // looked at first: whoever makes it meanwhile does so at once
        let is_empty: bool = self
            .db
            .query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
            .map_err(&failed)?;
        let (application, schema) = (self.number("application_id")?, self.number("user_version")?);
        if !is_empty && application != APPLICATION {
            return Err(Error::Foreign { path: self.path.clone() });
        }
        if schema > SCHEMA {
            return Err(Error::Newer { path: self.path.clone(), found: schema, known: SCHEMA });
        }
        if access == Access::Read {
            return if is_empty { Err(Error::Absent { path: self.path.clone() }) } else { Ok(()) };
        }
        let mode = if remote { "DELETE" } else { "WAL" };
        self.db.pragma_update_and_check(None, "journal_mode", mode, |_| Ok(())).map_err(&failed)?;
        self.db.pragma_update(None, "synchronous", "FULL").map_err(&failed)?;
        if schema < SCHEMA { self.migrate() } else { Ok(()) }
    }

    /// Makes what is missing, in one transaction: who comes second finds it done.
    fn migrate(&mut self) -> Result<()> {
        let failed = failing(&self.path);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let schema: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(&failed)?;
        if schema == 0 {
            tx.execute_batch(SCHEMA_1).map_err(&failed)?;
            tx.pragma_update(None, "application_id", APPLICATION).map_err(&failed)?;
            tx.pragma_update(None, "user_version", SCHEMA).map_err(&failed)?;
        }
        tx.commit().map_err(&failed)
    }

    fn number(&self, pragma: &str) -> Result<i64> {
        self.db.pragma_query_value(None, pragma, |row| row.get(0)).map_err(failing(&self.path))
    }

    /// Writes: what `work` does and says in the log is there as a whole, or not at all.
    ///
    /// # Errors
    /// Its own, or what keeps the transaction from being ended.
    pub fn write<T>(&mut self, author: &Author, work: impl FnOnce(&mut Writing<'_>) -> Result<T>) -> Result<(T, Head)> {
        let path = self.path.clone();
        let failed = failing(&path);
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let log = Log::at_end(&tx).map_err(&failed)?;
        let mut writing = Writing { tx, path: &path, author, log };
        let done = work(&mut writing)?;
        let Writing { tx, log, .. } = writing;
        tx.commit().map_err(&failed)?;
        Ok((done, log.head()))
    }

    /// The last entry of the log.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub fn head(&self) -> Result<Head> {
        Ok(Log::at_end(&self.db).map_err(failing(&self.path))?.head())
    }

    /// Goes through the log: how many entries it has, where each follows from the one before.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the first entry that does not.
    pub fn check_log(&self) -> Result<Head> {
        log::check(&self.db, &self.path)
    }

    /// Whether the log goes on from a head that was kept elsewhere.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub fn goes_on_from(&self, head: Head) -> Result<bool> {
        log::has(&self.db, head).map_err(failing(&self.path))
    }
}

impl Writing<'_> {
    /// Writes an entry of the log.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn say(&mut self, kind: &str, body: &serde_json::Value) -> Result<()> {
        self.log.append(&self.tx, self.author, kind, &body.to_string()).map_err(failing(self.path))
    }
}
