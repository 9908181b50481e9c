//! A few fields of many objects: protobuf read by number, nothing decoded that is not asked for.
//!
//! [`StoredObject::decode`](crate::StoredObject::decode) shows a whole object; for the sixty thousand pods of a large
//! cluster, of which only node and claims are wanted, that is a hundred times too much work. Field numbers are those of
//! `schema/`.

use std::borrow::Cow;

use crate::unknown::Unknown;
use crate::wire::Fields;
use crate::{Envelope, wire};

/// One message, borrowed from a stored value. No `Debug`: it may be a Secret.
///
/// A message that breaks off is read as far as it goes: whoever needs to know decodes the object.
#[derive(Clone, Copy)]
pub struct Message<'v> {
    bytes: &'v [u8],
}

impl<'v> Message<'v> {
    /// The object in a stored value; `None` where the value is not protobuf or its wrapper is broken.
    #[must_use]
    pub fn of_object(value: &'v [u8]) -> Option<Self> {
        if Envelope::of(value) != Envelope::Protobuf {
            return None;
        }
        Unknown::read(value).ok().map(|unknown| Self { bytes: unknown.raw })
    }

    /// The messages in a field, in order.
    pub fn messages(self, number: u32) -> impl Iterator<Item = Message<'v>> {
        self.of_number(number).filter_map(|field| field.bytes()).map(|bytes| Self { bytes })
    }

    /// The first message in a field.
    #[must_use]
    pub fn message(self, number: u32) -> Option<Self> {
        self.messages(number).next()
    }

    /// The first text in a field, what is not UTF-8 replaced; empty where there is none.
    #[must_use]
    pub fn text(self, number: u32) -> Cow<'v, str> {
        self.message(number).map_or(Cow::Borrowed(""), |field| String::from_utf8_lossy(field.bytes))
    }

    /// The first number in a field.
    #[must_use]
    pub fn number(self, number: u32) -> Option<u64> {
        self.of_number(number).find_map(|field| field.varint())
    }

    /// The bytes of the message itself, for a field that holds bytes.
    #[must_use]
    pub fn as_bytes(self) -> &'v [u8] {
        self.bytes
    }

    fn of_number(self, number: u32) -> impl Iterator<Item = wire::Field<'v>> {
        Fields::of(self.bytes).map_while(Result::ok).filter(move |field| field.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Pod `p` with spec {1: {1: "a"}, 1: {1: "b"}, 4: 7, 10: "node"}.
    const POD: &[u8] =
        b"k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x19\x0a\x03\x0a\x01p\x12\x12\x0a\x03\x0a\x01a\x0a\x03\x0a\x01b\x20\x07\x52\x04node";

    #[test]
    fn fields_are_found_by_number() {
        let object = Message::of_object(POD).expect("a pod");
        assert_eq!(object.message(1).expect("metadata").text(1), "p");
        let spec = object.message(2).expect("spec");
        assert!(spec.messages(1).map(|volume| volume.text(1)).eq(["a", "b"]));
        assert_eq!((spec.number(4), spec.number(5), spec.number(10)), (Some(7), None, None));
        assert_eq!((spec.text(10), spec.text(4)), (Cow::Borrowed("node"), Cow::Borrowed("")));
        assert_eq!(spec.message(10).map(Message::as_bytes), Some(&b"node"[..]));
        assert!(object.message(3).is_none());
    }

    #[test]
    fn a_message_is_read_as_far_as_it_goes() {
        let cut = Message { bytes: b"\x0a\x03\x0a\x01a\x52\x09no" };
        assert_eq!((cut.message(1).expect("whole").text(1), cut.text(10)), ("a".into(), "".into()));
    }

    #[test]
    fn only_protobuf_is_an_object() {
        for value in [&b"{}"[..], b"", b"k8s:enc:aescbc:v1:1:x", b"k8s\0\x12\x09x", b"\xd9\xd9\xf7\xa0"] {
            assert!(Message::of_object(value).is_none(), "{}", value.escape_ascii());
        }
    }
}
