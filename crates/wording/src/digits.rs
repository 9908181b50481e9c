//! Bytes as hexadecimal digits: how digests, ids and keys that are no text are written.

use std::fmt::Write as _;

/// Two lower-case digits a byte, in one allocation: whoever wipes the text leaves nothing of it behind.
#[must_use]
pub fn hex<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    let bytes = bytes.into_iter();
    let text = String::with_capacity(bytes.size_hint().0.saturating_mul(2));
    bytes.fold(text, |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of what [`hex`] wrote; `None` for all else: upper-case digits, one too few, signs.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for (bytes, text) in [(&[][..], ""), (&[0, 1, 0x7f, 0xab, 0xff], "00017fabff")] {
            assert_eq!(hex(bytes), text);
            assert_eq!(unhex(text).as_deref(), Some(bytes));
        }
        assert_eq!(hex([1_u8, 2, 3].iter().take(2)), "0102");
        for bad in ["0", "000", "0g", "FF", "AB", "+f", "0x", "g0", "é"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }
}
