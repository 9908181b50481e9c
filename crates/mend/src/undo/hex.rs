//! Hexadecimal digits, bare or in a dump.

use super::{Odd, Undo};

/// Bytes of a line of a dump that `*` repeats, and at most so many of a line.
const LINE: usize = 16;
/// Most characters of a line of a dump.
const LONGEST: usize = 512;
/// Most bytes that one `*` stands for: 64 MiB.
const REPEATED: u64 = 64 << 20;

pub(crate) fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Digits and white space. What follows is left out.
#[derive(Default)]
pub(super) struct Hex {
    high: Option<u8>,
    ended: bool,
}

impl Undo for Hex {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Odd> {
        for &byte in piece.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            match (digit(byte).filter(|_| !self.ended), self.high.take()) {
                (Some(low), Some(high)) => out.push(high << 4 | low),
                (Some(high), None) => self.high = Some(high),
                (None, _) => self.ended = true,
            }
        }
        Ok(())
    }
}

/// Lines of a dump, as `xxd` and `hexdump -C` write them: a place, digits, and characters behind two spaces or a bar.
#[derive(Default)]
pub(super) struct Dump {
    line: Vec<u8>,
    last: Vec<u8>,
    repeats: bool,
    at: u64,
}

/// What a line of a dump says.
pub(crate) struct Line {
    /// The place that it begins with.
    pub(crate) place: u64,
    /// The bytes that it shows.
    pub(crate) bytes: Vec<u8>,
}

impl Line {
    /// Reads one; `None` where it is none.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (place, rest) = line.split_at_checked(digits).filter(|_| (6..=16).contains(&digits))?;
        let place = u64::from_str_radix(std::str::from_utf8(place).ok()?, 16).ok()?;
        let (rest, shown) = match rest {
            [b':', rest @ ..] => (rest, memchr::memmem::find(rest, b"  ")),
            rest => (rest, memchr::memchr(b'|', rest)),
        };
        let rest = rest.get(..shown.unwrap_or(rest.len()))?;
        if rest.first().is_some_and(|byte| !byte.is_ascii_whitespace()) {
            return None;
        }
        let mut bytes = Vec::new();
        Hex::default().push(rest, &mut bytes).ok()?;
        let strange = |byte: &u8| !byte.is_ascii_hexdigit() && !byte.is_ascii_whitespace();
        (bytes.len() <= LINE * 2 && !rest.iter().any(strange)).then_some(Self { place, bytes })
    }
}

impl Dump {
    fn line(&mut self, out: &mut Vec<u8>) -> Result<(), Odd> {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_ascii_end();
        if line == b"*" {
            self.repeats = !self.last.is_empty();
            return Ok(());
        }
        let Some(Line { place, bytes }) = Line::read(line) else { return Ok(()) };
        if std::mem::take(&mut self.repeats) {
            let gap = place.saturating_sub(self.at);
            let whole = usize::try_from(gap).ok().filter(|_| gap <= REPEATED).ok_or(Odd::Foreign)?;
            out.extend(self.last.iter().copied().cycle().take(whole));
            self.at = place;
        }
        self.at = self.at.saturating_add(bytes.len() as u64);
        out.extend_from_slice(&bytes);
        self.last = bytes;
        Ok(())
    }
}

impl Undo for Dump {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Odd> {
        for &byte in piece {
            if byte == b'\n' {
                self.line(out)?;
            } else if self.line.len() < LONGEST {
                self.line.push(byte);
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Odd> {
        self.line(out)
    }
}
