//! Every key and its revisions, to be asked at random: whoever answers many questions goes through the file once.

use std::collections::HashMap;

use bbolt_page::Spread;
use foldhash::fast::RandomState;

use crate::reader::Reader;

/// One revision of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version<'a> {
    /// The key.
    pub key: &'a [u8],
    /// What was written; empty for a deletion.
    pub value: &'a [u8],
    /// Main revision of the write.
    pub revision: i64,
    /// Whether it deletes the key.
    pub tombstone: bool,
    /// Whether it changed a key that was there, also where compaction has removed what was there.
    pub again: bool,
}

/// A version without what its key says: there may be millions.
#[derive(Debug, Clone, Copy)]
struct Slot<'a> {
    value: &'a [u8],
    revision: i64,
    /// Which key, in the order of keys.
    key: u32,
    tombstone: bool,
    again: bool,
}

/// The revisions of a snapshot by key and by time. Holds no copies: about 44 bytes a revision and 24 a key, beside the file.
#[derive(Debug)]
pub struct Index<'a> {
    /// Keys in byte order, and where the versions of each begin in `by_key`.
    keys: Vec<(&'a [u8], u32)>,
    /// All versions, in order of revision.
    slots: Vec<Slot<'a>>,
    /// Places in `slots`, by key and then by revision.
    by_key: Vec<u32>,
    current: i64,
    compacted: i64,
    damaged: u64,
}

impl<'a> Index<'a> {
    /// Goes through the file. `progress` gets the bytes looked through. No snapshot has more than 2^32 revisions: what is
    /// beyond is counted as damaged.
    #[must_use]
    pub fn of(reader: &Reader<'a>, spread: &impl Spread, progress: &(dyn Fn(u64) + Sync)) -> Self {
        let mut numbers: HashMap<&'a [u8], u32, RandomState> = HashMap::default();
        let (mut slots, mut beyond) = (Vec::new(), 0);
        let damaged = reader.records(
            |_| true,
            spread,
            progress,
            |record| {
                let next = u32::try_from(numbers.len()).ok().filter(|_| slots.len() < u32::MAX as usize);
                let Some(next) = next else {
                    beyond += 1;
                    return;
                };
                let key = *numbers.entry(record.kv.key).or_insert(next);
                slots.push(Slot {
                    value: if record.tombstone { b"" } else { record.kv.value },
                    revision: record.revision.main,
                    key,
                    tombstone: record.tombstone,
                    again: record.kv.version > 1,
                });
            },
        );
        let (keys, by_key) = sorted(numbers, &mut slots);
        let (current, compacted) = (reader.current(), reader.compacted().unwrap_or(0));
        Self { keys, slots, by_key, current, compacted, damaged: damaged + beyond }
    }

    /// The revision that a server would be at after it opened the file.
    #[must_use]
    pub fn current(&self) -> i64 {
        self.current
    }

    /// The revision up to which history was compacted; 0 before the first compaction.
    #[must_use]
    pub fn compacted(&self) -> i64 {
        self.compacted
    }

