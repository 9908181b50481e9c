//! A tree through one meta: what of its buckets is intact.

use bbolt_page::salvage::{Harvest, LostPage, harvest, harvest_bucket};
use bbolt_page::{Bounds, Db, FaultKind, LeafElement, LeafPage, Pgid};
use etcd_snapshot::BucketKey;
use etcd_snapshot::state::bucket;

/// A bucket other than `key`.
#[derive(Clone, Debug)]
pub(super) struct Other<'a> {
    pub(super) name: &'a [u8],
    pub(super) sequence: u64,
    pub(super) entries: Vec<LeafElement<'a>>,
    /// What of it is lost; all of it, where there are no entries.
    pub(super) lost: Vec<LostPage<'a>>,
    /// Whether what was lost came from the tree of the other meta.
    pub(super) replaced: bool,
}

impl<'a> Other<'a> {
    fn new(name: &'a [u8], sequence: u64, harvest: Harvest<'a>) -> Self {
        let Harvest { leaves, mut lost } = harvest;
        let mut entries: Vec<LeafElement<'a>> = Vec::new();
        for leaf in leaves {
            let (inner, plain): (Vec<_>, Vec<_>) = leaf.page.elements().partition(LeafElement::is_bucket);
            entries.extend(plain);
            // no etcd writes a bucket there, and what was there before is not known
            if let Some(inner) = inner.first() {
                let why = FaultKind::ElementFlags { got: inner.flags };
                lost.push(LostPage { page: leaf.page.page(), bounds: leaf.bounds, why });
            }
        }
        Self { name, sequence, entries, lost, replaced: false }
    }

    pub(super) fn is_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    pub(super) fn is_untouched(&self) -> bool {
        !self.is_lost() && !self.replaced
    }

    /// Takes a whole bucket of an older tree in place of a damaged one.
    pub(super) fn take_from(&mut self, others: &[Self]) {
        if let Some(whole) = others.iter().find(|other| other.name == self.name && !other.is_lost() && self.is_lost()) {
            *self = Self { replaced: true, ..whole.clone() };
        }
    }
}

/// What one meta leads to.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) key: Harvest<'a>,
    /// The other buckets, and those of etcd's that should be there, in order of their names.
    pub(super) others: Vec<Other<'a>>,
    /// Leaves of the root and of the other buckets.
    leaves: Vec<LeafPage<'a>>,
}

impl<'a> Tree<'a> {
    pub(super) fn of(db: &Db<'a>) -> Self {
        let page = db.meta().root;
        let root = harvest(db, page);
        let (mut key, mut others) = (None, Vec::new());
        let mut leaves: Vec<LeafPage<'a>> = root.leaves.iter().map(|leaf| leaf.page).collect();
        for leaf in &root.leaves {
            for element in leaf.page.elements().filter(LeafElement::is_bucket) {
                let found = harvest_bucket(db, &leaf.page, &element);
                let sequence = bbolt_page::InBucket::read(element.value).map_or(0, |inner| inner.sequence);
                match element.key {
                    bucket::KEY => key = Some(found),
                    name => {
                        leaves.extend(found.leaves.iter().map(|leaf| leaf.page));
                        others.push(Other::new(name, sequence, found));
                    }
                }
            }
        }
        // what may have stood on a page of the root that is lost; a root without `key` or `meta` is no etcd's
        let why = |name: &[u8]| {
            let lost = root.lost.iter().find(|lost| holds(lost.bounds, name));
            let needed = [bucket::KEY, bucket::META].contains(&name);
            lost.map(|lost| (lost.page, lost.why.clone())).or(needed.then_some((page, FaultKind::EmptyLeaf)))
        };
        for name in bucket::ALL {
            let missing = name != bucket::KEY && others.iter().all(|other| other.name != name);
            if let Some((page, why)) = missing.then(|| why(name)).flatten() {
                others.push(Other::new(name, 0, Harvest::nothing(page, why)));
            }
        }
        others.sort_by_key(|other| other.name);
        let key = key.unwrap_or_else(|| {
            let (page, why) = why(bucket::KEY).unwrap_or((page, FaultKind::EmptyLeaf));
            Harvest::nothing(page, why)
        });
        Self { key, others, leaves }
    }

    /// Pages that were believed, continuation pages among them.
    pub(super) fn pages(&self, page_size: u64) -> impl Iterator<Item = Pgid> {
        let leaves = self.key.leaves.iter().map(|leaf| &leaf.page).chain(&self.leaves);
        leaves.flat_map(move |page| page.page().0..page.page().0 + page.size().div_ceil(page_size).max(1)).map(Pgid)
    }

    /// The compaction, begun or done, 0 where there was none; `None` where bucket `meta` is lost.
    pub(super) fn compacted(&self) -> Option<i64> {
        let meta = self.others.iter().find(|other| other.name == bucket::META && !other.is_lost())?;
        let marks = meta.entries.iter().filter(|entry| MARKS.contains(&entry.key));
        let mains = marks.filter_map(|mark| Some(BucketKey::decode(mark.value).ok()?.revision.main));
        Some(mains.max().unwrap_or(0))
    }
}

/// Entries of `meta` that name a compaction.
const MARKS: [&[u8]; 2] = [b"finishedCompactRev", b"scheduledCompactRev"];

fn holds(bounds: Bounds<'_>, name: &[u8]) -> bool {
    bounds.lower.is_none_or(|lower| lower <= name) && bounds.upper.is_none_or(|upper| name < upper)
}
