//! The state of every key after a walk: 48 bytes a key and an index, whatever the size of its value.

use std::hash::BuildHasher;

use bbolt_page::Spread;
use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::record::{KeyValue, Record};
use crate::revision::Revision;
use crate::sort;

const TOMBSTONE: u32 = 1 << 31;
/// The record is the one that a compaction would keep.
const KEPT: u32 = 1 << 30;
/// The compaction rule has chosen a generation of this key; later ones change nothing.
const CHOSEN: u32 = 1 << 29;
/// The record is not as etcd writes one: its first field may not be its key.
const ODD: u32 = 1 << 28;
/// Largest `sub` that a slot tells apart. A transaction of a quarter of a billion changes does not exist.
const SUB_MAX: u32 = ODD - 1;
/// Keys that room is made for beforehand; what a hostile file claims beyond it has to be there first.
const RESERVED: usize = 1 << 20;

/// The last record of one key that the walk has seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    hash: u64,
    /// File offset of the stored KeyValue, and its length.
    at: u64,
    len: u32,
    sub_and_marks: u32,
    main: i64,
    pub(crate) create_revision: i64,
    /// Version of the key, as far as 32 bits count.
    pub(crate) version: u32,
}

impl Slot {
    pub(crate) fn revision(&self) -> Revision {
        Revision { main: self.main, sub: i64::from(self.sub_and_marks & SUB_MAX) }
    }

    pub(crate) fn tombstone(&self) -> bool {
        self.sub_and_marks & TOMBSTONE != 0
    }

    /// Whether a compaction at the view's revision would keep this very record; the tombstone of a deleted key does
    /// not count.
    pub(crate) fn keeps(&self, revision: Revision) -> bool {
        self.sub_and_marks & KEPT != 0 && self.revision() == revision
    }
}

/// A key that is live in the view that the walk took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live<'a> {
    /// Its last put.
    pub kv: KeyValue<'a>,
    /// When that was.
    pub revision: Revision,
}

/// What stands for a slot that is not there; there is none such.
const EMPTY: Live<'static> = Live {
    kv: KeyValue { key: &[], create_revision: 0, mod_revision: 0, version: 0, value: &[], lease: 0 },
    revision: Revision { main: 0, sub: 0 },
};

/// A key whose last record in the view is a tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted<'a> {
    /// The key.
    pub key: &'a [u8],
    /// When it was deleted.
    pub revision: Revision,
}

/// A key's hash, computed where the record was decoded, perhaps on another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyHash(u64);

/// Hashes keys; seeded anew in every process, so that no file can be made to collide.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyHasher(RandomState);

impl KeyHasher {
    pub(crate) fn hash(&self, key: &[u8]) -> KeyHash {
        KeyHash(self.0.hash_one(key))
    }
}

/// All keys of a view.
#[derive(Debug)]
pub struct Store<'a> {
    file: &'a [u8],
    slots: Vec<Slot>,
    index: HashTable<u32>,
    live: u64,
}

impl<'a> Store<'a> {
    pub(crate) fn new(file: &'a [u8]) -> Self {
        Self { file, slots: Vec::new(), index: HashTable::new(), live: 0 }
    }

    /// Makes room for so many keys, or as many of them as a plausible file has.
    pub(crate) fn reserve(&mut self, keys: u64) {
        let keys = usize::try_from(keys).unwrap_or(RESERVED).min(RESERVED);
        let slots = &self.slots;
        let hash_of = |&number: &u32| usize::try_from(number).ok().and_then(|at| slots.get(at)).map_or(0, |s| s.hash);
        self.index.reserve(keys, hash_of);
        self.slots.reserve(keys); // untouched memory costs nothing, copying on growth does
    }

    /// Number of live keys.
    #[must_use]
    pub fn live_count(&self) -> u64 {
        self.live
    }

    /// Whether a compaction at the view's revision would keep any record. Where it keeps none, etcd's hash skips none.
    pub(crate) fn keeps_any(&self) -> bool {
        self.slots.iter().any(|slot| slot.sub_and_marks & KEPT != 0)
    }

