//! Whether a stored value is whole, at a small part of the cost of decoding it.
//!
//! Protobuf is followed field by field through the wrapper, the object and its metadata; what lies deeper is skipped by
//! its length. JSON is parsed without keeping anything. CBOR, which few clusters store, is read.

use std::borrow::Cow;

use serde::Deserialize;

use crate::decode;
use crate::envelope::Envelope;
use crate::fault::ObjectFault;
use crate::unknown::Unknown;
use crate::wire::Fields;

/// Goes through an unencrypted stored value: `Ok` where nothing keeps an API server from decoding it, as far as its
/// encoding tells.
///
/// # Errors
/// [`ObjectFault::NotAnObject`] for an empty, encrypted or unknown value, [`ObjectFault::NoKind`] for an object that does
/// not say what it is, and a fault with its place where the encoding is broken.
pub fn check_structure(value: &[u8]) -> Result<(), ObjectFault> {
    match Envelope::of(value) {
        Envelope::Protobuf => protobuf(&Unknown::read(value)?),
        Envelope::Json => {
            let head: TypeMeta<'_> = serde_json::from_slice(value).map_err(|fault| ObjectFault::json(&fault))?;
            says_its_kind(head.kind.is_some_and(|kind| !kind.is_empty()))
        }
        Envelope::Cbor => {
            let kind = decode::read_cbor(value)?;
            says_its_kind(kind.get("kind").and_then(|kind| kind.as_str()).is_some_and(|kind| !kind.is_empty()))
        }
        other => Err(ObjectFault::NotAnObject { found: other.word() }),
    }
}

/// What a JSON object says of itself; everything else in it is parsed and dropped.
#[derive(Deserialize)]
struct TypeMeta<'v> {
    #[serde(borrow, default)]
    kind: Option<Cow<'v, str>>,
}

fn says_its_kind(says: bool) -> Result<(), ObjectFault> {
    if says { Ok(()) } else { Err(ObjectFault::NoKind) }
}

fn protobuf(wrapper: &Unknown<'_>) -> Result<(), ObjectFault> {
    for field in Fields::of(wrapper.raw) {
        let field = field.map_err(|fault| fault.of("object"))?;
        if let (1, Some(metadata)) = (field.number, field.bytes()) {
            for field in Fields::of(metadata) {
                field.map_err(|fault| fault.of("ObjectMeta"))?;
            }
        }
    }
    says_its_kind(!wrapper.kind.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wrapper {1: {1: "v1", 2: "Secret"}, 2: {1: {1: "a"}, 2: {..}}}.
    const SECRET: &[u8] = b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x0b\x0a\x03\x0a\x01a\x12\x04\x0a\x02xy";

    #[test]
    fn whole_values_pass() {
        for value in
            [SECRET, b"{\"kind\":\"A\",\"b\":[1,{}]}", b" \n{\"kind\":\"A\"}", b"\xd9\xd9\xf7\xa1\x44kind\x41A"]
        {
            assert_eq!(check_structure(value), Ok(()), "{}", value.escape_ascii());
        }
    }

    #[test]
    fn what_no_api_server_decodes_is_told_with_its_place() {
        let changed = |at: usize, byte: u8| {
            let mut value = SECRET.to_vec();
            value[at] = byte;
            value
        };
        let cut = SECRET[..SECRET.len() - 1].to_vec();
        let broken = |message, offset| ObjectFault::Protobuf { message, offset };
        for (value, fault) in [
            (vec![0; 40], ObjectFault::NotAnObject { found: "other" }),
            (Vec::new(), ObjectFault::NotAnObject { found: "empty" }),
            (b"k8s:eXc:aescbc:v1:1:xx".to_vec(), ObjectFault::NotAnObject { found: "malformed-encryption" }),
            (cut, broken("Unknown", 14)),
            (changed(5, 40), broken("Unknown", 0)),
            (changed(7, 40), broken("TypeMeta", 0)),
            (changed(21, 40), broken("object", 0)),
            (changed(23, 40), broken("ObjectMeta", 0)),
            (b"k8s\0\x12\x02\x0a\x00".to_vec(), ObjectFault::NoKind),
            (b"{\"a\":1}".to_vec(), ObjectFault::NoKind),
            (b"{\"kind\":\"A\"".to_vec(), ObjectFault::Json { line: 1, column: 11 }),
            (b"{\"kind\":\"A\"}}".to_vec(), ObjectFault::Json { line: 1, column: 13 }),
            (b"\xd9\xd9\xf7\xa1".to_vec(), ObjectFault::Cbor { offset: 4 }),
        ] {
            assert_eq!(check_structure(&value), Err(fault), "{}", value.escape_ascii());
        }
    }
}
