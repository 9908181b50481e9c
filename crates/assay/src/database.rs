//! The database in a file.

use std::path::Path;

use artifact::{Contents, Reading};
use backup_facts::snapshot::{self, Opened};
use bbolt_page::{Db, OpenError};
use etcd_snapshot::{Options, Scan};

use crate::error::Error;
use crate::pool::Pool;

/// A database in a file that should be a snapshot, opened as etcd does, or by what is left of it.
///
/// # Errors
/// Where nothing in the file can be read.
pub fn database(source: &Contents) -> Result<(Db<'_>, Opened), Error> {
    snapshot::database(source.bytes()).map_err(|error| no_database(source, error, false))
}

/// A database in a file that should be a snapshot, opened as etcd does.
///
/// # Errors
/// Where etcd would not open it; pages may be left.
pub fn intact_database(source: &Contents) -> Result<Db<'_>, Error> {
    Db::open(source.bytes()).map_err(|error| no_database(source, error, true))
}

/// The revision that a snapshot ends at.
///
/// # Errors
/// A file that cannot be read, or is no snapshot; a database that etcd would not open.
pub fn revision_of(path: &Path, reading: &Reading) -> Result<u64, Error> {
    let source = Contents::open(path)?.whole(reading, &|_| {})?;
    source.expect_snapshot()?;
    let options = Options { without_hashes: true, ..Options::default() };
    let current = etcd_snapshot::scan(intact_database(&source)?, options, &Pool).current();
    source.check_unchanged()?;
    Ok(current.unsigned_abs())
}

/// Why there is no database in a file, or what a transfer did to it that explains it.
pub(crate) fn no_database(source: &Contents, error: OpenError, pages: bool) -> Error {
    let told = matches!(error, OpenError::NoMeta { .. }).then(|| source.transferred()).flatten();
    told.map_or_else(|| Error::NoDatabase { display: source.display().to_owned(), error, pages }, Error::Input)
}

/// What keeps a walk from having seen everything: structural faults, and records that cannot be read.
#[must_use]
pub fn lost(scan: &Scan<'_>) -> (u64, u64) {
    let kept = scan.walked.faults.kept().iter().filter(|fault| !fault.kind.is_harmless());
    (kept.count() as u64 + scan.walked.faults.dropped(), scan.counts.damaged)
}
