//! One tar member, as its header and bytes say.
use std::fmt;

use crate::class::Class;

/// A path as stored: any bytes. `Display` escapes what is not printable text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberPath(Vec<u8>);

impl MemberPath {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the stored bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path as text, if it is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The components, without empty ones and `.`.
    pub(crate) fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".")
    }

    /// The path two spellings of the same file share.
    pub(crate) fn normal(&self) -> Vec<u8> {
        self.components().collect::<Vec<_>>().join(&b'/')
    }
}

impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for letter in chunk.valid().chars() {
                if letter.is_control() || letter == '\\' {
                    write!(f, "{}", letter.escape_default())?;
                } else {
                    write!(f, "{letter}")?;
                }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

/// A SHA-256, printed as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// A regular file, contiguous files included.
    File,
    /// A directory.
    Directory,
    /// A symbolic link. Never followed.
    Symlink,
    /// A hard link. Never followed.
    HardLink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// A sparse file: the stored bytes are not the file's bytes.
    Sparse,
    /// Any other type flag.
    Other(u8),
}

/// The dialect of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `ustar  ` with a NUL: GNU tar's own format.
    Gnu,
    /// `ustar`, NUL, `00`: POSIX, as Go writes it.
    Ustar,
    /// No magic: Version 7.
    Old,
}

/// One member of the inner tar. Offsets count bytes of the inner (uncompressed) tar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The path as stored.
    pub path: MemberPath,
    /// What it is.
    pub kind: MemberKind,
    /// The dialect of its header.
    pub dialect: Dialect,
    /// Stored bytes, without padding.
    pub size: u64,
    /// Permission bits and set-id bits.
    pub mode: u64,
    /// Numeric owner.
    pub uid: u64,
    /// Numeric group.
    pub gid: u64,
    /// Modification time, seconds since 1970 UTC.
    pub mtime: u64,
    /// The target of a link.
    pub link: Option<MemberPath>,
    /// The first header block that belongs to the member, its extension headers included.
    pub header_offset: u64,
    /// The first stored byte.
    pub data_offset: u64,
    /// One past the last padding byte: where the next member begins.
    pub end_offset: u64,
    /// SHA-256 of the stored bytes.
    pub sha256: Digest,
    /// The most sensitive class found in it, by path and by content.
    pub class: Class,
}
