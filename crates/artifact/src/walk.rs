//! One walk through a folder: each file of it is opened once, when it is looked at, and stays open until its turn.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Contents, Entry, EntryKind, Folder, Ignored, InputError, Listing, Looks, Reading, Stamp};

/// So many files are kept open: a process may have 1024, and needs some for its own. What lies behind is opened anew
/// when its turn comes, under the stamp that it had.
const HELD: usize = 256;

/// A folder whose names are known, and of whose files it is known what they look like.
pub struct Walk {
    folder: Box<dyn Folder>,
    entries: Vec<Entry>,
    places: BTreeMap<OsString, usize>,
    seen: Mutex<AllSeen>,
}

/// The files that were looked at, and how many of them are open.
#[derive(Default)]
struct AllSeen {
    files: BTreeMap<OsString, Seen>,
    open: usize,
}

/// A file that was looked at.
enum Seen {
    Open(Box<Contents>),
    Closed(Option<Stamp>),
}

impl Walk {
    /// Lists a folder, once.
    ///
    /// # Errors
    /// As [`Folder::entries`].
    pub fn of(folder: Box<dyn Folder>) -> Result<Self, InputError> {
        let entries = folder.entries()?;
        let places = entries.iter().enumerate().map(|(at, entry)| (entry.name.clone(), at)).collect();
        Ok(Self { folder, entries, places, seen: Mutex::default() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What is in it, sorted by the bytes of the names.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether a file or folder stands at a path below it.
    pub fn has(&self, name: &str) -> bool {
        self.find(name.as_ref()).is_some_and(|entry| entry.kind != EntryKind::Other)
    }

    /// The folder that an entry is, listed.
    ///
    /// # Errors
    /// As [`Folder::entries`]; `None` where there is no folder of that name.
    pub fn inner(&self, name: &OsStr) -> Option<Result<Self, InputError>> {
        let folder = self.folder.folder(&self.find(name)?)?;
        Some(Self::of(folder))
    }

    /// What a file of the folder looks like by its beginning; `None` where it is no file, or cannot be opened.
    ///
    /// The file stays open for [`Walk::open`].
    pub fn look(&self, entry: &Entry, reading: &Reading) -> Option<Looks> {
        if entry.kind != EntryKind::File {
            return None;
        }
        let mut seen = self.seen();
        if let Some(Seen::Open(contents)) = seen.files.get(&entry.name) {
            return Some(contents.looks().clone());
        }
        let contents = self.folder.open(entry, reading).ok()?;
        let looks = contents.looks().clone();
        let room = seen.open < HELD;
        seen.open += usize::from(room);
        let now = if room { Seen::Open(Box::new(contents)) } else { Seen::Closed(contents.stamp().copied()) };
        seen.files.insert(entry.name.clone(), now);
        Some(looks)
    }

    /// Closes the files that nobody will ask for.
    pub fn keep(&self, wanted: impl Fn(&OsStr) -> bool) {
        let AllSeen { files, open } = &mut *self.seen();
        for (name, file) in files {
            if let Seen::Open(contents) = file
                && !wanted(name)
            {
                *file = Seen::Closed(contents.stamp().copied());
                *open -= 1;
            }
        }
    }

    /// A file below the folder: the one that was looked at, or, if it had to be closed, the same under the same stamp.
    ///
    /// # Errors
    /// Whatever keeps it from being opened; [`InputError::Changed`] where it is not what was looked at.
    pub fn open(&self, name: &OsStr, reading: &Reading) -> Result<Contents, InputError> {
        let before = match self.taken(name) {
            Some(Seen::Open(contents)) => return Ok(*contents),
            Some(Seen::Closed(stamp)) => stamp,
            None => None,
        };
        let absent = || Entry { name: name.to_owned(), kind: EntryKind::File, size: 0, modified: None };
        let contents = self.folder.open(&self.find(name).unwrap_or_else(absent), reading)?;
        if let (Some(before), Some(now)) = (&before, contents.stamp()) {
            before.compare(now, contents.display())?;
        }
        Ok(contents)
    }

    /// What in it is passed over, as stored, and why.
    pub fn ignored(&self) -> &[(Vec<u8>, Ignored)] {
        self.folder.ignored()
    }

    /// Its names, for the message that explains what it is.
    pub fn listing(&self) -> Listing {
        let is_file = |inner: &str| self.find(inner.as_ref()).is_some_and(|found| found.kind == EntryKind::File);
        Listing::of(self.entries.iter().map(|entry| entry.name.as_os_str()), is_file)
    }

    fn find(&self, name: &OsStr) -> Option<Entry> {
        let listed = self.places.get(name).and_then(|at| self.entries.get(*at));
        listed.cloned().or_else(|| self.folder.find(name))
    }

    fn taken(&self, name: &OsStr) -> Option<Seen> {
        let mut seen = self.seen();
        let taken = seen.files.remove(name)?;
        seen.open -= usize::from(matches!(taken, Seen::Open(_)));
        Some(taken)
    }

    fn seen(&self) -> MutexGuard<'_, AllSeen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
