//! How a file came to be, as far as its metas and its length tell.

use bbolt_page::{Db, LeafPage, Tree};

use crate::scan::Scan;

/// How a file came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Written by the snapshot stream (`etcdctl snapshot save` and its kin): both metas from one transaction.
    Stream,
    /// A copy of a live database file: the metas are of two transactions.
    RawCopy,
    /// Written anew by a tool: the freelist is persisted, which etcd on Linux does not do.
    Rebuilt,
    /// Written anew as assay does: metas as in a stream, and every page in use and full, which bbolt leaves none.
    Packed,
    /// None of these patterns.
    Unknown,
}

impl Provenance {
    /// Reads the pattern.
    #[must_use]
    pub fn of(db: &Db<'_>) -> Self {
        let [first, second] = db.slots();
        let (Some(first), Some(second)) = (first.valid(), second.valid()) else { return Self::Unknown };
        let same = (first.root, first.freelist, first.high_water) == (second.root, second.freelist, second.high_water);
        if same && first.txid.0 == second.txid.0.wrapping_add(1) {
            return Self::Stream;
        }
        if db.meta().freelist.is_some() {
            return Self::Rebuilt;
        }
        // A live file writes meta `txid % 2`.
        if first.txid.0 % 2 == 0 && second.txid.0 % 2 == 1 && first.txid.0.abs_diff(second.txid.0) == 1 {
            return Self::RawCopy;
        }
        Self::Unknown
    }

    /// Reads the pattern, and looks whether a stream's pages are in use and full, as far as leaves have neighbours.
    #[must_use]
    pub fn of_scan(scan: &Scan<'_>) -> Self {
        match Self::of(&scan.walked.db) {
            Self::Stream if is_packed(scan) => Self::Packed,
            pattern => pattern,
        }
    }

    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::RawCopy => "raw-copy",
            Self::Rebuilt | Self::Packed => "rebuilt",
            Self::Unknown => "unknown",
        }
    }
}

/// Pairs of neighbours that must be full for a pattern to be seen in it.
const PAIRS: usize = 2;
/// Bytes of a leaf's element beside key and value.
const ELEMENT: usize = 16;

/// Whether no page is free and every leaf lies behind the one before it, which has no room for its first element.
///
/// etcd fills pages to 90 % or less and copies free ones along; it is most unlikely that one of its files looks so.
fn is_packed(scan: &Scan<'_>) -> bool {
    let trees = || scan.buckets.iter().filter_map(|bucket| bucket.tree());
    let pairs: usize = trees().map(|tree| tree.leaves().len().saturating_sub(1)).sum();
    scan.walked.pages_free == 0
        && scan.walked.faults.is_empty()
        && pairs >= PAIRS
        && trees().all(|tree| is_full(&scan.walked.db, tree))
}

fn is_full(db: &Db<'_>, tree: &Tree<'_>) -> bool {
    tree.leaves().windows(2).all(|pair| {
        let [before, after] = pair else { return false };
        let (Some(page), Some(next)) = (db.leaf(before), db.leaf(after)) else { return false };
        let room = usize::try_from(page.size()).unwrap_or(usize::MAX).checked_sub(used(db, &page));
        let first = next.element(0).map(|first| ELEMENT + first.key.len() + first.value.len());
        before.page < after.page && first.zip(room).is_some_and(|(first, room)| first > room)
    })
}

/// Bytes up to the end of the last element.
fn used(db: &Db<'_>, page: &LeafPage<'_>) -> usize {
    let last = page.count().checked_sub(1).and_then(|last| page.element(last));
    let end = last
        .and_then(|last| Some(db.offset_in_file(last.value)? - db.offset_of(page.page()) + last.value.len() as u64));
    usize::try_from(end.unwrap_or(0)).unwrap_or(usize::MAX)
}
