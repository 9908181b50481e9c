//! The content of a member of a zip archive, held against what the archive's directory says of it.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::Compression;
use crate::bytes::{Bytes, Part};
use crate::fault::{self, Fault};

/// Where a member's data stand, and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Its data, compressed as they are.
    pub(crate) range: Range<u64>,
    /// How they are compressed, by zip's numbers.
    pub(crate) method: u16,
    /// Bytes of content.
    pub(crate) size: u64,
    /// CRC-32 of the content.
    pub(crate) crc: u32,
}

impl Packed {
    /// The content. It ends with an error where it is not what was declared.
    ///
    /// # Errors
    /// [`Fault::Method`].
    pub(crate) fn unpack(&self, bytes: &Bytes) -> io::Result<Unpacked> {
        let part = bytes.part(self.range.clone());
        let packed =
            |compression: Compression, part| Source::Other(compression.undone(BufReader::with_capacity(1 << 16, part)));
        let source = match self.method {
            0 => Source::Stored(part),
            8 => Source::Deflate(DeflateDecoder::new(BufReader::with_capacity(1 << 16, part))),
            12 => packed(Compression::Bzip2, part),
            93 => packed(Compression::Zstd, part),
            95 => packed(Compression::Xz, part),
            method => return Err(Fault::Method { method }.into()),
        };
        Ok(Unpacked { source, size: self.size, expected: self.crc, crc: Crc::new(), passed: 0 })
    }
}

enum Source {
    Stored(Part),
    Deflate(DeflateDecoder<BufReader<Part>>),
    Other(Box<dyn Read>),
}

/// The content of a member, as it is read.
pub(crate) struct Unpacked {
    source: Source,
    size: u64,
    expected: u32,
    crc: Crc,
    passed: u64,
}

impl Unpacked {
    /// Whether all of it was what was declared.
    fn expect_whole(&mut self) -> io::Result<()> {
        if self.passed < self.size {
            return Err(Fault::Shorter { declared: self.size, found: self.passed }.into());
        }
        if self.crc.sum() != self.expected {
            return Err(Fault::Checksum { declared: self.expected, found: self.crc.sum() }.into());
        }
        if let Source::Deflate(decoder) = &mut self.source
            && !decoder.get_mut().fill_buf()?.is_empty()
        {
            return Err(Fault::Behind.into());
        }
        Ok(())
    }

    /// What the system said stays what it said; the rest is said of the member.
    fn told(&self, error: io::Error) -> io::Error {
        if error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted || fault::of(&error).is_some() {
            return error;
        }
        Fault::Damaged { after: self.passed, reason: error.to_string() }.into()
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let read = match &mut self.source {
            Source::Stored(part) => part.read(buffer),
            Source::Deflate(decoder) => decoder.read(buffer),
            Source::Other(decoder) => decoder.read(buffer),
        };
        let read = read.map_err(|error| self.told(error))?;
        if read == 0 {
            return self.expect_whole().map(|()| 0);
        }
        self.passed += read as u64;
        if self.passed > self.size {
            return Err(Fault::Longer { declared: self.size }.into());
        }
        self.crc.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}
