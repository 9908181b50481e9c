//! An archive as a folder: what is in it is named and opened as in a directory, and nothing is unpacked to one.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::members::{Member, Members};
use crate::{Advance, Contents, Entry, EntryKind, Folder, Ignored, InputError, Reading};

/// A zip or tar archive, compressed or not, or a folder in one.
pub struct Archive {
    inside: Arc<Inside>,
    path: PathBuf,
    /// The folder's path in the archive: empty, or with a `/` at its end.
    prefix: Vec<u8>,
}

struct Inside {
    contents: Contents,
    members: Members,
}

/// What a file turned out to be.
pub enum Opened {
    /// An archive of other files.
    Archive(Archive),
    /// A file by itself, or the only one of an archive.
    File(Box<Contents>),
}

/// Where a database stands that is told by its place: a folder above it is no mere wrapping.
const PLACES: [&str; 3] = ["etcd/member/snap/db", "member/snap/db", "snap/db"];

impl Opened {
    /// Finds out what a file is: an archive is read as far as must be to know what it holds. A tar archive that is
    /// compressed, or comes by a pipe, is read to its end.
    ///
    /// # Errors
    /// Whatever keeps the archive from being read; see [`InputError`].
    pub fn of(contents: Contents, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        if !contents.is_container() {
            return Ok(Self::File(Box::new(contents)));
        }
        let (contents, members) = contents.members(reading, advance)?;
        if !contents.is_container() || members.is_static_resources() {
            return Ok(Self::File(Box::new(contents)));
        }
        let mut files = members.files();
        if let (Some((name, one)), None) = (files.next(), files.next()) {
            return contents.member(&members, Path::new(name), one).map(|one| Self::File(Box::new(one)));
        }
        drop(files);
        let path = contents.path().map_or_else(|| PathBuf::from("-"), Path::to_path_buf);
        let archive = Archive { inside: Arc::new(Inside { contents, members }), path, prefix: Vec::new() };
        Ok(Self::Archive(archive.beneath_wrapping()))
    }
}

impl Archive {
    /// The folder that holds all there is, where folders around it hold nothing else.
    fn beneath_wrapping(mut self) -> Self {
        loop {
            if PLACES.iter().any(|place| self.find(place.as_ref()).is_some()) {
                return self;
            }
            let entries = self.listed();
            let [(only, EntryKind::Folder)] = &entries[..] else { return self };
            self = self.inner(only);
        }
    }

    fn inner(&self, name: &OsStr) -> Self {
        let mut prefix = self.prefix.clone();
        prefix.extend_from_slice(name.as_bytes());
        prefix.push(b'/');
        Self { inside: Arc::clone(&self.inside), path: self.path.join(name), prefix }
    }

    /// The error for an archive that holds no backup, nor what else is looked for.
    pub fn refused(&self) -> InputError {
        self.inside.contents.refused()
    }

    /// Names right below, with what stands behind them.
    fn listed(&self) -> Vec<(OsString, EntryKind)> {
        let below = self.inside.members.all.range(OsString::from(OsStr::from_bytes(&self.prefix))..);
        let mut names = BTreeMap::new();
        for (path, member) in below {
            let Some(rest) = path.as_bytes().strip_prefix(&self.prefix[..]) else { break };
            let mut parts = rest.splitn(2, |byte| *byte == b'/');
            let name = OsStr::from_bytes(parts.next().unwrap_or_default());
            let is_folder = parts.next().is_some() || member.kind == EntryKind::Folder;
            let kind = if is_folder { EntryKind::Folder } else { member.kind };
            if !name.is_empty() {
                names.insert(name.to_owned(), kind);
            }
        }
        names.into_iter().collect()
    }

    fn place(&self, name: &OsStr) -> OsString {
        let mut place = OsStr::from_bytes(&self.prefix).to_owned();
        place.push(name);
        place
    }

    fn member(&self, name: &OsStr) -> Option<&Member> {
        self.inside.members.all.get(&self.place(name))
    }

    fn entry(&self, name: OsString, kind: EntryKind) -> Entry {
        let member = self.member(&name);
        let size = member.filter(|_| kind == EntryKind::File).map_or(0, |member| member.size);
        Entry { modified: member.and_then(|member| member.modified), name, kind, size }
    }
}

impl Folder for Archive {
    fn entries(&self) -> Result<Vec<Entry>, InputError> {
        Ok(self.listed().into_iter().map(|(name, kind)| self.entry(name, kind)).collect())
    }

    fn open(&self, entry: &Entry, _: &Reading) -> Result<Contents, InputError> {
        let place = self.place(&entry.name);
        let Inside { contents, members } = &*self.inside;
        match members.all.get(&place) {
            Some(member) => contents.member(members, Path::new(&place), member),
            None => Err(InputError::Missing { path: self.path.join(&entry.name), part: None }),
        }
    }

    fn find(&self, name: &OsStr) -> Option<Entry> {
        if let Some(member) = self.member(name) {
            return Some(self.entry(name.to_owned(), member.kind));
        }
        let folder = self.inner(name);
        (!folder.listed().is_empty()).then(|| self.entry(name.to_owned(), EntryKind::Folder))
    }

    fn folder(&self, entry: &Entry) -> Option<Box<dyn Folder>> {
        (entry.kind == EntryKind::Folder).then(|| Box::new(self.inner(&entry.name)) as Box<dyn Folder>)
    }

    fn ignored(&self) -> &[(Vec<u8>, Ignored)] {
        &self.inside.members.ignored
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
