//! The records of a leaf that can be believed.

use bbolt_page::salvage::IntactLeaf;
use bbolt_page::{LeafElement, LeafPage, Pgid};
use etcd_snapshot::{Place, Record, Revision, mvcc};

use super::range::{Range, next};

/// A record, and where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken<'a> {
    pub(super) revision: Revision,
    pub(super) tombstone: bool,
    pub(super) raw: &'a [u8],
    pub(super) page: Pgid,
}

impl<'a> Taken<'a> {
    fn of(record: &Record<'a>) -> Self {
        let Record { revision, tombstone, raw, place, .. } = *record;
        Self { revision, tombstone, raw, page: place.page }
    }
}

/// What an intact leaf gives.
#[derive(Debug)]
pub(super) struct Leaf<'a> {
    pub(super) page: Pgid,
    pub(super) records: Vec<Taken<'a>>,
    /// All that the leaf answers for.
    pub(super) range: Range,
    /// What of it is not believed.
    pub(super) lost: Vec<Range>,
}

impl<'a> Leaf<'a> {
    /// Reads a leaf of a tree. `before` is the last record of the leaf before this one.
    pub(super) fn read(leaf: &IntactLeaf<'a>, before: Option<Revision>, compacted: Option<i64>) -> Self {
        Self::of(&leaf.page, leaf.page.elements().collect(), Range::of(leaf.bounds), (before, compacted))
    }

    /// Reads elements of a leaf that no tree leads to: they answer for what lies between them. When they were written, all
    /// before the last of them had been. A gap where none can be was torn: nothing from the record before it on is believed.
    pub(super) fn alone(page: &LeafPage<'a>, elements: Vec<LeafElement<'a>>, compacted: Option<i64>) -> Option<Self> {
        let mut leaf = Self::of(page, elements, Range::ALL, (None, compacted));
        let is_torn = |pair: &[Taken<'_>]| match pair {
            [before, after] => {
                let complete = compacted.is_some_and(|compacted| before.revision.main > compacted);
                complete && !after.raw.is_empty() && !follows(before.revision, Some(after.revision))
            }
            _ => false,
        };
        if let Some(torn) = leaf.records.windows(2).position(is_torn) {
            leaf.records.truncate(torn);
        }
        let (first, last) = (leaf.records.first()?.revision, leaf.records.last()?.revision);
        Some(Self { range: Range { from: first, to: next(last) }, ..leaf })
    }

    /// Of elements that are no records, or contradict themselves, the one before goes, too: whatever changed them may have
    /// begun in its value.
    fn of(
        page: &LeafPage<'a>,
        elements: Vec<LeafElement<'a>>,
        range: Range,
        (before, compacted): (Option<Revision>, Option<i64>),
    ) -> Self {
        let elements: Vec<_> = elements.iter().map(|element| believed(page, element)).collect();
        let mut read = Self { page: page.page(), records: Vec::new(), range, lost: Vec::new() };
        let (mut from, mut last, mut whole) = (range.from, before, true);
        for (at, record) in elements.iter().enumerate() {
            let follower = elements.get(at + 1);
            let sound = record.filter(|record| {
                (mvcc::stands_alone(record) || is_marker(record, last, compacted))
                    && follower.is_none_or(|next| next.is_some_and(|next| believable(&next, record, compacted)))
            });
            let Some(record) = sound else {
                whole = false;
                continue;
            };
            if !whole {
                read.lost.push(Range { from, to: record.revision });
            }
            (from, last, whole) = (next(record.revision), Some(record.revision), true);
            read.records.push(Taken::of(&record));
        }
        if !whole {
            read.lost.push(Range { from, to: range.to });
        }
        read.lost.retain(|range| !range.is_empty());
        read
    }
}

/// Whether nothing can be between a revision and another behind it.
pub(super) fn follows(revision: Revision, follower: Option<Revision>) -> bool {
    let first = Revision { main: revision.main.saturating_add(1), sub: 0 };
    follower.is_some_and(|follower| follower == first || follower == next(revision))
}

fn believed<'a>(page: &LeafPage<'a>, element: &LeafElement<'a>) -> Option<Record<'a>> {
    let place = Place { page: page.page(), element: element.index, offset: page.offset_of(element.index) };
    Record::decode(element, place).ok().filter(|_| !element.is_bucket())
}

fn believable(record: &Record<'_>, before: &Record<'_>, compacted: Option<i64>) -> bool {
    mvcc::stands_alone(record) || is_marker(record, Some(before.revision), compacted)
}

/// Whether an empty record is what a restore leaves that raises the revision.
fn is_marker(record: &Record<'_>, before: Option<Revision>, compacted: Option<i64>) -> bool {
    record.is_bump_marker() && mvcc::is_raised(record.revision, before, compacted)
}
