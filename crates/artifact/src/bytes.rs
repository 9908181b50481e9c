//! Bytes that can be read at any place: those of a file, or some in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes that can be read at any place, and by several at once.
#[derive(Clone)]
pub(crate) enum Bytes {
    /// A regular file, with the size that it had when it was opened.
    File(Arc<File>, u64),
    /// What is in memory.
    Memory(Arc<Vec<u8>>),
}

impl Bytes {
    /// How many there are.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::File(_, size) => *size,
            Self::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Those of a place, to be read in order.
    pub(crate) fn part(&self, range: Range<u64>) -> Part {
        Part { bytes: self.clone(), range: range.clone(), at: range.start }
    }

    /// All of them, to be read in order.
    pub(crate) fn all(&self) -> Part {
        self.part(0..self.size())
    }

    /// Exactly those of a place.
    ///
    /// # Errors
    /// A failed read; [`io::ErrorKind::UnexpectedEof`] where there are fewer.
    pub(crate) fn exactly(&self, at: u64, count: usize) -> io::Result<Vec<u8>> {
        let end = at.checked_add(count as u64).filter(|end| *end <= self.size());
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut bytes = vec![0; count];
        self.part(at..end).read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        match self {
            Self::File(file, _) => file.read_at(buffer, at),
            Self::Memory(bytes) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                bytes.get(at..).unwrap_or_default().read(buffer)
            }
        }
    }
}

/// A reader of one place. The place in it is its own, so that several may read the same.
pub(crate) struct Part {
    bytes: Bytes,
    range: Range<u64>,
    at: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.range.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let read = self.bytes.read_at(buffer.get_mut(..wanted).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Part {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => self.range.start.checked_add(at),
            SeekFrom::End(by) => self.range.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.filter(|at| *at >= self.range.start).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at - self.range.start)
    }
}
