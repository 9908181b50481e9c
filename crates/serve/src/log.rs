//! A line for each request: when, what was asked in which way, and how it ended. No header and no query.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::error::Error;

/// A log that lines are added to.
pub(crate) struct Log(Mutex<File>);

impl Log {
    /// Opens one, or begins it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let failed = |error| Error::new(format!("`{}`: {error}", wording::escape_path(path)));
        file.map(|file| Self(Mutex::new(file))).map_err(failed)
    }

    /// Adds a line.
    pub(crate) fn line(&self, method: &str, path: &str, code: u16) {
        let now = crate::clock::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(file, "{now} {code} {method} {}", wording::inert(path));
    }
}
