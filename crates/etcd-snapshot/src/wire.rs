//! Protobuf wire format, read in place.
//!
//! Own code, and not a protobuf library, because a record's value may be megabytes long and must not be copied to
//! learn its revisions. Unknown fields are skipped, as proto3 demands.

/// A field's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    Varint(u64),
    Fixed64,
    Bytes(&'a [u8]),
    Fixed32,
}

/// The message is not well-formed at this byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a protobuf message from byte {at} on")]
pub struct WireError {
    /// Byte of the message.
    pub at: usize,
}

/// Reads a message field by field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { message, at: 0 }
    }

    /// The next field's number and content; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Field<'a>)>, WireError> {
        if self.at >= self.message.len() {
            return Ok(None);
        }
        let start = self.at;
        self.field().map(Some).ok_or(WireError { at: start })
    }

    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.varint()?;
        let number = tag >> 3;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => self.take(8).map(|_| Field::Fixed64)?,
            2 => {
                let len = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(len)?)
            }
            5 => self.take(4).map(|_| Field::Fixed32)?,
            _ => return None,
        };
        (number != 0).then_some((number, field))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_and_skips_what_it_need_not_know() {
        let message = [0x08, 0xac, 0x02, 0x12, 2, b'h', b'i', 0x19, 1, 2, 3, 4, 5, 6, 7, 8, 0x25, 1, 2, 3, 4];
        let mut wire = Wire::new(&message);
        assert_eq!(wire.next(), Ok(Some((1, Field::Varint(300)))));
        assert_eq!(wire.next(), Ok(Some((2, Field::Bytes(b"hi")))));
        assert_eq!(wire.next(), Ok(Some((3, Field::Fixed64))));
        assert_eq!(wire.next(), Ok(Some((4, Field::Fixed32))));
        assert_eq!(wire.next(), Ok(None));
    }

    #[test]
    fn negative_int64_takes_ten_bytes() {
        let message = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Wire::new(&message).next(), Ok(Some((1, Field::Varint(u64::MAX)))));
        assert_eq!(signed(u64::MAX), -1);
    }

    #[test]
    fn malformed_messages_say_where() {
        for (message, at) in [
            (&[0x08][..], 0),                                                               // no value
            (&[0x12, 5, b'x'], 0),                                                          // longer than the message
            (&[0x0b], 0),                                                                   // group
            (&[0x00, 0x00], 0),                                                             // field number 0
            (&[0x08, 1, 0x80], 2),                                                          // tag cut off
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0), // eleven bytes
        ] {
            let mut wire = Wire::new(message);
            let error = loop {
                match wire.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("{message:?} was accepted"),
                    Err(error) => break error,
                }
            };
            assert_eq!(error, WireError { at }, "{message:?}");
        }
    }
}
