//! The records of bucket `key`.

use bbolt_page::{LeafElement, Pgid};

use crate::revision::{BucketKey, BucketKeyError, Revision};
use crate::wire::{Field, Wire, WireError, signed};

/// mvccpb.KeyValue, its bytes left where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyValue<'a> {
    /// The user's key. Arbitrary bytes.
    pub key: &'a [u8],
    /// Main revision of the put that began this generation of the key; 0 in a tombstone.
    pub create_revision: i64,
    /// Main revision of this put; 0 in a tombstone.
    pub mod_revision: i64,
    /// Puts since creation, from 1; 0 in a tombstone.
    pub version: i64,
    /// The value. Arbitrary bytes.
    pub value: &'a [u8],
    /// Lease that the key is attached to; 0 for none.
    pub lease: i64,
}

impl<'a> KeyValue<'a> {
    /// Decodes a message; unknown fields are skipped, absent ones are zero or empty.
    ///
    /// # Errors
    /// Where the bytes are not a protobuf message, or a known field has another type.
    pub fn decode(message: &'a [u8]) -> Result<Self, WireError> {
        let mut wire = Wire::new(message);
        let mut kv = Self::default();
        while let Some((number, field)) = wire.next()? {
            match (number, field) {
                (1, Field::Bytes(key)) => kv.key = key,
                (2, Field::Varint(value)) => kv.create_revision = signed(value),
                (3, Field::Varint(value)) => kv.mod_revision = signed(value),
                (4, Field::Varint(value)) => kv.version = signed(value),
                (5, Field::Bytes(value)) => kv.value = value,
                (6, Field::Varint(value)) => kv.lease = signed(value),
                (1..=6, _) => return Err(WireError { at: 0 }),
                _ => {}
            }
        }
        Ok(kv)
    }
}

/// Where an element lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Leaf page (for an inline bucket: the page that holds it).
    pub page: Pgid,
    /// Element of the page.
    pub element: u16,
    /// File offset of the element, in bytes.
    pub offset: u64,
}

/// One revision of one key.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// When it was written.
    pub revision: Revision,
    /// Whether it marks a deletion; then only `kv.key` means something.
    pub tombstone: bool,
    /// What was written.
    pub kv: KeyValue<'a>,
    /// The KeyValue as stored, undecoded.
    pub raw: &'a [u8],
    /// Where it lies.
    pub place: Place,
}

/// Why an element of bucket `key` is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Its key is not a revision.
    #[error(transparent)]
    Key(#[from] BucketKeyError),
    /// Its value is not a KeyValue.
    #[error("value is not a KeyValue: {0}")]
    Value(#[from] WireError),
    /// Its value is empty, and it is not where a restore puts an empty record.
    #[error("value is empty, and this is no marker of a restore: a size was changed")]
    Empty,
}

impl<'a> Record<'a> {
    /// Decodes an element of bucket `key`.
    ///
    /// # Errors
    /// Where key or value are damaged.
    pub fn decode(element: &LeafElement<'a>, place: Place) -> Result<Self, RecordError> {
        let BucketKey { revision, tombstone } = BucketKey::decode(element.key)?;
        Ok(Self { revision, tombstone, kv: KeyValue::decode(element.value)?, raw: element.value, place })
    }

    /// Whether this is an empty record, as `etcdutl snapshot restore --bump-revision` writes one to raise the revision.
    /// It belongs to no key and is left out of every list. Whether it really is that marker, its place tells: the walk
    /// checks it.
    #[must_use]
    pub fn is_bump_marker(&self) -> bool {
        self.raw.is_empty() && !self.tombstone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_a_key_value_that_etcd_wrote() {
        // etcdctl put foo bar on a new 3.5 server, revision 2: what stands in bucket `key`.
        let message = b"\x0a\x03foo\x10\x02\x18\x02\x20\x01\x2a\x03bar";
        let expected =
            KeyValue { key: b"foo", create_revision: 2, mod_revision: 2, version: 1, value: b"bar", lease: 0 };
        assert_eq!(KeyValue::decode(message), Ok(expected));
    }

    #[test]
    fn order_and_unknown_fields_do_not_matter() {
        let message = b"\x2a\x03bar\x7a\x01x\x30\x07\x20\x01\x18\x02\x10\x02\x0a\x03foo";
        let expected =
            KeyValue { key: b"foo", create_revision: 2, mod_revision: 2, version: 1, value: b"bar", lease: 7 };
        assert_eq!(KeyValue::decode(message), Ok(expected));
    }

    #[test]
    fn a_known_field_of_another_type_is_refused() {
        assert!(KeyValue::decode(b"\x08\x01").is_err());
        assert!(KeyValue::decode(b"\x12\x01x").is_err());
    }
}
