//! What a file or stream was wrapped in: a row of each match is all that the others know of a kind.

mod lz4;
mod lzw;
mod xz;
mod zstd;

use std::fmt;
use std::io::{BufRead, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

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
    /// zlib, as etcd-backup-restore may store what it saves.
    Zlib,
    /// LZW of 8 bits, least bit first, as Go writes it and etcd-backup-restore may store what it saves.
    Lzw,
    /// A zip archive of this one file.
    Zip,
}

/// So many bytes beneath a compression without a magic must show what they are.
const SHOWN: u64 = 64;

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
            Self::Zlib => Some("zlib"),
            Self::Lzw => Some("lzw"),
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
            Self::Zlib => Box::new(ZlibDecoder::new(stream)),
            Self::Lzw => Box::new(lzw::Codes::new(stream)),
        }
    }

    /// Tells by the first bytes. What has no magic of its own is believed where a database or events show beneath it.
    pub(crate) fn of(head: &[u8]) -> Self {
        match sniff::by_magic(head) {
            Some(Looks::Gzip) => Self::Gzip,
            Some(Looks::Zstd) => Self::Zstd,
            Some(Looks::Xz) => Self::Xz,
            Some(Looks::Bzip2) => Self::Bzip2,
            Some(Looks::Lz4) => Self::Lz4,
            None if is_zlib(head) && Self::Zlib.shows(head) => Self::Zlib,
            None if Self::Lzw.shows(head) => Self::Lzw,
            _ => Self::None,
        }
    }

    /// Whether a database or events begin beneath it.
    fn shows(self, head: &[u8]) -> bool {
        let mut begun = Vec::new();
        // a beginning ends too soon by its nature
        let _ = self.undone(head).take(SHOWN).read_to_end(&mut begun);
        sniff::begins_as_stored(&begun)
    }
}

/// Whether two bytes are a header of zlib: deflate, a window that there is, and their own check.
fn is_zlib(head: &[u8]) -> bool {
    let Some([method, flags]) = head.first_chunk() else { return false };
    method & 0x0f == 8 && method >> 4 <= 7 && u16::from_be_bytes([*method, *flags]) % 31 == 0
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
            Self::Zlib => "zlib",
            Self::Lzw => "LZW",
            Self::Zip => "zip",
        })
    }
}