    /// Elements that are no intact records.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// How many revisions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Every key that there ever was, in byte order, from the first that is not before `from`.
    pub fn keys_from(&self, from: &[u8]) -> impl Iterator<Item = &'a [u8]> {
        let first = self.keys.partition_point(|(key, _)| *key < from);
        self.keys.get(first..).unwrap_or_default().iter().map(|(key, _)| *key)
    }

    /// How many keys are before one.
    #[must_use]
    pub fn rank(&self, key: &[u8]) -> usize {
        self.keys.partition_point(|(other, _)| *other < key)
    }

    /// The key that so many are before.
    #[must_use]
    pub fn key(&self, rank: usize) -> Option<&'a [u8]> {
        self.keys.get(rank).map(|(key, _)| *key)
    }

    /// A key as it was at a main revision; none where it was not there.
    #[must_use]
    pub fn get(&self, key: &[u8], at: i64) -> Option<Version<'a>> {
        let number = self.keys.binary_search_by(|(other, _)| (*other).cmp(key)).ok()?;
        self.newest(number, at).filter(|version| !version.tombstone)
    }

    /// The keys that begin with `prefix` and were there at a main revision, in byte order; those behind `after`, where one is
    /// given.
    pub fn live<'s>(
        &'s self,
        prefix: &[u8],
        after: Option<&[u8]>,
        at: i64,
    ) -> impl Iterator<Item = Version<'a>> + use<'s, 'a> {
        let first = match after {
            Some(after) if after >= prefix => self.keys.partition_point(|(key, _)| *key <= after),
            _ => self.keys.partition_point(|(key, _)| *key < prefix),
        };
        let rest = self.keys.get(first..).unwrap_or_default();
        let many = rest.partition_point(|(key, _)| key.starts_with(prefix));
        (first..first + many).filter_map(move |number| self.newest(number, at)).filter(|version| !version.tombstone)
    }

    /// What was written after one main revision, up to another, in order.
    pub fn between(&self, after: i64, until: i64) -> impl Iterator<Item = Version<'a>> {
        let first = self.slots.partition_point(|slot| slot.revision <= after);
        let rest = self.slots.get(first..).unwrap_or_default();
        rest.iter().take_while(move |slot| slot.revision <= until).filter_map(|slot| self.version(slot))
    }

    /// What was written up to a main revision, the last first.
    pub fn back_from(&self, at: i64) -> impl Iterator<Item = Version<'a>> {
        let end = self.slots.partition_point(|slot| slot.revision <= at);
        self.slots.get(..end).unwrap_or_default().iter().rev().filter_map(|slot| self.version(slot))
    }

    fn newest(&self, number: usize, at: i64) -> Option<Version<'a>> {
        let first = self.keys.get(number)?.1 as usize;
        let end = self.keys.get(number + 1).map_or(self.by_key.len(), |(_, next)| *next as usize);
        let places = self.by_key.get(first..end)?;
        let many = places.partition_point(|place| self.slot(*place).is_some_and(|slot| slot.revision <= at));
        self.version(self.slot(*places.get(many.checked_sub(1)?)?)?)
    }

    fn slot(&self, place: u32) -> Option<&Slot<'a>> {
        self.slots.get(place as usize)
    }

    fn version(&self, slot: &Slot<'a>) -> Option<Version<'a>> {
        let key = self.keys.get(slot.key as usize)?.0;
        let Slot { value, revision, tombstone, again, .. } = *slot;
        Some(Version { key, value, revision, tombstone, again })
    }
}

/// Keys in order with the beginnings of their versions, and the places of versions by key; slots get the keys' new numbers.
fn sorted<'a>(
    numbers: HashMap<&'a [u8], u32, RandomState>,
    slots: &mut [Slot<'a>],
) -> (Vec<(&'a [u8], u32)>, Vec<u32>) {
    let mut keys: Vec<(&'a [u8], u32)> = numbers.into_iter().collect();
    keys.sort_unstable();
    let mut rank = vec![0_u32; keys.len()];
    for (at, (_, number)) in (0_u32..).zip(&keys) {
        if let Some(rank) = rank.get_mut(*number as usize) {
            *rank = at;
        }
    }
    let mut counts = vec![0_u32; keys.len()];
    for slot in &mut *slots {
        slot.key = rank.get(slot.key as usize).copied().unwrap_or_default();
        if let Some(count) = counts.get_mut(slot.key as usize) {
            *count += 1;
        }
    }
    let mut begin = 0;
    for ((_, first), count) in keys.iter_mut().zip(&mut counts) {
        *first = begin;
        begin += *count;
        *count = *first; // from here on: where the next one goes
    }
    let mut by_key = vec![0_u32; slots.len()];
    for (place, slot) in (0_u32..).zip(&*slots) {
        if let Some(next) = counts.get_mut(slot.key as usize) {
            if let Some(goes) = by_key.get_mut(*next as usize) {
                *goes = place;
            }
            *next += 1;
        }
    }
    (keys, by_key)
}