    /// The live keys, in the order in which they first appear in the file.
    pub fn live(&self) -> impl Iterator<Item = Live<'a>> + '_ {
        self.slots.iter().filter(|slot| !slot.tombstone()).map(|slot| self.live_of(slot))
    }

    /// The live keys that `wanted` accepts, in byte order. Fetching the keys is spread.
    pub fn live_sorted(
        &self,
        wanted: impl Fn(&[u8]) -> bool + Sync,
        spread: &impl Spread,
    ) -> impl ExactSizeIterator<Item = Live<'a>> + '_ {
        let numbers = self.sorted(|slot, key| !slot.tombstone() && wanted(key), spread);
        numbers.into_iter().map(|(_, number)| self.slot(number).map_or(EMPTY, |slot| self.live_of(slot)))
    }

    /// The names alone of the live keys that `wanted` accepts, in byte order: cheaper than [`Self::live_sorted`], which
    /// looks at each record once more.
    pub fn live_names(&self, wanted: impl Fn(&[u8]) -> bool + Sync, spread: &impl Spread) -> Vec<&'a [u8]> {
        let sorted = self.sorted(|slot, key| !slot.tombstone() && wanted(key), spread);
        sorted.into_iter().map(|(key, _)| key).collect()
    }

    /// The keys that are deleted in the view and that `wanted` accepts, in byte order. Fetching the keys is spread.
    pub fn deleted_sorted(
        &self,
        wanted: impl Fn(&[u8]) -> bool + Sync,
        spread: &impl Spread,
    ) -> impl ExactSizeIterator<Item = Deleted<'a>> + '_ {
        let numbers = self.sorted(|slot, key| slot.tombstone() && wanted(key), spread);
        let revision = |number| self.slot(number).map(Slot::revision).unwrap_or_default();
        numbers.into_iter().map(move |(key, number)| Deleted { key, revision: revision(number) })
    }

    fn sorted(&self, wanted: impl Fn(&Slot, &[u8]) -> bool + Sync, spread: &impl Spread) -> Vec<(&'a [u8], u32)> {
        let item = |at: usize| {
            let slot = self.slots.get(at)?;
            let key = self.key_of(slot);
            wanted(slot, key).then_some((key, u32::try_from(at).ok()?))
        };
        sort::by_key(self.slots.len(), item, spread)
    }

    fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.get(usize::try_from(number).ok()?)
    }

    fn live_of(&self, slot: &Slot) -> Live<'a> {
        Live { kv: KeyValue::decode(self.raw(slot)).unwrap_or_default(), revision: slot.revision() }
    }

    fn raw(&self, slot: &Slot) -> &'a [u8] {
        let range = usize::try_from(slot.at).ok().zip(usize::try_from(slot.len).ok());
        range.and_then(|(at, len)| self.file.get(at..)?.get(..len)).unwrap_or_default()
    }

    fn key_of(&self, slot: &Slot) -> &'a [u8] {
        let raw = self.raw(slot);
        // As etcd writes it, the key comes first, once, and is short: no need to look at the rest.
        match raw {
            [0x0a, len @ 0..0x80, rest @ ..] if slot.sub_and_marks & ODD == 0 => {
                rest.get(..usize::from(*len)).unwrap_or_default()
            }
            _ => KeyValue::decode(raw).map(|kv| kv.key).unwrap_or_default(),
        }
    }

    fn number(&self, key: &[u8], hash: KeyHash) -> Option<usize> {
        let same = |&number: &u32| {
            let slot = usize::try_from(number).ok().and_then(|at| self.slots.get(at));
            slot.is_some_and(|slot| slot.hash == hash.0 && self.key_of(slot) == key)
        };
        self.index.find(hash.0, same).and_then(|&number| usize::try_from(number).ok())
    }

    /// The key, if it is live.
    pub(crate) fn live_at(&self, key: &[u8], hash: KeyHash) -> Option<Live<'a>> {
        self.get(key, hash).filter(|slot| !slot.tombstone()).map(|slot| self.live_of(slot))
    }

    /// The last record seen of `key`.
    pub(crate) fn get(&self, key: &[u8], hash: KeyHash) -> Option<&Slot> {
        self.slots.get(self.number(key, hash)?)
    }

    /// Makes `record`, whose KeyValue lies at file offset `at`, the last one of its key; gives the one before it.
    ///
    /// `limit` is the revision of the view, from which a compaction would look back: the generation that it chooses is
    /// the first that is not over before `limit`, so a tombstone at `limit` or later ends the choice for its key.
    pub(crate) fn put(&mut self, record: &Record<'a>, hash: KeyHash, at: u64, limit: i64) -> Option<Slot> {
        let before = self.number(record.kv.key, hash);
        let last = before.and_then(|number| self.slots.get(number)).copied();
        let chosen = last.is_some_and(|last| last.sub_and_marks & CHOSEN != 0);
        let mut marks = if record.tombstone { TOMBSTONE } else { 0 };
        if chosen || (record.tombstone && record.revision.main >= limit) {
            marks |= CHOSEN;
        }
        if !chosen && !record.tombstone {
            marks |= KEPT;
        }
        if record.oddity.any() {
            marks |= ODD;
        }
        let slot = Slot {
            hash: hash.0,
            at,
            len: u32::try_from(record.raw.len()).unwrap_or(u32::MAX),
            sub_and_marks: u32::try_from(record.revision.sub).unwrap_or(SUB_MAX).min(SUB_MAX) | marks,
            main: record.revision.main,
            create_revision: record.kv.create_revision,
            version: u32::try_from(record.kv.version.max(0)).unwrap_or(u32::MAX),
        };
        let was_live = last.is_some_and(|last| !last.tombstone());
        self.live = self.live + u64::from(!record.tombstone) - u64::from(was_live);
        match before.and_then(|number| self.slots.get_mut(number)) {
            Some(old) => *old = slot,
            None => self.add(slot),
        }
        last
    }

    fn add(&mut self, slot: Slot) {
        // A file would need 100 GB of records of the smallest size to pass this.
        let Ok(number) = u32::try_from(self.slots.len()) else { return };
        self.slots.push(slot);
        let slots = &self.slots;
        let hash_of = |&number: &u32| usize::try_from(number).ok().and_then(|at| slots.get(at)).map_or(0, |s| s.hash);
        self.index.insert_unique(slot.hash, number, hash_of);
    }
}

