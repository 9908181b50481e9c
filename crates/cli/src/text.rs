//! Words for people: escaped names, sizes, ages. Used by messages and by human output alike.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::path::Path;

use jiff::Timestamp;

/// Shows bytes from a file on one line and without any power over the terminal.
///
/// Printable UTF-8 stands as it is. Control characters, line and paragraph separators and the
/// characters that reorder or hide text come as `\n`, `\t`, `\r` or `\u{..}`, bytes that are not
/// UTF-8 as `\xNN`, and a backslash as `\\`, so that no two keys look the same.
pub fn escape(bytes: &[u8]) -> Cow<'_, str> {
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
pub fn escape_path(path: &Path) -> String {
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

/// The bytes that [`escape`] shows so.
///
/// # Errors
/// What is wrong with the first escape that is none, for people.
pub fn unescape(shown: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(shown.len());
    let mut rest = shown;
    while let Some((&first, behind)) = rest.split_first() {
        if first != b'\\' {
            bytes.push(first);
            rest = behind;
            continue;
        }
        let (behind, known) = match behind {
            [b'n', behind @ ..] => (behind, push_byte(&mut bytes, b'\n')),
            [b'r', behind @ ..] => (behind, push_byte(&mut bytes, b'\r')),
            [b't', behind @ ..] => (behind, push_byte(&mut bytes, b'\t')),
            [b'\\', behind @ ..] => (behind, push_byte(&mut bytes, b'\\')),
            [b'x', high, low, behind @ ..] => {
                let byte = digits(&[*high, *low]).and_then(|number| u8::try_from(number).ok());
                (behind, byte.map(|byte| bytes.push(byte)))
            }
            [b'u', b'{', behind @ ..] => {
                let end = behind.iter().position(|&byte| byte == b'}').unwrap_or(behind.len());
                let (number, behind) = behind.split_at_checked(end).unwrap_or_default();
                let c = digits(number).and_then(char::from_u32);
                let c = c.filter(|_| !behind.is_empty());
                let known = c.map(|c| bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()));
                (behind.get(1..).unwrap_or_default(), known)
            }
            behind => (behind, None),
        };
        if known.is_none() {
            let escape: Vec<u8> = rest.iter().take(4).copied().collect();
            return Err(format!(
                "`{}` is no escape: write `\\n`, `\\r`, `\\t`, `\\\\`, `\\xff` for a byte or `\\u{{0}}` for a character",
                String::from_utf8_lossy(&escape)
            ));
        }
        rest = behind;
    }
    Ok(bytes)
}

fn push_byte(bytes: &mut Vec<u8>, byte: u8) -> Option<()> {
    bytes.push(byte);
    Some(())
}

/// One to six hexadecimal digits.
fn digits(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    let plain = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(text, 16).ok().filter(|_| plain)
}

/// Whether a character may reach a terminal as it is.
pub(crate) fn is_plain(c: char) -> bool {
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
pub struct Size(pub u64);

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
    pub fn exact(self) -> String {
        if self.0 < 1024 { self.to_string() } else { format!("{self} ({} B)", group_digits(self.0)) }
    }
}

/// Thousands held apart by a thin, plain blank: `1 077 239 840`.
pub fn group_digits(number: u64) -> String {
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

/// How long ago `then` was, in the one unit that matters: `3 days ago`, `in 2 hours`.
pub fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second());
    let span = seconds.unsigned_abs();
    let (count, unit) = match span {
        0..=59 => return "just now".to_owned(),
        60..=3_599 => (span / 60, "minute"),
        3_600..=86_399 => (span / 3_600, "hour"),
        86_400..=5_183_999 => (span / 86_400, "day"),
        5_184_000..=63_071_999 => (span / 2_592_000, "month"),
        _ => (span / 31_536_000, "year"),
    };
    let plural = if count == 1 { "" } else { "s" };
    if seconds > 0 { format!("{count} {unit}{plural} ago") } else { format!("in {count} {unit}{plural}") }
}

/// `1 key`, `2 keys`: a count with its noun.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", group_digits(number))
}

