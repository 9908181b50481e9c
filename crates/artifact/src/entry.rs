//! What a directory holds: names, and what stands behind them.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::InputError;

/// No directory of backups has more; more than that is refused rather than looked at in part.
const ENTRIES: usize = 100_000;

/// What stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file, or a link to one.
    File,
    /// A folder, or a link to one.
    Folder,
    /// A pipe, a device, a link that leads nowhere.
    Other,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name below the folder; parts of it are separated by `/`.
    pub name: OsString,
    /// What stands behind it.
    pub kind: EntryKind,
    /// Bytes of a file.
    pub size: u64,
    /// When it was written last, where that is known.
    pub modified: Option<SystemTime>,
}

impl Entry {
    /// Looks at what a name in a directory stands for, through links.
    pub(crate) fn of(folder: &Path, name: OsString) -> Self {
        let metadata = fs::metadata(folder.join(&name)).ok();
        let kind = match &metadata {
            Some(found) if found.is_file() => EntryKind::File,
            Some(found) if found.is_dir() => EntryKind::Folder,
            _ => EntryKind::Other,
        };
        let size = metadata.as_ref().filter(|_| kind == EntryKind::File).map_or(0, fs::Metadata::len);
        Self { name, kind, size, modified: metadata.and_then(|found| found.modified().ok()) }
    }
}

/// What is in a directory, sorted by the bytes of the names.
///
/// # Errors
/// When it cannot be read, or has too many entries to be one of backups.
pub(crate) fn entries(path: &Path) -> Result<Vec<Entry>, InputError> {
    let opening = |error| InputError::opening(path, error);
    let mut entries = Vec::new();
    for found in fs::read_dir(path).map_err(opening)? {
        entries.push(Entry::of(path, found.map_err(opening)?.file_name()));
        if entries.len() > ENTRIES {
            return Err(InputError::Crowded { path: path.to_path_buf(), limit: ENTRIES });
        }
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}
