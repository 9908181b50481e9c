//! What records take, one by one, of a key, and together.

use etcd_snapshot::{BucketKey, Record};
use kube_objects::{Envelope, Provider, ShownKey};

use super::ELEMENT;

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

/// What some keys take together, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// What they have in common, in the form in which it may be shown.
    pub name: Vec<u8>,
    /// Live keys.
    pub live_keys: u64,
    /// Keys that are deleted, and still there in records.
    pub deleted_keys: u64,
    /// Records, deletions counted.
    pub revisions: u64,
    /// Versions before their first records that compactions removed.
    pub removed: u64,
    /// Last records of live keys.
    pub live: u64,
    /// Records before.
    pub history: u64,
    /// Deletions.
    pub tombstones: u64,
    /// What of these encryption adds for certain.
    pub wrapping: u64,
}

impl Group {
    /// All their bytes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.live + self.history + self.tombstones
    }

    /// How often they were written, as far as the file tells.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.revisions.saturating_add(self.removed)
    }

    pub(super) fn add(&mut self, key: &KeyUsage<'_>) {
        self.live_keys += u64::from(key.is_live());
        self.deleted_keys += u64::from(!key.is_live());
        self.revisions += key.revisions;
        self.removed = self.removed.saturating_add(key.removed);
        self.live += key.live;
        self.history += key.history;
        self.tombstones += key.tombstones;
        self.wrapping += key.wrapping;
    }

    /// Adds the last record of a key.
    pub(super) fn take(&mut self, last: &Record<'_>) {
        let (keys, bytes) = match last.tombstone {
            true => (&mut self.deleted_keys, &mut self.tombstones),
            false => (&mut self.live_keys, &mut self.live),
        };
        *keys += 1;
        *bytes += size(last);
        self.revisions += 1;
        self.wrapping += wrapping(last.kv.value);
    }

    /// Makes a record that was taken the last of its key no longer so.
    pub(super) fn replace(&mut self, before: &Record<'_>) {
        if before.tombstone {
            self.deleted_keys -= 1;
        } else {
            self.live_keys -= 1;
            self.live -= size(before);
            self.history += size(before);
        }
    }

    /// A key by itself.
    #[must_use]
    pub fn of_key(key: &KeyUsage<'_>) -> Self {
        let mut group = Self { name: ShownKey::of(key.key).key().to_vec(), ..Self::default() };
        group.add(key);
        group
    }
}

/// Bytes of a record with its element.
pub(super) fn size(record: &Record<'_>) -> u64 {
    ELEMENT + BucketKey::len(record.tombstone) + record.raw.len() as u64
}

/// Versions that a record's generation had before it.
pub(super) fn versions_before(record: &Record<'_>) -> u64 {
    u64::try_from(record.kv.version.saturating_sub(1)).unwrap_or_default()
}
