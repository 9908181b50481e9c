//! Which keys of two snapshots differ, and in what: pair after pair, so that nothing is kept of one once it is told.

use etcd_snapshot::Live;
use serde_json::Value;

use crate::change::Change;
use crate::compare::{Comparison, Difference, Pair, moves, shown};
use crate::object::Unseen;
use crate::select::Selection;

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// Only in the new snapshot.
    Added,
    /// Only in the old one.
    Removed,
    /// In both, and not the same.
    Changed,
}

impl Became {
    /// The word for it: `added`, `removed`, `changed`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// What is known of the values of a key that differs.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Nothing that was asked for.
    None,
    /// The one object there is.
    Whole(Value),
    /// Fields that differ.
    Fields(Vec<Change>),
    /// They are no objects, or the same but for their encoding.
    Bytes,
    /// They are the same, under another lease.
    Lease,
    /// They are encrypted, and stay closed.
    Closed(String),
}

/// A key that differs.
#[derive(Debug, Clone)]
pub struct Differing<'a> {
    /// What became of it.
    pub became: Became,
    /// What it is in the old snapshot.
    pub old: Option<Live<'a>>,
    /// What it is in the new one.
    pub new: Option<Live<'a>>,
    /// What is in its values.
    pub values: Values,
}

impl<'a> Differing<'a> {
    /// The key. Show it by `kube_objects::ShownKey`.
    #[must_use]
    pub fn key(&self) -> &'a [u8] {
        self.new.or(self.old).map_or(&[], |live| live.kv.key)
    }
}

/// How many of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiffCounts {
    /// Keys only in the new snapshot.
    pub added: u64,
    /// Keys only in the old one.
    pub removed: u64,
    /// Keys with other values.
    pub changed: u64,
    /// Of those changed: encrypted values that stay closed, so that what is inside may be the same.
    pub closed: u64,
    /// Keys that differ only in what always moves.
    pub ignored: u64,
    /// Keys whose values were encrypted anew and hold the same.
    pub resealed: u64,
}

impl DiffCounts {
    fn count(&mut self, found: &Differing<'_>) {
        match found.became {
            Became::Added => self.added += 1,
            Became::Removed => self.removed += 1,
            Became::Changed => self.changed += 1,
        }
        self.closed += u64::from(matches!(found.values, Values::Closed(_)));
    }

    /// Whether there is any difference.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.added + self.removed + self.changed > 0
    }
}

/// What a comparison comes by.
pub enum Met<'a> {
    /// A key that differs.
    Differs(Differing<'a>),
    /// A key that differs, and of which it cannot be told whether it is meant.
    Unseen(&'a [u8], Unseen),
}

/// What is compared.
#[derive(Clone, Copy)]
pub struct Diff<'o> {
    /// How.
    pub comparison: Comparison<'o>,
    /// Which objects, as far as their insides tell; by their keys the pairs are chosen already.
    pub selection: &'o Selection,
    /// Whether objects that are in one snapshot alone are to be seen.
    pub values: bool,
}

impl Diff<'_> {
    /// Compares pair after pair. `take` may end it.
    ///
    /// # Errors
    /// What `take` ends it by.
    pub fn run<'p, E>(
        &self,
        pairs: impl Iterator<Item = Pair<'p, 'p>>,
        mut take: impl FnMut(Met<'p>) -> Result<(), E>,
    ) -> Result<DiffCounts, E> {
        let mut counts = DiffCounts::default();
        for pair in pairs {
            if !self.comparison.all && moves(pair.key()) {
                counts.ignored += u64::from(!self.is_same(&pair));
                continue;
            }
            match self.is_meant(&pair) {
                Ok(true) => {
                    if let Some(found) = self.compare(pair, &mut counts) {
                        counts.count(&found);
                        take(Met::Differs(found))?;
                    }
                }
                Ok(false) => {}
                Err(why) => take(Met::Unseen(pair.key(), why))?,
            }
        }
        Ok(counts)
    }

    /// Whether a pair is meant, as far as the insides tell; a pair that is the same bytes is no matter.
    fn is_meant(&self, pair: &Pair<'_, '_>) -> Result<bool, Unseen> {
        if !self.selection.looks_inside() || self.is_same(pair) {
            return Ok(true);
        }
        let (old, new) = match pair {
            Pair::Added(new) => (None, Some(new)),
            Pair::Removed(old) => (Some(old), None),
            Pair::Both(old, new) => (Some(old), Some(new)),
        };
        let Comparison { reveal, .. } = self.comparison;
        let old = old.map(|live| shown(self.comparison.old, live, reveal));
        let new = new.map(|live| shown(self.comparison.new, live, reveal));
        self.selection.matches_any(pair.key(), old.into_iter().chain(new))
    }

    fn is_same(&self, pair: &Pair<'_, '_>) -> bool {
        matches!(pair, Pair::Both(old, new) if self.comparison.is_same(old, new))
    }

    fn compare<'p>(&self, pair: Pair<'p, 'p>, counts: &mut DiffCounts) -> Option<Differing<'p>> {
        let Comparison { old: old_keys, new: new_keys, reveal, .. } = self.comparison;
        let whole = |opener, live: &Live<'_>| {
            let object = self.values.then(|| shown(opener, live, reveal).ok()).flatten();
            object.map_or(Values::None, Values::Whole)
        };
        let (became, old, new, values) = match pair {
            Pair::Added(new) => (Became::Added, None, Some(new), whole(new_keys, &new)),
            Pair::Removed(old) => (Became::Removed, Some(old), None, whole(old_keys, &old)),
            Pair::Both(old, new) => (Became::Changed, Some(old), Some(new), self.values_of(&old, &new, counts)?),
        };
        Some(Differing { became, old, new, values })
    }

    fn values_of(&self, old: &Live<'_>, new: &Live<'_>, counts: &mut DiffCounts) -> Option<Values> {
        Some(match self.comparison.of(old, new) {
            Difference::None => return None,
            Difference::Resealed => {
                counts.resealed += 1;
                return None;
            }
            Difference::Moved => {
                counts.ignored += 1;
                return None;
            }
            Difference::Fields(fields) => Values::Fields(fields),
            Difference::Bytes => Values::Bytes,
            Difference::Lease => Values::Lease,
            Difference::Closed(why) => Values::Closed(why.to_string()),
        })
    }
}
