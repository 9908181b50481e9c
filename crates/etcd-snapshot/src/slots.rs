//! A slot for each key: 12 bytes and an index, whatever the size of its value. What a record says is read again where it
//! lies.

use std::hash::BuildHasher;

use bbolt_page::{LeafElement, Pgid, Spread};
use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::record::{KeyValue, Place, Record};
use crate::revision::{BucketKey, Revision};
use crate::sort::{self, Keys, Sorted, TOUCHED};

/// The record is a tombstone.
pub(crate) const TOMBSTONE: u64 = 1 << 63;
/// The record is the one that a compaction would keep.
pub(crate) const KEPT: u64 = 1 << 62;
/// The compaction rule has chosen a generation of this key; later ones change nothing.
pub(crate) const CHOSEN: u64 = 1 << 61;
/// The record is not as etcd writes one: its first field may not be its key.
pub(crate) const ODD: u64 = 1 << 60;
/// The value did not look sound to whoever looked at it.
pub(crate) const SUSPECT: u64 = 1 << 59;
/// The bits that say where the record's element lies.
const PLACE: u64 = SUSPECT - 1;
/// Keys that the index has room for beforehand; what a hostile file claims beyond it has to be there first.
const RESERVED: usize = 1 << 20;
/// Slots that are made at a time: what has been made is never moved.
const AT_ONCE: usize = 1 << 14;
/// Bytes of a cache line.
const LINE: usize = 64;

/// A key's hash, computed where the record was decoded, perhaps on another thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyHash(u32);

impl KeyHash {
    /// As the index wants it: the number of a bucket from the low bits, a tag from the highest.
    fn spread(self) -> u64 {
        u64::from(self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Hashes keys; seeded anew in every process, so that no file can be made to collide.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyHasher(RandomState);

impl KeyHasher {
    pub(crate) fn hash(&self, key: &[u8]) -> KeyHash {
        KeyHash(u32::try_from(self.0.hash_one(key) >> 32).unwrap_or(0))
    }
}

/// The last record of a key that was seen: the file offset of its element under marks, in two halves, and the key's hash.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    halves: [u32; 2],
    hash: KeyHash,
}

impl Slot {
    pub(crate) fn new(at: u64, marks: u64, hash: KeyHash) -> Self {
        let word = (at & PLACE) | marks;
        let half = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0);
        Self { halves: [half(word >> 32), half(word)], hash }
    }

    fn word(self) -> u64 {
        let [high, low] = self.halves;
        u64::from(high) << 32 | u64::from(low)
    }

    /// File offset of its element.
    pub(crate) fn at(self) -> u64 {
        self.word() & PLACE
    }

    pub(crate) fn has(self, mark: u64) -> bool {
        self.word() & mark != 0
    }
}

/// The slots of all keys, in the order in which they first came.
#[derive(Clone, Debug)]
pub(crate) struct Slots<'a> {
    file: &'a [u8],
    pieces: Vec<Vec<Slot>>,
    index: HashTable<u32>,
}

fn slot(pieces: &[Vec<Slot>], number: u32) -> Option<&Slot> {
    let number = usize::try_from(number).ok()?;
    pieces.get(number / AT_ONCE)?.get(number % AT_ONCE)
}

impl<'a> Slots<'a> {
    pub(crate) fn new(file: &'a [u8]) -> Self {
        Self { file, pieces: Vec::new(), index: HashTable::new() }
    }

    /// Makes room in the index for so many keys, or as many of them as a plausible file has.
    pub(crate) fn reserve(&mut self, keys: u64) {
        let keys = usize::try_from(keys).unwrap_or(RESERVED).min(RESERVED);
        let pieces = &self.pieces;
        self.index.reserve(keys, |&number| slot(pieces, number).map_or(0, |slot| slot.hash.spread()));
    }

    /// The same, of which none is found any more.
    pub(crate) fn without_index(self) -> Self {
        Self { index: HashTable::new(), ..self }
    }

