//! What each key takes: one slot a key, whatever the number of its revisions.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use kube_objects::{Envelope, Provider};

use super::Decoded;

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
    hash: u64,
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

/// A key's hash, computed where the record was decoded, perhaps on another thread.
#[derive(Clone, Copy)]
pub(super) struct KeyHash(u64);

/// Hashes keys; seeded anew in every process, so that no file can be made to collide.
#[derive(Default)]
pub(super) struct KeyHasher(RandomState);

impl KeyHasher {
    pub(super) fn hash(&self, key: &[u8]) -> KeyHash {
        KeyHash(self.0.hash_one(key))
    }
}

/// All keys seen.
#[derive(Default)]
pub(super) struct Keys<'a> {
    list: Vec<KeyUsage<'a>>,
    index: HashTable<u32>,
}

impl<'a> Keys<'a> {
    /// Adds a record; they come in order of revision.
    pub(super) fn add(&mut self, record: &Decoded<'a>) {
        let slots = &self.list;
        let slot = |number: &u32| usize::try_from(*number).ok().and_then(|at| slots.get(at));
        let same = |number: &u32| slot(number).is_some_and(|slot| slot.hash == record.hash.0 && slot.key == record.key);
        let found = self.index.find(record.hash.0, same).copied();
        let number = match found {
            Some(number) => number,
            None => {
                // A file would need 200 GB of records of the smallest size to pass this.
                let Ok(number) = u32::try_from(self.list.len()) else { return };
                self.index.insert_unique(record.hash.0, number, |number| slot(number).map_or(0, |slot| slot.hash));
                let (key, hash, removed) = (record.key, record.hash.0, record.versions_before);
                let none =
                    KeyUsage { live: 0, history: 0, tombstones: 0, revisions: 0, wrapping: 0, key, removed, hash };
                self.list.push(none);
                number
            }
        };
        let Some(slot) = usize::try_from(number).ok().and_then(|at| self.list.get_mut(at)) else { return };
        slot.revisions += 1;
        slot.wrapping += record.wrapping;
        slot.history += std::mem::take(&mut slot.live);
        if record.tombstone {
            slot.tombstones += record.size;
        } else {
            slot.live = record.size;
        }
    }

    pub(super) fn into_list(self) -> Vec<KeyUsage<'a>> {
        self.list
    }
}
