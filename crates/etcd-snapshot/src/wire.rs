//! Protobuf wire format, read in place, as etcd reads it.
//!
//! Own code, and not a protobuf library, because a record's value may be megabytes long and must not be copied to
//! learn its revisions, and because every byte must mean what it means to etcd. Its unmarshaller (gogo's) takes a field's
//! number in 32 bits and refuses what is then not positive; refuses a field that it knows in another wire type; takes
//! the last of a field that comes twice; and skips a field that it does not know, a group with all that is in it too.
//! What etcd reads and never writes is an [`Oddity`]: most of the bits that can flip in a tag or a length end there.

/// A field's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Eight or four bytes, or a group: of a type that no field known here has.
    Other,
}

/// The message is not well-formed at this byte, or not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the protobuf message that etcd writes, from byte {at} on")]
pub struct WireError {
    /// Byte of the message.
    pub at: usize,
}

/// What a message holds that etcd reads and no etcd writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Oddity {
    /// A field that no etcd knows, by its number; 0 for none.
    pub unknown: u32,
    /// A field that comes twice; 0 for none.
    pub repeated: u32,
    /// A number in more bytes than it takes, or the number of a field in more than 29 bits.
    pub long: bool,
}

impl Oddity {
    /// Whether there is any.
    #[must_use]
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

impl std::fmt::Display for Oddity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if self.unknown > 0 {
            parts.push(format!("field {}, which no etcd knows", self.unknown));
        }
        if self.repeated > 0 {
            parts.push(format!("field {} twice", self.repeated));
        }
        if self.long {
            parts.push("a number in more bytes than it takes".to_owned());
        }
        f.write_str(&parts.join(", "))
    }
}

/// How a field of a message is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number, once.
    Varint,
    /// Bytes, text or a message, once.
    Bytes,
    /// Bytes, text or messages, as often as there are any.
    Each,
}

/// Groups in groups that are skipped; nothing that etcd writes has one.
const DEPTH: usize = 100;

/// Reads a message whose fields `known` tells by number, from 1 on, and gives each to `take`.
///
/// # Errors
/// Where etcd's unmarshaller would give one.
pub(crate) fn read<'a>(
    message: &'a [u8],
    known: &[Kind],
    mut take: impl FnMut(u32, Field<'a>),
) -> Result<Oddity, WireError> {
    let mut wire = Wire { message, at: 0, long: false };
    let (mut oddity, mut seen) = (Oddity::default(), 0_u64);
    while wire.at < message.len() {
        let start = wire.at;
        let refused = WireError { at: start };
        let (number, field) = wire.field(DEPTH).ok_or(refused)?;
        let kind = usize::try_from(number - 1).ok().and_then(|at| known.get(at));
        match (kind, field) {
            (Some(Kind::Varint), Field::Varint(_)) | (Some(Kind::Bytes | Kind::Each), Field::Bytes(_)) => {
                let bit = 1_u64.checked_shl(number).unwrap_or(0);
                if seen & bit != 0 && kind != Some(&Kind::Each) {
                    oddity.repeated = number;
                }
                seen |= bit;
                take(number, field);
            }
            (Some(_), _) => return Err(refused),
            (None, _) => oddity.unknown = number,
        }
    }
    oddity.long = wire.long;
    Ok(oddity)
}

/// A message, read up to somewhere.
struct Wire<'a> {
    message: &'a [u8],
    at: usize,
    long: bool,
}

impl<'a> Wire<'a> {
    fn field(&mut self, depth: usize) -> Option<(u32, Field<'a>)> {
        let tag = self.varint()?;
        let number = tag >> 3;
        self.long |= number >= 1 << 29;
        // cut to 32 bits, and positive after that
        let number = u32::try_from(number & 0xffff_ffff).ok().filter(|number| (1..1 << 31).contains(number))?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => self.take(8).map(|_| Field::Other)?,
            2 => {
                let len = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(len)?)
            }
            3 => self.group(depth).map(|()| Field::Other)?,
            5 => self.take(4).map(|_| Field::Other)?,
            _ => return None,
        };
        Some((number, field))
    }

    /// Skips a group up to its end, whatever number that has.
    fn group(&mut self, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        loop {
            let start = self.at;
            if self.varint()? & 7 == 4 {
                return Some(());
            }
            self.at = start;
            self.skip(depth)?;
        }
    }

    /// Skips a field, its number unread.
    fn skip(&mut self, depth: usize) -> Option<()> {
        match self.varint()? & 7 {
            0 => self.varint().map(drop),
            1 => self.take(8).map(drop),
            2 => {
                let len = usize::try_from(self.varint()?).ok()?;
                self.take(len).map(drop)
            }
            3 => self.group(depth),
            5 => self.take(4).map(drop),
            _ => None,
        }
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let bytes = self.message.get(self.at..)?.get(..len)?;
        self.at += len;
        Some(bytes)
    }

    fn varint(&mut self) -> Option<u64> {
        // Tags, lengths of keys, versions: nearly all fit one byte.
        if let Some(&byte @ 0..0x80) = self.message.get(self.at) {
            self.at += 1;
            return Some(u64::from(byte));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for (index, &byte) in self.message.get(self.at..)?.iter().take(10).enumerate() {
            let bits = u64::from(byte & 0x7f);
            value |= bits.checked_shl(u32::try_from(index).ok()? * 7)?;
            if byte < 0x80 {
                // the last byte adds nothing, or bits beyond the 64th
                self.long |= byte == 0 || (index == 9 && byte > 1);
                self.at += index + 1;
                return Some(value);
            }
        }
        None
    }
}

