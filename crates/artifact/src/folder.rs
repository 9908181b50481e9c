//! Places with names and bytes: a directory, files that were named one by one, an archive.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::entry::{Entry, EntryKind, entries};
use crate::{Contents, Ignored, InputError, Reading};

/// A place with names and bytes. Archives, object stores and tests are one.
pub trait Folder: Send + Sync {
    /// What is in it, sorted by the bytes of the names.
    ///
    /// # Errors
    /// When it cannot be listed, or has too many entries to be a folder of backups.
    fn entries(&self) -> Result<Vec<Entry>, InputError>;

    /// The bytes of one, with the stamp that tells whether they changed.
    ///
    /// # Errors
    /// Whatever keeps it from being opened.
    fn open(&self, entry: &Entry, reading: &Reading) -> Result<Contents, InputError>;

    /// What stands at a path deeper below it than its entries tell; `None` where nothing does.
    fn find(&self, _name: &OsStr) -> Option<Entry> {
        None
    }

    /// The folder that an entry is; `None` where it is none.
    fn folder(&self, _entry: &Entry) -> Option<Box<dyn Folder>> {
        None
    }

    /// What in it is passed over, as stored, and why.
    fn ignored(&self) -> &[(Vec<u8>, Ignored)] {
        &[]
    }

    /// Its name, for messages.
    fn path(&self) -> &Path;
}

/// A directory.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The directory at a path. Nothing is looked at yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }
}

impl Folder for Directory {
    fn entries(&self) -> Result<Vec<Entry>, InputError> {
        entries(&self.path)
    }

    fn open(&self, entry: &Entry, reading: &Reading) -> Result<Contents, InputError> {
        Contents::open_with(&self.path.join(&entry.name), reading)
    }

    fn find(&self, name: &OsStr) -> Option<Entry> {
        self.path.join(name).exists().then(|| Entry::of(&self.path, name.to_owned()))
    }

    fn folder(&self, entry: &Entry) -> Option<Box<dyn Folder>> {
        (entry.kind == EntryKind::Folder).then(|| Box::new(Self::new(&self.path.join(&entry.name))) as Box<dyn Folder>)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// Files that were named one by one: a folder whose names are their paths.
#[derive(Debug, Clone)]
pub struct Files {
    paths: Vec<PathBuf>,
}

impl Files {
    /// These paths, in this order.
    pub fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { paths: paths.into_iter().collect() }
    }
}

impl Folder for Files {
    fn entries(&self) -> Result<Vec<Entry>, InputError> {
        Ok(self.paths.iter().map(|path| Entry::of(Path::new(""), path.clone().into_os_string())).collect())
    }

    fn open(&self, entry: &Entry, reading: &Reading) -> Result<Contents, InputError> {
        Contents::open_with(Path::new(&entry.name), reading)
    }

    fn path(&self) -> &Path {
        Path::new("")
    }
}
