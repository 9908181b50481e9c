//! CBOR (RFC 8949) as Kubernetes writes and reads it, to a value.
//!
//! Strings and map keys are byte strings (Go strings need not be UTF-8); a `[]byte` is a byte string in tag 22, which
//! asks for base64 in JSON. Unknown tags stand for their content. Big numbers, NaN, infinities, undefined, duplicate
//! keys and text that is not UTF-8 are refused, as Kubernetes refuses them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Number, Value};

use super::budget::{Budget, deeper};
use crate::envelope::CBOR;
use crate::fault::ObjectFault;

/// Reads a stored CBOR value, which is a map behind the self-describe tag.
pub(super) fn read(value: &[u8]) -> Result<Value, ObjectFault> {
    let mut reader = Reader { all: value, rest: value.strip_prefix(CBOR).unwrap_or(value), budget: Budget::default() };
    let object = reader.item(0)?;
    if reader.rest.is_empty() && object.is_object() { Ok(object) } else { Err(reader.fault()) }
}

struct Reader<'v> {
    all: &'v [u8],
    rest: &'v [u8],
    budget: Budget,
}

/// What the first byte and its argument say.
struct Head {
    major: u8,
    /// None for an indefinite length.
    argument: Option<u64>,
    /// The low five bits, which tell a simple value from a float.
    info: u8,
}

const BREAK: u8 = 0xff;

impl<'v> Reader<'v> {
    fn fault(&self) -> ObjectFault {
        ObjectFault::Cbor { offset: self.all.len().saturating_sub(self.rest.len()) }
    }

