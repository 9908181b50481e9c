//! What was said of backups when they were made, read.

use std::path::Path;

use backup_facts::said::Said;

use crate::error::Error;
use crate::text_file::{self, TextFile, Unreadable};

/// The log of a job that backs up every hour has some megabytes in a year.
const LONGEST: u64 = 64 << 20;

/// What was said when backups were made, and where that was read.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The name of the text.
    pub source: String,
    /// What it says.
    pub said: Said,
    /// How many paths were given beside it: a text can only mean a file that it does not name where there is one backup.
    pub given: usize,
}

impl Expectation {
    /// Reads a text: out of a file, or of standard input. `given` paths are to be held against it.
    ///
    /// # Errors
    /// A file that cannot be read, or that says nothing of any backup.
    pub fn read(path: Option<&Path>, given: usize) -> Result<Self, Error> {
        let unreadable = |Unreadable { display, reason }| Error::Said { display, reason };
        let TextFile { display, bytes } = text_file::read(path, LONGEST).map_err(unreadable)?;
        let said = Said::read(&bytes);
        if said.is_empty() {
            return Err(Error::Said { display, reason: "it says nothing of any backup".to_owned() });
        }
        let source = path.map_or("-".to_owned(), |path| path.to_string_lossy().into_owned());
        Ok(Self { source, said, given })
    }
}
