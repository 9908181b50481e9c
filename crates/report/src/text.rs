//! Words that come from files, without power over whoever shows them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character may be shown as it is: no control character, none that hides or reorders text.
///
/// The same characters as in the command's own output.
pub(crate) fn is_plain(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}'))
}

/// Text with each character that is not plain as `\u{..}`.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
    Cow::Owned(out)
}

/// JSON text whose strings hold no character that a terminal obeys: each becomes the escape that JSON has for it.
///
/// In JSON that was laid out by a program, such a character can stand in a string only; the line feeds between are
/// left alone.
pub(crate) fn inert_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c == '\n' || is_plain(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// Thousands held apart by a blank: `1 077 239`.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 2);
    if number < 0 {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// A size in the unit that fits: `34.8 MiB`.
pub(crate) fn size(bytes: i64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes}\u{a0}B");
    }
    let mut tenths = i128::from(bytes) * 10 / 1024;
    let mut unit = "KiB";
    for next in UNITS.iter().skip(1) {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = next;
    }
    format!("{}.{}\u{a0}{unit}", tenths / 10, tenths % 10)
}

/// `1 key`, `2 keys`.
pub(crate) fn count(number: i64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_is_shown_as_it_is() {
        assert_eq!(shown("plain, schön, 漢"), "plain, schön, 漢");
        assert_eq!(shown("a\u{202e}b\u{1b}[2J\n"), r"a\u{202e}b\u{1b}[2J\u{a}");
        let json = serde_json::to_string_pretty(&serde_json::json!({"a": "\u{9b}x\u{e0041}"})).unwrap();
        let inert = inert_json(&json);
        assert_eq!(inert, "{\n  \"a\": \"\\u009bx\\udb40\\udc41\"\n}");
        let back: serde_json::Value = serde_json::from_str(&inert).unwrap();
        assert_eq!(back["a"], "\u{9b}x\u{e0041}");
    }

    #[test]
    fn numbers_are_for_people() {
        for (number, expected) in [(0, "0"), (999, "999"), (-1234, "-1 234"), (i64::MIN, "-9 223 372 036 854 775 808")]
        {
            assert_eq!(grouped(number).replace('\u{a0}', " "), expected);
        }
        for (bytes, expected) in [(-5, "-5 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (i64::MAX, "7.9 EiB")] {
            assert_eq!(size(bytes).replace('\u{a0}', " "), expected);
        }
        assert_eq!(count(1, "key"), "1 key");
        assert_eq!(count(2, "key"), "2 keys");
    }
}
