//! Revisions from one to another: what a page of bucket `key` holds, or held.

use bbolt_page::Bounds;
use etcd_snapshot::{BucketKey, Revision};

/// Revisions from `from` on and before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    /// The first.
    pub from: Revision,
    /// The first behind them; [`Range::END`] where there is none.
    pub to: Revision,
}

impl Range {
    /// Behind every revision.
    pub const END: Revision = Revision { main: i64::MAX, sub: i64::MAX };
    /// All revisions.
    pub const ALL: Self = Self { from: Revision { main: 0, sub: 0 }, to: Self::END };

    /// What a page may hold whose keys lie within bounds; a bound that is no revision is none.
    pub(crate) fn of(bounds: Bounds<'_>) -> Self {
        let revision = |key: Option<&[u8]>| Some(BucketKey::decode(key?).ok()?.revision);
        Self { from: revision(bounds.lower).unwrap_or(Self::ALL.from), to: revision(bounds.upper).unwrap_or(Self::END) }
    }

    /// Whether a revision is among them.
    #[must_use]
    pub fn contains(&self, revision: Revision) -> bool {
        (self.from..self.to).contains(&revision)
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    /// The first main revision of which something may be among them, and the last; `None` where there is no last.
    #[must_use]
    pub fn mains(&self) -> (i64, Option<i64>) {
        let last = if self.to.sub == 0 { self.to.main.saturating_sub(1) } else { self.to.main };
        (self.from.main, (self.to != Self::END).then_some(last.max(self.from.main)))
    }
}

/// The revision behind one, of the same transaction.
pub(crate) fn next(revision: Revision) -> Revision {
    Revision { sub: revision.sub.saturating_add(1), ..revision }
}

/// Ranges in order, those made one that touch.
pub(crate) fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    ranges.dedup_by(|later, earlier| {
        let touch = later.from <= earlier.to;
        earlier.to = if touch { earlier.to.max(later.to) } else { earlier.to };
        touch
    });
    ranges
}

/// What of a range no other covers; those are [`merged`].
pub(crate) fn uncovered(range: Range, covers: &[Range]) -> Vec<Range> {
    let (mut left, mut from) = (Vec::new(), range.from);
    let first = covers.partition_point(|cover| cover.to <= range.from);
    for cover in covers.iter().skip(first).take_while(|cover| cover.from < range.to) {
        left.push(Range { from, to: cover.from });
        from = from.max(cover.to);
    }
    left.push(Range { from, to: range.to });
    left.retain(|range| !range.is_empty());
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: i64, to: i64) -> Range {
        Range { from: Revision { main: from, sub: 0 }, to: Revision { main: to, sub: 0 } }
    }

    #[test]
    fn what_is_covered_is_not_left() {
        let covers = merged(vec![range(4, 6), range(0, 3), range(6, 7), range(9, 20), range(10, 11)]);
        assert_eq!(covers, [range(0, 3), range(4, 7), range(9, 20)]);
        assert_eq!(uncovered(range(2, 10), &covers), [range(3, 4), range(7, 9)]);
        assert_eq!(uncovered(range(4, 7), &covers), []);
        assert_eq!(uncovered(range(30, 40), &covers), [range(30, 40)]);
    }

    #[test]
    fn bounds_are_revisions_or_none() {
        let key = |main| BucketKey { revision: Revision { main, sub: 0 }, tombstone: true }.encode();
        let (lower, upper) = (key(7), key(9));
        assert_eq!(Range::of(Bounds { lower: Some(&lower), upper: Some(&upper) }), range(7, 9));
        assert_eq!(Range::of(Bounds { lower: Some(b"no"), upper: None }), Range::ALL);
        assert_eq!((range(7, 9).mains(), Range::ALL.mains()), ((7, Some(8)), (0, None)));
    }
}
