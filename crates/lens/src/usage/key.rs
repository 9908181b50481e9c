//! What each key takes: some 30 bytes a key, and 40 more where it has several records.

use etcd_snapshot::{BucketKey, LastRecords, Record};
use kube_objects::{Envelope, Provider};

use super::{ELEMENT, Selection};

/// What the records of one key take, in bytes of their elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage<'a> {
    /// The key. It may be a token: show it by `kube_objects::ShownKey`.
    pub key: &'a [u8],
    /// Its last record, where that is a put; else 0.
    pub live: u64,
    /// Puts before.
    pub history: u64,
    /// Deletions.
    pub tombstones: u64,
    /// Records, deletions counted.
    pub revisions: u64,
    /// Versions before the first record that a compaction removed, as that one's version tells. What went with a deletion
    /// is told by nothing.
    pub removed: u64,
    /// Bytes of these that encryption adds for certain: prefix, nonce, tag. Padding cannot be seen.
    pub wrapping: u64,
}

impl KeyUsage<'_> {
    /// Whether its last record is a put.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.live > 0
    }

    /// How often it was written, as far as the file tells: its records, and the versions that are gone.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.revisions.saturating_add(self.removed)
    }

    /// All its bytes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.live + self.history + self.tombstones
    }
}

/// Bytes that encryption adds to a value for certain.
pub(super) fn wrapping(value: &[u8]) -> u64 {
    let Envelope::Encrypted(encrypted) = Envelope::of(value) else { return 0 };
    let around = match encrypted.provider {
        Provider::AesCbc => 16, // initialisation vector; 1 to 16 bytes of padding cannot be told apart
        Provider::AesGcm => 12 + 16, // nonce, tag
        Provider::SecretBox => 24 + 16, // nonce, tag
        Provider::Kms | Provider::Other(_) => 0,
    };
    encrypted.prefix.len() as u64 + around.min(encrypted.body.len() as u64)
}

/// What the records of a key took that a later one replaced.
#[derive(Clone, Copy, Debug, Default)]
struct Earlier {
    history: u64,
    tombstones: u64,
    revisions: u64,
    removed: u64,
    wrapping: u64,
}

/// All keys seen, in the order in which they first appear.
#[derive(Debug)]
pub struct Keys<'a> {
    last: LastRecords<'a>,
    /// By number of the key: 0, or one more than its place among the earlier.
    places: Vec<u32>,
    earlier: Vec<Earlier>,
    /// Numbers of those that are meant, where not all are.
    meant: Option<Vec<u32>>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self { last: LastRecords::new(file), places: Vec::new(), earlier: Vec::new(), meant: None }
    }

    /// Adds a record; they come in order of revision.
    pub(super) fn add(&mut self, record: &Record<'a>) {
        let Some((number, before)) = self.last.put(record) else { return };
        let Some(before) = before else { return self.places.push(0) };
        let Some(place) = usize::try_from(number).ok().and_then(|at| self.places.get_mut(at)) else { return };
        if *place == 0 {
            let removed = versions_before(&before);
            self.earlier.push(Earlier { removed, ..Earlier::default() });
            *place = u32::try_from(self.earlier.len()).unwrap_or(0);
        }
        let at = usize::try_from(*place).ok().and_then(|place| place.checked_sub(1));
        let Some(earlier) = at.and_then(|at| self.earlier.get_mut(at)) else { return };
        earlier.revisions += 1;
        earlier.wrapping += wrapping(before.kv.value);
        match before.tombstone {
            true => earlier.tombstones += size(&before),
            false => earlier.history += size(&before),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.meant.as_ref().map_or(self.places.len(), Vec::len)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each with what it takes.
    pub fn iter(&self) -> impl Iterator<Item = KeyUsage<'a>> + '_ {
        let all = if self.meant.is_some() { 0 } else { self.last.len() };
        (0..all).chain(self.meant.iter().flatten().copied()).filter_map(|number| self.usage(number))
    }

    /// The same in byte order of the keys.
    pub(super) fn sorted(&self) -> impl Iterator<Item = KeyUsage<'a>> + '_ {
        let meant = self.meant.as_deref();
        let is_meant = |number: u32| meant.is_none_or(|meant| meant.binary_search(&number).is_ok());
        self.last.sorted(is_meant, &bbolt_page::Serial).filter_map(|number| self.usage(number))
    }

    /// Keeps those that are meant.
    pub(super) fn narrow(&mut self, selection: &Selection) {
        let numbered = (0_u32..).zip(self.last.keys());
        self.meant = Some(numbered.filter(|(_, key)| selection.matches(key)).map(|(number, _)| number).collect());
    }

    fn usage(&self, number: u32) -> Option<KeyUsage<'a>> {
        let last = self.last.numbered(number)?;
        let place = usize::try_from(number).ok().and_then(|at| self.places.get(at)).copied().unwrap_or(0);
        let at = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
        let none = Earlier { removed: versions_before(&last), ..Earlier::default() };
        let earlier = at.and_then(|at| self.earlier.get(at)).copied().unwrap_or(none);
        let size = size(&last);
        Some(KeyUsage {
            key: last.kv.key,
            live: if last.tombstone { 0 } else { size },
            history: earlier.history,
            tombstones: earlier.tombstones + if last.tombstone { size } else { 0 },
            revisions: earlier.revisions + 1,
            removed: earlier.removed,
            wrapping: earlier.wrapping + wrapping(last.kv.value),
        })
    }
}

/// Bytes of a record with its element.
fn size(record: &Record<'_>) -> u64 {
    ELEMENT + BucketKey::len(record.tombstone) + record.raw.len() as u64
}

/// Versions that a record's generation had before it.
fn versions_before(record: &Record<'_>) -> u64 {
    u64::try_from(record.kv.version.saturating_sub(1)).unwrap_or_default()
}
