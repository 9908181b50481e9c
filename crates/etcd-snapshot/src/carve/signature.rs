//! Records by their shape alone, where no page header leads to them.
//!
//! On a leaf the keys and values lie end to end: a revision of 17 or 18 bytes, then a KeyValue. A KeyValue as etcd
//! writes it has its fields in order and repeats the main revision, so a put confirms itself; a tombstone has nothing
//! but the user's key, and counts only where something sound follows.

use memchr::memchr_iter;

use super::Content;
use crate::record::KeyValue;
use crate::revision::{BucketKey, Revision};

/// Bytes of the key of a put.
const PUT_KEY: usize = 17;
/// Bytes of the key of a tombstone.
const TOMBSTONE_KEY: usize = 18;
/// Where `_` stands in it.
const SEPARATOR: usize = 8;
/// Longest user's key that is believed without a page's word for it, in bytes. etcd's own limit is the request size.
const LONGEST_KEY: usize = 1 << 16;
/// Main revisions and transaction sizes above these are noise.
const MAIN_LIMIT: i64 = 1 << 48;
const SUB_LIMIT: i64 = 1 << 32;

/// The records in `bytes` that begin before byte `until`, each with its stored key.
pub(super) fn records<'a>(bytes: &'a [u8], until: u64) -> impl Iterator<Item = (&'a [u8], Content<'a>)> {
    let until = usize::try_from(until).unwrap_or(usize::MAX);
    let mut floor = 0;
    memchr_iter(b'_', bytes).filter_map(move |separator| {
        let start = separator.checked_sub(SEPARATOR).filter(|start| (floor..until).contains(start))?;
        let (key_len, content, len) = at(bytes.get(start..)?)?;
        floor = start + key_len + len;
        Some((bytes.get(start..start + key_len)?, content))
    })
}

/// The record that begins `bytes`: how long its key is, what it says, how long its value is.
fn at(bytes: &[u8]) -> Option<(usize, Content<'_>, usize)> {
    let revision = revision(bytes)?;
    if let Some((kv, len)) = put(bytes.get(PUT_KEY..)?, revision) {
        let raw = bytes.get(PUT_KEY..)?.get(..len)?;
        return Some((PUT_KEY, Content::Record { revision, tombstone: false, kv, raw }, len));
    }
    BucketKey::decode(bytes.get(..TOMBSTONE_KEY)?).ok().filter(|key| key.tombstone)?;
    let message = bytes.get(TOMBSTONE_KEY..)?;
    let mut reader = Reader { message, at: 0 };
    let key = reader.bytes(0x0a).filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY)?;
    let raw = message.get(..reader.at)?;
    ends_well(message.get(reader.at..)?).then_some(())?;
    let kv = KeyValue { key, ..KeyValue::default() };
    Some((TOMBSTONE_KEY, Content::Record { revision, tombstone: true, kv, raw }, reader.at))
}

fn revision(bytes: &[u8]) -> Option<Revision> {
    let BucketKey { revision, .. } = BucketKey::decode(bytes.get(..PUT_KEY)?).ok()?;
    ((1..MAIN_LIMIT).contains(&revision.main) && revision.sub < SUB_LIMIT).then_some(revision)
}

/// A put's KeyValue, its fields in the order in which etcd writes them, and its length.
fn put(message: &[u8], revision: Revision) -> Option<(KeyValue<'_>, usize)> {
    let mut reader = Reader { message, at: 0 };
    let key = reader.bytes(0x0a).filter(|key| key.len() <= LONGEST_KEY)?;
    let create_revision = reader.number(0x10).filter(|create| (1..=revision.main).contains(create))?;
    let mod_revision = reader.number(0x18).filter(|modified| *modified == revision.main)?;
    let version = reader.number(0x20).filter(|version| *version >= 1)?;
    if (version == 1) != (create_revision == mod_revision) {
        return None;
    }
    let value = match reader.peek() {
        Some(0x2a) => reader.bytes(0x2a)?,
        _ => &[],
    };
    let lease = if reader.peek() == Some(0x30) { reader.number(0x30).unwrap_or(0) } else { 0 };
    Some((KeyValue { key, create_revision, mod_revision, version, value, lease }, reader.at))
}

