//! One artifact, open: how its bytes are had, and whether they stayed what they were.

use std::fs::{self, File, FileType};
use std::io::{self, BufRead, BufReader, Chain, Cursor, IsTerminal, Read};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use wording::escape_path;

use crate::entry::entries;
use crate::map::Mapping;
use crate::{Advance, Compression, InputError, Listing, Looks, Reading, Stamp, expand, open_regular, sniff};

/// So much of a file is looked at to tell what it is.
pub const HEAD: usize = 64 << 10;
/// The least page of a database that is looked for; nothing shorter can be a snapshot.
const LEAST_SNAPSHOT: u64 = 1024;

/// An artifact that is open, under the stamp that it had then.
///
/// Opening looks at the beginning and no further. What it is for decides how the rest is had: [`Contents::ready`] has
/// all bytes at hand, of everything but a tar archive; that is streamed as it is stored, by [`Contents::stored`], and
/// never held whole.
pub struct Contents {
    path: Option<PathBuf>,
    name: String,
    display: String,
    looks: Looks,
    compression: Compression,
    on_disk: Option<u64>,
    backing: Backing,
    file: Option<(File, Stamp)>,
}

/// A stream of which the beginning was read already. Locked, so that an artifact may be shared between threads.
type Begun = Mutex<Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>>;

enum Backing {
    /// A regular file, not read yet.
    File,
    /// A stream, not read on yet.
    Stream(Begun),
    Map(Mapping),
    Memory(Vec<u8>),
}

impl Contents {
    /// Opens what a path names.
    ///
    /// # Errors
    /// Whatever keeps it from being opened or looked at; see [`InputError`].
    pub fn open(path: &Path) -> Result<Self, InputError> {
        let opening = |error| InputError::opening(path, error);
        let kind = fs::metadata(path).map_err(opening)?.file_type();
        if kind.is_dir() {
            return Err(InputError::Directory { path: path.to_path_buf(), listing: listing(path)? });
        }
        if let Some(kind) = special(kind) {
            return Err(InputError::Special { path: path.to_path_buf(), kind });
        }
        if !kind.is_file() {
            // A pipe waits for its writer here, as `cat` does.
            let file = File::open(path).map_err(opening)?;
            return Self::named(Some(path)).begun(Box::new(file));
        }
        let file = open_regular(path).map_err(opening)?;
        let stamp = Stamp::of(&file.metadata().map_err(opening)?);
        Self::named(Some(path)).of_file(file, stamp)
    }

