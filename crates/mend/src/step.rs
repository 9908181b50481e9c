//! The steps of a way back.

use std::fmt;
use std::ops::Range;

use crate::code_page::CodePage;

/// How characters were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// UTF-8.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
}

impl Form {
    /// As people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16, low byte first",
            Self::Utf16Be => "UTF-16, high byte first",
        }
    }
}

/// One thing that a transfer did, to be undone. Places are offsets into what the steps before it leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Bytes were put in that are none of the snapshot's: before it, amid it, behind it.
    Cut(Vec<Range<u64>>),
    /// Every line feed became CR LF.
    LineEnds,
    /// Carriage returns before line feeds were dropped, before these.
    Returns(Vec<u64>),
    /// Bytes were taken for characters of a code page, and the characters written in another form.
    Text(Form, &'static CodePage),
    /// It was encoded in base64.
    Base64,
    /// It was written as hexadecimal digits.
    Hex,
    /// It was written as a dump: places, hexadecimal digits, characters.
    Dump,
}

impl Step {
    /// The word that reports use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cut(_) => "foreign-bytes",
            Self::LineEnds => "line-ends-translated",
            Self::Returns(_) => "carriage-returns-dropped",
            Self::Text(..) => "taken-for-text",
            Self::Base64 => "base64",
            Self::Hex => "hexadecimal",
            Self::Dump => "hex-dump",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut(ranges) => cut(ranges, f),
            Self::LineEnds => f.write_str("every line feed in it became CR LF"),
            Self::Returns(places) => write!(f, "{} carriage returns before line feeds were dropped", places.len()),
            Self::Text(form, page) => write!(f, "its bytes were taken for {} and stored as {}", page.name, form.name()),
            Self::Base64 => f.write_str("it is encoded in base64"),
            Self::Hex => f.write_str("it is written as hexadecimal digits"),
            Self::Dump => f.write_str("it is a hexadecimal dump"),
        }
    }
}

fn cut(ranges: &[Range<u64>], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match ranges {
        [Range { start: 0, end }] => write!(f, "{end} bytes stand before it"),
        [Range { start, end: u64::MAX }] => write!(f, "bytes follow it, from offset {start} on"),
        [Range { start, end }] => write!(f, "{} bytes stand amid it, at offset {start}", end.saturating_sub(*start)),
        several => {
            let bytes: u64 = several.iter().map(|range| range.end.saturating_sub(range.start)).sum();
            let first = several.first().map_or(0, |range| range.start);
            write!(f, "{bytes} bytes stand amid it in {} places, the first at offset {first}", several.len())
        }
    }
}
