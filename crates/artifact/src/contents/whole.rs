//! How all bytes of an artifact come to be at hand: mapped, read, or unpacked.

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::sync::PoisonError;

use super::stream::Counting;
use super::{Backing, Contents, Raw};
use crate::ahead;
use crate::bytes::Bytes;
use crate::map::Mapping;
use crate::{Advance, Compression, InputError, Reading, expand};

impl Contents {
    /// Has all bytes at hand, undoing one layer of compression; a tar archive is left as it is stored.
    ///
    /// `advance` hears of bytes read from a stream or file; a mapping reads nothing yet.
    ///
    /// # Errors
    /// As [`Contents::whole`].
    pub fn ready(self, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        self.expect_finished()?;
        let contents = self.undone();
        if contents.is_archive() { Ok(contents) } else { contents.whole(reading, advance) }
    }

    /// Has all bytes at hand; of an archive of other files, those of the only snapshot in it. A tarball of static pod
    /// resources is had, too, if it is small: what is no database is given up on after 32 MiB,
    /// whatever it is, unless it is a plain file that is mapped.
    ///
    /// # Errors
    /// Whatever keeps the bytes from being had whole; see [`InputError`].
    pub fn whole(mut self, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        self.expect_finished()?;
        if self.is_container() {
            return self.only_snapshot(reading, advance);
        }
        match std::mem::replace(&mut self.backing, Backing::Memory(Vec::new())) {
            Backing::Unread => self.whole_raw(reading, advance),
            Backing::Stream(stream) => {
                let stream = stream.into_inner().unwrap_or_else(PoisonError::into_inner);
                self.whole_stream(BufReader::with_capacity(1 << 16, stream), reading, advance)
            }
            at_hand => {
                self.backing = at_hand;
                Ok(self)
            }
        }
    }

    fn expect_finished(&self) -> Result<(), InputError> {
        match &self.path {
            Some(path) if path.extension().is_some_and(|end| end == "part") => {
                Err(InputError::Unfinished { path: path.clone() })
            }
            _ => Ok(()),
        }
    }

    fn whole_raw(mut self, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        let (bytes, range) = match &self.raw {
            Raw::Part(bytes, range) if self.compression == Compression::None && range.end != u64::MAX => {
                (bytes.clone(), range.clone())
            }
            _ => return self.unwrapped(reading, advance),
        };
        self.backing = match bytes {
            Bytes::Memory(bytes) if range == (0..bytes.len() as u64) => Backing::Shared(bytes),
            bytes => match self.mapped(&bytes, &range, reading) {
                Some(mapped) => mapped,
                None => {
                    let reader = Counting { inner: bytes.part(range.clone()), advance };
                    Backing::Memory(self.read_file(reader, range.end - range.start)?)
                }
            },
        };
        self.expect_content()?;
        Ok(self)
    }

    /// A map of a file, where it may be mapped. A file system that cannot, or a table that is full, is no reason to give up.
    fn mapped(&self, bytes: &Bytes, range: &Range<u64>, reading: &Reading) -> Option<Backing> {
        let Bytes::File(file, _) = bytes else { return None };
        if !reading.mmap || range.is_empty() {
            return None;
        }
        let place = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
        let mapping = Mapping::new(file, range.end).ok()??;
        if !mapping.seems_cached() {
            ahead::fetch(file, range.end);
        }
        Some(Backing::Map(mapping, place))
    }

    /// What is compressed, or of no known size. It is read as it is unpacked, and not mapped: what the disk says when it
    /// fails is then said of the disk.
    fn unwrapped(mut self, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        let size_known = !matches!(&self.raw, Raw::Part(_, range) if range.end == u64::MAX);
        let expanded = match (&self.raw, &self.sole) {
            (Raw::Part(bytes, _), Some(sole)) => {
                let unpacked = sole.unpack(bytes).map_err(|error| self.failed(error))?;
                let counting = Counting { inner: unpacked, advance };
                expand::read_unpacked(counting, reading.max_expanded, &self.display)
                    .map(|bytes| (bytes, Compression::Zip))
            }
            _ => {
                let raw = self.raw().map_err(|error| self.failed(error))?;
                let counting = Counting { inner: raw, advance };
                let packed = BufReader::with_capacity(1 << 16, counting);
                expand::read_all(packed, reading.max_expanded, &self.display)
            }
        };
        // A file that shrank looks like a damaged stream; say what really happened.
        self.check_unchanged()?;
        let (bytes, compression) = expanded?;
        (self.backing, self.compression) = (Backing::Memory(bytes), compression);
        if !size_known {
            self.on_disk = None;
        }
        self.expect_content()?;
        Ok(self)
    }

    /// Reads a regular file into memory.
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

    fn whole_stream(
        mut self,
        reader: impl BufRead,
        reading: &Reading,
        advance: Advance<'_>,
    ) -> Result<Self, InputError> {
        let counting = Counting { inner: reader, advance };
        let (bytes, compression) = expand::read_all(counting, reading.max_expanded, &self.display)?;
        (self.backing, self.compression) = (Backing::Memory(bytes), compression);
        self.expect_content()?;
        Ok(self)
    }

    fn expect_content(&self) -> Result<(), InputError> {
        if self.bytes().is_empty() {
            return Err(InputError::Empty { display: self.display.clone() });
        }
        Ok(())
    }
}
