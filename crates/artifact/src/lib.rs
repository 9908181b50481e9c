//! Opening one artifact: read-only, never locked, never touched.
//!
//! A regular file is mapped (see [`map`]); standard input, pipes, devices and compressed files are
//! read into memory, up to a cap. Whatever the way in, the rest of the program sees a [`Source`]: a
//! name and its bytes. When the work is done and before its result is believed, it asks
//! [`Source::check_unchanged`].

mod artifact;
mod compression;
mod directory;
mod error;
mod expand;
pub mod map;
mod memory;
mod raw;
pub mod sniff;
mod stamp;

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub use artifact::{Artifact, HEAD, PackedTar, look};
pub use compression::Compression;
pub use directory::Listing;
pub use error::InputError;
pub use raw::RawFile;
pub use sniff::Looks;

use map::Mapping;
use stamp::Stamp;
use wording::escape_path;

/// The least page of a database that is looked for; nothing shorter can be a snapshot.
const LEAST_SNAPSHOT: u64 = 1024;

/// Where an artifact comes from, as the command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// `-`: standard input.
    Stdin,
    /// A path. A file called `-` is written `./-`.
    Path(PathBuf),
}

impl From<&OsStr> for Input {
    fn from(argument: &OsStr) -> Self {
        if argument == "-" { Self::Stdin } else { Self::Path(PathBuf::from(argument)) }
    }
}

/// How to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Map regular files rather than reading them into memory.
    pub map: bool,
    /// Most bytes that a stream or a compressed file may hold.
    pub max_expanded: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Self { map: true, max_expanded: 16 << 30 }
    }
}

/// Told of every so many bytes read; called from the thread that opens.
pub type Advance<'a> = &'a (dyn Fn(u64) + Sync);

/// An artifact that is open, with all its bytes at hand.
pub struct Source {
    path: Option<PathBuf>,
    display: String,
    backing: Backing,
    compression: Compression,
    on_disk: Option<u64>,
    file: Option<(File, Stamp)>,
}

enum Backing {
    Map(Mapping),
    Memory(Vec<u8>),
}

impl Source {
    /// Opens an artifact, undoing one layer of gzip or Zstandard.
    ///
    /// `advance` hears of bytes read from a stream or file; a mapping reads nothing yet.
    ///
    /// # Errors
    /// Whatever keeps the bytes from being had whole; see [`InputError`].
    pub fn open(input: &Input, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        match input {
            Input::Stdin => {
                let stdin = io::stdin();
                if stdin.is_terminal() {
                    return Err(InputError::Terminal);
                }
                Self::from_stream(stdin.lock(), None, "standard input".to_owned(), reading, advance)
            }
            Input::Path(path) => Self::open_path(path, reading, advance),
        }
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
        self.path.as_deref().map_or_else(|| "-".to_owned(), |path| path.to_string_lossy().into_owned())
    }

    /// All bytes, decompressed.
    pub fn bytes(&self) -> &[u8] {
        match &self.backing {
            Backing::Map(mapping) => mapping,
            Backing::Memory(bytes) => bytes,
        }
    }

    /// Bytes of the file on disk, compressed as it is; `None` for a stream.
    pub fn size_on_disk(&self) -> Option<u64> {
        self.on_disk
    }

    /// What the bytes were wrapped in.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Whether [`Source::bytes`] is a memory map.
    pub fn is_mapped(&self) -> bool {
        matches!(self.backing, Backing::Map(_))
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
        let size = self.bytes().len() as u64;
        if looks.is_bbolt() {
            Ok(())
        } else if size < LEAST_SNAPSHOT && matches!(looks, Looks::Unknown | Looks::Text | Looks::Zeros) {
            Err(InputError::TooSmall { display: self.display.clone(), size })
        } else {
            Err(InputError::NotASnapshot { display: self.display.clone(), looks, compression: self.compression })
        }
    }

    fn open_path(path: &Path, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        let opening = |error| InputError::opening(path, error);
        let kind = fs::metadata(path).map_err(opening)?.file_type();
        if kind.is_dir() {
            return Err(InputError::Directory { path: path.to_path_buf(), listing: Listing::of(path) });
        }
        if path.extension() == Some(OsStr::new("part")) {
            return Err(InputError::Unfinished { path: path.to_path_buf() });
        }
        let display = format!("`{}`", escape_path(path));
        if !kind.is_file() {
            // A pipe waits for its writer here, as `cat` does; a socket refuses.
            let file = File::open(path).map_err(opening)?;
            let reader = BufReader::with_capacity(1 << 16, file);
            return Self::from_stream(reader, Some(path.to_path_buf()), display, reading, advance);
        }
        let file = open_regular(path).map_err(opening)?;
        let metadata = file.metadata().map_err(opening)?;
        if metadata.len() == 0 {
            // Also files whose size the system does not know, as those of /proc.
            return Self::from_stream(BufReader::new(file), Some(path.to_path_buf()), display, reading, advance);
        }
        Self::from_file(file, &metadata, path, display, reading, advance)
    }

    fn from_file(
        file: File,
        metadata: &Metadata,
        path: &Path,
        display: String,
        reading: &Reading,
        advance: Advance<'_>,
    ) -> Result<Self, InputError> {
        let size = metadata.len();
        let mapping = if reading.map {
            // A file system that cannot map, or a table that is full, is no reason to give up.
            Mapping::new(&file, size).unwrap_or(None)
        } else {
            None
        };
        let mut source = Self {
            path: Some(path.to_path_buf()),
            display,
            backing: Backing::Memory(Vec::new()),
            compression: Compression::None,
            on_disk: Some(size),
            file: None,
        };
        let stamp = Stamp::of(metadata);
        source.backing = match mapping {
            Some(mapping) => Backing::Map(mapping),
            None => {
                let reader = Counting { inner: &file, advance };
                Backing::Memory(source.read_file(reader, size)?)
            }
        };
        source.file = Some((file, stamp));
        source.compression = Compression::of(source.bytes());
        if source.compression != Compression::None {
            let packed = Counting { inner: source.bytes(), advance };
            let expanded = expand::read_all(packed, reading.max_expanded, &source.display);
            // A file that shrank looks like a damaged stream; say what really happened.
            source.check_unchanged()?;
            source.backing = Backing::Memory(expanded?.0);
            source.expect_content()?;
        }
        Ok(source)
    }

    /// Reads a regular file into memory: whole and plain if that is what it is, or its packed bytes.
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

    fn from_stream(
        reader: impl BufRead,
        path: Option<PathBuf>,
        display: String,
        reading: &Reading,
        advance: Advance<'_>,
    ) -> Result<Self, InputError> {
        let counting = Counting { inner: reader, advance };
        let (bytes, compression) = expand::read_all(counting, reading.max_expanded, &display)?;
        let source = Self { path, display, backing: Backing::Memory(bytes), compression, on_disk: None, file: None };
        source.expect_content()?;
        Ok(source)
    }

    fn expect_content(&self) -> Result<(), InputError> {
        if self.bytes().is_empty() {
            return Err(InputError::Empty { display: self.display.clone() });
        }
        Ok(())
    }
}

/// Opens a regular file without waiting for anything and, where allowed, without marking it read.
///
/// # Errors
/// What the system says, or that the path is no regular file any more.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // O_NONBLOCK: should the path have become a pipe since it was looked at, opening must not hang.
    // O_NOATIME: the owner's privilege; evidence keeps its access time.
    let open = |flags| OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = match open(libc::O_NONBLOCK | libc::O_NOATIME) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => open(libc::O_NONBLOCK),
        outcome => outcome,
    }?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it was replaced while being opened")) }
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
