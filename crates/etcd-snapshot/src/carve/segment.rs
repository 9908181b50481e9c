//! Free pages as runs: which page says what it is, and how far what it says can be believed.

use std::ops::Range;

use bbolt_page::{PageHeader, PageKind, Pgid};

use super::Tally;
use crate::scan::Scan;

/// Bytes of pages that make one piece of work.
const PIECE_BYTES: u64 = 1 << 20;

/// Pages to be read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// A stale leaf from `start` to before `end`; `cut` where its end was overwritten.
    Leaf { start: u64, end: u64, cut: bool },
    /// Pages that do not say what they are: what begins from `start` to before `end`, and may reach to before `limit`.
    Raw { start: u64, end: u64, limit: u64 },
}

impl Work {
    pub(super) fn pages(self) -> u64 {
        match self {
            Self::Leaf { start, end, .. } | Self::Raw { start, end, .. } => end - start,
        }
    }
}

/// Some works, all of one kind.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) works: Range<usize>,
    pub(super) raw: bool,
}

/// The bytes of pages from `start` to before `end`, as far as the file holds them.
pub(super) fn bytes<'a>(scan: &Scan<'a>, start: u64, end: u64) -> &'a [u8] {
    let db = &scan.walked.db;
    let at = |page: u64| usize::try_from(db.offset_of(Pgid(page))).unwrap_or(usize::MAX).min(db.bytes().len());
    db.bytes().get(at(start)..at(end)).unwrap_or_default()
}

/// Pages that the file holds whole, those beyond the high-water mark included.
fn page_count(scan: &Scan<'_>) -> u64 {
    let db = &scan.walked.db;
    u64::try_from(db.bytes().len()).unwrap_or(u64::MAX) / db.page_size().max(1)
}

/// The header of a page that says what it is.
fn own(scan: &Scan<'_>, page: u64) -> Option<(PageHeader, PageKind)> {
    let header = scan.walked.db.header(Pgid(page)).filter(|header| header.id.0 == page)?;
    Some((header, header.kind()?))
}

/// Where the free run that begins at `start` ends: before a page that is in use, before one that says what it is, or with
/// its continuation pages.
fn end_of_run(scan: &Scan<'_>, start: u64, overflow: u32) -> u64 {
    let whole = start.saturating_add(u64::from(overflow)).saturating_add(1).min(page_count(scan)).max(start + 1);
    let foreign = |page: &u64| scan.walked.uses(Pgid(*page)) || own(scan, *page).is_some();
    (start + 1..whole).find(foreign).unwrap_or(whole)
}

/// Cuts all free pages into works, and works into pieces.
pub(super) fn plan(scan: &Scan<'_>, tally: &mut Tally) -> (Vec<Work>, Vec<Piece>) {
    let pages = page_count(scan);
    let (mut leaves, mut raws) = (Vec::new(), Vec::new());
    let mut page = 2;
    while page < pages {
        if scan.walked.uses(Pgid(page)) {
            page += 1;
            continue;
        }
        let (end, whole) = match own(scan, page) {
            Some((header, kind)) => {
                let end = end_of_run(scan, page, header.overflow);
                let cut = end - page <= u64::from(header.overflow);
                match kind {
                    PageKind::Leaf => {
                        leaves.push(Work::Leaf { start: page, end, cut });
                        tally.whole_leaves += u64::from(!cut);
                        tally.partial_leaves += u64::from(cut);
                    }
                    PageKind::Branch => tally.branches += 1,
                    PageKind::Meta | PageKind::Freelist => {}
                }
                (end, kind == PageKind::Leaf || kind == PageKind::Branch)
            }
            None => {
                let foreign = |next: &u64| scan.walked.uses(Pgid(*next)) || own(scan, *next).is_some();
                ((page + 1..pages).find(foreign).unwrap_or(pages), false)
            }
        };
        if !whole {
            split(scan, page, end, &mut raws);
            tally.raw_pages += end - page;
        }
        tally.pages += end - page;
        page = end;
    }
    let mut pieces = Vec::new();
    pieces_of(scan, &leaves, 0, false, &mut pieces);
    pieces_of(scan, &raws, leaves.len(), true, &mut pieces);
    leaves.append(&mut raws);
    (leaves, pieces)
}

/// Long stretches become several works: each finds what begins in its pages.
fn split(scan: &Scan<'_>, start: u64, limit: u64, works: &mut Vec<Work>) {
    let step = (PIECE_BYTES / scan.walked.db.page_size().max(1)).max(1);
    let mut from = start;
    while from < limit {
        let end = limit.min(from + step);
        works.push(Work::Raw { start: from, end, limit });
        from = end;
    }
}

fn pieces_of(scan: &Scan<'_>, works: &[Work], first: usize, raw: bool, pieces: &mut Vec<Piece>) {
    let (mut start, mut sum) = (0, 0);
    for (at, work) in works.iter().enumerate() {
        sum += work.pages() * scan.walked.db.page_size();
        if sum >= PIECE_BYTES {
            pieces.push(Piece { works: first + start..first + at + 1, raw });
            (start, sum) = (at + 1, 0);
        }
    }
    if start < works.len() {
        pieces.push(Piece { works: first + start..first + works.len(), raw });
    }
}
