//! The state of every key after a walk.

use bbolt_page::Spread;

use crate::record::{KeyValue, Record};
use crate::revision::Revision;
use crate::slots::{CHOSEN, KEPT, KeyHash, ODD, SUSPECT, Slot, Slots, TOMBSTONE};
use crate::sort::{self, Sorted};

/// The record of a key before another: what its successor is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    pub(crate) revision: Revision,
    pub(crate) tombstone: bool,
    pub(crate) create_revision: i64,
    /// Version of the key, as far as 32 bits count.
    pub(crate) version: u32,
}

/// What became of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Put {
    /// The number of its key.
    pub(crate) number: u32,
    /// Whether a compaction at the view's revision would keep it.
    pub(crate) kept: bool,
    /// The record of the key before it.
    pub(crate) before: Option<Before>,
}

/// A key that is live in the view that the walk took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live<'a> {
    /// Its last put.
    pub kv: KeyValue<'a>,
    /// When that was.
    pub revision: Revision,
}

/// A key whose last record in the view is a tombstone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted<'a> {
    /// The key.
    pub key: &'a [u8],
    /// When it was deleted.
    pub revision: Revision,
}

/// The live keys of a view, to be gone through and not to be asked for: 12 bytes a key.
#[derive(Debug)]
pub struct LiveKeys<'a>(Slots<'a>);

impl<'a> LiveKeys<'a> {
    /// Them, in the order of [`Store::live`].
    pub fn iter(&self) -> impl Iterator<Item = Live<'a>> + '_ {
        live(&self.0)
    }
}

fn live<'s, 'a>(slots: &'s Slots<'a>) -> impl Iterator<Item = Live<'a>> + use<'s, 'a> {
    let live = slots.fetched().filter(|slot| !slot.has(TOMBSTONE));
    live.map(|slot| Live { kv: slots.key_value(slot), revision: slots.revision(slot) })
}

/// All keys of a view.
#[derive(Debug)]
pub struct Store<'a> {
    slots: Slots<'a>,
    live: u64,
    /// Whether somebody looked at the values.
    looked: bool,
}

impl<'a> Store<'a> {
    pub(crate) fn new(file: &'a [u8], looked: bool) -> Self {
        Self { slots: Slots::new(file), live: 0, looked }
    }

    pub(crate) fn reserve(&mut self, keys: u64) {
        self.slots.reserve(keys);
    }

    /// Number of live keys.
    #[must_use]
    pub fn live_count(&self) -> u64 {
        self.live
    }

    /// Whether a compaction at the view's revision would keep any record. Where it keeps none, etcd's hash skips none.
    pub(crate) fn keeps_any(&self) -> bool {
        self.slots.iter().any(|slot| slot.has(KEPT))
    }

    /// The live keys, in the order in which they first appear in the file.
    pub fn live(&self) -> impl Iterator<Item = Live<'a>> + '_ {
        live(&self.slots)
    }

