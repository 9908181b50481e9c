//! Leaf pages, on pages of their own or inline in a bucket's value.

use crate::cursor::{array_at, offset, u32_at};
use crate::fault::FaultKind;
use crate::page::{PageHeader, Pgid};

/// Bytes of a leaf element.
const ELEMENT_LEN: usize = 16;
/// bbolt's limit for keys, in bytes.
const MAX_KEY: usize = 32768;
/// Leaf element flag: the value is a bucket.
const BUCKET_FLAG: u32 = 1;

/// The keys that a page may hold, as its ancestors say: `lower <= key < upper`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds<'a> {
    /// The branch key that leads here.
    pub lower: Option<&'a [u8]>,
    /// The next branch key above.
    pub upper: Option<&'a [u8]>,
}

impl Bounds<'_> {
    pub(crate) fn is_below(&self, key: &[u8]) -> bool {
        self.lower.is_some_and(|lower| key < lower)
    }

    pub(crate) fn is_above(&self, key: &[u8]) -> bool {
        self.upper.is_some_and(|upper| key >= upper)
    }
}

/// Where an element's key and value lie, inside the run.
pub(crate) struct Span<'a> {
    /// Byte of the page where the key starts.
    pub(crate) start: u64,
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
}

impl<'a> Span<'a> {
    /// The data of the element at byte `at`, or the fault that it leaves the page.
    pub(crate) fn of(data: &'a [u8], at: usize, pos: u32, ksize: u32, vsize: u32) -> Result<Self, FaultKind> {
        let behind = data.get(at..).unwrap_or_default();
        let outside = || FaultKind::ElementBounds { pos, ksize, vsize, have: offset(behind.len()) };
        let small = |n: u32| usize::try_from(n).map_err(|_| outside());
        let rest = behind.get(small(pos)?..).ok_or_else(outside)?;
        let (key, rest) = rest.split_at_checked(small(ksize)?).ok_or_else(outside)?;
        let value = rest.get(..small(vsize)?).ok_or_else(outside)?;
        Ok(Self { start: offset(at) + u64::from(pos), key, value })
    }

    pub(crate) fn end(&self) -> u64 {
        self.start + offset(self.key.len()) + offset(self.value.len())
    }
}

/// The fault of data that does not start where the data before it ends. Before the first element, the gap is room for
/// elements that the header no longer counts.
pub(crate) fn gap(count: u16, index: u16, start: u64, floor: u64) -> FaultKind {
    let room = start.saturating_sub(offset(PageHeader::LEN)) / offset(ELEMENT_LEN);
    if index == 0 && room > u64::from(count) {
        FaultKind::ElementCount { count, room }
    } else {
        FaultKind::ElementGap { start, floor }
    }
}

/// Whether a page holds nothing but zeros from byte `from` on.
pub(crate) fn is_zero_behind(data: &[u8], from: u64) -> bool {
    let behind = usize::try_from(from).ok().and_then(|from| data.get(from..)).unwrap_or_default();
    behind.iter().fold(0, |sum: u8, byte| sum | byte) == 0
}

/// The fault of a key that bbolt could not have stored.
pub(crate) fn check_key_size(key: &[u8]) -> Option<FaultKind> {
    let got = u32::try_from(key.len()).unwrap_or(u32::MAX);
    (key.is_empty() || key.len() > MAX_KEY).then_some(FaultKind::KeySize { got })
}

/// A leaf page, unbelieved: accessors give what lies inside the page.
#[derive(Clone, Copy, Debug)]
pub struct LeafPage<'a> {
    data: &'a [u8],
    count: u16,
    page: Pgid,
    offset: u64,
    /// On a page of its own, with unused bytes behind the last element; an inline page has none.
    is_page: bool,
}

/// A key and its value, or a bucket's name and its bucket value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafElement<'a> {
    /// Position in the page.
    pub index: u16,
    /// Raw flags.
    pub flags: u32,
    /// The key.
    pub key: &'a [u8],
    /// The value.
    pub value: &'a [u8],
}

impl<'a> LeafElement<'a> {
    /// Key and value of the element at byte `at` of a file, where [`LeafPage::offset_of`] says that one is which
    /// [`LeafPage::elements`] gave: it is read again, and not held against its page.
    #[must_use]
    pub fn data_at(file: &'a [u8], at: u64) -> Option<(&'a [u8], &'a [u8])> {
        let at = usize::try_from(at).ok()?;
        let element = array_at::<ELEMENT_LEN>(file, at)?;
        let Span { key, value, .. } =
            Span::of(file, at, u32_at(element, 4)?, u32_at(element, 8)?, u32_at(element, 12)?).ok()?;
        Some((key, value))
    }

    /// Whether the value is a bucket.
    #[must_use]
    pub fn is_bucket(&self) -> bool {
        self.flags & BUCKET_FLAG != 0
    }
}

/// What a check of a leaf found about its layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeafShape {
    /// All keys and values lie one behind the other, in order, straight behind the element array.
    pub packed: bool,
    /// At least one value is a bucket.
    pub has_buckets: bool,
    /// Bytes in use: header, elements, keys and values.
    pub used: u64,
}

impl<'a> LeafPage<'a> {
    /// Takes the bytes of a whole run, or of an inline page, with the page that it belongs to and its file offset.
    #[must_use]
    pub fn new(data: &'a [u8], count: u16, page: Pgid, offset: u64) -> Self {
        Self { data, count, page, offset, is_page: true }
    }

