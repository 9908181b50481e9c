//! Text without power over whoever shows it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

use crate::is_plain;

/// Shows bytes from a file on one line and without any power over the terminal.
///
/// Plain characters of UTF-8 stand as they are ([`is_plain`]). All others come as `\n`, `\t`, `\r` or `\u{..}`, bytes
/// that are not UTF-8 as `\xNN`, and a backslash as `\\`, so that no two keys look the same.
#[must_use]
pub fn escape(bytes: &[u8]) -> Cow<'_, str> {
    let simple = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\\';
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(simple) => Cow::Borrowed(text),
        Ok(text) if text.chars().all(|c| c != '\\' && is_plain(c)) => Cow::Borrowed(text),
        _ => {
            let mut shown = String::with_capacity(bytes.len() + 16);
            for chunk in bytes.utf8_chunks() {
                chunk
                    .valid()
                    .chars()
                    .for_each(|c| if c == '\\' { shown.push_str("\\\\") } else { push(&mut shown, c) });
                for byte in chunk.invalid() {
                    let _ = write!(shown, "\\x{byte:02x}"); // a String takes everything
                }
            }
            Cow::Owned(shown)
        }
    }
}

/// [`escape`] for a path.
#[must_use]
pub fn escape_path(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes()).into_owned()
}

/// Text on one line and without any power over the terminal, its backslashes as they are.
///
/// For words that may hold names which are escaped already: what comes out goes through unchanged. A name alone takes
/// [`escape`].
#[must_use]
pub fn inert(text: &str) -> Cow<'_, str> {
    without(text, |c| !is_plain(c), push)
}

/// [`inert`], for text of several lines: line feeds stand.
#[must_use]
pub fn inert_lines(text: &str) -> Cow<'_, str> {
    without(text, |c| c != '\n' && !is_plain(c), push)
}

/// JSON text whose strings hold no character that a terminal obeys: each becomes the escape that JSON has for it.
///
/// In JSON that was laid out by a program, such a character can stand in a string only; the line feeds between are
/// left alone.
#[must_use]
pub fn inert_json(json: &str) -> Cow<'_, str> {
    without(
        json,
        |c| c != '\n' && !is_plain(c),
        |out, c| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}"); // a String takes everything
            }
        },
    )
}

/// The text with each character that is `bad` as `push` writes it.
fn without(text: &str, bad: impl Fn(char) -> bool, push: impl Fn(&mut String, char)) -> Cow<'_, str> {
    let Some(first) = text.find(&bad) else { return Cow::Borrowed(text) };
    let (before, rest) = text.split_at_checked(first).unwrap_or((text, ""));
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(before);
    for c in rest.chars() {
        if bad(c) {
            push(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn push(shown: &mut String, c: char) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        c if is_plain(c) => shown.push(c),
        c => {
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c)); // a String takes everything
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
    fn nothing_hidden_is_shown_as_it_is() {
        for (text, shown) in [
            ("plain, schön, 漢 \\u{1b}", "plain, schön, 漢 \\u{1b}"),
            ("a\u{202e}b\u{1b}[2J\n", "a\\u{202e}b\\u{1b}[2J\\n"),
        ] {
            assert_eq!(inert(text), shown);
            assert_eq!(inert(shown), shown, "once is enough");
        }
        assert_eq!(inert_lines("a\nb\r\u{9b}"), "a\nb\\r\\u{9b}");
    }

    #[test]
    fn json_keeps_its_lines_and_its_values() {
        assert_eq!(
            inert_json("{\n  \"a\": \"\u{9b}x\u{e0041}\\n\"\n}"),
            "{\n  \"a\": \"\\u009bx\\udb40\\udc41\\n\"\n}"
        );
        assert!(matches!(inert_json("{\n\"a\\n\": \"é\"}"), Cow::Borrowed(_)));
    }
}
