//! Reading streams into memory, plain or compressed, up to a cap and never beyond it; and no further than a database can
//! begin, where none does.

use std::io::{self, BufRead, Read};

use super::{Compression, InputError, Looks, fault, memory, sniff};

/// Reads a whole stream, undoing one layer of compression.
///
/// # Errors
/// More content than `cap` or than memory, a stream that is cut off or damaged, a failed read.
pub(super) fn read_all<R: BufRead>(
    mut reader: R,
    cap: u64,
    display: &str,
) -> Result<(Vec<u8>, Compression), InputError> {
    let failed = |source| InputError::Io { display: display.to_owned(), action: "read it", offset: None, source };
    let mut head = Vec::new();
    reader.by_ref().take(BEGINNING).read_to_end(&mut head).map_err(failed)?;
    let compression = Compression::of(&head);
    let whole = head.as_slice().chain(reader);
    let gather = Gather { cap, display, compression };
    let bytes = gather.run(compression.undone(whole))?;
    Ok((bytes, compression))
}

/// Reads a whole stream that is what a member of an archive holds.
///
/// # Errors
/// As [`read_all`].
pub(super) fn read_unpacked(reader: impl Read, cap: u64, display: &str) -> Result<Vec<u8>, InputError> {
    Gather { cap, display, compression: Compression::Zip }.run(reader)
}

/// Reads a whole stream as it is stored, whatever it is.
///
/// # Errors
/// More content than `cap` or than memory, a failed read.
pub(super) fn read_stored(mut reader: impl Read, cap: u64, display: &str) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    loop {
        let held = bytes.len();
        read_more(&mut bytes, &mut reader, held.max(CHUNK) as u64, display)?;
        if bytes.len() as u64 > cap {
            return Err(InputError::OverCap { display: display.to_owned(), cap });
        }
        if bytes.len() == held {
            return Ok(bytes);
        }
    }
}

/// Reads a member of an archive that is as large as declared; `None` for what is larger than a database needs to show itself,
/// and is none, compressed or not.
///
/// # Errors
/// More content than memory, a failed read.
pub(super) fn read_member(reader: &mut impl Read, size: u64, display: &str) -> Result<Option<Vec<u8>>, InputError> {
    let mut bytes = Vec::new();
    let first = size.min(LOOK);
    read_more(&mut bytes, reader, first, display)?;
    if size > first {
        let packed = Compression::of(&bytes) != Compression::None;
        if !packed && !sniff::sniff(&bytes).is_bbolt() && !mend::could_be(&bytes) {
            return Ok(None);
        }
        read_more(&mut bytes, reader, size - first, display)?;
    }
    Ok(Some(bytes))
}

/// What the beginning of a compressed stream holds, as far as it can be decoded.
pub(super) fn beginning(head: impl BufRead, compression: Compression, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A beginning ends too soon by its nature, and what came out before counts.
    let _ = compression.undone(head).take(limit).read_to_end(&mut bytes);
    bytes
}

/// Reads exactly what a regular file should have, for `--no-mmap`.
pub(super) fn read_sized(mut reader: impl Read, size: u64, display: &str) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    expect_memory(0, size, display)?;
    let first = size.min(LOOK);
    read_more(&mut bytes, &mut reader, first, display)?;
    if bytes.len() as u64 == first && size > first {
        expect_database(&bytes, Compression::None, display)?;
        read_more(&mut bytes, &mut reader, size - first, display)?;
    }
    Ok(bytes)
}

/// Reads so many bytes more, or as many as there are.
fn read_more(bytes: &mut Vec<u8>, reader: &mut impl Read, more: u64, display: &str) -> Result<(), InputError> {
    grow(bytes, more, display)?;
    let wanted = bytes.capacity();
    while bytes.len() < wanted {
        let room = (wanted - bytes.len()).min(CHUNK);
        let before = bytes.len();
        match reader.by_ref().take(room as u64).read_to_end(bytes) {
            Ok(0) => break,
            Ok(_) => {}
            Err(source) => {
                return Err(InputError::Io {
                    display: display.to_owned(),
                    action: "read it",
                    offset: Some(before as u64),
                    source,
                });
            }
        }
    }
    Ok(())
}

