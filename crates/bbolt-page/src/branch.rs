//! Branch pages: bounded, ordered, or reported.

use std::ops::ControlFlow;

use crate::cursor::{array_at, offset, u32_at, u64_at};
use crate::fault::FaultKind;
use crate::leaf::{Bounds, Span, check_key_size, gap, is_zero_behind};
use crate::page::{PageHeader, Pgid};

/// Bytes of a branch element.
const ELEMENT_LEN: usize = 16;

/// A branch page, unbelieved: accessors give what lies inside the page.
#[derive(Clone, Copy, Debug)]
pub struct BranchPage<'a> {
    data: &'a [u8],
    count: u16,
}

/// A child and the lower bound of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchElement<'a> {
    /// Position in the page.
    pub index: u16,
    /// Lower bound of every key below the child.
    pub key: &'a [u8],
    /// The child.
    pub child: Pgid,
}

impl<'a> BranchPage<'a> {
    /// Takes the bytes of a whole run and the page's header.
    #[must_use]
    pub fn new(data: &'a [u8], header: &PageHeader) -> Self {
        Self { data, count: header.count }
    }

    /// Elements that the header claims.
    #[must_use]
    pub fn count(&self) -> u16 {
        self.count
    }

    /// Bytes in use: header, elements and keys.
    #[must_use]
    pub fn used(&self) -> u64 {
        let array = offset(PageHeader::LEN + usize::from(self.count) * ELEMENT_LEN);
        let ends =
            (0..self.count).map_while(|at| self.raw(at)).filter_map(|(_, span)| span.ok().map(|span| span.end()));
        ends.fold(array, u64::max)
    }

    /// The child of element `at` and where its key lies, unchecked against its neighbours.
    pub(crate) fn raw(&self, at: u16) -> Option<(Pgid, Result<Span<'a>, FaultKind>)> {
        let start = PageHeader::LEN + usize::from(at) * ELEMENT_LEN;
        let element = array_at::<ELEMENT_LEN>(self.data, start)?;
        let (pos, ksize, child) = (u32_at(element, 0)?, u32_at(element, 4)?, u64_at(element, 8)?);
        Some((Pgid(child), Span::of(self.data, start, pos, ksize, 0)))
    }

    /// The lower bound of element `at`, where it lies inside the page.
    #[must_use]
    pub fn key(&self, at: u16) -> Option<&'a [u8]> {
        if at >= self.count {
            return None;
        }
        self.raw(at)?.1.ok().map(|span| span.key)
    }

    /// Checks every element and gives those whose child can be followed, keys damaged or not.
    ///
    /// `report` gets the faults with the element they are in; an element whose key is out of bounds keeps its child,
    /// with an empty key, since the subtree may well be intact.
    pub fn check(
        &self,
        bounds: Bounds<'a>,
        mut report: impl FnMut(FaultKind, Option<u16>),
        mut child: impl FnMut(BranchElement<'a>) -> ControlFlow<()>,
    ) {
        let need = PageHeader::LEN + usize::from(self.count) * ELEMENT_LEN;
        if self.count == 0 {
            report(FaultKind::EmptyBranch, None);
            return;
        }
        if need > self.data.len() {
            let (need, have) = (offset(need), offset(self.data.len()));
            report(FaultKind::ElementArray { count: self.count, need, have }, None);
        }
        let mut floor = offset(need);
        let mut previous: Option<&[u8]> = None;
        for index in 0..self.count {
            let Some((id, span)) = self.raw(index) else { return };
            let mut element = BranchElement { index, key: &[], child: id };
            match span {
                Ok(Span { start, key, .. }) => {
                    element.key = key;
                    if let Some(kind) = check_key_size(key) {
                        report(kind, Some(index));
                    }
                    if start < floor {
                        report(FaultKind::ElementOverlap { start, floor }, Some(index));
                    } else if start > floor {
                        report(gap(self.count, index, start, floor), Some(index));
                    }
                    floor = floor.max(start.saturating_add(offset(key.len())));
                    match previous {
                        Some(before) if key <= before => report(FaultKind::KeyOrder, Some(index)),
                        None if bounds.is_below(key) => report(FaultKind::BelowBound, Some(index)),
                        _ => {}
                    }
                    if bounds.is_above(key) {
                        report(FaultKind::AboveBound, Some(index));
                    }
                    previous = Some(key);
                }
                Err(kind) => report(kind, Some(index)),
            }
            if child(element).is_break() {
                return;
            }
        }
        if !is_zero_behind(self.data, floor) {
            report(FaultKind::Slack { from: floor }, None);
        }
    }
}