    /// The live keys alone: half the memory, for whoever reads another file meanwhile.
    #[must_use]
    pub fn into_live(self) -> LiveKeys<'a> {
        LiveKeys(self.slots.without_index())
    }

    /// Those of the live keys whose value did not look sound to [`Options::sound`](crate::Options::sound), in the order of
    /// [`Self::live`]; all where nobody looked.
    pub fn suspects(&self) -> impl Iterator<Item = Live<'a>> + '_ {
        let suspects = self.slots.iter().filter(|slot| (slot.has(SUSPECT) || !self.looked) && !slot.has(TOMBSTONE));
        suspects.map(|slot| self.live_of(slot))
    }

    /// The live keys that `wanted` accepts, in byte order: 16 bytes each while they are gone through. Fetching the keys is
    /// spread.
    pub fn live_sorted<'s>(
        &'s self,
        wanted: impl Fn(&[u8]) -> bool + Sync,
        spread: &impl Spread,
    ) -> impl ExactSizeIterator<Item = Live<'a>> + 's {
        let sorted = self.sorted(|slot, key| !slot.has(TOMBSTONE) && wanted(key), spread);
        self.fetched(sorted).map(|slot| self.live_of(slot))
    }

    /// The names alone of the live keys that `wanted` accepts, in byte order: cheaper than [`Self::live_sorted`], which
    /// reads what else is in each record.
    pub fn live_names<'s>(
        &'s self,
        wanted: impl Fn(&[u8]) -> bool + Sync,
        spread: &impl Spread,
    ) -> impl ExactSizeIterator<Item = &'a [u8]> + 's {
        let sorted = self.sorted(|slot, key| !slot.has(TOMBSTONE) && wanted(key), spread);
        self.fetched(sorted).map(|slot| self.slots.key(slot))
    }

    /// The keys that are deleted in the view and that `wanted` accepts, in byte order. Fetching the keys is spread.
    pub fn deleted_sorted<'s>(
        &'s self,
        wanted: impl Fn(&[u8]) -> bool + Sync,
        spread: &impl Spread,
    ) -> impl ExactSizeIterator<Item = Deleted<'a>> + 's {
        let deleted = self.sorted(|slot, key| slot.has(TOMBSTONE) && wanted(key), spread);
        self.fetched(deleted).map(|slot| Deleted { key: self.slots.key(slot), revision: self.slots.revision(slot) })
    }

    fn sorted(&self, is_wanted: impl Fn(Slot, &[u8]) -> bool + Sync, spread: &impl Spread) -> Sorted {
        let is_wanted = |number| is_wanted(self.slot(number), self.slots.key(self.slot(number)));
        sort::by_key(self.slots.len(), is_wanted, &self.slots, spread)
    }

    fn slot(&self, number: u32) -> Slot {
        self.slots.get(number).unwrap_or_default()
    }

    fn fetched(&self, sorted: Sorted) -> impl ExactSizeIterator<Item = Slot> {
        sorted.touching(&self.slots).map(|number| self.slot(number))
    }

    fn live_of(&self, slot: Slot) -> Live<'a> {
        Live { kv: self.slots.key_value(slot), revision: self.slots.revision(slot) }
    }

    fn find(&self, key: &[u8], hash: KeyHash) -> Option<Slot> {
        self.slots.get(self.slots.find(key, hash)?)
    }

    /// The key, if it is live.
    pub(crate) fn live_at(&self, key: &[u8], hash: KeyHash) -> Option<Live<'a>> {
        self.find(key, hash).filter(|slot| !slot.has(TOMBSTONE)).map(|slot| self.live_of(slot))
    }

    /// Revision of the last record seen of `key`, and whether that is a tombstone.
    pub(crate) fn last(&self, key: &[u8], hash: KeyHash) -> Option<(Revision, bool)> {
        self.find(key, hash).map(|slot| (self.slots.revision(slot), slot.has(TOMBSTONE)))
    }

    /// Whether `record` is the last one of its key, tombstone or not.
    pub(crate) fn is_last(&self, record: &Record<'_>, hash: KeyHash) -> bool {
        self.find(record.kv.key, hash).is_some_and(|slot| self.slots.is_of(slot, record))
    }

    /// Whether `record` is the live one of its key.
    pub(crate) fn is_live(&self, record: &Record<'_>, hash: KeyHash) -> bool {
        self.find(record.kv.key, hash).is_some_and(|slot| !slot.has(TOMBSTONE) && self.slots.is_of(slot, record))
    }

    /// Whether a compaction at the view's revision would keep this very record; the tombstone of a deleted key does not
    /// count.
    pub(crate) fn keeps(&self, record: &Record<'_>, hash: KeyHash) -> bool {
        self.find(record.kv.key, hash).is_some_and(|slot| slot.has(KEPT) && self.slots.is_of(slot, record))
    }

    /// Makes `record` the last one of its key.
    ///
    /// `limit` is the revision of the view, from which a compaction would look back: the generation that it chooses is
    /// the first that is not over before `limit`, so a tombstone at `limit` or later ends the choice for its key.
    pub(crate) fn put(&mut self, record: &Record<'a>, hash: KeyHash, suspect: bool, limit: i64) -> Put {
        let number = self.slots.find(record.kv.key, hash);
        let last = number.and_then(|number| self.slots.get(number));
        let chosen = last.is_some_and(|last| last.has(CHOSEN));
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
        if suspect {
            marks |= SUSPECT;
        }
        let was_live = last.is_some_and(|last| !last.has(TOMBSTONE));
        self.live = self.live + u64::from(!record.tombstone) - u64::from(was_live);
        let before = last.map(|last| self.before(last));
        let number = self.slots.put(number, Slot::new(record.place.offset, marks, hash));
        Put { number, kept: marks & KEPT != 0, before }
    }

    fn before(&self, slot: Slot) -> Before {
        let KeyValue { create_revision, version, .. } = self.slots.key_value(slot);
        let version = u32::try_from(version.max(0)).unwrap_or(u32::MAX);
        Before { revision: self.slots.revision(slot), tombstone: slot.has(TOMBSTONE), create_revision, version }
    }
}

#[cfg(test)]
mod tests {
    use bbolt_page::{LeafElement, Pgid, Serial};

    use super::*;
    use crate::record::Place;
    use crate::revision::BucketKey;
    use crate::slots::KeyHasher;

    /// A store of these messages, each a record of its own at revision 2, 3, ...
    fn stored(messages: &[&[u8]], look: impl FnOnce(&Store<'_>)) {
        let mut file = Vec::new();
        let mut places = Vec::new();
        for (main, message) in (2_i64..).zip(messages) {
            places.push(file.len() as u64);
            let key = BucketKey { revision: Revision { main, sub: 0 }, tombstone: false }.encode();
            let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
            [0, 16, size(&key), size(message)].iter().for_each(|word| file.extend(word.to_le_bytes()));
            file.extend(key);
            file.extend(*message);
        }
        let (mut store, hasher) = (Store::new(&file, false), KeyHasher::default());
        for offset in places {
            let (key, value) = LeafElement::data_at(&file, offset).unwrap();
            let element = LeafElement { index: 0, flags: 0, key, value };
            let record = Record::decode(&element, Place { page: Pgid(2), element: 0, offset }).unwrap();
            store.put(&record, hasher.hash(record.kv.key), false, i64::MAX);
        }
        look(&store);
    }

    /// etcd takes the last of several; the fuzzer found a store that found by the last and sorted by the first.
    #[test]
    fn a_key_that_stands_twice_in_its_record_is_the_last_one_everywhere() {
        stored(&[b"\x0a\x01z\x0a\x01a", b"\x0a\x01b", b"\x0a\x01y\x0a\x01a"], |store| {
            let keys: Vec<_> = store.live_sorted(|_| true, &Serial).map(|live| live.kv.key).collect();
            assert_eq!(keys, [b"a", b"b"]);
            assert_eq!(store.live_names(|_| true, &Serial).collect::<Vec<_>>(), [b"a", b"b"]);
            assert_eq!(store.live_count(), 2);
        });
    }
}
