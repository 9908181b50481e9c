//! A member's write-ahead log, read: how far its entries go, and how it ends.
//!
//! Segment by segment, in the order of their names. Frames of records: a length whose highest byte tells the padding; the
//! record, with the checksum of all data so far; zeros up to a multiple of eight. A segment is written ahead: zeros follow
//! the last record.

use crate::wire::{Field, Kind, read};

const ENTRY: u64 = 2;
const STATE: u64 = 3;
const CRC: u64 = 4;

/// What a disk writes at once: a record that was being written when the power went has zeros from such a place on.
const SECTOR: usize = 512;

/// What the segments that were read say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Index of the first entry.
    pub first: Option<u64>,
    /// Index of the last entry.
    pub last: Option<u64>,
    /// How far the entries are agreed upon, as far as the log was told.
    pub commit: u64,
    /// Segments that were read, the one that ended the reading among them.
    pub segments: usize,
    /// Where reading ended before the last record; `None` where nothing is wrong.
    pub fault: Option<LogFault>,
    crc: u32,
}

/// Where a log cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFault {
    /// Offset of the record in its segment.
    pub at: u64,
    /// Whether it looks like a record that was being written: etcd cuts such a one off the last segment. Any other keeps
    /// etcd from starting.
    pub torn: bool,
}

impl Log {
    /// Takes the next segment in. Nothing is taken in any more where one could not be read to its end.
    pub fn take(&mut self, segment: &[u8]) {
        if self.fault.is_some() {
            return;
        }
        self.segments += 1;
        let mut at = 0;
        while let Some(rest) = segment.get(at..).filter(|rest| !rest.is_empty()) {
            match Frame::read(rest) {
                Ok(None) => return,
                Ok(Some(frame)) if self.record(frame.record).is_some() => at += frame.whole,
                Ok(Some(frame)) => return self.stop(at, is_torn(at, frame.record)),
                Err(Short) => return self.stop(at, true),
            }
        }
    }

    fn stop(&mut self, at: usize, torn: bool) {
        self.fault = Some(LogFault { at: at as u64, torn });
    }

    /// A record, whose checksum must be that of all data before it and its own.
    fn record(&mut self, record: &[u8]) -> Option<()> {
        let (mut kind, mut crc, mut data) = (0, 0, &[][..]);
        read(record, &[Kind::Varint, Kind::Varint, Kind::Bytes], |number, field| match (number, field) {
            (1, Field::Varint(number)) => kind = number,
            (2, Field::Varint(number)) => crc = number,
            (3, Field::Bytes(bytes)) => data = bytes,
            _ => {}
        })
        .ok()?;
        let crc = u32::try_from(crc).ok()?;
        if kind == CRC {
            // every segment begins with the sum of those before it
            if self.crc != 0 && self.crc != crc {
                return None;
            }
            self.crc = crc;
            return Some(());
        }
        let sum = crc32c::crc32c_append(self.crc, data);
        if sum != crc {
            return None;
        }
        self.crc = sum;
        match kind {
            ENTRY => {
                let index = number(data, 3)?;
                self.first = Some(self.first.map_or(index, |first| first.min(index)));
                // what comes again replaces what stood there, and all behind it
                self.last = Some(index);
            }
            STATE => self.commit = number(data, 3)?,
            _ => {}
        }
        Some(())
    }
}

/// A number of an entry or of a state: type, term, index, data; term, vote, commit.
fn number(message: &[u8], wanted: u32) -> Option<u64> {
    let mut found = 0;
    read(message, &[Kind::Varint, Kind::Varint, Kind::Varint, Kind::Bytes], |number, field| {
        if let Field::Varint(value) = field
            && number == wanted
        {
            found = value;
        }
    })
    .ok()?;
    Some(found)
}

/// Whether a sector of a record is zero, counted from the beginning of the segment.
fn is_torn(at: usize, record: &[u8]) -> bool {
    let start = at + 8;
    let to_next = (SECTOR - start % SECTOR).min(record.len());
    let (first, rest) = record.split_at(to_next);
    std::iter::once(first).chain(rest.chunks(SECTOR)).any(|sector| sector.iter().all(|byte| *byte == 0))
}

/// A record, and how many bytes it takes with its length and padding.
struct Frame<'s> {
    record: &'s [u8],
    whole: usize,
}

/// The segment ends within a record.
struct Short;

impl<'s> Frame<'s> {
    /// The next frame; `None` where the zeros begin that were written ahead.
    fn read(segment: &'s [u8]) -> Result<Option<Self>, Short> {
        if segment.iter().take(8).all(|byte| *byte == 0) {
            return Ok(None);
        }
        let (length, rest) = segment.split_first_chunk::<8>().ok_or(Short)?;
        let length = u64::from_le_bytes(*length);
        let padding = if length >> 63 == 1 { length >> 56 & 7 } else { 0 };
        let size = usize::try_from(length & 0x00ff_ffff_ffff_ffff).map_err(|_| Short)?;
        let padding = usize::try_from(padding).map_err(|_| Short)?;
        let whole = size.checked_add(padding).filter(|whole| *whole <= rest.len()).ok_or(Short)?;
        Ok(Some(Self { record: rest.get(..size).ok_or(Short)?, whole: 8 + whole }))
    }
}

#[cfg(test)]
mod tests;
