//! One tar member, as its header and bytes say.
use std::fmt;

use crate::class::Class;
use crate::path::MemberPath;

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
