//! Records of all sources, each once, and the ranges that are lost.

use std::collections::HashSet;

use bbolt_page::salvage::LostPage;
use bbolt_page::{Db, FaultKind, Pgid};
use etcd_snapshot::{Revision, trailer};

use super::Rung;
use super::range::{Range, merged, next, uncovered};
use super::report::{LostRange, Why};
use super::take::{Leaf, Taken};

/// What was gathered of bucket `key`.
#[derive(Debug)]
pub(super) struct Union<'a> {
    /// History is complete only above this main revision, 0 for all of it; `None` where bucket `meta` is lost.
    pub(super) compacted: Option<i64>,
    taken: Vec<(Taken<'a>, Rung)>,
    pub(super) lost: Vec<LostRange>,
    /// Lost, and not found anywhere yet.
    open: Vec<Range>,
    /// Revisions of which two sources said different things, and records that contradict each other though none is lost.
    pub(super) conflicts: u64,
}

impl<'a> Union<'a> {
    pub(super) fn new(compacted: Option<i64>) -> Self {
        Self { compacted, taken: Vec::new(), lost: Vec::new(), open: Vec::new(), conflicts: 0 }
    }

    /// The last record so far.
    pub(super) fn before(&self) -> Option<Revision> {
        self.taken.last().map(|(taken, _)| taken.revision)
    }

    pub(super) fn has_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    /// Takes all records of a leaf of the tree.
    pub(super) fn add_tree(&mut self, leaf: &Leaf<'a>, rung: Rung) {
        self.taken.extend(leaf.records.iter().map(|taken| (*taken, rung)));
        leaf.lost.iter().for_each(|range| self.lose_range(*range, Some(leaf.page), Why::Records));
    }

