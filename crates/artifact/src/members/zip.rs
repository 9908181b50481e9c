//! The directory of a zip archive: what it holds, held against itself before anything is read.

use std::io;
use std::time::{Duration, SystemTime};

use super::MEMBERS;
use super::unpack::Packed;
use crate::bytes::Bytes;
use crate::fault::Fault;

/// Bytes of the record that ends an archive, without its comment; of the longest comment.
const END: usize = 22;
const COMMENT: usize = 65_535;
/// Bytes of a member's own header, without its name.
const LOCAL: u8 = 30;
/// The largest directory that is read: a hundred thousand members with names of 600 bytes.
const DIRECTORY: u64 = 64 << 20;
/// In 16 and in 32 bits: the number stands in the records of zip64.
const ELSEWHERE_16: u64 = 0xffff;
const ELSEWHERE_32: u64 = 0xffff_ffff;

/// A member, as the directory has it.
pub(crate) struct Record {
    pub(crate) name: Vec<u8>,
    /// Type and rights as Unix has them; 0 where the archive was made elsewhere.
    pub(crate) mode: u32,
    pub(crate) modified: Option<SystemTime>,
    /// Bytes of content.
    pub(crate) size: u64,
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u64,
    /// Where its own header stands.
    header: u64,
}

/// Reads the directory.
///
/// # Errors
/// A failed read, or a [`Fault`] of the archive.
pub(crate) fn directory(bytes: &Bytes) -> io::Result<Vec<Record>> {
    let end = End::find(bytes)?;
    if end.count > MEMBERS as u64 {
        return Err(Fault::TooMany { limit: MEMBERS }.into());
    }
    expect("the place of its end", end.start.saturating_add(end.size), end.at)?;
    if end.size > DIRECTORY {
        return Err(Fault::Directory { what: "its size", found: end.size, expected: DIRECTORY }.into());
    }
    let raw = bytes.exactly(end.start, usize::try_from(end.size).unwrap_or(usize::MAX))?;
    let mut rest = Fields(&raw);
    let mut records = Vec::new();
    while !rest.0.is_empty() {
        records.push(Record::read(&mut rest)?);
    }
    expect("the number of its members", records.len() as u64, end.count)?;
    expect_apart(&records, end.start)?;
    Ok(records)
}

impl Record {
    fn read(fields: &mut Fields<'_>) -> io::Result<Self> {
        expect("the sign of a record", u64::from(fields.u32()?), 0x0201_4b50)?;
        let made_by = fields.u16()?;
        fields.skip(2)?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        let (time, date) = (fields.u16()?, fields.u16()?);
        let crc = fields.u32()?;
        let (compressed, size) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
        let lengths = [fields.u16()?, fields.u16()?, fields.u16()?].map(usize::from);
        expect("the file of a member", u64::from(fields.u16()?), 0)?;
        fields.skip(2)?;
        let attributes = fields.u32()?;
        let header = u64::from(fields.u32()?);
        let [name, extra, comment] = lengths;
        let (name, extra) = (fields.take(name)?.to_vec(), fields.take(extra)?);
        fields.skip(comment)?;
        let [size, compressed, header] = wide(extra, [size, compressed, header])?;
        // 3: made on Unix, 19: on a Mac
        let mode = if matches!(made_by >> 8, 3 | 19) { attributes >> 16 } else { 0 };
        let modified = unix_time(extra).or_else(|| dos_time(date, time));
        Ok(Self { name, mode, modified, size, flags, method, crc, compressed, header })
    }

    /// Where its data stand: behind its own header, which must say the same as the directory.
    ///
    /// # Errors
    /// A failed read, or what is wrong with the member.
    pub(crate) fn packed(&self, bytes: &Bytes) -> io::Result<Packed> {
        if self.flags & 0x2041 != 0 || self.method == 99 {
            return Err(Fault::Encrypted.into());
        }
        let raw = bytes.exactly(self.header, usize::from(LOCAL))?;
        let mut fields = Fields(&raw);
        let header = |what| io::Error::from(Fault::Header { what });
        if fields.u32()? != 0x0403_4b50 {
            return Err(header("place of the member"));
        }
        fields.skip(4)?;
        if fields.u16()? != self.method {
            return Err(header("method"));
        }
        fields.skip(16)?;
        let (name, extra) = (usize::from(fields.u16()?), u64::from(fields.u16()?));
        if bytes.exactly(self.header.saturating_add(LOCAL.into()), name)? != self.name {
            return Err(header("name"));
        }
        let start = self.header.saturating_add(u64::from(LOCAL) + name as u64 + extra);
        let end = start.checked_add(self.compressed).filter(|end| *end <= bytes.size());
        let range = start..end.ok_or_else(|| header("size"))?;
        if self.method == 0 && self.compressed != self.size {
            return Err(header("size"));
        }
        Ok(Packed { range, method: self.method, size: self.size, crc: self.crc })
    }
}

/// Members must not share bytes, nor run into the directory: a few kilobytes that are named a thousand times are gigabytes.
fn expect_apart(records: &[Record], directory: u64) -> io::Result<()> {
    let mut placed: Vec<&Record> = records.iter().collect();
    placed.sort_by_key(|record| record.header);
    let starts = placed.iter().skip(1).map(|record| record.header).chain([directory]);
    for (record, next) in placed.iter().zip(starts) {
        let taken = u64::from(LOCAL) + record.name.len() as u64;
        let end = record.header.checked_add(taken).and_then(|end| end.checked_add(record.compressed));
        if end.is_none_or(|end| end > next) {
            return Err(Fault::Overlap { member: record.name.clone() }.into());
        }
    }
    Ok(())
}

