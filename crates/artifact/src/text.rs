//! How names and numbers are shown: the little of it that messages need.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::path::Path;

/// Shows bytes from a file on one line and without any power over the terminal.
///
/// Printable UTF-8 stands as it is. Control characters, line and paragraph separators and the
/// characters that reorder or hide text come as `\n`, `\t`, `\r` or `\u{..}`, bytes that are not
/// UTF-8 as `\xNN`, and a backslash as `\\`, so that no two keys look the same.
pub(crate) fn escape(bytes: &[u8]) -> Cow<'_, str> {
    let simple = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\\';
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(simple) => Cow::Borrowed(text),
        Ok(text) if text.chars().all(is_plain) => Cow::Borrowed(text),
        _ => {
            let mut shown = String::with_capacity(bytes.len() + 16);
            for chunk in bytes.utf8_chunks() {
                chunk.valid().chars().for_each(|c| push(&mut shown, c));
                for byte in chunk.invalid() {
                    // Writing to a `String` cannot fail.
                    let _ = write!(shown, "\\x{byte:02x}");
                }
            }
            Cow::Owned(shown)
        }
    }
}

/// [`escape`] for a path.
pub(crate) fn escape_path(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes()).into_owned()
}

fn push(shown: &mut String, c: char) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        '\\' => shown.push_str("\\\\"),
        c if is_plain(c) => shown.push(c),
        c => {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

/// Whether a character may reach a terminal as it is.
fn is_plain(c: char) -> bool {
    !(c == '\\'
        || c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' // soft hyphen, marks of direction
            | '\u{200b}'..='\u{200f}'            // zero width, direction
            | '\u{2028}'..='\u{202e}'            // separators, embedding and override
            | '\u{2060}'..='\u{206f}'            // joiners, isolates
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'))
}

/// A size for people: `0 B`, `1023 B`, `1.5 KiB`, `34.8 MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut tenths = u128::from(self.0) * 10 / 1024;
        let mut unit = "KiB";
        for next in UNITS.iter().skip(1) {
            if tenths < 10_240 {
                break;
            }
            tenths /= 1024;
            unit = next;
        }
        write!(f, "{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

impl Size {
    /// The size with its exact count of bytes: `1.5 KiB (1536 B)`.
    pub(crate) fn exact(self) -> String {
        if self.0 < 1024 { self.to_string() } else { format!("{self} ({} B)", group_digits(self.0)) }
    }
}

/// Thousands held apart by a thin, plain blank: `1 077 239 840`.
pub(crate) fn group_digits(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 key`, `2 keys`: a count with its noun.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", group_digits(number))
}
