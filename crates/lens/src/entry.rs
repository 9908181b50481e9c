//! What an entry of a bucket says, field by field. Values are never part of it.

use bbolt_page::view::{ElementView, Looked};
use bbolt_page::{LeafElement, LeafPage, PageKind};
use etcd_snapshot::carve::{Carved, Content};
use etcd_snapshot::entry::{self, NamedField};
use etcd_snapshot::state::bucket;
use etcd_snapshot::{BucketKey, KeyValue, Revision};

/// What an entry says.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'a> {
    /// What could be read of it.
    pub said: Said<'a>,
    /// Why it is not what its bucket should hold, not escaped.
    pub problem: Option<String>,
}

/// What could be read of an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum Said<'a> {
    /// Nothing that could be told apart from a value.
    Nothing,
    /// That it is there, with a value of so many bytes.
    Size(u64),
    /// Its fields, as etcd names them.
    Fields(Vec<NamedField>),
    /// A record. Show its key by `kube_objects::ShownKey`, and its value not at all.
    Record {
        /// Its revision.
        revision: Revision,
        /// Whether it deletes its key.
        tombstone: bool,
        /// What it holds.
        kv: KeyValue<'a>,
    },
    /// A record of which only the stored key can be read.
    Torn {
        /// Its revision.
        revision: Revision,
        /// Whether it deletes its key.
        tombstone: bool,
        /// Bytes of what should be its value.
        size: u64,
    },
}

impl<'a> Entry<'a> {
    /// Reads an entry of a bucket; of a bucket that etcd does not know, the size of the value is all there is to tell.
    #[must_use]
    pub fn read(name: Option<&[u8]>, key: &[u8], value: &'a [u8]) -> Self {
        let size = Said::Size(value.len() as u64);
        match name {
            Some(bucket::KEY) => Self::record(key, value),
            Some(name) if bucket::ALL.contains(&name) => match entry::read(name, key, value) {
                Ok(fields) if !fields.is_empty() => Said::Fields(fields).into(),
                Ok(_) => size.into(),
                Err(problem) => Self { said: size, problem: Some(problem) },
            },
            _ => size.into(),
        }
    }

    fn record(key: &[u8], value: &'a [u8]) -> Self {
        let size = value.len() as u64;
        let (revision, tombstone) = match BucketKey::decode(key) {
            Ok(BucketKey { revision, tombstone, .. }) => (revision, tombstone),
            Err(error) => return Self { said: Said::Size(size), problem: Some(error.to_string()) },
        };
        match KeyValue::decode(value) {
            Ok(kv) => Said::Record { revision, tombstone, kv }.into(),
            Err(error) => Self {
                said: Said::Torn { revision, tombstone, size },
                problem: Some(format!("value is not a KeyValue: {error}")),
            },
        }
    }

    /// What something carved says, with the bucket that it was of.
    #[must_use]
    pub fn carved(carved: &Carved<'a>) -> (&'a [u8], Self) {
        match carved.content {
            Content::Record { revision, tombstone, kv, .. } => {
                (bucket::KEY, Said::Record { revision, tombstone, kv }.into())
            }
            Content::Entry { bucket, key, value } => (bucket, Self::read(Some(bucket), key, value)),
        }
    }
}

impl<'a> From<Said<'a>> for Entry<'a> {
    fn from(said: Said<'a>) -> Self {
        Self { said, problem: None }
    }
}

/// Whether a key may be shown: it is a revision or another key that etcd writes, or the page it lies on is `sound`. On a
/// damaged page what passes for a key may be a piece of a value.
fn is_public(name: Option<&[u8]>, key: &[u8], value: &[u8], sound: bool) -> bool {
    match name {
        Some(bucket::KEY) => BucketKey::decode(key).is_ok(),
        Some(name) => {
            sound || bucket::ALL.contains(&key) || entry::read(name, key, value).is_ok_and(|fields| !fields.is_empty())
        }
        None => sound || bucket::ALL.contains(&key) || BucketKey::decode(key).is_ok(),
    }
}

/// An entry of a bucket, and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedEntry<'a> {
    /// The page it lies on.
    pub page: u64,
    /// Its place in the page.
    pub element: u16,
    /// File offset of the element, in bytes.
    pub offset: u64,
    /// Its key, where that may be shown.
    pub key: Option<&'a [u8]>,
    /// Whether its key is a revision, which is no text.
    pub is_record: bool,
    /// Whether it is a bucket.
    pub is_bucket: bool,
    /// What it says.
    pub entry: Entry<'a>,
    /// Its value, where that was asked for. It may be secret.
    pub value: Option<&'a [u8]>,
}

