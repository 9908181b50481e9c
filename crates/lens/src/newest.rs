//! What a search found: the newest record of each key.

use bbolt_page::Spread;
use etcd_snapshot::{LastRecords, Record};

/// The newest revision of a key in a view.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The record; a tombstone where the key is deleted in the view.
    pub record: Record<'a>,
}

/// What a search found: the newest record of each key that was asked for. Some 30 bytes a key, whatever is in it.
#[derive(Debug)]
pub struct Newest<'a> {
    keys: LastRecords<'a>,
    /// The numbers of all of them, in byte order of the keys.
    order: Vec<u32>,
    /// Elements on the way that are no intact records, or stand where their revision does not belong: one of them may
    /// have been asked for.
    pub damaged: u64,
}

/// What a name means, of which one object was expected.
#[derive(Debug, Clone)]
pub enum One<'a> {
    /// It.
    Live(Found<'a>),
    /// It was deleted, by this record.
    Deleted(Found<'a>),
    /// Nothing has that name.
    None,
    /// Several live ones have it.
    Several(Vec<Found<'a>>),
}

impl<'a> Newest<'a> {
    /// None yet, of the records of a file.
    pub(crate) fn none(file: &'a [u8]) -> Self {
        Self { keys: LastRecords::new(file), order: Vec::new(), damaged: 0 }
    }

    /// Takes a record, unless a newer one of its key was taken; records come from the newest backwards.
    pub(crate) fn take(&mut self, record: &Record<'a>) {
        self.damaged += u64::from(!self.keys.put_backwards(record));
    }

    pub(crate) fn in_order(mut self, spread: &impl Spread) -> Self {
        self.order = self.keys.sorted(|_| true, spread).collect();
        self
    }

    /// How many keys were found so far.
    pub(crate) fn found(&self) -> usize {
        usize::try_from(self.keys.len()).unwrap_or(usize::MAX)
    }

    /// How many keys were found, deleted ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether no key was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The newest record of a key.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Found<'a>> {
        self.keys.get(key).map(|record| Found { record })
    }

    /// The records of all keys, in the order of their keys.
    pub fn all(&self) -> impl Iterator<Item = Found<'a>> {
        self.keys.of(&self.order).map(|record| Found { record })
    }

    /// The records of keys that are live, in the order of their keys.
    pub fn live(&self) -> impl Iterator<Item = Found<'a>> {
        self.all().filter(|found| !found.record.tombstone)
    }

    /// The one key that is there.
    #[must_use]
    pub fn one(&self) -> One<'a> {
        let live: Vec<Found<'a>> = self.live().collect();
        match (&live[..], self.all().next()) {
            ([one], _) => One::Live(*one),
            ([], Some(gone)) => One::Deleted(gone),
            ([], None) => One::None,
            _ => One::Several(live),
        }
    }
}
