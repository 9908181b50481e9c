//! Where pages stand: each says its number, so bytes that were put in or taken out show as pages that moved.

use std::ops::{ControlFlow, Range};

use crate::profile::Pages;
use crate::step::Step;
use crate::undo::{Odd, undo};

/// Bytes of a page's header.
const HEADER: usize = 16;
/// Bytes of an element of a page.
const ELEMENT: u32 = 16;
/// What a meta begins with.
const MAGIC: u32 = 0xED0C_DAED;
/// Most bytes by which pages move at once.
const FURTHEST: usize = 64 << 10;
/// Most bytes between two pages whose places are known.
const WIDEST: usize = 16 << 20;
/// Most places that are told.
const PLACES: usize = 64;

/// Where pages moved.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// The places, in order.
    pub(crate) shifts: Vec<Shift>,
    /// Whether there are more of them, or pages that were not found again.
    pub(crate) lost: bool,
    /// How many pages moved back, which is where bytes were taken out, told or not.
    pub(crate) back: u64,
    /// From the last page that was found to the end, and how many bytes stand behind the pages.
    pub(crate) end: Option<Shift>,
}

/// A place behind which pages stand further on, or further back, than before it.
#[derive(Debug)]
pub(crate) struct Shift {
    /// Between the page before and the one that moved, the first included.
    pub(crate) place: Range<u64>,
    /// What stands there.
    pub(crate) bytes: Vec<u8>,
    /// By how many bytes they moved; of the end, how many stand behind the pages.
    pub(crate) by: i64,
}

impl Layout {
    /// Follows the pages of what comes out of some steps.
    pub(crate) fn of(bytes: &[u8], steps: &[Step], pages: Pages) -> Result<Self, Odd> {
        let mut walk = Walk::new(pages);
        undo(bytes, steps, &mut |piece| {
            walk.take(piece);
            walk.go()
        })?;
        walk.ended = true;
        let _ = walk.go();
        Ok(walk.done())
    }
}

struct Walk {
    pages: Pages,
    /// Bytes from the last page that was found on, behind so many that were looked at.
    buffer: Vec<u8>,
    front: usize,
    /// Where these bytes begin, and how many there were in all.
    base: u64,
    len: u64,
    ended: bool,
    /// The page that comes next, and how far pages have moved.
    next: u64,
    shift: i64,
    /// Bytes that are wanted behind the place of the next page before it is given up.
    want: usize,
    layout: Layout,
}

/// What stands at the place of a page.
enum Place {
    Page {
        pages: u64,
    },
    Zeros,
    Other,
    /// Not all of it is there.
    Short,
}

impl Walk {
    fn new(pages: Pages) -> Self {
        let layout = Layout::default();
        let (buffer, front, base, len, ended) = (Vec::new(), 0, 0, 0, false);
        Self { pages, buffer, front, base, len, ended, next: 0, shift: 0, want: 0, layout }
    }

    /// What is not looked at yet.
    fn held(&self) -> &[u8] {
        self.buffer.get(self.front..).unwrap_or_default()
    }

    fn take(&mut self, piece: &[u8]) {
        self.len = self.len.saturating_add(piece.len() as u64);
        if self.front > WIDEST / 16 {
            self.buffer.drain(..self.front);
            self.front = 0;
        }
        // behind the last page, only what may still be its end
        if self.next < self.pages.count || self.held().len() < WIDEST {
            self.buffer.extend_from_slice(piece);
        }
    }

    /// Where a page should stand, in the buffer.
    fn place(&self, page: u64) -> Option<usize> {
        let at = i64::try_from(page.checked_mul(self.pages.size)?).ok()?.checked_add(self.shift)?;
        usize::try_from(at.checked_sub(i64::try_from(self.base).ok()?)?).ok()
    }

    /// The number of pages of the one that says it has this number.
    fn header(&self, at: usize, page: u64) -> Option<u64> {
        let header = self.held().get(at..at.checked_add(HEADER)?)?;
        let (id, rest) = header.split_first_chunk::<8>()?;
        let (flags, rest) = rest.split_first_chunk::<2>()?;
        let overflow = rest.get(2..)?.first_chunk::<4>()?;
        let pages = u64::from(u32::from_le_bytes(*overflow)) + 1;
        let known = matches!(u16::from_le_bytes(*flags), 0x01 | 0x02 | 0x04 | 0x10);
        (u64::from_le_bytes(*id) == page && known && page + pages <= self.pages.count).then_some(pages)
    }