    /// Opens standard input.
    ///
    /// # Errors
    /// [`InputError::Terminal`], or a failed read.
    pub fn stdin() -> Result<Self, InputError> {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(InputError::Terminal);
        }
        Self::named(None).begun(Box::new(stdin))
    }

    /// Takes a stream for an artifact of that name.
    ///
    /// # Errors
    /// A failed read.
    pub fn of_stream(name: &str, bytes: Box<dyn Read + Send>) -> Result<Self, InputError> {
        Self::named(Some(Path::new(name))).begun(bytes)
    }

    fn named(path: Option<&Path>) -> Self {
        Self {
            path: path.map(Path::to_path_buf),
            name: path.map_or_else(|| "-".to_owned(), |path| path.to_string_lossy().into_owned()),
            display: path.map_or_else(|| "standard input".to_owned(), |path| format!("`{}`", escape_path(path))),
            looks: Looks::Empty,
            compression: Compression::None,
            on_disk: None,
            backing: Backing::Memory(Vec::new()),
            file: None,
        }
    }

    fn begun(mut self, mut stream: Box<dyn Read + Send>) -> Result<Self, InputError> {
        let mut head = Vec::new();
        stream.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(|error| self.failed(error))?;
        (self.looks, self.compression) = look(&head);
        self.backing = Backing::Stream(Mutex::new(Cursor::new(head).chain(stream)));
        Ok(self)
    }

    fn of_file(mut self, file: File, stamp: Stamp) -> Result<Self, InputError> {
        let mut head = Vec::new();
        At { file: &file, offset: 0 }.take(HEAD as u64).read_to_end(&mut head).map_err(|error| self.failed(error))?;
        (self.looks, self.compression) = look(&head);
        self.on_disk = Some(stamp.size());
        self.backing = Backing::File;
        self.file = Some((file, stamp));
        Ok(self)
    }

    /// The path as given; `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The name for messages: the escaped path in backticks, or `standard input`.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The name for data: the path with bytes that are not UTF-8 replaced, or `-`.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// The last part of the path, if it is text.
    pub fn file_name(&self) -> Option<&str> {
        self.path.as_deref()?.file_name()?.to_str()
    }

    /// Bytes of the file on disk, compressed as it is; `None` for a stream.
    pub fn size_on_disk(&self) -> Option<u64> {
        self.on_disk
    }

    /// What the bytes are, or were, wrapped in.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// What it is by its beginning, beneath one layer of compression.
    pub fn looks(&self) -> &Looks {
        &self.looks
    }

    /// Whether it is a tar archive as backups have it, bare or compressed with gzip: one to be streamed.
    pub fn is_archive(&self) -> bool {
        matches!(self.looks, Looks::Tar { .. }) && self.compression.is_streamed()
    }

    /// Whether the first member of an archive stands where static pod resources do.
    pub fn begins_as_expected(&self) -> bool {
        matches!(self.looks, Looks::Tar { static_resources: true, .. })
    }

    /// The stamp that the file had when it was opened; `None` for a stream.
    pub fn stamp(&self) -> Option<&Stamp> {
        self.file.as_ref().map(|(_, stamp)| stamp)
    }

    /// All bytes, decompressed; none before [`Contents::ready`] or [`Contents::whole`], nor of an archive that is left as it is.
    pub fn bytes(&self) -> &[u8] {
        match &self.backing {
            Backing::Map(mapping) => mapping,
            Backing::Memory(bytes) => bytes,
            Backing::File | Backing::Stream(_) => &[],
        }
    }

    /// Whether [`Contents::bytes`] is a memory map.
    pub fn is_mapped(&self) -> bool {
        matches!(self.backing, Backing::Map(_))
    }

    /// Has all bytes at hand, undoing one layer of compression; a tar archive is left as it is stored.
    ///
    /// `advance` hears of bytes read from a stream or file; a mapping reads nothing yet.
    ///
    /// # Errors
    /// As [`Contents::whole`].
    pub fn ready(self, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        self.expect_finished()?;
        if self.is_archive() { Ok(self) } else { self.whole(reading, advance) }
    }

    /// Has all bytes at hand, of a tar archive, too, if it is small: what is no database is given up on after 32 MiB,
    /// whatever it is, unless it is a plain file that is mapped.
    ///
    /// # Errors
    /// Whatever keeps the bytes from being had whole; see [`InputError`].
    pub fn whole(mut self, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        self.expect_finished()?;
        match std::mem::replace(&mut self.backing, Backing::Memory(Vec::new())) {
            Backing::File => self.whole_file(reading, advance),
            Backing::Stream(stream) => {
                let stream = stream.into_inner().unwrap_or_else(PoisonError::into_inner);
                self.whole_stream(BufReader::with_capacity(1 << 16, stream), reading, advance)
            }
            at_hand => {
                self.backing = at_hand;
                Ok(self)
            }
        }
    }

    fn expect_finished(&self) -> Result<(), InputError> {
        match &self.path {
            Some(path) if path.extension().is_some_and(|end| end == "part") => {
                Err(InputError::Unfinished { path: path.clone() })
            }
            _ => Ok(()),
        }
    }

    fn whole_file(mut self, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        let Some((file, stamp)) = self.file.take() else { return Ok(self) };
        let size = stamp.size();
        if size == 0 {
            // Also files whose size the system does not know, as those of /proc.
            self.on_disk = None;
            return self.whole_stream(BufReader::new(file), reading, advance);
        }
        if self.compression != Compression::None {
            // Read as it is unpacked, and not mapped: what the disk says when it fails is then said of the disk.
            let packed = Counting { inner: At { file: &file, offset: 0 }, advance };
            let expanded =
                expand::read_all(BufReader::with_capacity(1 << 16, packed), reading.max_expanded, &self.display);
            self.file = Some((file, stamp));
            // A file that shrank looks like a damaged stream; say what really happened.
            self.check_unchanged()?;
            self.backing = Backing::Memory(expanded?.0);
            self.expect_content()?;
            return Ok(self);
        }
        // A file system that cannot map, or a table that is full, is no reason to give up.
        let mapping = if reading.mmap { Mapping::new(&file, size).unwrap_or(None) } else { None };
        self.backing = match mapping {
            Some(mapping) => Backing::Map(mapping),
            None => {
                let reader = Counting { inner: At { file: &file, offset: 0 }, advance };
                Backing::Memory(self.read_file(reader, size)?)
            }
        };
        self.file = Some((file, stamp));
        Ok(self)
    }

    /// Reads a regular file into memory.
    fn read_file(&self, reader: impl Read, size: u64) -> Result<Vec<u8>, InputError> {
        let bytes = expand::read_sized(reader, size, &self.display)?;
        if bytes.len() as u64 == size {
            return Ok(bytes);
        }
        Err(InputError::Changed {
            display: self.display.clone(),
            what: format!("its size went from {size} to {} bytes", bytes.len()),
        })
    }

    fn whole_stream(
        mut self,
        reader: impl BufRead,
        reading: &Reading,
        advance: Advance<'_>,
    ) -> Result<Self, InputError> {
        let counting = Counting { inner: reader, advance };
        let (bytes, compression) = expand::read_all(counting, reading.max_expanded, &self.display)?;
        (self.backing, self.compression) = (Backing::Memory(bytes), compression);
        self.expect_content()?;
        Ok(self)
    }

    fn expect_content(&self) -> Result<(), InputError> {
        if self.bytes().is_empty() {
            return Err(InputError::Empty { display: self.display.clone() });
        }
        Ok(())
    }

    /// All bytes as they are stored, compressed or not, telling `advance` of those that pass.
    ///
    /// A file can be read so as often as wanted, always from its beginning. A stream can once, and not after it was
    /// had whole.
    pub fn stored<'a>(&'a mut self, advance: Advance<'a>) -> impl Read + 'a {
        let inner: Box<dyn Read + 'a> = match (&mut self.backing, &self.file) {
            (Backing::Stream(stream), _) => Box::new(stream.get_mut().unwrap_or_else(PoisonError::into_inner)),
            (_, Some((file, _))) => Box::new(At { file, offset: 0 }),
            _ => Box::new(io::empty()),
        };
        Counting { inner, advance }
    }

    /// Makes sure that all bytes were what the file held, from the opening until now.
    ///
    /// To be asked after the last byte was used and before the result is given out.
    ///
    /// # Errors
    /// [`InputError::Failed`] when the file shrank or failed under the map, [`InputError::Changed`]
    /// when it was written to, replaced in place, or its metadata changed.
    pub fn check_unchanged(&self) -> Result<(), InputError> {
        if let Backing::Map(mapping) = &self.backing
            && let Some(offset) = mapping.fault()
        {
            return Err(InputError::Failed { display: self.display.clone(), offset });
        }
        match &self.file {
            Some((file, before)) => before.check(file, &self.display),
            None => Ok(()),
        }
    }

    /// Makes sure that there is something in it for a reader of snapshots, damaged or not.
    ///
    /// # Errors
    /// [`InputError::NotASnapshot`] or [`InputError::TooSmall`].
    pub fn expect_snapshot(&self) -> Result<(), InputError> {
        let looks = sniff::sniff(self.bytes());
        if looks.is_bbolt() {
            return Ok(());
        }
        if let Some(error) = self.transferred() {
            return Err(error);
        }
        let (display, size) = (self.display.clone(), self.bytes().len() as u64);
        Err(if size < LEAST_SNAPSHOT && matches!(looks, Looks::Unknown | Looks::Zeros) {
            InputError::TooSmall { display, size }
        } else {
            let says = sniff::says(self.bytes());
            InputError::NotASnapshot { display, looks, compression: self.compression, says }
        })
    }

    /// The error for a snapshot that a transfer changed so that it cannot be read; `None` where none is seen to have.
    pub fn transferred(&self) -> Option<InputError> {
        let damage = Box::new(mend::diagnose(self.bytes()));
        let seen = !damage.steps().is_empty() || damage.loss().is_some();
        seen.then(|| InputError::Transferred { display: self.display.clone(), damage })
    }

    /// The error for a read that failed.
    pub fn failed(&self, source: io::Error) -> InputError {
        InputError::Io { display: self.display.clone(), action: "read it", offset: None, source }
    }

    /// The error for an archive that holds something else than static pod resources.
    pub fn refused(&self) -> InputError {
        let (display, looks) = (self.display.clone(), self.looks.clone());
        InputError::NotASnapshot { display, looks, compression: self.compression, says: Vec::new() }
    }
}

