//! What each key takes: some 30 bytes a key, and 40 more where it has several records.

use etcd_snapshot::{LastRecords, Record};

use super::Selection;
use super::taken::{Group, KeyUsage, size, versions_before, wrapping};

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
    /// What all take together.
    sum: Group,
    /// Numbers of those that are meant, where not all are.
    meant: Option<Vec<u32>>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self {
            last: LastRecords::new(file),
            places: Vec::new(),
            earlier: Vec::new(),
            sum: Group::default(),
            meant: None,
        }
    }

    /// Adds a record; they come in order of revision.
    pub(super) fn add(&mut self, record: &Record<'a>) {
        let Some((number, before)) = self.last.put(record) else { return };
        self.sum.take(record);
        let Some(before) = before else {
            self.sum.removed = self.sum.removed.saturating_add(versions_before(record));
            return self.places.push(0);
        };
        self.sum.replace(&before);
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

    /// What all of them take together.
    pub(super) fn sum(&self) -> &Group {
        &self.sum
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
        let all = self.meant.is_none().then(|| self.last.all().map(|(number, last)| self.usage(number, &last)));
        let meant = self.meant.iter().flatten().filter_map(|number| self.numbered(*number));
        all.into_iter().flatten().chain(meant)
    }

    /// The same in byte order of the keys.
    pub(super) fn sorted(&self) -> impl Iterator<Item = KeyUsage<'a>> + '_ {
        let meant = self.meant.as_deref();
        let is_meant = |number: u32| meant.is_none_or(|meant| meant.binary_search(&number).is_ok());
        self.last.sorted(is_meant, &bbolt_page::Serial).filter_map(|number| self.numbered(number))
    }

    /// Keeps those that are meant.
    pub(super) fn narrow(&mut self, selection: &Selection) {
        let numbered = (0_u32..).zip(self.last.keys());
        self.meant = Some(numbered.filter(|(_, key)| selection.matches(key)).map(|(number, _)| number).collect());
        let mut sum = Group::default();
        self.iter().for_each(|key| sum.add(&key));
        self.sum = sum;
    }

    fn numbered(&self, number: u32) -> Option<KeyUsage<'a>> {
        Some(self.usage(number, &self.last.numbered(number)?))
    }

    fn usage(&self, number: u32, last: &Record<'a>) -> KeyUsage<'a> {
        let place = usize::try_from(number).ok().and_then(|at| self.places.get(at)).copied().unwrap_or(0);
        let at = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
        let none = Earlier { removed: versions_before(last), ..Earlier::default() };
        let earlier = at.and_then(|at| self.earlier.get(at)).copied().unwrap_or(none);
        let size = size(last);
        KeyUsage {
            key: last.kv.key,
            live: if last.tombstone { 0 } else { size },
            history: earlier.history,
            tombstones: earlier.tombstones + if last.tombstone { size } else { 0 },
            revisions: earlier.revisions + 1,
            removed: earlier.removed,
            wrapping: earlier.wrapping + wrapping(last.kv.value),
        }
    }
}
