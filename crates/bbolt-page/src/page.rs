//! Page ids and the 16-byte page header.

use std::fmt;

use crate::cursor::{u16_at, u32_at, u64_at};

/// A page id: the page's byte offset divided by the page size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pgid(pub u64);

impl fmt::Display for Pgid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A transaction id, as the metas count commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Txid(pub u64);

impl fmt::Display for Txid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The flag of a freelist page.
pub(crate) const FREELIST: u16 = 0x10;

/// What a page holds. The stored flags must be exactly one of these values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PageKind {
    /// Keys and child page ids.
    Branch,
    /// Keys and values, or keys and buckets.
    Leaf,
    /// Pages 0 and 1.
    Meta,
    /// Ids of free pages.
    Freelist,
}

impl PageKind {
    /// The kind that `flags` names, or `None` where they are not exactly one known value.
    #[must_use]
    pub fn from_flags(flags: u16) -> Option<Self> {
        match flags {
            0x01 => Some(Self::Branch),
            0x02 => Some(Self::Leaf),
            0x04 => Some(Self::Meta),
            FREELIST => Some(Self::Freelist),
            _ => None,
        }
    }

    /// bbolt's word for the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Leaf => "leaf",
            Self::Meta => "meta",
            Self::Freelist => "freelist",
        }
    }
}

impl fmt::Display for PageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The header as stored, unbelieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageHeader {
    /// The page's own id; equal to its index in an intact file.
    pub id: Pgid,
    /// Raw flags, see [`PageKind::from_flags`].
    pub flags: u16,
    /// Element count (a freelist above 65534 ids stores 65535 here).
    pub count: u16,
    /// Number of continuation pages behind this one.
    pub overflow: u32,
}

impl PageHeader {
    /// Bytes of a header.
    pub const LEN: usize = 16;

    /// Reads the header at the start of `data`; `None` where fewer than 16 bytes are there.
    #[must_use]
    pub fn read(data: &[u8]) -> Option<Self> {
        Some(Self {
            id: Pgid(u64_at(data, 0)?),
            flags: u16_at(data, 8)?,
            count: u16_at(data, 10)?,
            overflow: u32_at(data, 12)?,
        })
    }

    /// The kind, where the flags name one.
    #[must_use]
    pub fn kind(&self) -> Option<PageKind> {
        PageKind::from_flags(self.flags)
    }
}
