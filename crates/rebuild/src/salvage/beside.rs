//! What lies beside the tree: leaves that nothing leads to, what is left of pages, and records by their shape alone.

use std::collections::HashSet;

use bbolt_page::salvage::{leading, leaf_pages, whole_leaf};
use bbolt_page::{Bounds, Db, LeafPage, PageKind, Pgid};
use etcd_snapshot::carve;

use super::Rung;
use super::take::{Leaf, Taken, follows};
use super::tree::Tree;
use super::union::Union;

/// Bytes that a disk writes at once, or not at all.
const SECTOR: u64 = 512;

/// The pages of a file that were not believed.
pub(super) struct Beside<'d, 'a> {
    db: &'d Db<'a>,
    believed: HashSet<Pgid>,
    /// Pages of the tree that failed, and what they led to.
    failed: Vec<(Pgid, Bounds<'a>)>,
}

impl<'d, 'a> Beside<'d, 'a> {
    pub(super) fn new(db: &'d Db<'a>, tree: &Tree<'a>) -> Self {
        let failed = tree.key.lost.iter().map(|lost| (lost.page, lost.bounds)).collect();
        Self { db, believed: tree.pages(db.page_size()).collect(), failed }
    }

    /// Fills what is lost from whole leaves, then from what is left of others.
    pub(super) fn orphans(&self, union: &mut Union<'a>) {
        let (mut whole, mut torn) = (Vec::new(), Vec::new());
        let failed: HashSet<Pgid> = self.failed.iter().map(|(page, _)| *page).collect();
        for page in leaf_pages(self.db.bytes(), self.db.meta().page_size) {
            // what the tree says of a page is known better than what the page says
            if self.believed.contains(&page.page()) || failed.contains(&page.page()) {
                continue;
            }
            match whole_leaf(self.db, page, Bounds::default()) {
                Ok(page) => whole.extend(Leaf::alone(&page, page.elements().collect(), union.compacted)),
                Err(_) => torn.extend(self.left_of(&page, Bounds::default(), union.compacted)),
            }
        }
        let pages = self.failed.iter().filter_map(|(page, bounds)| Some((self.failed_leaf(*page)?, *bounds)));
        torn.extend(pages.filter_map(|(page, bounds)| self.left_of(&page, bounds, union.compacted)));
        union.fill(whole.into_iter(), Rung::Orphan);
        union.fill(torn.into_iter(), Rung::Torn);
    }

    fn left_of(&self, page: &LeafPage<'a>, bounds: Bounds<'a>, compacted: Option<i64>) -> Option<Leaf<'a>> {
        let mut leaf = Leaf::alone(page, leading(self.db, page, bounds), compacted)?;
        // behind the first record that is none, nothing is known of where the page was written over
        if let Some(lost) = leaf.lost.iter().find(|lost| lost.overlaps(&leaf.range)) {
            leaf.range.to = lost.from;
            leaf.records.retain(|taken| taken.revision < lost.from);
        }
        Some(leaf)
    }

    /// A leaf that the tree led to and that failed, whatever page it says that it is.
    fn failed_leaf(&self, id: Pgid) -> Option<LeafPage<'a>> {
        let header = self.db.header(id).filter(|_| id.0 >= 2)?;
        let run = self.db.run(id, header.overflow).or_else(|| self.db.run(id, 0))?;
        (header.kind() == Some(PageKind::Leaf)).then(|| LeafPage::new(run, header.count, id, self.db.offset_of(id)))
    }

    /// Fills what is lost with what has the shape of a record, wherever it lies.
    pub(super) fn raw(&self, union: &mut Union<'a>) {
        for (page, bytes) in self.pieces() {
            let start = bytes.as_ptr().addr();
            let found = carve::by_shape(bytes).filter(|(revision, _, raw, follower)| {
                !self.has_hole(raw) && (follows(*revision, *follower) || !self.spans_sectors(raw))
            });
            let taken = found.map(|(revision, tombstone, raw, _)| {
                let at = u64::try_from(raw.as_ptr().addr().saturating_sub(start)).unwrap_or(0);
                Taken { revision, tombstone, raw, page: Pgid(page.0 + at / self.db.page_size()) }
            });
            union.add_loose(taken, Rung::Raw);
        }
    }

    /// Pages that were not believed, cut where one says what it is: what lies before it was written by another transaction.
    fn pieces(&self) -> Vec<(Pgid, &'a [u8])> {
        let bytes = self.db.bytes();
        let pages = u64::try_from(bytes.len()).unwrap_or(0).div_ceil(self.db.page_size());
        let says = |page: u64| {
            self.db.header(Pgid(page)).is_some_and(|header| header.id == Pgid(page) && header.kind().is_some())
        };
        let at = |page: u64| usize::try_from(self.db.offset_of(Pgid(page))).unwrap_or(usize::MAX).min(bytes.len());
        let (mut pieces, mut start) = (Vec::new(), None);
        for page in 0..=pages {
            let ends = page == pages || self.believed.contains(&Pgid(page));
            if (ends || says(page))
                && let Some(from) = start.take()
            {
                pieces.push((Pgid(from), bytes.get(at(from)..at(page)).unwrap_or_default()));
            }
            if !ends {
                start.get_or_insert(page);
            }
        }
        pieces
    }

    /// Whether a record lies in more than one sector, of which each may have been written without the others.
    fn spans_sectors(&self, raw: &[u8]) -> bool {
        let start = self.db.offset_in_file(raw).unwrap_or(0);
        start / SECTOR != (start + u64::try_from(raw.len()).unwrap_or(0)) / SECTOR
    }

    /// Whether a record has a page of zeros in it, which is more often a hole than a value.
    fn has_hole(&self, raw: &[u8]) -> bool {
        let size = usize::try_from(self.db.page_size()).unwrap_or(usize::MAX);
        let start = usize::try_from(self.db.offset_in_file(raw).unwrap_or(0)).unwrap_or(0);
        let first = start.next_multiple_of(size) - start;
        let pages = raw.get(first..).unwrap_or_default().chunks_exact(size);
        pages.into_iter().any(|page| page.iter().all(|byte| *byte == 0))
    }
}