    fn take(&mut self, count: u64) -> Result<&'v [u8], ObjectFault> {
        let split = usize::try_from(count).ok().and_then(|count| self.rest.split_at_checked(count));
        let (taken, rest) = split.ok_or_else(|| self.fault())?;
        self.rest = rest;
        Ok(taken)
    }

    fn head(&mut self) -> Result<Head, ObjectFault> {
        let first = self.take(1)?.first().copied().unwrap_or_default();
        let (major, info) = (first >> 5, first & 0x1f);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => {
                let bytes = self.take(1 << (info - 24))?;
                Some(bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
            }
            31 if (2..=5).contains(&major) => None,
            _ => return Err(self.fault()),
        };
        Ok(Head { major, argument, info })
    }

    fn at_break(&mut self) -> bool {
        match self.rest.split_first() {
            Some((&BREAK, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn item(&mut self, depth: usize) -> Result<Value, ObjectFault> {
        self.budget.take(1)?;
        let head = self.head()?;
        match (head.major, head.argument) {
            (0, Some(number)) => Ok(Value::from(number)),
            (1, Some(number)) => {
                let negative = i64::try_from(number).map_err(|_| self.fault())?;
                Ok(Value::from(-1 - negative))
            }
            (2 | 3, _) => {
                let bytes = self.string(&head)?;
                self.text(head.major, bytes)
            }
            (4, length) => self.list(length, deeper(depth)?),
            (5, length) => self.map(length, deeper(depth)?),
            (6, Some(tag)) => self.tagged(tag, deeper(depth)?),
            (7, Some(argument)) => self.simple(head.info, argument),
            _ => Err(self.fault()),
        }
    }

    /// The bytes of a string; an indefinite one is a run of definite ones.
    fn string(&mut self, head: &Head) -> Result<Vec<u8>, ObjectFault> {
        if let Some(length) = head.argument {
            return Ok(self.take(length)?.to_vec());
        }
        let mut joined = Vec::new();
        while !self.at_break() {
            self.budget.take(1)?;
            let part = self.head()?;
            match part.argument {
                Some(length) if part.major == head.major => joined.extend_from_slice(self.take(length)?),
                _ => return Err(self.fault()),
            }
        }
        Ok(joined)
    }

    fn text(&self, major: u8, bytes: Vec<u8>) -> Result<Value, ObjectFault> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Value::String(text)),
            Err(other) if major == 2 => Ok(Value::String(String::from_utf8_lossy(other.as_bytes()).into_owned())),
            Err(_) => Err(self.fault()),
        }
    }

    fn list(&mut self, length: Option<u64>, depth: usize) -> Result<Value, ObjectFault> {
        let mut items = Vec::new();
        let mut left = length;
        while self.another(&mut left) {
            items.push(self.item(depth)?);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, length: Option<u64>, depth: usize) -> Result<Value, ObjectFault> {
        let mut map = Map::new();
        let mut left = length;
        while self.another(&mut left) {
            let head = self.head()?;
            if head.major != 2 && head.major != 3 {
                return Err(self.fault());
            }
            let name = self.string(&head)?;
            let Value::String(name) = self.text(head.major, name)? else {
                return Err(self.fault());
            };
            let value = self.item(depth)?;
            if map.insert(name, value).is_some() {
                return Err(self.fault());
            }
        }
        Ok(Value::Object(map))
    }

    /// Whether a list or map goes on; `left` is none for an indefinite length.
    fn another(&mut self, left: &mut Option<u64>) -> bool {
        match left {
            Some(0) => false,
            Some(count) => {
                *count -= 1;
                true
            }
            None => !self.at_break(),
        }
    }

    fn tagged(&mut self, tag: u64, depth: usize) -> Result<Value, ObjectFault> {
        let encode: fn(&[u8]) -> String = match tag {
            2 | 3 => return Err(self.fault()), // big numbers
            21 => |bytes| URL_SAFE_NO_PAD.encode(bytes),
            22 => |bytes| STANDARD.encode(bytes),
            23 => |bytes| wording::hex(bytes),
            _ => return self.item(depth),
        };
        if self.rest.first().is_none_or(|byte| byte >> 5 != 2) {
            return self.item(depth);
        }
        let head = self.head()?;
        Ok(Value::String(encode(&self.string(&head)?)))
    }

    fn simple(&self, info: u8, argument: u64) -> Result<Value, ObjectFault> {
        let float = match (info, argument) {
            (20, _) => return Ok(Value::Bool(false)),
            (21, _) => return Ok(Value::Bool(true)),
            (22, _) => return Ok(Value::Null),
            (25, bits) => u16::try_from(bits).ok().map(half),
            (26, bits) => u32::try_from(bits).ok().map(|bits| f64::from(f32::from_bits(bits))),
            (27, bits) => Some(f64::from_bits(bits)),
            _ => None,
        };
        float.and_then(Number::from_f64).map(Value::Number).ok_or_else(|| self.fault())
    }
}

/// A half-precision float: sign 1, exponent 5, fraction 10 bits.
fn half(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cbor(items: &[&[u8]]) -> Result<Value, ObjectFault> {
        read(&[CBOR, &items.concat()].concat())
    }

    #[test]
    fn reads_what_kubernetes_writes() {
        // {"kind": "K", "n": [0, -1, 1000, 1.5, true, null], "b": 22(h'00ff'), "t": text}, RFC 8949 appendix A forms
        let object = cbor(&[
            &[0xa4],
            &[0x44, b'k', b'i', b'n', b'd', 0x41, b'K'],
            &[0x41, b'n', 0x86, 0x00, 0x20, 0x19, 0x03, 0xe8, 0xf9, 0x3e, 0x00, 0xf5, 0xf6],
            &[0x41, b'b', 0xd6, 0x42, 0x00, 0xff],
            &[0x61, b't', 0x63, 0xe6, 0xb0, 0xb4],
        ]);
        let expected = json!({"kind": "K", "n": [0, -1, 1000, 1.5, true, null], "b": "AP8=", "t": "水"});
        assert_eq!(object.expect("read"), expected);
    }

    #[test]
    fn numbers_of_every_width() {
        for (bytes, expected) in [
            (&[0x17][..], json!(23)),
            (&[0x18, 0x64], json!(100)),
            (&[0x1a, 0x00, 0x0f, 0x42, 0x40], json!(1_000_000)),
            (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], json!(u64::MAX)),
            (&[0x39, 0x03, 0xe7], json!(-1000)),
            (&[0xf9, 0x00, 0x01], json!(5.960_464_477_539_063e-8)),
            (&[0xf9, 0xc4, 0x00], json!(-4.0)),
            (&[0xfa, 0x47, 0xc3, 0x50, 0x00], json!(100_000.0)),
            (&[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a], json!(1.1)),
        ] {
            assert_eq!(cbor(&[&[0xa1, 0x41, b'a'], bytes]).expect("read"), json!({"a": expected}), "{bytes:x?}");
        }
    }

    #[test]
    fn indefinite_lengths_and_tags_are_read() {
        let list = cbor(&[&[0xbf, 0x41, b'a', 0x9f, 0x01, 0x5f, 0x41, b'x', 0x41, b'y', 0xff, 0xff, 0xff]]);
        assert_eq!(list.expect("read"), json!({"a": [1, "xy"]}));
        for (tag, text) in [(0xd5, "AP8"), (0xd6, "AP8="), (0xd7, "00ff")] {
            assert_eq!(cbor(&[&[0xa1, 0x41, b'a', tag, 0x42, 0, 0xff]]).expect("read"), json!({"a": text}));
        }
        assert_eq!(cbor(&[&[0xa1, 0x41, b'a', 0xc0, 0x61, b't']]).expect("read"), json!({"a": "t"}));
    }

    #[test]
    fn what_kubernetes_refuses_is_a_fault_with_its_place() {
        for (bytes, offset) in [
            (&[0xa1, 0x41, b'a'][..], 6),                // value missing
            (&[0xa1, 0x01, 0x01], 5),                    // key is a number
            (&[0xa2, 0x41, b'a', 1, 0x41, b'a', 2], 10), // duplicate key
            (&[0xa1, 0x41, b'a', 0xf7], 7),              // undefined
            (&[0xa1, 0x41, b'a', 0xf9, 0x7c, 0x00], 9),  // infinity
            (&[0xa1, 0x41, b'a', 0xf9, 0x7e, 0x00], 9),  // NaN
            (&[0xa1, 0x41, b'a', 0xc2, 0x41, 1], 7),     // big number
            (&[0xa1, 0x41, b'a', 0x61, 0xff], 8),        // text, not UTF-8
            (&[0xa1, 0x41, b'a', 0x1c], 7),              // reserved
            (&[0xa1, 0x41, b'a', 0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 15), // endless
            (&[0xa1, 0x41, b'a', 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 15),
            (&[0xa0, 0x00], 4), // trailing
            (&[0x80], 4),       // not a map
        ] {
            assert_eq!(cbor(&[bytes]), Err(ObjectFault::Cbor { offset }), "{bytes:x?}");
        }
        let deep = cbor(&[&[0xa1, 0x41, b'a'], &[0x81; 500]]);
        assert_eq!(deep, Err(ObjectFault::TooLarge { what: "levels", limit: 100 }));
    }
}
