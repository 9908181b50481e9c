//! What an archive holds: names, and where the bytes behind them are had. Nothing is written to a disk.

mod tar;
mod unpack;
mod zip;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufReader, Read};
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;
use std::time::SystemTime;

pub(crate) use unpack::Packed;

use crate::bytes::{Bytes, Part};
use crate::fault::Fault;
use crate::{Advance, Compression, EntryKind, InputError, Looks, Reading, expand};

/// No archive of backups has more.
pub(crate) const MEMBERS: usize = 100_000;

/// What macOS keeps beside a file is smaller; a snapshot has four pages of 4 KiB at least.
const COMPANION: u64 = 16 << 10;

/// So much of a compressed tar archive is kept in memory before what comes is read once more, when its turn comes: one
/// backup is read once, and many are no more in memory than few. Tests have few bytes, and both ways are to be gone.
const MOST_KEPT: u64 = if cfg!(test) { 16 << 10 } else { 1 << 30 };

/// What names in the tarball that `cluster-backup.sh` writes begin with.
const STATIC_RESOURCES: &[u8] = b"static-pod-resources";

/// Whether the beginning of a tar archive, as far as it is there, has static pod resources at its top.
pub(crate) fn begins_with_static_resources(head: &[u8]) -> bool {
    let mut headers = tar::Headers::new(tar::Stream(head));
    // it breaks off somewhere, and what came before counts
    std::iter::from_fn(|| headers.next().ok().flatten())
        .any(|record| path_of(&record.name).is_ok_and(|path| path.as_encoded_bytes().starts_with(STATIC_RESOURCES)))
}

/// Where the bytes of a member are had.
#[derive(Clone)]
pub(crate) enum Stored {
    /// In the archive, as they are.
    Part(std::ops::Range<u64>),
    /// In the archive, compressed.
    Packed(Packed),
    /// In memory: the archive as a whole is compressed.
    Memory(Arc<Vec<u8>>),
    /// In the archive, which as a whole is compressed so, at this place of its content: read once more when it is wanted.
    Again(Compression, u64),
    /// Nothing that could be read.
    Nothing,
}

/// A name in an archive.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) kind: EntryKind,
    /// Bytes of content.
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
    /// `Err` for one that cannot be read: why.
    pub(crate) stored: Result<Stored, Fault>,
}

/// Why a member is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ignored {
    /// Its name leads out of the folder that the archive would be unpacked to.
    Escapes,
    /// Its name begins at the root of the file system.
    Absolute,
    /// It is a link.
    Link,
    /// It is a device, a pipe, or of an unknown kind.
    Special,
    /// macOS put it beside a file: what it knows of that besides its bytes.
    Companion,
}

/// What an archive holds.
pub(crate) struct Members {
    /// The archive.
    pub(crate) bytes: Bytes,
    /// By path, without `./` and `/` at its ends.
    pub(crate) all: BTreeMap<OsString, Member>,
    /// Names that are passed over, as stored.
    pub(crate) ignored: Vec<(Vec<u8>, Ignored)>,
}

impl Members {
    /// Of a zip archive: its directory is read, and the beginning of each member.
    ///
    /// # Errors
    /// A failed read, or what is wrong with the archive.
    pub(crate) fn of_zip(bytes: Bytes) -> io::Result<Self> {
        let records = zip::directory(&bytes)?;
        let mut members = Self::none(bytes);
        for record in records {
            let kind = match record.mode & 0o170_000 {
                0o040_000 => EntryKind::Folder,
                0 | 0o100_000 => {
                    if record.name.ends_with(b"/") {
                        EntryKind::Folder
                    } else {
                        EntryKind::File
                    }
                }
                0o120_000 => {
                    members.ignored.push((record.name, Ignored::Link));
                    continue;
                }
                _ => {
                    members.ignored.push((record.name, Ignored::Special));
                    continue;
                }
            };
            let stored = fault_apart(record.packed(&members.bytes))?.map(Stored::Packed);
            members.take(record.name, Member { kind, size: record.size, modified: record.modified, stored })?;
        }
        members.expect_one_tree()?;
        Ok(members)
    }

