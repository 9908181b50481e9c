//! Protobuf's wire format: numbered fields, one at a time, borrowed from the input.
//!
//! Groups (wire types 3 and 4) were never used by Kubernetes and count as a fault.

use crate::fault::WireFault;

/// One field as it stands on the wire.
#[derive(Clone, Copy)]
pub(crate) struct Field<'v> {
    /// Field number, 1 to 2^29 - 1.
    pub(crate) number: u32,
    pub(crate) payload: Payload<'v>,
}

/// A field's payload by wire type; what it means depends on the schema.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'v> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'v [u8]),
    Fixed32(u32),
}

impl<'v> Field<'v> {
    pub(crate) fn bytes(&self) -> Option<&'v [u8]> {
        match self.payload {
            Payload::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn varint(&self) -> Option<u64> {
        match self.payload {
            Payload::Varint(number) => Some(number),
            _ => None,
        }
    }
}

/// The fields of one message, in order. Ends after the first fault.
pub(crate) struct Fields<'v> {
    rest: &'v [u8],
    length: usize,
}

impl<'v> Fields<'v> {
    pub(crate) fn of(message: &'v [u8]) -> Self {
        Self { rest: message, length: message.len() }
    }

    fn offset(&self) -> usize {
        self.length.saturating_sub(self.rest.len())
    }

    fn take(&mut self, count: usize) -> Option<&'v [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn take_varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn take_field(&mut self) -> Option<Field<'v>> {
        let tag = u32::try_from(self.take_varint()?).ok()?;
        let payload = match tag & 7 {
            0 => Payload::Varint(self.take_varint()?),
            1 => Payload::Fixed64(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.take_varint()?).ok()?;
                Payload::Bytes(self.take(length)?)
            }
            5 => Payload::Fixed32(u32::from_le_bytes(self.take(4)?.try_into().ok()?)),
            _ => return None,
        };
        let number = tag >> 3;
        (number != 0).then_some(Field { number, payload })
    }
}

impl<'v> Iterator for Fields<'v> {
    type Item = Result<Field<'v>, WireFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let offset = self.offset();
        let field = self.take_field();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or(WireFault { offset }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(message: &[u8]) -> Vec<Result<u32, usize>> {
        Fields::of(message).map(|field| field.map(|field| field.number).map_err(|fault| fault.offset)).collect()
    }

    #[test]
    fn reads_every_wire_type() {
        let message = [
            &[0x08, 0x96, 0x01][..],
            &[0x11, 1, 0, 0, 0, 0, 0, 0, 0x80],
            &[0x1a, 2, b'h', b'i'],
            &[0x25, 1, 0, 0, 0x80],
        ]
        .concat();
        let fields: Vec<_> = Fields::of(&message).map(|field| field.expect("whole")).collect();
        assert_eq!(fields[0].varint(), Some(150));
        assert!(matches!(fields[1].payload, Payload::Fixed64(0x8000_0000_0000_0001)));
        assert_eq!(fields[2].bytes(), Some(&b"hi"[..]));
        assert!(matches!(fields[3].payload, Payload::Fixed32(0x8000_0001)));
        assert_eq!(numbers(&message), [Ok(1), Ok(2), Ok(3), Ok(4)]);
    }

    #[test]
    fn a_varint_holds_64_bits_and_no_more() {
        let most = [&[0x08][..], &[0xff; 9], &[0x01]].concat();
        let field = Fields::of(&most).next().expect("one").expect("whole");
        assert_eq!(field.varint(), Some(u64::MAX));
        let over = [&[0x08][..], &[0xff; 9], &[0x02]].concat();
        assert_eq!(numbers(&over), [Err(0)]);
        let endless = [&[0x08][..], &[0x80; 11]].concat();
        assert_eq!(numbers(&endless), [Err(0)]);
    }

    #[test]
    fn a_fault_ends_the_message_where_it_stands() {
        for (message, faults) in [
            (&[0x08, 1, 0x08][..], 2),      // value missing
            (&[0x08, 1, 0x12, 5, 1], 2),    // shorter than its length
            (&[0x08, 1, 0x00, 1], 2),       // field number 0
            (&[0x08, 1, 0x0b, 0x0c], 2),    // group
            (&[0x08, 1, 0x0f, 1], 2),       // wire type 7
            (&[0x08, 1, 0x11, 1, 2, 3], 2), // short fixed64
            (&[0x08, 1, 0x15, 1, 2, 3], 2), // short fixed32
            (&[0x08, 1, 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 2),
        ] {
            assert_eq!(numbers(message), [Ok(1), Err(faults)], "{message:x?}");
        }
    }
}