fn expect(what: &'static str, found: u64, expected: u64) -> io::Result<()> {
    if found == expected { Ok(()) } else { Err(Fault::Directory { what, found, expected }.into()) }
}

/// What the record that ends an archive says of the directory.
struct End {
    /// Where the directory should end: at this record, or at that of zip64.
    at: u64,
    start: u64,
    size: u64,
    count: u64,
}

impl End {
    /// Finds the record: the comment behind it reaches to the end of the file.
    fn find(bytes: &Bytes) -> io::Result<Self> {
        let length = bytes.size().min((END + COMMENT) as u64);
        let from = bytes.size() - length;
        let tail = bytes.exactly(from, usize::try_from(length).unwrap_or_default())?;
        let is_end = |at: &usize| {
            let comment = tail.get(at + END - 2..at + END).and_then(|two| two.try_into().ok()).map(u16::from_le_bytes);
            tail.get(*at..).is_some_and(|rest| rest.starts_with(b"PK\x05\x06"))
                && comment.is_some_and(|comment| at + END + usize::from(comment) == tail.len())
        };
        let at = (0..(tail.len() + 1).saturating_sub(END)).rev().find(is_end).ok_or(Fault::NoDirectory)?;
        let mut fields = Fields(tail.get(at + 4..).unwrap_or_default());
        let at = from + at as u64;
        let (disk, of_directory) = (fields.u16()?, fields.u16()?);
        let (here, count) = (u64::from(fields.u16()?), u64::from(fields.u16()?));
        let (size, start) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
        let is_wide = disk == 0xffff || count == ELSEWHERE_16 || size == ELSEWHERE_32 || start == ELSEWHERE_32;
        match Self::wide(bytes, at)? {
            Some(end) if is_wide => return Ok(end),
            _ if disk != 0 || of_directory != 0 || here != count => return Err(Fault::Split.into()),
            _ => {}
        }
        // `zip -fz` announces the other record and leaves it out
        let start = if start == ELSEWHERE_32 { at.saturating_sub(size) } else { start };
        Ok(Self { at, start, size, count })
    }

    /// The record of zip64, which a locator right before the end leads to.
    fn wide(bytes: &Bytes, end: u64) -> io::Result<Option<Self>> {
        let Some(locator) = end.checked_sub(20) else { return Ok(None) };
        let raw = bytes.exactly(locator, 20)?;
        let mut fields = Fields(&raw);
        if fields.u32()? != 0x0706_4b50 {
            return Ok(None);
        }
        fields.skip(4)?;
        let at = fields.u64()?;
        if fields.u32()? > 1 {
            return Err(Fault::Split.into());
        }
        let raw = bytes.exactly(at, 56)?;
        let mut fields = Fields(&raw);
        expect("the sign of its zip64 record", u64::from(fields.u32()?), 0x0606_4b50)?;
        fields.skip(12)?;
        if (fields.u32()?, fields.u32()?) != (0, 0) {
            return Err(Fault::Split.into());
        }
        let (here, count) = (fields.u64()?, fields.u64()?);
        expect("the number of its members", here, count)?;
        Ok(Some(Self { size: fields.u64()?, start: fields.u64()?, at, count }))
    }
}

/// Numbers that do not fit 32 bits stand in an extra field, those that are wanted one after another.
fn wide(extra: &[u8], numbers: [u64; 3]) -> io::Result<[u64; 3]> {
    let mut fields = Fields(field(extra, 0x0001).unwrap_or_default());
    let mut read = |number| if number == ELSEWHERE_32 { fields.u64() } else { Ok(number) };
    let [size, compressed, header] = numbers;
    Ok([read(size)?, read(compressed)?, read(header)?])
}

/// An extra field, by its number.
fn field(extra: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut fields = Fields(extra);
    loop {
        let (id, length) = (fields.u16().ok()?, fields.u16().ok()?);
        let field = fields.take(usize::from(length)).ok()?;
        if id == wanted {
            return Some(field);
        }
    }
}

/// The time of modification in Info-ZIP's field, in seconds since 1970.
fn unix_time(extra: &[u8]) -> Option<SystemTime> {
    let mut fields = Fields(field(extra, 0x5455)?);
    let flags = fields.take(1).ok()?;
    let seconds = fields.u32().ok().filter(|_| flags.first().is_some_and(|flags| flags & 1 == 1))?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::from(seconds)))
}

/// The time as DOS has it, in a zone that nobody knows: taken for UTC.
fn dos_time(date: u16, time: u16) -> Option<SystemTime> {
    let (year, month, day) = (u64::from(date >> 9) + 1980, u64::from(date >> 5 & 15), u64::from(date & 31));
    if !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    // days from civil, in years that begin with March
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + day - 1 - 719_468;
    let seconds = u64::from(time >> 11) * 3600 + u64::from(time >> 5 & 63) * 60 + u64::from(time & 31) * 2;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(days * 86_400 + seconds))
}

/// Numbers, least byte first, taken one after another.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn take(&mut self, count: usize) -> io::Result<&'b [u8]> {
        let short = Fault::Directory { what: "what is left of it", found: self.0.len() as u64, expected: count as u64 };
        let (taken, rest) = self.0.split_at_checked(count).ok_or(short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn skip(&mut self, count: usize) -> io::Result<()> {
        self.take(count).map(|_| ())
    }

    fn number(&mut self, width: usize) -> io::Result<u64> {
        Ok(self.take(width)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn u16(&mut self) -> io::Result<u16> {
        self.number(2).map(|number| (number & 0xffff) as u16)
    }

    fn u32(&mut self) -> io::Result<u32> {
        self.number(4).map(|number| (number & 0xffff_ffff) as u32)
    }

    fn u64(&mut self) -> io::Result<u64> {
        self.number(8)
    }
}