    /// Of a tar archive that is not compressed: its headers are read.
    ///
    /// # Errors
    /// As [`Members::of_zip`].
    pub(crate) fn of_tar(bytes: Bytes) -> io::Result<Self> {
        let mut headers = tar::Headers::new(bytes.all());
        let mut members = Self::none(bytes);
        while let Some(record) = headers.next()? {
            let end = record.at.checked_add(record.size);
            let stored = end.map(|end| Stored::Part(record.at..end)).unwrap_or(Stored::Nothing);
            members.take_record(record, stored)?;
        }
        members.expect_one_tree()?;
        Ok(members)
    }

    /// Of a tar archive that is compressed: it is read to its end, and the first of its members are kept in memory.
    ///
    /// # Errors
    /// Whatever keeps it from being read; [`InputError::OverCap`] where it holds more than is allowed in all.
    pub(crate) fn of_packed_tar(
        bytes: Bytes,
        compression: Compression,
        display: &str,
        reading: &Reading,
        advance: Advance<'_>,
    ) -> Result<Self, InputError> {
        let packed = BufReader::with_capacity(1 << 16, Heard { inner: bytes.all(), advance });
        let capped = Capped { inner: compression.undone(packed), passed: 0, cap: reading.max_expanded };
        let mut headers = tar::Headers::new(tar::Stream(Kept { inner: capped, failed: None }));
        let mut members = Self::none(bytes);
        let read = members.read_packed(&mut headers, compression, display);
        let mut source = headers.into_source().0;
        // the checks of the compression stand at its end, behind the archive's
        let read = read.and_then(|()| io::copy(&mut source, &mut io::sink()).map_err(Trouble::Io));
        let passed = source.inner.passed;
        match (read, source.failed) {
            (Ok(_), _) => {}
            (Err(Trouble::Input(error)), None) => return Err(*error),
            (Err(Trouble::Io(error)), None) | (Err(_), Some(error)) => {
                return Err(expand::told(error, compression, passed, display));
            }
        }
        members.expect_one_tree().map_err(|error| InputError::reading(display, error, None))?;
        Ok(members)
    }

    fn read_packed<S: tar::Source>(
        &mut self,
        headers: &mut tar::Headers<S>,
        compression: Compression,
        display: &str,
    ) -> Result<(), Trouble> {
        let mut kept = 0_u64;
        while let Some(record) = headers.next()? {
            let again = Stored::Again(compression, record.at);
            let stored = match record.kind {
                tar::Kind::File if kept < MOST_KEPT => match expand::read_member(headers, record.size, display)? {
                    Some(content) => {
                        kept = kept.saturating_add(record.size);
                        Stored::Memory(Arc::new(content))
                    }
                    None => again,
                },
                tar::Kind::File => again,
                _ => Stored::Nothing,
            };
            self.take_record(record, stored)?;
        }
        Ok(())
    }

    fn none(bytes: Bytes) -> Self {
        Self { bytes, all: BTreeMap::new(), ignored: Vec::new() }
    }

    fn take_record(&mut self, record: tar::Record, stored: Stored) -> io::Result<()> {
        let (kind, stored) = match record.kind {
            tar::Kind::File => (EntryKind::File, Ok(stored)),
            tar::Kind::Sparse => (EntryKind::File, Err(Fault::Sparse)),
            tar::Kind::Folder => (EntryKind::Folder, Ok(stored)),
            tar::Kind::Link => {
                self.ignored.push((record.name, Ignored::Link));
                return Ok(());
            }
            tar::Kind::Special => {
                self.ignored.push((record.name, Ignored::Special));
                return Ok(());
            }
        };
        self.take(record.name, Member { kind, size: record.size, modified: record.modified, stored })
    }

    fn take(&mut self, name: Vec<u8>, member: Member) -> io::Result<()> {
        let path = match path_of(&name) {
            Ok(path) => path,
            Err(why) => {
                self.ignored.push((name, why));
                return Ok(());
            }
        };
        // the folder that the archive was made of
        if path.is_empty() {
            return Ok(());
        }
        if is_companion(path.as_encoded_bytes(), &member) {
            self.ignored.push((name, Ignored::Companion));
            return Ok(());
        }
        if self.all.len() + self.ignored.len() >= MEMBERS {
            return Err(Fault::TooMany { limit: MEMBERS }.into());
        }
        let is_folder = member.kind == EntryKind::Folder;
        match self.all.insert(path, member) {
            Some(before) if !is_folder || before.kind != EntryKind::Folder => {
                Err(Fault::Duplicate { member: name }.into())
            }
            _ => Ok(()),
        }
    }