/// A varint as the signed integer that Go stores in it.
pub(crate) fn signed(value: u64) -> i64 {
    value.cast_signed()
}

/// Appends a number, unless it is zero.
pub(crate) fn put_varint(out: &mut Vec<u8>, field: u8, number: u64) {
    if number != 0 {
        out.push(field << 3);
        put_number(out, number);
    }
}

/// Appends bytes with their length, unless there are none.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    if !bytes.is_empty() {
        out.push(field << 3 | 2);
        put_number(out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
}

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Kind; 3] = [Kind::Varint, Kind::Bytes, Kind::Each];

    fn fields(message: &[u8]) -> Result<(Vec<(u32, Field<'_>)>, Oddity), usize> {
        let mut found = Vec::new();
        let oddity = read(message, &KNOWN, |number, field| found.push((number, field)));
        oddity.map(|oddity| (found, oddity)).map_err(|error| error.at)
    }

    #[test]
    fn fields_are_read_and_the_last_of_two_is_given_last() {
        let (found, oddity) = fields(&[0x08, 0xac, 0x02, 0x12, 2, b'h', b'i', 0x1a, 0, 0x1a, 1, b'x']).unwrap();
        let expected =
            [(1, Field::Varint(300)), (2, Field::Bytes(b"hi")), (3, Field::Bytes(b"")), (3, Field::Bytes(b"x"))];
        assert_eq!((&found[..], oddity), (&expected[..], Oddity::default()));
        let (found, oddity) = fields(&[0x08, 1, 0x08, 2]).unwrap();
        assert_eq!(found.last(), Some(&(1, Field::Varint(2))));
        assert_eq!(oddity, Oddity { repeated: 1, ..Oddity::default() });
    }

    #[test]
    fn negative_int64_takes_ten_bytes() {
        let message = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(fields(&message), Ok((vec![(1, Field::Varint(u64::MAX))], Oddity::default())));
        assert_eq!(signed(u64::MAX), -1);
    }

    #[test]
    fn what_no_etcd_knows_is_skipped_and_told() {
        for message in [
            &[0x21, 1, 2, 3, 4, 5, 6, 7, 8][..],      // field 4, eight bytes
            &[0x25, 1, 2, 3, 4],                      // four bytes
            &[0x22, 2, b'h', b'i'],                   // bytes
            &[0x20, 0x05],                            // a number
            &[0x23, 0x08, 1, 0x24],                   // a group
            &[0x23, 0x2b, 0x2c, 0x12, 1, b'x', 0x24], // a group in it
            &[0x23, 0x0c],                            // a group that ends as another
        ] {
            let (found, oddity) = fields(message).unwrap_or_else(|at| panic!("{message:?}: refused at {at}"));
            assert_eq!((found, oddity), (Vec::new(), Oddity { unknown: 4, ..Oddity::default() }), "{message:?}");
        }
    }

    #[test]
    fn the_number_of_a_field_is_cut_to_32_bits() {
        // 2^32 + 1 is field 1
        let alias = [0x88, 0x80, 0x80, 0x80, 0x80, 0x01, 7];
        assert_eq!(fields(&alias), Ok((vec![(1, Field::Varint(7))], Oddity { long: true, ..Oddity::default() })));
        // 2^31 is negative
        assert_eq!(fields(&[0x80, 0x80, 0x80, 0x80, 0x40, 7]), Err(0));
        // 1 in two bytes
        assert_eq!(fields(&[0x88, 0x00, 7]).unwrap().1, Oddity { long: true, ..Oddity::default() });
    }

    #[test]
    fn what_etcd_refuses_is_refused() {
        for (message, at) in [
            (&[0x08][..], 0),                                                               // no value
            (&[0x12, 5, b'x'], 0),                                                          // longer than the message
            (&[0x23, 0x08, 1], 0),                                                          // a group without an end
            (&[0x24], 0),                                                                   // an end without a group
            (&[0x26, 1], 0),                                                                // wire type 6
            (&[0x27, 1], 0),                                                                // wire type 7
            (&[0x00, 0x00], 0),                                                             // field number 0
            (&[0x08, 1, 0x80], 2),                                                          // tag cut off
            (&[0x08, 1, 0x0a, 0], 2),                                                       // a number that is bytes
            (&[0x10, 1], 0),                                                                // bytes that are a number
            (&[0x1d, 1, 2, 3, 4], 0),                                                       // bytes that are four
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0), // eleven bytes
        ] {
            assert_eq!(fields(message), Err(at), "{message:?}");
        }
        let deep: Vec<u8> = std::iter::repeat_n(0x23, 200).chain(std::iter::repeat_n(0x24, 200)).collect();
        assert_eq!(fields(&deep), Err(0), "deeper than anything needs");
    }
}
