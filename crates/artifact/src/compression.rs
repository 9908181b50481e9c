//! What a file or stream was wrapped in: a row of each match is all that the others know of a kind.

mod lz4;
mod xz;
mod zstd;

use std::fmt;
use std::io::{BufRead, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;

use crate::sniff::{self, Looks};

/// What an input was wrapped in. Told by content, never by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Nothing.
    None,
    /// gzip, one member or several.
    Gzip,
    /// Zstandard, one frame or several.
    Zstd,
    /// xz, one stream or several.
    Xz,
    /// bzip2, one stream or several.
    Bzip2,
    /// lz4, one frame or several.
    Lz4,
    /// A zip archive of this one file.
    Zip,
}

impl Compression {
    /// The word that reports use; `None` for nothing.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Xz => Some("xz"),
            Self::Bzip2 => Some("bzip2"),
            Self::Lz4 => Some("lz4"),
            Self::Zip => Some("zip"),
        }
    }

    /// Whether a tar archive in it is streamed, as backups have it; others are had whole first.
    pub(crate) fn is_streamed(self) -> bool {
        matches!(self, Self::None | Self::Gzip)
    }

    /// The content of a stream that is wrapped so; that of a zip archive is no stream's business, and is left as it is.
    pub(crate) fn undone<'a>(self, stream: impl BufRead + 'a) -> Box<dyn Read + 'a> {
        match self {
            Self::None | Self::Zip => Box::new(stream),
            Self::Gzip => Box::new(MultiGzDecoder::new(stream)),
            Self::Zstd => Box::new(zstd::Frames::new(stream)),
            Self::Xz => Box::new(xz::Streams::new(stream)),
            Self::Bzip2 => Box::new(MultiBzDecoder::new(stream)),
            Self::Lz4 => Box::new(lz4::Frames::new(stream)),
        }
    }

    /// Tells by the first bytes.
    pub(crate) fn of(head: &[u8]) -> Self {
        match sniff::by_magic(head) {
            Some(Looks::Gzip) => Self::Gzip,
            Some(Looks::Zstd) => Self::Zstd,
            Some(Looks::Xz) => Self::Xz,
            Some(Looks::Bzip2) => Self::Bzip2,
            Some(Looks::Lz4) => Self::Lz4,
            _ => Self::None,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "Zstandard",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
            Self::Lz4 => "lz4",
            Self::Zip => "zip",
        })
    }
}
