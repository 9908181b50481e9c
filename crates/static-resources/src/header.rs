//! Numbers and text of a 512-byte header, and pax records.
use crate::member::Dialect;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 512;

/// Reads a numeric field: octal text, or base-256 with the high bit set. A blank field is 0.
/// `None` for anything else, negative numbers and numbers above 64 bits.
pub(crate) fn number(field: &[u8]) -> Option<u64> {
    if let [0x80, rest @ ..] = field {
        return rest.iter().try_fold(0_u64, |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(*byte)));
    }
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let text = std::str::from_utf8(field.get(..end)?).ok()?.trim_matches(' ');
    if text.is_empty() {
        return Some(0);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    u64::from_str_radix(text, 8).ok()
}

/// The sum of the header's bytes with the checksum field as spaces.
pub(crate) fn checksum(block: &[u8; BLOCK]) -> u64 {
    let sum = |range: std::ops::Range<usize>| -> u64 {
        block.get(range).unwrap_or_default().iter().map(|byte| u64::from(*byte)).sum()
    };
    sum(0..148).saturating_add(8 * 32).saturating_add(sum(156..BLOCK))
}

pub(crate) fn dialect(header: &tar::Header) -> Dialect {
    if header.as_gnu().is_some() {
        Dialect::Gnu
    } else if header.as_ustar().is_some() {
        Dialect::Ustar
    } else {
        Dialect::Old
    }
}

/// Splits pax records: `<length> <key>=<value>\n`, the length counting the whole record.
pub(crate) fn pax_records(bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut records = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let digits = rest.iter().position(|byte| *byte == b' ')?;
        let length = std::str::from_utf8(rest.get(..digits)?).ok().filter(|text| text.len() <= 10)?;
        let length: usize =
            if length.bytes().all(|byte| byte.is_ascii_digit()) { length.parse().ok()? } else { return None };
        let (record, tail) = rest.split_at_checked(length)?;
        let (newline, record) = record.get(digits.checked_add(1)?..)?.split_last()?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        if *newline != b'\n' {
            return None;
        }
        records.push((record.get(..equals)?, record.get(equals.checked_add(1)?..)?));
        rest = tail;
    }
    Some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_base_256() {
        for (field, expected) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"77777777777", Some(0o77_777_777_777)),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\0", Some(256)),
            (b"\x80\0\0\x01\0\0\0\0\0\0\0\0", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"0000648\0", None),
            (b"-1\0", None),
            (b"+1\0", None),
            (b"0x10", None),
        ] {
            assert_eq!(number(field), expected, "{field:?}");
        }
    }

    #[test]
    fn pax_records_are_counted_not_searched() {
        let good: &[u8] = b"12 path=a\nb\n10 x=y=z\x80\n5 k=\n";
        let expected: Vec<(&[u8], &[u8])> = vec![(b"path", b"a\nb"), (b"x", b"y=z\x80"), (b"k", b"")];
        assert_eq!(pax_records(good), Some(expected));
        for bad in [
            &b"5"[..],
            b"0 a=b\n",
            b"99 a=b\n",
            b"6 a=bc",
            b"6 abc\n",
            b"x a=b\n",
            b"18446744073709551616 a=b\n",
            b"2 \n",
            b"+6 a=b\n",
        ] {
            assert_eq!(pax_records(bad), None, "{bad:?}");
        }
    }
}