/// Shortens text to `width` columns by an ellipsis in its middle, where names differ least.
pub fn shorten(text: &str, width: usize) -> Cow<'_, str> {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    if width == 0 {
        return Cow::Borrowed("");
    }
    let tail_width = (width - 1) / 2;
    let head_width = width - 1 - tail_width;
    let take = |chars: &mut dyn Iterator<Item = char>, limit: usize| {
        let mut used = 0;
        let mut taken = Vec::new();
        for c in chars {
            let wide = c.width().unwrap_or(0);
            if used + wide > limit {
                break;
            }
            used += wide;
            taken.push(c);
        }
        taken
    };
    let head = take(&mut text.chars(), head_width);
    let tail = take(&mut text.chars().rev(), tail_width);
    Cow::Owned(head.into_iter().chain(['…']).chain(tail.into_iter().rev()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_a_file_have_no_power_over_the_terminal() {
        for (bytes, shown) in [
            (&b"/kubernetes.io/pods/a"[..], "/kubernetes.io/pods/a"),
            ("ключ/日本".as_bytes(), "ключ/日本"),
            (b"a\nb\tc\r", "a\\nb\\tc\\r"),
            (b"\x1b[31mred\x1b[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            (b"\x00\x7f", "\\u{0}\\u{7f}"),
            ("\u{9b}2J".as_bytes(), "\\u{9b}2J"),
            ("abc\u{202e}fed".as_bytes(), "abc\\u{202e}fed"),
            (b"\xff\xfe/x", "\\xff\\xfe/x"),
            (b"back\\slash", "back\\\\slash"),
            (b"\xe6\x97", "\\xe6\\x97"),
            (b"", ""),
        ] {
            assert_eq!(escape(bytes), shown);
        }
    }

    #[test]
    fn a_key_that_spells_an_escape_is_not_the_key_it_spells() {
        assert_ne!(escape(b"\\xff"), escape(b"\xff"));
        assert_ne!(escape(b"\\n"), escape(b"\n"));
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        let mut all: Vec<Vec<u8>> = (0..=255_u8).map(|byte| vec![b'/', byte, byte, b'x']).collect();
        all.extend(
            ["", "ключ/日本", "\u{9b}2J", "abc\u{202e}fed", "\\u{0}", "\u{e0001}\u{10ffff}"].map(|text| text.into()),
        );
        all.push(b"\xe6\x97/\xff\xfe\0".to_vec());
        for bytes in all {
            assert_eq!(unescape(escape(&bytes).as_bytes()).as_ref(), Ok(&bytes), "{}", bytes.escape_ascii());
        }
        // a byte that is not UTF-8 may be typed as it is, too
        assert_eq!(unescape(b"/\xff"), Ok(b"/\xff".to_vec()));
        for wrong in [
            "\\",
            "\\q",
            "\\x",
            "\\xf",
            "\\xfg",
            "\\x+f",
            "\\u0",
            "\\u{",
            "\\u{}",
            "\\u{0",
            "\\u{d800}",
            "\\u{110000}",
            "\\u{+1}",
            "\\u{1234567}",
        ] {
            assert!(unescape(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_iec() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1023.9 KiB"),
            (1024 * 1024, "1.0 MiB"),
            (1_077_239_840, "1.0 GiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), shown);
        }
        assert_eq!(Size(12).exact(), "12 B");
        assert_eq!(Size(1_077_239_840).exact(), "1.0 GiB (1 077 239 840 B)");
    }

    #[test]
    fn ages_use_one_unit() {
        let now = Timestamp::from_second(1_000_000_000).unwrap();
        for (seconds_ago, shown) in [
            (0, "just now"),
            (60, "1 minute ago"),
            (7_200, "2 hours ago"),
            (86_400 * 59, "59 days ago"),
            (86_400 * 61, "2 months ago"),
            (86_400 * 800, "2 years ago"),
            (-7_300, "in 2 hours"),
        ] {
            let then = Timestamp::from_second(1_000_000_000 - seconds_ago).unwrap();
            assert_eq!(age(then, now), shown);
        }
        age(Timestamp::MIN, Timestamp::MAX);
    }

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("abcdefgh", 5), "ab…gh");
        assert_eq!(shorten("abcdefgh", 1), "…");
        assert_eq!(shorten("abcdefgh", 0), "");
        assert_eq!(shorten("日本語日本語", 5), "日…語");
    }

    #[test]
    fn counts_carry_their_noun() {
        assert_eq!(count(1, "key"), "1 key");
        assert_eq!(count(0, "key"), "0 keys");
        assert_eq!(count(237_415, "key"), "237 415 keys");
    }
}
