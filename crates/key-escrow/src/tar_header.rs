//! One 512-byte tar header: numbers, names, checksum; and the few pax records that matter here.

/// The unit of tar.
pub(crate) const BLOCK: usize = 512;

/// A header block whose checksum is right.
#[derive(Clone, Copy)]
pub(crate) struct Header<'a>(&'a [u8; BLOCK]);

impl<'a> Header<'a> {
    /// Checks the checksum, unsigned or (as some old writers had it) signed.
    pub(crate) fn parse(block: &'a [u8; BLOCK]) -> Result<Self, &'static str> {
        let header = Self(block);
        let stored = number(header.field(148, 8)).ok_or("a header without a checksum")?;
        let (mut unsigned, mut signed) = (0_u64, 0_i64);
        for (i, byte) in block.iter().enumerate() {
            let byte = if (148..156).contains(&i) { b' ' } else { *byte };
            unsigned += u64::from(byte);
            signed += i64::from(byte.cast_signed());
        }
        if stored == unsigned || i64::try_from(stored) == Ok(signed) {
            Ok(header)
        } else {
            Err("a header whose checksum is wrong")
        }
    }

    fn field(&self, at: usize, len: usize) -> &'a [u8] {
        self.0.get(at..at + len).unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> u8 {
        self.field(156, 1).first().copied().unwrap_or(0)
    }

    pub(crate) fn size(&self) -> Option<u64> {
        number(self.field(124, 12))
    }

    pub(crate) fn name(&self) -> &'a [u8] {
        text(self.field(0, 100))
    }

    pub(crate) fn link(&self) -> &'a [u8] {
        text(self.field(157, 100))
    }

    /// Prefix and name joined, if this is a POSIX ustar header with a prefix; GNU uses those bytes for times.
    pub(crate) fn prefixed_name(&self) -> Option<Vec<u8>> {
        let prefix = text(self.field(345, 155));
        (self.field(257, 6) == b"ustar\0" && !prefix.is_empty()).then(|| [prefix, b"/", self.name()].concat())
    }

    /// Whether a GNU sparse header goes on in the next block.
    pub(crate) fn sparse_extended(&self) -> bool {
        self.field(482, 1) != [0]
    }
}

/// Up to the first NUL.
pub(crate) fn text(field: &[u8]) -> &[u8] {
    field.split(|b| *b == 0).next().unwrap_or_default()
}

/// Octal, or GNU base-256; nothing if it is neither or does not fit.
fn number(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    if *first & 0x80 != 0 {
        let mut value = u64::from(*first & 0x7f);
        for byte in rest {
            value = value.checked_mul(256)?.checked_add(u64::from(*byte))?;
        }
        return Some(value);
    }
    let digits = text(field).trim_ascii();
    if digits.is_empty() {
        return Some(0);
    }
    digits.iter().try_fold(0_u64, |value, byte| match byte {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// Calls `each` with every record of a pax extended header, in order.
pub(crate) fn pax_records(mut body: &[u8], mut each: impl FnMut(&[u8], &[u8])) -> Result<(), &'static str> {
    const BAD: &str = "a malformed pax header";
    while !body.is_empty() {
        let space = body.iter().position(|b| *b == b' ').ok_or(BAD)?;
        let digits = std::str::from_utf8(body.get(..space).unwrap_or_default()).map_err(|_| BAD)?;
        let len: usize = digits.parse().map_err(|_| BAD)?;
        let record = body.get(space + 1..len).ok_or(BAD)?;
        let record = record.strip_suffix(b"\n").ok_or(BAD)?;
        let equals = record.iter().position(|b| *b == b'=').ok_or(BAD)?;
        let (key, value) = record.split_at(equals);
        each(key, value.get(1..).unwrap_or_default());
        body = body.get(len..).ok_or(BAD)?;
    }
    Ok(())
}

/// A ustar header for a regular file of the payload: mode 0600, owner root.
///
/// Returns nothing if the name is longer than 100 bytes or the size is over 8 GiB.
pub(crate) fn build(name: &str, size: u64, mtime: u64) -> Option<[u8; BLOCK]> {
    if name.len() > 100 || size >= 1 << 33 || mtime >= 1 << 33 {
        return None;
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(field) = block.get_mut(at..at + bytes.len()) {
            field.copy_from_slice(bytes);
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{mtime:011o}\0").as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(265, b"root");
    put(297, b"root");
    let sum: u64 = block.iter().map(|b| u64::from(*b)).sum();
    if let Some(field) = block.get_mut(148..156) {
        field.copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_what_it_parses() {
        let block = build("join/blocks.json", 12345, 1_795_000_000).unwrap();
        let header = Header::parse(&block).unwrap();
        assert_eq!((header.name(), header.size(), header.kind()), (&b"join/blocks.json"[..], Some(12345), b'0'));
        assert_eq!(build(&"x".repeat(101), 0, 0), None);
        assert_eq!(build("x", 1 << 33, 0), None);
    }

    #[test]
    fn numbers() {
        for (field, expected) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   12 \0", Some(0o12)),
            (b"\0\0\0\0", Some(0)),
            (b"128\0", None),
            (b"-1\0", None),
            (&[0x80, 0, 0, 1, 0], Some(256)),
            (&[0xff; 12], None),
        ] {
            assert_eq!(number(field), expected, "{field:?}");
        }
    }

    #[test]
    fn pax_records_in_order_and_malformed() {
        let mut seen = Vec::new();
        pax_records(b"9 path=a\n12 size=123\n", |k, v| seen.push((k.to_vec(), v.to_vec()))).unwrap();
        assert_eq!(seen, [(b"path".to_vec(), b"a".to_vec()), (b"size".to_vec(), b"123".to_vec())]);
        for bad in [&b"9 path=a"[..], b"99 path=a\n", b"0 path=a\n", b"x path=a\n", b"8 pathaa\n", b"path"] {
            assert!(pax_records(bad, |_, _| ()).is_err(), "{bad:?}");
        }
    }
}
