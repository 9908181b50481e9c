//! Messages of protobuf as lists of fields, to be changed one by one.

/// A field of a message: its tag as it stands there, and what follows it.
#[derive(Clone)]
pub(super) struct Field {
    pub(super) number: u64,
    pub(super) wire: u64,
    pub(super) number_value: u64,
    pub(super) bytes: Vec<u8>,
}

impl Field {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        varint(self.number << 3 | self.wire, out);
        match self.wire {
            0 => varint(self.number_value, out),
            2 => {
                varint(self.bytes.len() as u64, out);
                out.extend(&self.bytes);
            }
            _ => out.extend(&self.bytes),
        }
    }
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn read_varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// The fields of a message; `None` where it is none.
pub(super) fn fields(message: &[u8]) -> Option<Vec<Field>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < message.len() {
        let tag = read_varint(message, &mut at)?;
        let mut field = Field { number: tag >> 3, wire: tag & 7, number_value: 0, bytes: Vec::new() };
        match field.wire {
            0 => field.number_value = read_varint(message, &mut at)?,
            2 => {
                let len = usize::try_from(read_varint(message, &mut at)?).ok()?;
                field.bytes = message.get(at..at.checked_add(len)?)?.to_vec();
                at += len;
            }
            _ => return None,
        }
        found.push(field);
    }
    (!found.is_empty()).then_some(found)
}
