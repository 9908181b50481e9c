//! The records of bucket `key`.

use bbolt_page::{LeafElement, Pgid};

use crate::revision::{BucketKey, BucketKeyError, Revision};
use crate::wire::{self, Field, Kind, Oddity, WireError, signed};

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

/// The fields of a KeyValue; no etcd has ever written another.
const FIELDS: [Kind; 6] = [Kind::Bytes, Kind::Varint, Kind::Varint, Kind::Varint, Kind::Bytes, Kind::Varint];

impl<'a> KeyValue<'a> {
    /// Decodes a message as etcd does; absent fields are zero or empty.
    ///
    /// # Errors
    /// Where etcd would give one, and end.
    pub fn decode(message: &'a [u8]) -> Result<Self, WireError> {
        Self::read(message).map(|(kv, _)| kv)
    }

    /// The same, with what no etcd would have written so.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn read(message: &'a [u8]) -> Result<(Self, Oddity), WireError> {
        let mut kv = Self::default();
        let oddity = wire::read(message, &FIELDS, |number, field| match (number, field) {
            (1, Field::Bytes(key)) => kv.key = key,
            (2, Field::Varint(value)) => kv.create_revision = signed(value),
            (3, Field::Varint(value)) => kv.mod_revision = signed(value),
            (4, Field::Varint(value)) => kv.version = signed(value),
            (5, Field::Bytes(value)) => kv.value = value,
            (6, Field::Varint(value)) => kv.lease = signed(value),
            _ => {}
        })?;
        Ok((kv, oddity))
    }

    /// Appends the message as etcd writes it: the fields in their order, those that are zero or empty left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let numbers = [(2, self.create_revision), (3, self.mod_revision), (4, self.version)];
        wire::put_bytes(out, 1, self.key);
        numbers.into_iter().for_each(|(field, number)| wire::put_varint(out, field, number.cast_unsigned()));
        wire::put_bytes(out, 5, self.value);
        wire::put_varint(out, 6, self.lease.cast_unsigned());
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
    /// What no etcd would have written so.
    pub oddity: Oddity,
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
    /// It is a bucket, which etcd reads as a record without key and value.
    #[error("a bucket stands in a record's place: etcd loses the key that was here")]
    Bucket,
    /// It names no key, and so hides the change that stood here.
    #[error("it names no key: etcd loses the change that was here")]
    NoKey,
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
        let (kv, oddity) = KeyValue::read(element.value)?;
        Ok(Self { revision, tombstone, kv, raw: element.value, oddity, place })
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
    fn a_message_is_written_as_it_was_read() {
        let long = [b'v'; 300];
        let kv =
            KeyValue { key: b"k", create_revision: -1, mod_revision: 300, version: 0, value: &long, lease: 1 << 60 };
        for kv in [kv, KeyValue::default(), KeyValue { key: b"foo", ..KeyValue::default() }] {
            let mut message = Vec::new();
            kv.encode(&mut message);
            assert_eq!(KeyValue::read(&message), Ok((kv, Oddity::default())));
        }
        let message = b"\x0a\x03foo\x10\x02\x18\x02\x20\x01\x2a\x03bar";
        let mut again = Vec::new();
        KeyValue::decode(message).map(|kv| kv.encode(&mut again)).unwrap_or_default();
        assert_eq!(again, message);
    }

    #[test]
    fn order_does_not_matter_and_an_unknown_field_is_told() {
        let message = b"\x2a\x03bar\x7a\x01x\x30\x07\x20\x01\x18\x02\x10\x02\x0a\x03foo";
        let expected =
            KeyValue { key: b"foo", create_revision: 2, mod_revision: 2, version: 1, value: b"bar", lease: 7 };
        assert_eq!(KeyValue::read(message), Ok((expected, Oddity { unknown: 15, ..Oddity::default() })));
    }

    #[test]
    fn a_known_field_of_another_type_is_refused() {
        assert!(KeyValue::decode(b"\x08\x01").is_err());
        assert!(KeyValue::decode(b"\x12\x01x").is_err());
    }
}