    /// A name must not be that of a file and of a folder.
    fn expect_one_tree(&self) -> io::Result<()> {
        for name in self.all.keys() {
            let bytes = name.as_encoded_bytes();
            let above = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
            for (end, _) in above {
                let above = OsString::from_vec(bytes.get(..end).unwrap_or_default().to_vec());
                if self.all.get(&above).is_some_and(|member| member.kind != EntryKind::Folder) {
                    return Err(Fault::Duplicate { member: above.into_vec() }.into());
                }
            }
        }
        Ok(())
    }

    /// Of an archive, by what it looks like.
    ///
    /// # Errors
    /// As [`Members::of_zip`] and [`Members::of_packed_tar`].
    pub(crate) fn of(
        (bytes, looks, compression): (Bytes, &Looks, Compression),
        display: &str,
        reading: &Reading,
        advance: Advance<'_>,
    ) -> Result<Self, InputError> {
        let plain = match (looks, compression) {
            (Looks::Zip, _) => Self::of_zip(bytes),
            (_, Compression::None) => Self::of_tar(bytes),
            (_, packed) => return Self::of_packed_tar(bytes, packed, display, reading, advance),
        };
        plain.map_err(|error| InputError::reading(display, error, None))
    }

    /// Whether static pod resources stand at its top, as in the tarball that `cluster-backup.sh` writes.
    pub(crate) fn is_static_resources(&self) -> bool {
        self.all.keys().any(|name| name.as_encoded_bytes().starts_with(STATIC_RESOURCES))
    }

    /// The files in it, by path.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&OsString, &Member)> {
        self.all.iter().filter(|(_, member)| member.kind == EntryKind::File)
    }
}

/// A path of a member below its archive.
fn path_of(name: &[u8]) -> Result<OsString, Ignored> {
    if name.starts_with(b"/") {
        return Err(Ignored::Absolute);
    }
    let mut path = Vec::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(Ignored::Escapes),
            part if part.contains(&0) => return Err(Ignored::Escapes),
            part => {
                if !path.is_empty() {
                    path.push(b'/');
                }
                path.extend_from_slice(part);
            }
        }
    }
    Ok(OsString::from_vec(path))
}

/// Whether macOS put it there: `._name` beside `name`, in zip archives below `__MACOSX`. By its size it is no snapshot.
fn is_companion(path: &[u8], member: &Member) -> bool {
    let (folder, name) = match path.iter().rposition(|byte| *byte == b'/') {
        Some(end) => (path.get(..end).unwrap_or_default(), path.get(end + 1..).unwrap_or_default()),
        None => (&b""[..], path),
    };
    match member.kind {
        EntryKind::Folder => path == b"__MACOSX" || folder == b"__MACOSX" || folder.starts_with(b"__MACOSX/"),
        _ => (name.starts_with(b"._") || name == b".DS_Store") && member.size < COMPANION,
    }
}

/// Keeps what is wrong with a member apart from what is wrong with the disk.
fn fault_apart<T>(read: io::Result<T>) -> io::Result<Result<T, Fault>> {
    match read {
        Ok(read) => Ok(Ok(read)),
        Err(error) => match crate::fault::of(&error) {
            Some(fault) => Ok(Err(fault.clone())),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                Ok(Err(Fault::Header { what: "place of the member" }))
            }
            None => Err(error),
        },
    }
}

/// What ended the reading of an archive.
enum Trouble {
    Io(io::Error),
    Input(Box<InputError>),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<InputError> for Trouble {
    fn from(error: InputError) -> Self {
        Self::Input(Box::new(error))
    }
}

/// Tells of what passes through.
struct Heard<'a> {
    inner: Part,
    advance: Advance<'a>,
}

impl Read for Heard<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        (self.advance)(read as u64);
        Ok(read)
    }
}

/// Ends with an error where more passes through than may.
struct Capped<R> {
    inner: R,
    passed: u64,
    cap: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.passed += read as u64;
        if self.passed > self.cap { Err(Fault::OverCap { cap: self.cap }.into()) } else { Ok(read) }
    }
}

/// Keeps the first error that passes through: who reads may make another of it.
struct Kept<R> {
    inner: R,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                let kind = error.kind();
                self.failed.get_or_insert(error);
                Err(kind.into())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests;