impl<'a> PlacedEntry<'a> {
    /// The entries of a leaf of the bucket that `path` leads to; with `reveal` with every key and value.
    #[must_use]
    pub fn all(path: &[&[u8]], page: &LeafPage<'a>, reveal: bool) -> Vec<Self> {
        let name = match path {
            [name] => Some(*name),
            _ => None,
        };
        let packed = page.check(bbolt_page::Bounds::default(), |_, _| {}).packed;
        page.elements().map(|element| Self::of(name, page, &element, packed, reveal)).collect()
    }

    fn of(name: Option<&[u8]>, page: &LeafPage<'a>, element: &LeafElement<'a>, packed: bool, reveal: bool) -> Self {
        let (key, value) = (element.key, element.value);
        Self {
            page: page.page().0,
            element: element.index,
            offset: page.offset_of(element.index),
            key: (reveal || is_public(name, key, value, packed)).then_some(key),
            is_record: name == Some(bucket::KEY),
            is_bucket: element.is_bucket(),
            entry: Entry::read(name.filter(|_| !element.is_bucket()), key, value),
            value: reveal.then_some(value),
        }
    }
}

/// What of an element of a page may be said.
#[derive(Debug, Clone, PartialEq)]
pub struct PageElement<'a> {
    /// The key, where it may be shown.
    pub key: Option<&'a [u8]>,
    /// The revision that the key is, and whether of a deletion; wherever it is one.
    pub revision: Option<(Revision, bool)>,
    /// What its value says.
    pub entry: Entry<'a>,
}

impl<'a> PageElement<'a> {
    /// Reads an element; with `reveal` its key is shown whatever it is.
    #[must_use]
    pub fn read(page: &Looked<'a>, element: &ElementView<'a>, reveal: bool) -> Self {
        let key = element.key.map(|key| key.bytes).unwrap_or_default();
        let value = element.value.map(|value| value.bytes).unwrap_or_default();
        let name = bucket_of(page).filter(|_| element.bucket.is_none());
        let is_public = reveal || is_public(name, key, value, page.is_sound() && element.sound);
        let is_mute = page.view.kind == Some(PageKind::Branch) || element.value.is_none();
        let revision = BucketKey::decode(key).ok().filter(|_| name == Some(bucket::KEY));
        Self {
            key: element.key.map(|key| key.bytes).filter(|_| is_public),
            revision: revision.map(|key| (key.revision, key.tombstone)),
            entry: if is_mute { Said::Nothing.into() } else { Entry::read(name, key, value) },
        }
    }
}

/// The bucket whose entries a page holds; where the tree does not say, revisions do.
fn bucket_of<'a>(page: &Looked<'a>) -> Option<&'a [u8]> {
    match page.path.as_deref() {
        Some([name]) => Some(name),
        Some(_) => None,
        None => {
            let mut keys = page.view.elements.iter().filter_map(|element| element.key);
            keys.any(|key| BucketKey::decode(key.bytes).is_ok()).then_some(bucket::KEY)
        }
    }
}

/// The inline page in the value of an element, whose key is the name of its bucket.
#[must_use]
pub fn inline<'a>(page: &Looked<'a>, element: &ElementView<'a>) -> Option<Looked<'a>> {
    let view = element.bucket.as_ref()?.inline.as_ref()?;
    let name = element.key.map(|key| key.bytes)?;
    let is_known = page.path.as_ref().is_some_and(Vec::is_empty) || bucket::ALL.contains(&name);
    let path = is_known.then(|| vec![name]);
    Some(Looked { view: (**view).clone(), path, role: page.role, first: page.first, pages: page.pages })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_its_key_and_what_is_no_record_says_why() {
        let key = [&2_u64.to_be_bytes()[..], b"_", &0_u64.to_be_bytes()].concat();
        let found = Entry::read(Some(b"key"), &key, b"\x0a\x03foo\x10\x02\x18\x02\x20\x01\x2a\x06secret");
        let Said::Record { revision, tombstone: false, kv } = found.said else { panic!("{found:?}") };
        assert_eq!((revision.main, kv.key, kv.mod_revision), (2, &b"foo"[..], 2));
        let dead = Entry::read(Some(b"key"), &[&key[..], b"t"].concat(), b"\x0a\x03foo");
        assert!(matches!(dead.said, Said::Record { tombstone: true, .. }), "{dead:?}");
        let wrong = Entry::read(Some(b"key"), &key, b"\xffsecret");
        assert!(matches!(wrong.said, Said::Torn { size: 7, .. }) && !format!("{wrong:?}").contains("secret"));
        assert!(wrong.problem.is_some());
    }

    #[test]
    fn what_etcd_does_not_know_is_counted_and_not_shown() {
        assert_eq!(Entry::read(Some(b"mine"), b"k", b"secret"), Said::Size(6).into());
        assert_eq!(Entry::read(Some(b"meta"), b"later", b"12345"), Said::Size(5).into());
    }
}