    fn look(&self, at: usize, page: u64) -> Place {
        let size = usize::try_from(self.pages.size).unwrap_or(usize::MAX);
        if let Some(pages) = self.header(at, page) {
            return Place::Page { pages };
        }
        match self.held().get(at..at.saturating_add(size)) {
            None => Place::Short,
            Some(whole) if whole.iter().all(|byte| *byte == 0) => Place::Zeros,
            Some(_) => Place::Other,
        }
    }

    /// Goes on as far as the bytes at hand allow.
    fn go(&mut self) -> ControlFlow<()> {
        while self.next < self.pages.count && !self.layout.lost {
            let Some(at) = self.place(self.next).filter(|at| *at <= WIDEST) else {
                self.layout.lost = true;
                break;
            };
            match self.look(at, self.next) {
                Place::Page { pages } => self.found(at, pages),
                Place::Zeros => self.found(at, 1),
                Place::Short | Place::Other => {
                    let wanted = at.saturating_add(self.want.max(FURTHEST * 2));
                    if !self.ended && self.held().len() < wanted {
                        return ControlFlow::Continue(());
                    }
                    if self.find() {
                        continue;
                    }
                    if self.ended {
                        break;
                    }
                    self.want = self.want.max(FURTHEST * 2).saturating_mul(2);
                    self.layout.lost |= self.want > WIDEST;
                }
            }
        }
        if self.layout.lost { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// A page is where it should be: what was before it is of no interest any more.
    fn found(&mut self, at: usize, pages: u64) {
        self.next = self.next.saturating_add(pages);
        self.want = 0;
        self.front = self.front.saturating_add(at);
        self.base = self.base.saturating_add(at as u64);
    }

    /// Looks for the next page: behind others that say nothing, or somewhere else.
    fn find(&mut self) -> bool {
        let pages = self.next + 1..self.pages.count;
        let stays = pages
            .map_while(|page| Some((page, self.place(page).filter(|at| at + HEADER <= self.held().len())?)))
            .find(|&(page, at)| self.header(at, page).is_some());
        let before = stays.map_or(self.pages.count, |(page, _)| page);
        if let Some((page, found)) = self.moved(before) {
            self.shifted(page, found);
            return true;
        }
        let Some((page, at)) = stays else { return false };
        self.next = page;
        self.found(at, 0);
        true
    }

    /// A page that stands elsewhere.
    fn moved(&self, before: u64) -> Option<(u64, usize)> {
        let flags = memchr::memchr3_iter(0x01, 0x02, 0x04, self.held().get(HEADER + 8..)?).map(|at| at + HEADER);
        flags.filter_map(|found| Some((u64::from_le_bytes(*self.held().get(found..)?.first_chunk()?), found))).find(
            |&(page, found)| {
                let should = self.place(page).unwrap_or(usize::MAX);
                (self.next..before).contains(&page)
                    && (1..=FURTHEST).contains(&should.abs_diff(found))
                    && self.header(found, page).is_some()
                    && self.begins(found)
            },
        )
    }

    /// Whether what follows a header is what a page begins with: a magic number, or elements and the first key behind them.
    fn begins(&self, at: usize) -> bool {
        let word = |offset: usize| {
            let bytes = self.held().get(at.saturating_add(offset)..)?.first_chunk::<4>()?;
            Some(u32::from_le_bytes(*bytes))
        };
        let (kind, count) = word(8).map_or((0, 0), |word| (word & 0xffff, word >> 16));
        match kind {
            0x04 => word(16) == Some(MAGIC),
            0x01 => count > 0 && word(16) == Some(count * ELEMENT),
            0x02 => count > 0 && word(20) == Some(count * ELEMENT),
            _ => false,
        }
    }

    fn shifted(&mut self, page: u64, found: usize) {
        let should = self.place(page).unwrap_or(found);
        let by = i64::try_from(found).unwrap_or(0) - i64::try_from(should).unwrap_or(0);
        self.layout.back += u64::from(by < 0);
        if self.layout.shifts.len() < PLACES {
            let place = self.base..self.base.saturating_add(found as u64);
            let bytes = self.held().get(..found).unwrap_or_default().to_vec();
            self.layout.shifts.push(Shift { place, bytes, by });
        } else {
            self.layout.lost = true;
        }
        self.shift = self.shift.saturating_add(by);
        self.next = page;
        self.found(found, 0);
    }

    fn done(mut self) -> Layout {
        if !self.layout.lost {
            let end = i64::try_from(self.pages.end()).unwrap_or(i64::MAX).saturating_add(self.shift);
            let by = i64::try_from(self.len).unwrap_or(i64::MAX).saturating_sub(end);
            self.layout.end = Some(Shift { place: self.base..self.len, bytes: self.held().to_vec(), by });
        }
        self.layout
    }
}
