//! One artifact, open: how its bytes are had, and whether they stayed what they were.

mod inside;
mod stream;
mod whole;

use std::borrow::Cow;
use std::fs::{self, File, FileType};
use std::io::{self, BufReader, Chain, Cursor, IsTerminal, Read};
use std::ops::Range;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use wording::escape_path;

use self::stream::{Counting, Failing};
use crate::bytes::Bytes;
use crate::entry::entries;
use crate::map::Mapping;
use crate::members::{Packed, begins_with_static_resources};
use crate::{Advance, Compression, InputError, Listing, Looks, Reading, Stamp, expand, open_regular, sniff};

/// So much of a file is looked at to tell what it is.
pub const HEAD: usize = 64 << 10;
/// The largest block that a compression makes without telling anything before: bzip2's, of what does not compress.
const LARGEST_BLOCK: u64 = 1 << 20;
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
    raw: Raw,
    /// What a zip archive of this one file holds.
    sole: Option<Packed>,
    backing: Backing,
    /// Whether what is stored is given out without its compression.
    undone: bool,
    /// The file: of a member, its archive.
    file: Option<(Arc<File>, Stamp)>,
}

/// A stream of which the beginning was read already. Locked, so that an artifact may be shared between threads.
type Begun = Mutex<Chain<Cursor<Vec<u8>>, Box<dyn Read + Send>>>;

/// Where its bytes as they are stored are had, as often as wanted; a stream's are had once.
enum Raw {
    None,
    /// A file, or a member that stands in its archive as it is.
    Part(Bytes, Range<u64>),
    /// A member of a zip archive.
    Packed(Bytes, Packed),
    /// A member of an archive that as a whole is compressed, and the place of its content.
    Again(Bytes, Compression, Range<u64>),
}

enum Backing {
    /// A regular file or a member, not read yet.
    Unread,
    /// A stream, not read on yet.
    Stream(Begun),
    /// These bytes of a map.
    Map(Mapping, Range<usize>),
    Memory(Vec<u8>),
    Shared(Arc<Vec<u8>>),
}

impl Contents {
    /// Opens what a path names.
    ///
    /// # Errors
    /// Whatever keeps it from being opened or looked at; see [`InputError`].
    pub fn open(path: &Path) -> Result<Self, InputError> {
        Self::open_with(path, &Reading::default())
    }

    /// The same, with limits for an archive that the path leads into.
    ///
    /// # Errors
    /// As [`Contents::open`].
    pub fn open_with(path: &Path, reading: &Reading) -> Result<Self, InputError> {
        let opening = |error| InputError::opening(path, error);
        let kind = match fs::metadata(path) {
            Ok(found) => found.file_type(),
            // one of the names above is a file's: an archive, perhaps
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Self::below(path, error, reading),
            Err(error) => return Err(opening(error)),
        };
        if kind.is_dir() {
            if let Some(database) = database_below(path) {
                return Self::open_with(&database, reading);
            }
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
            raw: Raw::None,
            sole: None,
            backing: Backing::Memory(Vec::new()),
            undone: false,
            file: None,
        }
    }

    fn begun(mut self, mut stream: Box<dyn Read + Send>) -> Result<Self, InputError> {
        let mut head = Vec::new();
        let mut more = |head: &mut Vec<u8>, count| stream.by_ref().take(count).read_to_end(head);
        more(&mut head, HEAD as u64).map_err(|error| self.failed(error))?;
        let compression = Compression::of(&head);
        // a block may be larger than that, and nothing comes out before its end
        if compression != Compression::None && expand::beginning(&head[..], compression, LEAST_SNAPSHOT).is_empty() {
            more(&mut head, LARGEST_BLOCK).map_err(|error| self.failed(error))?;
        }
        (self.looks, self.compression) =
            look(&head, |compression| expand::beginning(&head[..], compression, HEAD as u64));
        self.backing = Backing::Stream(Mutex::new(Cursor::new(head).chain(stream)));
        Ok(self)
    }

    fn of_file(mut self, file: File, stamp: Stamp) -> Result<Self, InputError> {
        let (file, size) = (Arc::new(file), stamp.size());
        self.file = Some((Arc::clone(&file), stamp));
        // also files whose size the system does not know, as those of /proc
        let end = if size == 0 { u64::MAX } else { size };
        self.of_bytes(Bytes::File(file, end), size)
    }

    /// Takes what is in a file or in memory, and looks at its beginning.
    fn of_bytes(mut self, bytes: Bytes, size: u64) -> Result<Self, InputError> {
        self.raw = Raw::Part(bytes.clone(), 0..bytes.size());
        self.on_disk = Some(size);
        self.backing = Backing::Unread;
        (self.looks, self.compression) = self.looked_at()?;
        if self.looks == Looks::Zip && self.compression == Compression::None {
            self.look_into(bytes);
        }
        Ok(self)
    }

    /// What its beginning is.
    fn looked_at(&self) -> Result<(Looks, Compression), InputError> {
        let mut head = Vec::new();
        self.raw().and_then(|raw| raw.take(HEAD as u64).read_to_end(&mut head)).map_err(|error| self.failed(error))?;
        Ok(look(&head, |compression| match self.raw() {
            Ok(raw) => expand::beginning(BufReader::with_capacity(HEAD, raw), compression, HEAD as u64),
            Err(_) => Vec::new(),
        }))
    }

