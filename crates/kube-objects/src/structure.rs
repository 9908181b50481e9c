//! Whether a stored value is whole, at a small part of the cost of decoding it.
//!
//! Protobuf is followed field by field through the wrapper, the object and its metadata; what lies deeper is skipped by
//! its length. JSON is parsed without keeping anything. CBOR, which few clusters store, is read.

use std::borrow::Cow;

use serde::Deserialize;

use crate::decode;
use crate::envelope::Envelope;
use crate::fault::ObjectFault;
use crate::key::{ResourceClass, StorageKey};
use crate::metadata;
use crate::plural::is_plural;
use crate::unknown::Unknown;
use crate::wire::Fields;

/// Goes through an unencrypted stored value: what the object says that it is, where nothing keeps an API server from
/// decoding it, as far as its encoding tells.
///
/// # Errors
/// [`ObjectFault::NotAnObject`] for an empty, encrypted or unknown value, [`ObjectFault::NoKind`] for an object that does
/// not say what it is, and a fault with its place where the encoding is broken.
pub fn check_structure(value: &[u8]) -> Result<Identity<'_>, ObjectFault> {
    let identity = match Envelope::of(value) {
        Envelope::Protobuf => protobuf(&Unknown::read(value)?)?,
        Envelope::Json => {
            let head: TypeMeta<'_> = serde_json::from_slice(value).map_err(|fault| ObjectFault::json(&fault))?;
            let metadata = head.metadata.unwrap_or_default();
            Identity { kind: bytes(head.kind), name: bytes(metadata.name), namespace: bytes(metadata.namespace) }
        }
        Envelope::Cbor => {
            let object = decode::read_cbor(value)?;
            let text = |pointer: &str| {
                let text = object.pointer(pointer).and_then(|found| found.as_str()).unwrap_or_default();
                Cow::Owned(text.as_bytes().to_vec())
            };
            Identity { kind: text("/kind"), name: text("/metadata/name"), namespace: text("/metadata/namespace") }
        }
        other => return Err(ObjectFault::NotAnObject { found: other.word() }),
    };
    if identity.kind.is_empty() { Err(ObjectFault::NoKind) } else { Ok(identity) }
}

/// What an object says that it is; empty where it does not say. Bytes, since damage may have made them no text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity<'v> {
    /// Its kind: `Secret`.
    pub kind: Cow<'v, [u8]>,
    /// `metadata.name`.
    pub name: Cow<'v, [u8]>,
    /// `metadata.namespace`.
    pub namespace: Cow<'v, [u8]>,
}

impl Identity<'_> {
    /// Whether `key` is another object's: what the object says of itself, and what the key says, differ. Gives the first
    /// field that does, and what it says. Of a kind, only what API servers are built with is known by its resource.
    #[must_use]
    pub fn differs_from(&self, key: &StorageKey<'_>) -> Option<(&'static str, &[u8])> {
        let other = |said: &[u8], stored: &[u8]| !said.is_empty() && said != stored;
        if !key.well_formed || !matches!(key.class, ResourceClass::BuiltIn | ResourceClass::Custom) {
            return None;
        }
        if other(&self.name, key.name) {
            return Some(("metadata.name", &*self.name));
        }
        if key.namespace.is_some_and(|namespace| other(&self.namespace, namespace)) {
            return Some(("metadata.namespace", &*self.namespace));
        }
        let other_kind = key.class == ResourceClass::BuiltIn && !is_plural(&self.kind, key.resource);
        other_kind.then_some(("kind", &*self.kind))
    }
}

/// What a JSON object says of itself; everything else in it is parsed and dropped.
#[derive(Deserialize)]
struct TypeMeta<'v> {
    #[serde(borrow, default)]
    kind: Option<Text<'v>>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'v>>,
}

#[derive(Default, Deserialize)]
struct Metadata<'v> {
    #[serde(borrow, default)]
    name: Option<Text<'v>>,
    #[serde(borrow, default)]
    namespace: Option<Text<'v>>,
}

/// Text of a JSON document, in place where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'v>(#[serde(borrow)] Cow<'v, str>);

impl<'v> Text<'v> {
    fn into_bytes(self) -> Cow<'v, [u8]> {
        match self.0 {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
}

fn bytes(text: Option<Text<'_>>) -> Cow<'_, [u8]> {
    text.map(Text::into_bytes).unwrap_or_default()
}

fn protobuf<'v>(wrapper: &Unknown<'v>) -> Result<Identity<'v>, ObjectFault> {
    let mut identity = Identity { kind: Cow::Borrowed(wrapper.kind), ..Identity::default() };
    for field in Fields::of(wrapper.raw) {
        let field = field.map_err(|fault| fault.of("object"))?;
        if let (1, Some(message)) = (field.number, field.bytes()) {
            // only an API server that knows the kind knows what its first field is
            if decode::has_metadata(wrapper.api_version, wrapper.kind) || metadata::is_surely(message) {
                named(message, &mut identity)?;
            }
        }
    }
    Ok(identity)
}

fn named<'v>(metadata: &'v [u8], identity: &mut Identity<'v>) -> Result<(), ObjectFault> {
    for field in Fields::of(metadata) {
        let field = field.map_err(|fault| fault.of("ObjectMeta"))?;
        match (field.number, field.bytes()) {
            (1, Some(name)) => identity.name = Cow::Borrowed(name),
            (3, Some(namespace)) => identity.namespace = Cow::Borrowed(namespace),
            _ => {}
        }
    }
    Ok(())
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
            assert!(check_structure(value).is_ok(), "{}", value.escape_ascii());
        }
    }

    /// Kind `Novelty` is nobody's: its first field may be a text.
    #[test]
    fn of_a_kind_that_no_table_has_only_the_wrapper_is_judged() {
        let of_kind = |kind: &[u8]| [b"k8s\0\x0a\x0d\x0a\x02v1\x12\x07", kind, b"\x12\x06\x0a\x04text"].concat();
        let identity = Identity { kind: b"Novelty".as_slice().into(), ..Identity::default() };
        // a message of another kind, with a name that is not the object's
        let other = [b"k8s\0\x0a\x0d\x0a\x02v1\x12\x07Novelty".as_slice(), b"\x12\x05\x0a\x03\x0a\x01x"].concat();
        assert_eq!(check_structure(&other).as_ref(), Ok(&identity));
        // metadata as an API server writes it
        let named = [&other[..19], b"\x12\x0c\x0a\x0a\x0a\x01x\x2a\x01u\x42\x02\x08\x07"].concat();
        assert_eq!(check_structure(&named), Ok(Identity { name: b"x".as_slice().into(), ..identity.clone() }));
        assert_eq!(check_structure(&of_kind(b"Novelty")), Ok(identity));
        assert!(matches!(check_structure(&of_kind(b"Service")), Err(ObjectFault::Protobuf { .. })));
        // a kind of the tables that has no metadata
        let options = b"k8s\0\x0a\x13\x0a\x02v1\x12\x0dPodLogOptions\x12\x06\x0a\x04text";
        assert!(check_structure(options).is_ok_and(|identity| identity.name.is_empty()));
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