    /// How many there are: numbers go from 0 to below it.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.index.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn get(&self, number: u32) -> Option<Slot> {
        slot(&self.pieces, number).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        self.pieces.iter().flatten().copied()
    }

    /// The same, for whoever reads every element: they lie anywhere in the file, and those of some slots at once are
    /// fetched in the time of one, as long as nothing waits for the one before.
    pub(crate) fn fetched(&self) -> impl Iterator<Item = Slot> + '_ {
        self.pieces.iter().flat_map(|piece| piece.chunks(TOUCHED)).flat_map(|some| {
            self.touch_all(some.iter().copied());
            some.iter().copied()
        })
    }

    fn touch_all(&self, slots: impl Iterator<Item = Slot>) {
        let byte = |at: usize| self.file.get(at).copied().unwrap_or(0);
        let places = slots.filter_map(|slot| usize::try_from(slot.at()).ok());
        std::hint::black_box(places.fold(0, |sum, at| sum ^ byte(at) ^ byte(at.saturating_add(LINE))));
    }

    /// The number of a key's slot.
    pub(crate) fn find(&self, key: &[u8], hash: KeyHash) -> Option<u32> {
        let same =
            |&number: &u32| slot(&self.pieces, number).is_some_and(|slot| slot.hash == hash && self.key(*slot) == key);
        self.index.find(hash.spread(), same).copied()
    }

    /// Puts a slot in the place of number `before`, or behind all others; gives its number.
    pub(crate) fn put(&mut self, before: Option<u32>, new: Slot) -> u32 {
        if let Some((number, at)) = before.and_then(|number| Some((number, usize::try_from(number).ok()?))) {
            let place = self.pieces.get_mut(at / AT_ONCE).and_then(|piece| piece.get_mut(at % AT_ONCE));
            place.into_iter().for_each(|place| *place = new);
            return number;
        }
        // A file would need 100 GB of records of the smallest size to pass this.
        let number = self.len();
        if number == u32::MAX {
            return number;
        }
        match self.pieces.last_mut().filter(|piece| piece.len() < AT_ONCE) {
            Some(piece) => piece.push(new),
            None => {
                let mut piece = Vec::with_capacity(AT_ONCE);
                piece.push(new);
                self.pieces.push(piece);
            }
        }
        let pieces = &self.pieces;
        let hash_of = |&number: &u32| slot(pieces, number).map_or(0, |slot| slot.hash.spread());
        self.index.insert_unique(new.hash.spread(), number, hash_of);
        number
    }

    /// The element of a slot: its key, a revision, and its value, a KeyValue.
    fn element(&self, at: u64) -> (&'a [u8], &'a [u8]) {
        LeafElement::data_at(self.file, at).unwrap_or_default()
    }

    pub(crate) fn revision(&self, slot: Slot) -> Revision {
        BucketKey::decode(self.element(slot.at()).0).map(|key| key.revision).unwrap_or_default()
    }

    /// Whether a slot is that of a record, or of one of the same revision.
    pub(crate) fn is_of(&self, slot: Slot, record: &Record<'_>) -> bool {
        slot.at() == record.place.offset || self.revision(slot) == record.revision
    }

    pub(crate) fn key_value(&self, slot: Slot) -> KeyValue<'a> {
        KeyValue::decode(self.element(slot.at()).1).unwrap_or_default()
    }

    /// The user's key.
    pub(crate) fn key(&self, slot: Slot) -> &'a [u8] {
        let (_, raw) = self.element(slot.at());
        // As etcd writes it, the key comes first, once, and is short: no need to look at the rest.
        match raw {
            [0x0a, len @ 0..0x80, rest @ ..] if !slot.has(ODD) => rest.get(..usize::from(*len)).unwrap_or_default(),
            _ => KeyValue::decode(raw).map(|kv| kv.key).unwrap_or_default(),
        }
    }
}

