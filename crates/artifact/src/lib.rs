//! Bytes of anything that can be named: had once, unchanged.
//!
//! An [`Input`] is what was named; [`Contents`] is one file or stream, open: read-only, never locked, never touched. A
//! regular file may be mapped (see [`map`]); standard input, pipes and compressed files are read into memory,
//! up to a cap; a tar archive is streamed. When the work is done and before its result is believed, the reader asks
//! [`Contents::check_unchanged`].
//!
//! A [`Folder`] is a place with names and bytes, such as a [`Directory`]; a [`Walk`] goes through one and opens each of
//! its files once.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "this is where files are opened")]

mod ahead;
mod archive;
mod bytes;
mod compression;
mod contents;
mod entry;
mod error;
mod expand;
mod fault;
mod folder;
mod listing;
pub mod map;
mod members;
mod memory;
pub mod sniff;
mod stamp;
mod walk;

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub use archive::{Archive, Opened};
pub use compression::Compression;
pub use contents::{Contents, HEAD};
pub use entry::{Entry, EntryKind};
pub use error::InputError;
pub use expand::room_for;
pub use fault::Fault;
pub use folder::{Directory, Files, Folder};
pub use listing::Listing;
pub use members::Ignored;
pub use sniff::Looks;
pub use stamp::Stamp;
pub use walk::Walk;

/// Where bytes come from.
#[non_exhaustive]
pub enum Input {
    /// A file, or a directory.
    Path(PathBuf),
    /// Files that were named one by one.
    Paths(Vec<PathBuf>),
    /// Standard input.
    Stdin,
    /// Bytes that somebody else has, under a name that messages can say.
    Stream {
        /// The name.
        name: String,
        /// The bytes, read once.
        bytes: Box<dyn Read + Send>,
    },
    /// Whatever has names and bytes.
    Folder(Box<dyn Folder>),
}

/// What an input led to.
pub enum Found {
    /// One file or stream.
    File(Box<Contents>),
    /// A folder.
    Folder(Walk),
    /// Files that were named one by one; their names in the walk are their paths.
    Files(Walk),
}

impl Input {
    /// Finds out what it leads to. Of a file, no more than the beginning is read.
    ///
    /// # Errors
    /// Whatever keeps a file from being opened or a folder from being listed.
    pub fn find(self) -> Result<Found, InputError> {
        let file = |contents: Contents| Found::File(Box::new(contents));
        match self {
            Self::Path(path) if path.is_dir() => Walk::of(Box::new(Directory::new(&path))).map(Found::Folder),
            Self::Path(path) => Contents::open(&path).map(file),
            Self::Paths(paths) => Walk::of(Box::new(Files::new(paths))).map(Found::Files),
            Self::Stdin => Contents::stdin().map(file),
            Self::Stream { name, bytes } => Contents::of_stream(&name, bytes).map(file),
            Self::Folder(folder) => Walk::of(folder).map(Found::Folder),
        }
    }
}

/// How to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Map regular files rather than reading them into memory. Not before [`map::guard`] was called: they are read
    /// then, whatever stands here.
    pub mmap: bool,
    /// Most bytes that a stream or a compressed file may hold.
    pub max_expanded: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Self { mmap: false, max_expanded: 16 << 30 }
    }
}

/// Told of every so many bytes read; called from the thread that opens.
pub type Advance<'a> = &'a (dyn Fn(u64) + Sync);

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
