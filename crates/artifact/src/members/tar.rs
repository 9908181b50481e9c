//! The headers of a tar archive, one after another: ustar, GNU's long names, POSIX's records.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::{Duration, SystemTime};

use tar::{EntryType, Header};

use crate::bytes::Part;
use crate::fault::Fault;

const BLOCK: u64 = 512;
/// The most that is read of a record about a member: its name, its times.
const ABOUT: u64 = 1 << 20;

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    /// A file with holes.
    Sparse,
    Folder,
    Link,
    Special,
}

/// What the headers say of a member.
pub(crate) struct Record {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: Kind,
    /// Bytes of content.
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
    /// Where its content begins in the archive.
    pub(crate) at: u64,
}

/// Bytes of which some can be passed over.
pub(crate) trait Source: Read {
    /// Passes over so many, which must be there.
    fn pass(&mut self, count: u64) -> io::Result<()>;
}

impl Source for Part {
    fn pass(&mut self, count: u64) -> io::Result<()> {
        let last = count.checked_sub(1);
        if let Some(last) = last {
            self.seek(SeekFrom::Current(i64::try_from(last).map_err(|_| io::ErrorKind::UnexpectedEof)?))?;
            self.read_exact(&mut [0])?;
        }
        Ok(())
    }
}

/// A stream, which is read in order to pass over it.
pub(crate) struct Stream<R>(pub(crate) R);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Source for Stream<R> {
    fn pass(&mut self, count: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.0.by_ref().take(count), &mut io::sink())?;
        if passed == count { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// Walks through the headers. Between two of them it reads the content of the first.
pub(crate) struct Headers<S> {
    source: S,
    at: u64,
    /// Of the content that was come to and not read yet.
    left: u64,
    padding: u64,
    /// The last member, for messages.
    last: Option<Vec<u8>>,
}

/// What the records before a header say of its member.
#[derive(Default)]
struct About {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
}

impl<S: Source> Headers<S> {
    pub(crate) fn new(source: S) -> Self {
        Self { source, at: 0, left: 0, padding: 0, last: None }
    }

    /// The next member; `None` at the end.
    ///
    /// # Errors
    /// A failed read, or [`Fault::Tar`].
    pub(crate) fn next(&mut self) -> io::Result<Option<Record>> {
        let mut about = About::default();
        loop {
            self.pass_over()?;
            let Some(header) = self.header()? else { return Ok(None) };
            let size = header.entry_size().map_err(|error| self.fault(&error.to_string()))?;
            match header.entry_type() {
                EntryType::GNULongName => {
                    about.name = Some(self.about(size)?.split(|byte| *byte == 0).next().unwrap_or_default().to_vec())
                }
                EntryType::XHeader => about.read(&self.about(size)?),
                EntryType::GNULongLink | EntryType::XGlobalHeader => self.comes(size),
                kind => return self.record(&header, kind, size, about).map(Some),
            }
        }
    }

    fn record(&mut self, header: &Header, kind: EntryType, size: u64, about: About) -> io::Result<Record> {
        let name = about.name.unwrap_or_else(|| header.path_bytes().into_owned());
        self.last = Some(name.clone());
        let size = about.size.unwrap_or(size);
        if kind.is_gnu_sparse() {
            self.pass_over_holes(header)?;
        }
        let kind = match kind {
            EntryType::GNUSparse => Kind::Sparse,
            _ if about.is_sparse => Kind::Sparse,
            // before POSIX, a name that ends in a slash was a folder's
            EntryType::Regular if name.ends_with(b"/") && size == 0 => Kind::Folder,
            EntryType::Regular | EntryType::Continuous => Kind::File,
            EntryType::Directory => Kind::Folder,
            EntryType::Link | EntryType::Symlink => Kind::Link,
            _ => Kind::Special,
        };
        self.comes(size);
        let seconds = header.mtime().ok();
        let modified = seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        Ok(Record { name, kind, size, modified, at: self.at })
    }

    /// Content of so many bytes comes next.
    fn comes(&mut self, size: u64) {
        (self.left, self.padding) = (size, size.wrapping_neg() % BLOCK);
    }

    fn pass_over(&mut self) -> io::Result<()> {
        let left = std::mem::take(&mut self.left);
        self.source.pass(left).map_err(|error| self.told(error))?;
        let padding = std::mem::take(&mut self.padding);
        self.source.pass(padding).map_err(|error| self.told(error))?;
        self.at = self.at.saturating_add(left).saturating_add(padding);
        Ok(())
    }

    /// The next header; `None` at the end of the archive.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut header = Header::new_old();
        let mut filled = 0;
        while let Some(rest) = header.as_mut_bytes().get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read(rest) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(self.fault("it ends within a header")),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.at += BLOCK;
        let bytes = header.as_bytes();
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum = |range: std::ops::Range<usize>| -> u32 {
            bytes.get(range).unwrap_or_default().iter().map(|byte| u32::from(*byte)).sum()
        };
        let computed = sum(0..148) + 8 * u32::from(b' ') + sum(156..512);
        match header.cksum() {
            Ok(stored) if stored == computed => Ok(Some(header)),
            _ => Err(self.fault("what follows is no header")),
        }
    }

    /// A record about the next member.
    fn about(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > ABOUT {
            return Err(self.fault("a member's name is longer than a megabyte"));
        }
        self.comes(size);
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The list of a sparse file's pieces goes on in blocks behind the header.
    fn pass_over_holes(&mut self, header: &Header) -> io::Result<()> {
        let mut more = header.as_bytes().get(482).is_some_and(|more| *more != 0);
        while more {
            let mut block = [0; 512];
            self.source.read_exact(&mut block).map_err(|error| self.told(error))?;
            self.at += BLOCK;
            more = block.get(504).is_some_and(|more| *more != 0);
        }
        Ok(())
    }

    fn told(&self, error: io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof if error.get_ref().is_none() => self.fault("it ends within a member"),
            _ => error,
        }
    }

    fn fault(&self, reason: &str) -> io::Error {
        Fault::Tar { member: self.last.clone(), reason: reason.to_owned() }.into()
    }

    /// What it read from.
    pub(crate) fn into_source(self) -> S {
        self.source
    }
}

/// The content of the member that was come to last.
impl<S: Source> Read for Headers<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let read = self.source.read(buffer)?;
        if read == 0 && wanted > 0 {
            return Err(self.fault("it ends within a member"));
        }
        self.left -= read as u64;
        self.at += read as u64;
        Ok(read)
    }
}

impl About {
    /// Takes in POSIX's records: `<length> <key>=<value>\n`.
    fn read(&mut self, mut records: &[u8]) {
        while let Some(space) = records.iter().position(|byte| *byte == b' ') {
            let length =
                records.get(..space).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
            let Some(length) = length.filter(|length| *length > space + 1) else { return };
            let Some((record, rest)) = records.split_at_checked(length) else { return };
            records = rest;
            let record = record.get(space + 1..length - 1).unwrap_or_default();
            let Some(equals) = record.iter().position(|byte| *byte == b'=') else { return };
            let (key, value) = (record.get(..equals).unwrap_or_default(), record.get(equals + 1..).unwrap_or_default());
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => self.size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok()),
                _ => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
    }
}