impl<'a> Keys<'a> for Slots<'a> {
    fn key(&self, number: u32) -> &'a [u8] {
        self.get(number).map(|slot| self.key(slot)).unwrap_or_default()
    }

    fn touch(&self, numbers: impl Iterator<Item = u32>) {
        self.touch_all(numbers.filter_map(|number| self.get(number)));
    }
}

/// The last record of each key of those that were taken, from first to last: some 25 bytes a key, whatever is in it. Keys
/// have numbers from 0 on, in the order in which they first came.
#[derive(Clone, Debug)]
pub struct LastRecords<'a> {
    slots: Slots<'a>,
    hasher: KeyHasher,
}

impl<'a> LastRecords<'a> {
    /// Of the records of a file: none yet.
    #[must_use]
    pub fn new(file: &'a [u8]) -> Self {
        Self { slots: Slots::new(file), hasher: KeyHasher::default() }
    }

    /// Takes a record as the last one of its key; gives the number of that, and the record before. A record that is no
    /// element of the file, and could not be read again, is not taken.
    pub fn put(&mut self, record: &Record<'a>) -> Option<(u32, Option<Record<'a>>)> {
        let (found, new) = self.place(record)?;
        let before = found.and_then(|number| self.numbered(number));
        Some((self.slots.put(found, new), before))
    }

    /// The same where records come from the last to the first: takes one only where none of its key was taken before. Tells
    /// whether it is an element of the file.
    #[must_use]
    pub fn put_backwards(&mut self, record: &Record<'a>) -> bool {
        let Some((found, new)) = self.place(record) else { return false };
        if found.is_none() {
            self.slots.put(None, new);
        }
        true
    }

    /// The number that the key of a record has, and its slot to be.
    fn place(&self, record: &Record<'a>) -> Option<(Option<u32>, Slot)> {
        let (_, raw) = self.slots.element(record.place.offset);
        if !std::ptr::eq(raw, record.raw) {
            return None;
        }
        let hash = self.hasher.hash(record.kv.key);
        let marks = if record.oddity.any() { ODD } else { 0 };
        Some((self.slots.find(record.kv.key, hash), Slot::new(record.place.offset, marks, hash)))
    }

    /// The last record of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Record<'a>> {
        self.numbered(self.slots.find(key, self.hasher.hash(key))?)
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.slots.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys, in the order of their numbers.
    pub fn keys(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.slots.iter().map(|slot| self.slots.key(slot))
    }

    /// The numbers of the keys that `is_wanted` accepts, in byte order of the keys: 16 bytes each while they are gone
    /// through.
    pub fn sorted(&self, is_wanted: impl Fn(u32) -> bool + Sync, spread: &impl Spread) -> Sorted {
        sort::by_key(self.len(), is_wanted, &self.slots, spread)
    }

    /// The last records of the keys of those numbers, as [`Self::numbered`] gives them: faster than that, one by one.
    pub fn of<'s>(&'s self, numbers: &'s [u32]) -> impl Iterator<Item = Record<'a>> + 's {
        numbers.chunks(TOUCHED).flat_map(|some| {
            self.slots.touch(some.iter().copied());
            some.iter().filter_map(|&number| self.numbered(number))
        })
    }

    /// The last record of each key, in the order of their numbers, as [`Self::numbered`] gives it: faster than that, one by
    /// one.
    pub fn all(&self) -> impl Iterator<Item = (u32, Record<'a>)> + '_ {
        (0_u32..).zip(self.slots.fetched()).filter_map(|(number, slot)| Some((number, self.record(slot)?)))
    }

    /// The last record of the key of that number. Of its place only the offset is known.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Option<Record<'a>> {
        self.record(self.slots.get(number)?)
    }

    fn record(&self, slot: Slot) -> Option<Record<'a>> {
        let (key, raw) = self.slots.element(slot.at());
        let BucketKey { revision, tombstone } = BucketKey::decode(key).ok()?;
        let (kv, oddity) = KeyValue::read(raw).ok()?;
        let place = Place { page: Pgid(0), element: 0, offset: slot.at() };
        Some(Record { revision, tombstone, kv, raw, oddity, place })
    }
}
