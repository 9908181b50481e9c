//! Keys that are left out with all that was ever theirs, and the proof that nothing of them is left.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use bbolt_page::{Db, LeafPage, PageKind, Pgid, Spread};
use etcd_snapshot::Record;

use super::Plan;
use crate::needles::{Hit, Needles};

/// Which user keys stay.
pub(crate) struct Narrowed<'a>(&'a (dyn Fn(&[u8]) -> bool + Sync));

/// What is left out of a source.
#[derive(Debug, Default)]
pub struct LeftOut {
    /// Live keys of the source, at the revision asked for.
    pub keys_before: u64,
    /// How many of them are left out.
    pub keys: u64,
    /// The names and values, of 8 bytes and more, of all records of what is left out: live, deleted and past.
    pub needles: Needles,
}

/// What a file has of what was left out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Names and values of what was left out which something that was kept has in it, too: a pod's name in an event.
    pub shared: u64,
    /// The first place where they stand in what is nobody's: neither in a key nor in a value that was kept.
    pub residue: Option<Hit>,
}

/// Leases that something which is kept is attached to.
pub(crate) struct Leases(HashSet<i64>);

impl Leases {
    /// Whether a key of bucket `lease` is one of them. What is none stays, whatever it is.
    pub(crate) fn holds(&self, key: &[u8]) -> bool {
        key.try_into().map_or(true, |id| self.0.contains(&i64::from_be_bytes(id)))
    }
}

impl<'a> Plan<'a> {
    /// Keeps only the user keys that `meant` accepts, and no lease without a key. History is not to be kept then: ask for
    /// [`Compact::Latest`](crate::Compact::Latest) or for a revision.
    #[must_use]
    pub fn only(self, meant: &'a (dyn Fn(&[u8]) -> bool + Sync)) -> Self {
        Self { narrowed: Some(Narrowed(meant)), ..self }
    }

    fn is_meant(&self, key: &[u8]) -> bool {
        self.narrowed.as_ref().is_none_or(|Narrowed(meant)| meant(key))
    }

    /// Whether a record is of a key that is not meant, or later than the state that is asked for.
    pub(crate) fn leaves_out(&self, record: &Record<'_>) -> bool {
        let later = self.wanted.rev.is_some_and(|rev| record.revision.main > rev);
        later || !(record.is_bump_marker() || self.is_meant(record.kv.key))
    }

    /// The leases that are kept; `None` where all are. An earlier state may have fewer keys, too.
    pub(crate) fn leases(&self) -> Option<Leases> {
        if self.narrowed.is_none() && self.wanted.rev.is_none() {
            return None;
        }
        let kept = self.scan.records().filter(|record| self.keeps(record));
        Some(Leases(kept.map(|record| record.kv.lease).filter(|lease| *lease != 0).collect()))
    }

    /// Goes through what is left out because its key is not meant. Owners of needles are the ordinals of their records:
    /// see [`Self::owner`].
    #[must_use]
    pub fn left_out(&self) -> LeftOut {
        let mut left = LeftOut::default();
        for live in self.scan.store.live() {
            left.keys_before += 1;
            left.keys += u64::from(!self.is_meant(live.kv.key));
        }
        let mut last: &[u8] = b"";
        for (number, record) in self.scan.records().enumerate() {
            if record.is_bump_marker() || self.is_meant(record.kv.key) {
                continue;
            }
            let owner = u32::try_from(number).unwrap_or(u32::MAX);
            if record.kv.key != last {
                left.needles.add(record.kv.key, owner);
                last = record.kv.key;
            }
            left.needles.add(record.kv.value, owner);
        }
        left
    }

    /// The live keys of the source at the revision asked for, those that are left out among them.
    pub fn live(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.scan.store.live().map(|live| live.kv.key)
    }

    /// The key of the record with that ordinal.
    #[must_use]
    pub fn owner(&self, number: u32) -> Option<&'a [u8]> {
        self.scan.records().nth(usize::try_from(number).ok()?).map(|record| record.kv.key)
    }
}

impl Traces {
    /// Looks for needles in a file that was written: what is wholly inside of keys and values that it has is there
    /// because they have it, too; anything else is residue.
    #[must_use]
    pub fn of(needles: Needles, db: &Db<'_>, spread: &impl Spread) -> Self {
        let entries = entries(db);
        let (mut traces, mut shared) = (Self::default(), HashSet::new());
        needles.search(db.bytes(), spread, |hit| {
            let before = entries.partition_point(|entries| entries.start <= hit.at);
            let inside = before.checked_sub(1).and_then(|before| entries.get(before));
            if inside.is_some_and(|entries| hit.at + hit.len <= entries.end) {
                shared.insert(hit.id);
            } else {
                traces.residue.get_or_insert(hit);
            }
        });
        traces.shared = shared.len() as u64;
        traces
    }
}

/// Where keys and values lie in a file, ascending, those of a page in one.
fn entries(db: &Db<'_>) -> Vec<Range<usize>> {
    let (mut entries, mut id) = (Vec::new(), 0);
    while let Some(header) = db.header(Pgid(id)).filter(|_| id < db.page_limit()) {
        if header.kind() == Some(PageKind::Leaf)
            && let Some(run) = db.run(Pgid(id), header.overflow)
        {
            let page = LeafPage::new(run, header.count, Pgid(id), db.offset_of(Pgid(id)));
            let ends = page.element(0).zip(header.count.checked_sub(1).and_then(|last| page.element(last)));
            entries.extend(ends.and_then(|(first, last)| {
                let start = usize::try_from(db.offset_in_file(first.key)?).ok()?;
                let end = usize::try_from(db.offset_in_file(last.value)?).ok()?.checked_add(last.value.len())?;
                Some(start..end)
            }));
        }
        id = id.saturating_add(u64::from(header.overflow)).saturating_add(1);
    }
    entries
}

impl fmt::Debug for Narrowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Narrowed")
    }
}