/// The records in `bytes` behind which follows what follows a record: another one, whose revision is given, zeros, or
/// nothing.
pub(super) fn followed(bytes: &[u8]) -> impl Iterator<Item = (Content<'_>, Option<Revision>)> {
    records(bytes, u64::MAX).filter_map(move |(key, content)| {
        let Content::Record { raw, .. } = content else { return None };
        let start = key.as_ptr().addr().saturating_sub(bytes.as_ptr().addr());
        let rest = bytes.get(start + key.len() + raw.len()..).filter(|rest| ends_well(rest))?;
        Some((content, revision(rest)))
    })
}

/// Whether what follows a tombstone is what follows a value: another record, zeros, or nothing.
fn ends_well(rest: &[u8]) -> bool {
    let near = rest.get(..PUT_KEY).unwrap_or(rest);
    near.iter().all(|byte| *byte == 0) || revision(rest).is_some()
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.message.get(self.at).copied()
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.peek()?;
            self.at += 1;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn number(&mut self, tag: u8) -> Option<i64> {
        let before = self.at;
        let number = (self.peek() == Some(tag)).then(|| {
            self.at += 1;
            self.varint()
        });
        let number = number.flatten();
        if number.is_none() {
            self.at = before;
        }
        number.map(u64::cast_signed)
    }

    fn bytes(&mut self, tag: u8) -> Option<&'a [u8]> {
        (self.peek() == Some(tag)).then(|| self.at += 1)?;
        let len = usize::try_from(self.varint()?).ok()?;
        let bytes = self.message.get(self.at..)?.get(..len)?;
        self.at += len;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(main: u64, sub: u64, mark: &[u8]) -> Vec<u8> {
        [&main.to_be_bytes()[..], b"_", &sub.to_be_bytes(), mark].concat()
    }

    fn put_of(main: u8, value: &[u8]) -> Vec<u8> {
        let head =
            [0x0a, 3, b'f', b'o', b'o', 0x10, main, 0x18, main, 0x20, 1, 0x2a, u8::try_from(value.len()).unwrap()];
        [&key(u64::from(main), 0, b"")[..], &head, value].concat()
    }

    fn tombstone(main: u64) -> Vec<u8> {
        [&key(main, 0, b"t")[..], b"\x0a\x03foo"].concat()
    }

    fn found(bytes: &[u8]) -> Vec<(i64, bool, Vec<u8>)> {
        let of = |content| match content {
            Content::Record { revision, tombstone, kv, .. } => (revision.main, tombstone, kv.value.to_vec()),
            Content::Entry { .. } => panic!("no entry"),
        };
        records(bytes, u64::MAX).map(|(_, content)| of(content)).collect()
    }

    #[test]
    fn records_are_found_wherever_they_begin() {
        let bytes =
            [b"tail of a value".to_vec(), put_of(5, b"one"), tombstone(6), put_of(7, b"___"), vec![0; 40]].concat();
        let expected = [(5, false, b"one".to_vec()), (6, true, vec![]), (7, false, b"___".to_vec())];
        assert_eq!(found(&bytes), expected);
        let early = records(&bytes, 20).count();
        assert_eq!(early, 1, "what begins behind the end belongs to the next piece");
    }

    #[test]
    fn what_only_looks_like_a_record_is_left_alone() {
        let mut other = put_of(5, b"one");
        other[17 + 8] = 9; // mod_revision
        let mut version = put_of(5, b"one");
        version[17 + 10] = 2; // with create == mod
        let cut = put_of(5, b"one");
        let noise = [tombstone(6), b"noise".to_vec()].concat();
        for bytes in [&other[..], &version, &cut[..cut.len() - 1], &noise, b"________________________", b"_", b""] {
            assert_eq!(found(bytes), [], "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_record_inside_the_value_of_a_record_is_a_part_of_that_value() {
        let inner = put_of(5, b"x");
        assert_eq!(found(&put_of(9, &inner)), [(9, false, inner)]);
    }

    #[test]
    fn a_lease_and_an_empty_value() {
        let lease = [put_of(5, b"one"), vec![0x30, 7], put_of(6, b"")].concat();
        let Some((_, Content::Record { kv, .. })) = records(&lease, u64::MAX).next() else { panic!("a record") };
        assert_eq!(kv.lease, 7);
        assert_eq!(found(&lease).len(), 2);
    }
}
