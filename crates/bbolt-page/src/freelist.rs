//! A persisted freelist, where there is one.

use std::ops::RangeInclusive;

use crate::bitmap::Bitmap;
use crate::cursor::{offset, u64_at};
use crate::fault::FaultKind;
use crate::page::{PageHeader, Pgid};

/// Stored as the count when the real count is the first id slot.
const COUNT_ELSEWHERE: u16 = u16::MAX;

/// Reads the ids of a freelist run; too large a count is reported and cut to what the run holds.
pub(crate) fn ids<'a, R: FnMut(FaultKind)>(
    run: &'a [u8],
    header: &PageHeader,
    report: &mut R,
) -> impl Iterator<Item = Pgid> + use<'a, R> {
    let slots = offset(run.len().saturating_sub(PageHeader::LEN) / 8);
    let slot = |at: u64| usize::try_from(at).ok().and_then(|at| u64_at(run, PageHeader::LEN + at * 8));
    let (first, count) =
        if header.count == COUNT_ELSEWHERE { (1, slot(0).unwrap_or(0)) } else { (0, u64::from(header.count)) };
    let have = slots.saturating_sub(first);
    if count > have {
        report(FaultKind::FreelistCount { count, have });
    }
    (first..first + count.min(have))
        .filter_map(move |at| u64_at(run, PageHeader::LEN + usize::try_from(at).ok()? * 8).map(Pgid))
}

/// Checks the ids against the pages in use, `own` ones that hold the list among them, and gives the set of pages that are free.
pub(crate) fn check(
    ids: impl Iterator<Item = Pgid>,
    claimed: &Bitmap,
    own: RangeInclusive<u64>,
    (high_water, limit): (Pgid, u64),
    report: &mut impl FnMut(FaultKind),
) -> Bitmap {
    let mut free = Bitmap::new(limit);
    let (mut previous, mut lowest, mut itself): (Option<Pgid>, Option<Pgid>, Option<Pgid>) = (None, None, None);
    for id in ids {
        lowest = Some(lowest.map_or(id, |lowest| lowest.min(id)));
        if let Some(previous) = previous.filter(|&previous| id < previous) {
            report(FaultKind::FreelistOrder { id, previous });
        }
        if id.0 < 2 || id >= high_water {
            report(FaultKind::FreelistRange { id, high_water });
        } else if own.contains(&id.0) {
            itself = itself.or(Some(id));
        } else if free.contains(id) {
            report(FaultKind::FreelistTwice { id });
        } else if claimed.contains(id) {
            report(FaultKind::FreelistReachable { id });
        }
        free.insert(id);
        previous = Some(id);
    }
    if let Some(id) = itself {
        report(FaultKind::FreelistOwn { id, first: lowest == Some(id) });
    }
    let mut lost = (2..limit).map(Pgid).filter(|&id| !claimed.contains(id) && !free.contains(id));
    if let Some(first) = lost.next() {
        report(FaultKind::FreelistIncomplete { count: 1 + offset(lost.count()), first });
    }
    free
}