    /// Notes what pages of the tree led to that failed.
    pub(super) fn lose(&mut self, lost: &[LostPage<'_>]) {
        for lost in lost {
            self.lose_range(Range::of(lost.bounds), Some(lost.page), Why::Page(lost.why.clone()));
        }
    }

    /// Notes what a damaged meta may have led to, where it may be the newer one: the two metas of a stream are one.
    pub(super) fn lose_tail(&mut self, db: &Db<'_>) {
        let is_stream = trailer::is_present(u64::try_from(db.bytes().len()).unwrap_or(0));
        let is_known = is_stream && db.slots().iter().any(|slot| slot.valid().is_some());
        for slot in db.slots().iter().filter(|slot| !is_known && slot.valid().is_none()).take(1) {
            if let Err(fault) = &slot.outcome {
                let from = self.before().map_or(Range::ALL.from, next);
                let why = FaultKind::Meta { slot: slot.index, fault: fault.clone() };
                let page = Some(Pgid(u64::from(slot.index)));
                self.lose_range(Range { from, to: Range::END }, page, Why::Page(why));
            }
        }
    }

    fn lose_range(&mut self, range: Range, page: Option<Pgid>, why: Why) {
        if range.is_empty() {
            return;
        }
        self.lost.push(LostRange { range, page, why, recovered: 0, missing: None, filled: false });
        self.open.push(range);
    }

    /// Takes from leaves of another source what lies in ranges that are lost.
    pub(super) fn fill(&mut self, leaves: impl Iterator<Item = Leaf<'a>>, rung: Rung) {
        let mut covers = Vec::new();
        self.open = merged(std::mem::take(&mut self.open));
        for leaf in leaves {
            let Some(last) = leaf.records.last() else { continue };
            let wanted = leaf.records.iter().filter(|taken| contains(&self.open, taken.revision));
            self.taken.extend(wanted.map(|taken| (*taken, rung)));
            // an older tree does not answer for what was written since
            let to = if leaf.range.to == Range::END { next(last.revision) } else { leaf.range.to };
            covers.extend(uncovered(Range { to, ..leaf.range }, &merged(leaf.lost)));
        }
        let covers = merged(covers);
        self.open = self.open.iter().flat_map(|range| uncovered(*range, &covers)).collect();
    }

    /// Takes records of which nothing is known but themselves: they answer for no range.
    pub(super) fn add_loose(&mut self, records: impl Iterator<Item = Taken<'a>>, rung: Rung) {
        self.open = merged(std::mem::take(&mut self.open));
        let open = &self.open;
        self.taken.extend(records.filter(|taken| contains(open, taken.revision)).map(|taken| (taken, rung)));
    }

    /// Puts the records in order, each once, and notes revisions that are missing although no page failed.
    pub(super) fn look_for_gaps(&mut self) {
        self.taken.sort_by_key(|(taken, rung)| (taken.revision, *rung));
        self.settle_conflicts();
        let Some(compacted) = self.compacted else { return };
        let mut before = Revision { main: compacted.max(1), sub: i64::MAX };
        let mut gaps = Vec::new();
        for (taken, _) in self.taken.iter().filter(|(taken, _)| taken.revision.main > compacted) {
            let at = taken.revision;
            let first = if at.main == before.main { next(before) } else { Revision { main: before.main + 1, sub: 0 } };
            // a restore that raises the revision leaves a gap and an empty record behind it
            if !taken.raw.is_empty() {
                gaps.push(Range { from: first, to: at });
            }
            before = at;
        }
        let listed = merged(self.lost.iter().map(|lost| lost.range).collect());
        for gap in gaps.into_iter().flat_map(|gap| uncovered(gap, &listed)) {
            self.lose_range(gap, None, Why::Gap);
        }
    }

    /// Of two records of one revision the surer one stays; of two equally sure ones none.
    fn settle_conflicts(&mut self) {
        let mut settled: Vec<(Taken<'a>, Rung)> = Vec::with_capacity(self.taken.len());
        let mut both = Vec::new();
        for (taken, rung) in std::mem::take(&mut self.taken) {
            let Some((known, surer)) = settled.last().filter(|(known, _)| known.revision == taken.revision) else {
                settled.push((taken, rung));
                continue;
            };
            if (known.raw, known.tombstone) != (taken.raw, taken.tombstone) {
                self.conflicts += 1;
                both.extend((*surer == rung).then_some((known.revision, known.page)));
            }
        }
        let unsure: HashSet<Revision> = both.iter().map(|(revision, _)| *revision).collect();
        settled.retain(|(taken, _)| !unsure.contains(&taken.revision));
        for (revision, page) in both {
            self.lose_range(Range { from: revision, to: next(revision) }, Some(page), Why::Records);
        }
        self.taken = settled;
    }

    /// The records, and the lost ranges with what was found of each.
    pub(super) fn finish(mut self) -> (Vec<(Taken<'a>, Rung)>, Vec<LostRange>) {
        self.lost.sort_by_key(|lost| lost.range);
        let (taken, open) = (&self.taken, merged(self.open));
        let place = |revision: Revision| taken.partition_point(|(taken, _)| taken.revision < revision);
        for lost in &mut self.lost {
            let within = taken.get(place(lost.range.from)..place(lost.range.to)).unwrap_or_default();
            lost.recovered = u64::try_from(within.len()).unwrap_or(u64::MAX);
            lost.filled = lost.why != Why::Gap && uncovered(lost.range, &open) == [lost.range];
            let countable = self.compacted.is_some_and(|compacted| lost.range.from.main > compacted);
            if let ((first, Some(last)), true) = (lost.range.mains(), countable) {
                let from = Revision { main: first, sub: 0 };
                let to = Revision { main: last.saturating_add(1), sub: 0 };
                let mut mains: Vec<i64> =
                    taken.get(place(from)..place(to)).unwrap_or_default().iter().map(|t| t.0.revision.main).collect();
                mains.dedup();
                let there = i64::try_from(mains.len()).unwrap_or(i64::MAX);
                lost.missing = u64::try_from((last - first).saturating_add(1).saturating_sub(there)).ok();
            }
        }
        (self.taken, self.lost)
    }
}

fn contains(ranges: &[Range], revision: Revision) -> bool {
    let at = ranges.partition_point(|range| range.to <= revision);
    ranges.get(at).is_some_and(|range| range.contains(revision))
}