/// What is neither a file nor a pipe, in words.
fn special(kind: FileType) -> Option<&'static str> {
    [
        (kind.is_char_device(), "a character device"),
        (kind.is_block_device(), "a block device"),
        (kind.is_socket(), "a socket"),
    ]
    .into_iter()
    .find_map(|(is, what)| is.then_some(what))
}

/// What the beginning of a file is, beneath one layer of compression, and what that is.
fn look(head: &[u8]) -> (Looks, Compression) {
    let compression = Compression::of(head);
    let looks = match compression {
        Compression::None => sniff::sniff(head),
        packed => sniff::sniff(&expand::beginning(head, packed, HEAD as u64)),
    };
    (looks, compression)
}

/// What a directory holds, for the message that explains it. One that cannot be read lists nothing.
fn listing(path: &Path) -> Result<Listing, InputError> {
    let entries = match entries(path) {
        Err(crowded @ InputError::Crowded { .. }) => return Err(crowded),
        found => found.unwrap_or_default(),
    };
    Ok(Listing::of(entries.iter().map(|entry| entry.name.as_os_str()), |inner| path.join(inner).is_file()))
}

/// A file from a place on. The place is its own, so that several may read one file.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

/// Tells `advance` of what passes through.
struct Counting<'a, R> {
    inner: R,
    advance: Advance<'a>,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        (self.advance)(read as u64);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counting<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        (self.advance)(amount as u64);
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests;
