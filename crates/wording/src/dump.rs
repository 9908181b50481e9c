//! Bytes that are no text, side by side in hexadecimal digits and as what of them is.

/// Bytes as text, with a dot for each that is no printable ASCII.
///
/// ```
/// assert_eq!(wording::dots(b"k8s\x00\n\xffab"), "k8s...ab");
/// ```
#[must_use]
pub fn dots(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' }).collect()
}

/// Bytes as `hexdump -C` shows them: 16 a line, beside what of them is text; the last line is how many there are.
pub fn hex_dump(bytes: &[u8]) -> impl Iterator<Item = String> + '_ {
    let lines = bytes.chunks(16).enumerate().map(|(number, some)| {
        let mut line = format!("{:08x} ", number * 16);
        for at in 0..16 {
            if at == 8 {
                line.push(' ');
            }
            match some.get(at) {
                Some(byte) => line.push_str(&format!(" {byte:02x}")),
                None => line.push_str("   "),
            }
        }
        format!("{line}  |{}|", dots(some))
    });
    lines.chain([format!("{:08x}", bytes.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_hexdump_shows_them() {
        let expected = [
            "00000000  6b 38 73 00 20 30 31 32  33 34 35 36 37 38 39 61  |k8s. 0123456789a|",
            "00000010  62 63 64 65 66                                    |bcdef|",
            "00000015",
        ];
        assert_eq!(hex_dump(b"k8s\x00 0123456789abcdef").collect::<Vec<_>>(), expected);
        assert_eq!(hex_dump(b"").collect::<Vec<_>>(), ["00000000"]);
    }
}
