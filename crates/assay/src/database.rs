//! The database in a file.

use artifact::Contents;
use backup_facts::snapshot::{self, Opened};
use bbolt_page::Db;

use crate::error::Error;

/// A database in a file that should be a snapshot, opened as etcd does, or by what is left of it.
///
/// # Errors
/// Where nothing in the file can be read.
pub fn database(source: &Contents) -> Result<(Db<'_>, Opened), Error> {
    let display = source.display().to_owned();
    snapshot::database(source.bytes()).map_err(|error| Error::NoDatabase { display, error, pages: false })
}

/// A database in a file that should be a snapshot, opened as etcd does.
///
/// # Errors
/// Where etcd would not open it; pages may be left.
pub fn intact_database(source: &Contents) -> Result<Db<'_>, Error> {
    let display = source.display().to_owned();
    Db::open(source.bytes()).map_err(|error| Error::NoDatabase { display, error, pages: true })
}
