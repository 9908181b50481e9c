//! Whether a file is still what it was when it was opened.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;

use super::InputError;

/// What of a file must stay the same while it is read. Access time is not among it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// What it is now.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Holds a file against what it was.
    ///
    /// # Errors
    /// [`InputError::Changed`] with the first property that differs.
    pub(crate) fn check(&self, file: &File, display: &str) -> Result<(), InputError> {
        let metadata = file.metadata().map_err(|source| InputError::Io {
            display: display.to_owned(),
            action: "look at it again",
            offset: None,
            source,
        })?;
        self.compare(&Self::of(&metadata), display)
    }

    /// Holds what a file is now against what it was.
    ///
    /// # Errors
    /// [`InputError::Changed`] with the first property that differs.
    pub(crate) fn compare(&self, now: &Self, display: &str) -> Result<(), InputError> {
        let what = if now == self {
            return Ok(());
        } else if now.size != self.size {
            format!("its size went from {} to {} bytes", self.size, now.size)
        } else if now.modified != self.modified {
            "it was written to".to_owned()
        } else {
            "it was renamed, linked, or given other rights or times".to_owned()
        };
        Err(InputError::Changed { display: display.to_owned(), what })
    }
}
