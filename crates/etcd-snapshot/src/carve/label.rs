//! Where something carved stands to the snapshot.

use std::collections::BTreeMap;

use bbolt_page::{BucketRoot, Check, Fault, LeafPage, LeafRef};

use super::Label;
use super::remnant::Roots;
use crate::record::KeyValue;
use crate::revision::{BucketKey, Revision};
use crate::scan::Scan;
use crate::state::bucket;

/// Compares with the snapshot, which is walked already.
pub(super) struct Judge<'s, 'a> {
    scan: &'s Scan<'a>,
    current: i64,
    compacted: Option<i64>,
    /// The tree of bucket `key` is damaged: what is missing from it may be lost, and not deleted.
    records_damaged: bool,
    /// The same of the other buckets.
    entries_damaged: bool,
    /// Entries of all buckets but `key`.
    entries: BTreeMap<(&'a [u8], &'a [u8]), &'a [u8]>,
}

impl<'s, 'a> Judge<'s, 'a> {
    pub(super) fn new(scan: &'s Scan<'a>) -> Self {
        let faults = &scan.walked.faults;
        let of_key = |fault: &&Fault| fault.path.buckets.first().is_none_or(|name| name == bucket::KEY);
        let matters =
            |fault: &&Fault| !fault.kind.is_harmless() && !matches!(fault.kind.check(), Check::Metas | Check::Freelist);
        let dropped = faults.dropped() > 0;
        let lost = scan.bucket(bucket::KEY).is_none();
        let mut kept = faults.kept().iter().filter(matters);
        let entries_damaged = dropped
            || lost
            || kept.clone().any(|fault| fault.path.buckets.first().is_none_or(|name| name != bucket::KEY));
        let records_damaged = dropped || lost || scan.counts.unreadable > 0 || kept.any(|fault| of_key(&fault));
        Self {
            scan,
            current: scan.current(),
            compacted: scan.state.compacted(),
            records_damaged,
            entries_damaged,
            entries: entries(scan),
        }
    }

    pub(super) fn record(&self, revision: Revision, tombstone: bool, kv: &KeyValue<'_>, raw: &[u8]) -> Label {
        match self.stored(revision) {
            Some((stored_tombstone, stored)) if (stored_tombstone, stored) == (tombstone, raw) => {
                return Label::Identical;
            }
            Some(_) => return Label::Inconsistent,
            None => {}
        }
        let whole = kv.mod_revision == revision.main && kv.create_revision <= kv.mod_revision && kv.version >= 1;
        if !tombstone && !whole {
            return Label::Inconsistent;
        }
        if self.records_damaged {
            return Label::Undetermined;
        }
        if revision.main > self.current {
            return Label::Newer;
        }
        if self.compacted.is_none_or(|compacted| revision.main > compacted) {
            return Label::Inconsistent; // it would be in the snapshot
        }
        match self.scan.store.last(kv.key, self.scan.hasher.hash(kv.key)) {
            None => Label::Compacted,
            // The last version of a key outlives every compaction.
            Some((last, _)) if last < revision => Label::Inconsistent,
            Some((_, true)) => Label::Deleted,
            Some((_, false)) => Label::Older,
        }
    }

    pub(super) fn entry(&self, name: &'static [u8], key: &'a [u8], value: &'a [u8], roots: &Roots) -> Label {
        let stored = self.entries.get(&(name, key)).copied();
        if stored == Some(value) {
            return Label::Identical;
        }
        let times = roots.consistent_index.zip(self.scan.state.consistent_index);
        match (times, stored) {
            _ if self.entries_damaged => Label::Undetermined,
            (None, _) => Label::Undetermined,
            (Some((then, now)), _) if then > now => Label::Newer,
            (Some(_), Some(_)) => Label::Older,
            (Some(_), None) => Label::Deleted,
        }
    }

    /// The record that the snapshot has at a revision: whether it is a tombstone, and its KeyValue.
    fn stored(&self, revision: Revision) -> Option<(bool, &'a [u8])> {
        let holder = self.scan.bucket(bucket::KEY)?;
        let db = &self.scan.walked.db;
        let page = match &holder.root {
            BucketRoot::Inline(page) => *page,
            BucketRoot::Lost => return None,
            BucketRoot::Tree(tree) => {
                let first = |leaf: &LeafRef| revision_of(&db.leaf(leaf)?, 0);
                let after = tree.leaves().partition_point(|leaf| first(leaf).is_some_and(|first| first <= revision));
                db.leaf(tree.leaves().get(after.checked_sub(1)?)?)?
            }
        };
        find(&page, revision)
    }
}

fn revision_of(page: &LeafPage<'_>, index: u16) -> Option<Revision> {
    Some(BucketKey::decode(page.element(index)?.key).ok()?.revision)
}

/// The record at a revision, on a page in key order.
fn find<'a>(page: &LeafPage<'a>, revision: Revision) -> Option<(bool, &'a [u8])> {
    let (mut low, mut high) = (0, page.count());
    while low < high {
        let middle = low + (high - low) / 2;
        if revision_of(page, middle)? < revision {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let element = page.element(low)?;
    let key = BucketKey::decode(element.key).ok().filter(|key| key.revision == revision)?;
    Some((key.tombstone, element.value))
}

fn entries<'a>(scan: &Scan<'a>) -> BTreeMap<(&'a [u8], &'a [u8]), &'a [u8]> {
    let mut entries = BTreeMap::new();
    for holder in scan.buckets.iter().filter(|holder| holder.name() != bucket::KEY) {
        let mut add = |page: LeafPage<'a>| {
            entries.extend(page.elements().map(|element| ((holder.name(), element.key), element.value)));
        };
        match &holder.root {
            BucketRoot::Inline(page) => add(*page),
            BucketRoot::Tree(tree) => tree.leaves().iter().filter_map(|leaf| scan.walked.db.leaf(leaf)).for_each(add),
            BucketRoot::Lost => {}
        }
    }
    entries
}