/// So much is had of anything. A database shows itself before: its second meta page stands at 16 MiB at the latest, and
/// pages without metas agree with their places. Of anything else no more is wanted: three gigabytes of zeros fit in three
/// megabytes of gzip.
///
/// A ratio would not do: a sound snapshot that was hardly ever written to is 908 times as large as its gzip.
const LOOK: u64 = 32 << 20;

/// Gives up on what does not begin as a database.
fn expect_database(begun: &[u8], compression: Compression, display: &str) -> Result<(), InputError> {
    let looks = sniff::sniff(begun);
    // one that was taken for text shows itself, too, and events may be many
    if looks.is_bbolt() || looks == Looks::Delta || mend::could_be(begun) {
        return Ok(());
    }
    let says = sniff::says(begun);
    Err(InputError::NotASnapshot { display: display.to_owned(), looks, compression, says })
}

/// So much of a stream tells by what it is compressed.
const BEGINNING: u64 = 512;

/// How much is read before the next look at the cap, and the least step of growth.
const CHUNK: usize = 1 << 20;

struct Gather<'a> {
    cap: u64,
    display: &'a str,
    compression: Compression,
}

impl Gather<'_> {
    fn run(&self, mut reader: impl Read) -> Result<Vec<u8>, InputError> {
        let mut bytes: Vec<u8> = Vec::new();
        let mut looked = false;
        loop {
            if !looked && bytes.len() as u64 >= LOOK {
                looked = true;
                expect_database(&bytes, self.compression, self.display)?;
            }
            if bytes.capacity() - bytes.len() < CHUNK {
                let step = (bytes.capacity() / 2).max(CHUNK);
                grow(&mut bytes, step as u64, self.display)?;
            }
            let step = reader.by_ref().take(CHUNK as u64).read_to_end(&mut bytes);
            if bytes.len() as u64 > self.cap {
                return Err(InputError::OverCap { display: self.display.to_owned(), cap: self.cap });
            }
            match step {
                Ok(0) => return Ok(bytes),
                Ok(_) => {}
                Err(source) => return Err(self.failed(bytes.len() as u64, source)),
            }
        }
    }

    fn failed(&self, expanded: u64, source: io::Error) -> InputError {
        told(source, self.compression, expanded, self.display)
    }
}

/// What ended a stream: the disk, the compression, or what the stream is.
pub(super) fn told(source: io::Error, compression: Compression, expanded: u64, display: &str) -> InputError {
    let display = display.to_owned();
    match (compression, source.kind()) {
        _ if fault::of(&source).is_some() => InputError::reading(&display, source, None),
        // An error the system numbers comes from the file, the others from the decoder.
        _ if source.raw_os_error().is_some() => InputError::Io { display, action: "read it", offset: None, source },
        (Compression::None, _) => InputError::Io { display, action: "read it", offset: Some(expanded), source },
        (_, io::ErrorKind::UnexpectedEof) => InputError::CutOff { display, compression, expanded },
        _ => InputError::Damaged { display, compression, expanded, reason: source.to_string() },
    }
}

/// Room for so many bytes, if there is more memory than that.
///
/// # Errors
/// [`InputError::Memory`].
pub fn room_for(size: u64, display: &str) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    grow(&mut bytes, size, display)?;
    Ok(bytes)
}

/// Makes room for `more` bytes, unless that would drive the machine out of memory.
fn grow(bytes: &mut Vec<u8>, more: u64, display: &str) -> Result<(), InputError> {
    let held = bytes.len() as u64;
    let free = expect_memory(held, more, display)?;
    let refused = |available| no_memory(held, more, available, display);
    let step = usize::try_from(more).map_err(|_| refused(usize::MAX as u64))?;
    bytes.try_reserve_exact(step).map_err(|_| refused(free))
}

/// Bytes that can be had, if it is more than is wanted beside those that are held.
fn expect_memory(held: u64, more: u64, display: &str) -> Result<u64, InputError> {
    let free = memory::available().unwrap_or(u64::MAX);
    if more > free { Err(no_memory(held, more, free.saturating_add(held), display)) } else { Ok(free) }
}

fn no_memory(held: u64, more: u64, available: u64, display: &str) -> InputError {
    InputError::Memory { display: display.to_owned(), needed: held.saturating_add(more), available }
}

#[cfg(test)]
mod tests;
