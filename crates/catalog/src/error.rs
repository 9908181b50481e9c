//! What keeps a catalog from being read or written.

use std::path::{Path, PathBuf};

use wording::escape_path;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What keeps a catalog from being read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// SQLite said no.
    #[error("`{}`: {source}", escape_path(path))]
    Sqlite {
        /// The catalog.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// It is a database of something else.
    #[error("`{}` is a database, and no catalog of backups", escape_path(path))]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later assay wrote it.
    #[error("`{}` has schema {found}, and this assay knows those up to {known}", escape_path(path))]
    Newer {
        /// The catalog.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// It is not there.
    #[error("there is no catalog at `{}`", escape_path(path))]
    Absent {
        /// The path.
        path: PathBuf,
    },
    /// It lies where processes of several hosts would write into each other's transactions.
    #[error("`{}` lies on {kind}, where SQLite cannot keep one host's writes from another's", escape_path(path))]
    Network {
        /// The catalog.
        path: PathBuf,
        /// The file system.
        kind: &'static str,
    },
    /// What stands in it is not what this crate writes.
    #[error("`{}`: {what}", escape_path(path))]
    Damaged {
        /// The catalog.
        path: PathBuf,
        /// What, and where.
        what: String,
    },
}

/// What SQLite says, with the file of which it says it.
pub(crate) fn failing(path: &Path) -> impl Fn(rusqlite::Error) -> Error + use<> {
    let path = path.to_path_buf();
    move |source| Error::Sqlite { path: path.clone(), source }
}