    /// Takes the bytes of the page inside an inline bucket's value.
    #[must_use]
    pub(crate) fn inline(data: &'a [u8], count: u16, page: Pgid, offset: u64) -> Self {
        Self { data, count, page, offset, is_page: false }
    }

    /// Bytes of the run, or of the inline page.
    pub(crate) fn len(&self) -> u64 {
        offset(self.data.len())
    }

    /// Bytes of the run, continuation pages included, or of the inline page.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.len()
    }

    /// Whether the page lies in a bucket's value.
    pub(crate) fn is_inline(&self) -> bool {
        !self.is_page
    }

    /// Elements that the header claims.
    #[must_use]
    pub fn count(&self) -> u16 {
        self.count
    }

    /// The page (for an inline bucket: the page that holds it).
    #[must_use]
    pub fn page(&self) -> Pgid {
        self.page
    }

    /// File offset of element `index`.
    #[must_use]
    pub fn offset_of(&self, index: u16) -> u64 {
        self.offset + offset(PageHeader::LEN + usize::from(index) * ELEMENT_LEN)
    }

    /// The elements that lie inside the page, in stored order.
    ///
    /// An element that leaves the page or lies on data of an earlier one is left out ([`Self::check`] names it): the
    /// bytes given back never add up to more than the page, whatever the elements claim.
    pub fn elements(&self) -> impl Iterator<Item = LeafElement<'a>> + use<'a> {
        let page = *self;
        let mut floor = page.data_start();
        (0..self.count).map_while(move |index| page.raw(index)).filter_map(move |(index, flags, span)| {
            let span = span.ok().filter(|span| span.start >= floor)?;
            floor = span.end();
            Some(LeafElement { index, flags, key: span.key, value: span.value })
        })
    }

    /// Element `index` alone, where it lies inside the page, whatever its neighbours claim: to search a page in key
    /// order without reading all of it.
    #[must_use]
    pub fn element(&self, index: u16) -> Option<LeafElement<'a>> {
        let (index, flags, span) = self.raw(index).filter(|_| index < self.count)?;
        span.ok().map(|span| LeafElement { index, flags, key: span.key, value: span.value })
    }

    /// Keys and values as one piece, where a check said that they are packed: what the elements hold, end to end.
    #[must_use]
    pub fn payload(&self, shape: &LeafShape) -> Option<&'a [u8]> {
        if !shape.packed || shape.has_buckets {
            return None;
        }
        let range = usize::try_from(self.data_start()).ok()?..usize::try_from(shape.used).ok()?;
        self.data.get(range)
    }

    /// Byte of the page behind the element array, where the first key belongs.
    fn data_start(&self) -> u64 {
        offset(PageHeader::LEN + usize::from(self.count) * ELEMENT_LEN)
    }

    pub(crate) fn raw(&self, index: u16) -> Option<(u16, u32, Result<Span<'a>, FaultKind>)> {
        let at = PageHeader::LEN + usize::from(index) * ELEMENT_LEN;
        let element = array_at::<ELEMENT_LEN>(self.data, at)?;
        let (flags, pos) = (u32_at(element, 0)?, u32_at(element, 4)?);
        let (ksize, vsize) = (u32_at(element, 8)?, u32_at(element, 12)?);
        Some((index, flags, Span::of(self.data, at, pos, ksize, vsize)))
    }

    /// Checks every element; `report` gets the faults with the element they are in.
    pub fn check(&self, bounds: Bounds<'a>, mut report: impl FnMut(FaultKind, Option<u16>)) -> LeafShape {
        let mut floor = self.data_start();
        let mut shape = LeafShape { packed: true, has_buckets: false, used: floor };
        if floor > offset(self.data.len()) {
            let kind = FaultKind::ElementArray { count: self.count, need: floor, have: offset(self.data.len()) };
            report(kind, None);
            shape.packed = false;
        }
        let mut previous: Option<&[u8]> = None;
        for (index, flags, span) in (0..self.count).map_while(|index| self.raw(index)) {
            let mut fault = |kind| report(kind, Some(index));
            let span = match span {
                Ok(span) => span,
                Err(kind) => {
                    fault(kind);
                    shape.packed = false;
                    continue;
                }
            };
            if flags > BUCKET_FLAG {
                fault(FaultKind::ElementFlags { got: flags });
            }
            shape.has_buckets |= flags & BUCKET_FLAG != 0;
            if let Some(kind) = check_key_size(span.key) {
                fault(kind);
            }
            if span.start != floor {
                shape.packed = false;
                let start = span.start;
                if start < floor {
                    fault(FaultKind::ElementOverlap { start, floor });
                    continue;
                }
                fault(gap(self.count, index, start, floor));
            }
            floor = span.end();
            match previous {
                Some(before) if span.key <= before => fault(FaultKind::KeyOrder),
                None if bounds.is_below(span.key) => fault(FaultKind::BelowBound),
                _ => {}
            }
            previous = Some(span.key);
        }
        if previous.is_some_and(|last| bounds.is_above(last)) {
            report(FaultKind::AboveBound, self.count.checked_sub(1));
        }
        shape.used = floor;
        if self.is_page && self.count > 0 && !is_zero_behind(self.data, floor) {
            report(FaultKind::Slack { from: floor }, None);
        }
        shape
    }
}