#[cfg(test)]
mod tests {
    use bbolt_page::{Pgid, Serial};

    use super::*;
    use crate::record::Place;

    /// A store of these messages, each a record of its own at revision 2, 3, ...
    fn stored(messages: &[&[u8]], look: impl FnOnce(&Store<'_>)) {
        let file = messages.concat();
        let (mut store, hasher) = (Store::new(&file), KeyHasher::default());
        let (mut rest, mut at, mut main) = (&file[..], 0, 2);
        for message in messages {
            let (raw, behind) = rest.split_at(message.len());
            let (kv, oddity) = KeyValue::read(raw).unwrap();
            let place = Place { page: Pgid(2), element: 0, offset: at };
            let record = Record { revision: Revision { main, sub: 0 }, tombstone: false, kv, raw, oddity, place };
            store.put(&record, hasher.hash(record.kv.key), at, i64::MAX);
            (rest, at, main) = (behind, at + raw.len() as u64, main + 1);
        }
        look(&store);
    }

    /// etcd takes the last of several; the fuzzer found a store that found by the last and sorted by the first.
    #[test]
    fn a_key_that_stands_twice_in_its_record_is_the_last_one_everywhere() {
        stored(&[b"\x0a\x01z\x0a\x01a", b"\x0a\x01b", b"\x0a\x01y\x0a\x01a"], |store| {
            let keys: Vec<_> = store.live_sorted(|_| true, &Serial).map(|live| live.kv.key).collect();
            assert_eq!(keys, [b"a", b"b"]);
            assert_eq!(store.live_names(|_| true, &Serial), [b"a", b"b"]);
            assert_eq!(store.live_count(), 2);
        });
    }
}