    /// The bytes as they are stored, of all but a stream.
    fn raw(&self) -> io::Result<Box<dyn Read>> {
        Ok(match &self.raw {
            Raw::None => Box::new(io::empty()),
            Raw::Part(bytes, range) => Box::new(bytes.part(range.clone())),
            Raw::Packed(bytes, packed) => Box::new(packed.unpack(bytes)?),
            Raw::Again(bytes, compression, range) => {
                let mut unpacked = compression.undone(BufReader::with_capacity(1 << 16, bytes.all()));
                io::copy(&mut unpacked.by_ref().take(range.start), &mut io::sink())?;
                Box::new(unpacked.take(range.end - range.start))
            }
        })
    }

    /// These bytes under the name of a folder: what this file and those beside it in the folder make up. What is asked of the
    /// file, as whether it changed, is still asked of this one.
    #[must_use]
    pub fn grown(self, folder: &Path, bytes: Vec<u8>) -> Self {
        let named = Self::named(Some(folder));
        let (compression, backing) = (Compression::None, Backing::Memory(bytes));
        Self { name: named.name, display: named.display, path: named.path, compression, backing, ..self }
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

    /// Bytes of the file on disk, compressed as it is; of a member of an archive, its content; `None` for a stream.
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

    /// Whether it is a tar archive as backups have it, bare or compressed with gzip, or one whose compression is
    /// [undone](Contents::undone): one to be streamed.
    pub fn is_archive(&self) -> bool {
        matches!(self.looks, Looks::Tar { .. }) && (self.undone || self.compression.is_streamed())
    }

    /// The same, so that a tarball of static pod resources is given out as if it had been stored bare or compressed with gzip,
    /// as the script stores it; anything else is left as it is.
    #[must_use]
    pub fn undone(mut self) -> Self {
        let is_tarball = matches!(self.looks, Looks::Tar { static_resources: true, .. });
        self.undone = is_tarball && !self.compression.is_streamed();
        self
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
            Backing::Map(mapping, range) => mapping.get(range.clone()).unwrap_or_default(),
            Backing::Memory(bytes) => bytes,
            Backing::Shared(bytes) => bytes,
            Backing::Unread | Backing::Stream(_) => &[],
        }
    }

    /// Whether [`Contents::bytes`] is a memory map.
    pub fn is_mapped(&self) -> bool {
        matches!(self.backing, Backing::Map(..))
    }

    /// All bytes as they are stored, compressed or not, telling `advance` of those that pass; without their compression
    /// where that is [undone](Contents::undone).
    ///
    /// A file can be read so as often as wanted, always from its beginning. A stream can once, and not after it was
    /// had whole.
    pub fn stored<'a>(&'a mut self, advance: Advance<'a>) -> impl Read + 'a {
        let raw = self.raw();
        let inner: Box<dyn Read + 'a> = match &mut self.backing {
            Backing::Stream(stream) => Box::new(stream.get_mut().unwrap_or_else(PoisonError::into_inner)),
            _ => raw.unwrap_or_else(|error| Box::new(Failing(Some(error)))),
        };
        let counting = Counting { inner, advance };
        match (self.undone, self.compression) {
            (true, compression) => compression.undone(BufReader::with_capacity(1 << 16, counting)),
            (false, _) => Box::new(counting) as Box<dyn Read + 'a>,
        }
    }

    /// Makes sure that all bytes were what the file held, from the opening until now.
    ///
    /// To be asked after the last byte was used and before the result is given out.
    ///
    /// # Errors
    /// [`InputError::Failed`] when the file shrank or failed under the map, [`InputError::Changed`]
    /// when it was written to, replaced in place, or its metadata changed.
    pub fn check_unchanged(&self) -> Result<(), InputError> {
        if let Backing::Map(mapping, _) = &self.backing
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
        InputError::reading(&self.display, source, None)
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
fn look(head: &[u8], unpack: impl FnOnce(Compression) -> Vec<u8>) -> (Looks, Compression) {
    let compression = Compression::of(head);
    let unpacked = match compression {
        Compression::None => Cow::Borrowed(head),
        packed => Cow::Owned(unpack(packed)),
    };
    let mut looks = sniff::sniff(&unpacked);
    // behind the folders that it was made of
    if let Looks::Tar { static_resources, .. } = &mut looks {
        *static_resources = *static_resources || begins_with_static_resources(&unpacked);
    }
    (looks, compression)
}

/// The database of an etcd data directory, of its `member`, or of the `snap` in that.
fn database_below(path: &Path) -> Option<PathBuf> {
    let mut places = vec!["etcd/member/snap/db", "member/snap/db", "snap/db"];
    if path.ends_with("snap") {
        places.push("db");
    }
    places.into_iter().map(|place| path.join(place)).find(|database| database.is_file())
}

/// What a directory holds, for the message that explains it. One that cannot be read lists nothing.
fn listing(path: &Path) -> Result<Listing, InputError> {
    let entries = match entries(path) {
        Err(crowded @ InputError::Crowded { .. }) => return Err(crowded),
        found => found.unwrap_or_default(),
    };
    Ok(Listing::of(entries.iter().map(|entry| entry.name.as_os_str()), |inner| path.join(inner).is_file()))
}

#[cfg(test)]
mod tests;
