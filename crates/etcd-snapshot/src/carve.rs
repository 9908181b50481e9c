//! What pages that nothing uses still hold: deleted and compacted records, earlier versions, records newer than the
//! snapshot, and what was in etcd's own buckets before.
//!
//! bbolt never wipes a page that it frees: header, keys and values stay until the page is written again. A snapshot
//! copies free pages as they are, from a file that is being written to. So everything found here is placed against the
//! snapshot ([`Label`]), and says how it was found ([`Trace`]) and how sure that is ([`Confidence`]).
//!
//! A run of pages is written as a whole, and its first page says which page it is. What lies between such a first page
//! and the next page that says what it is was therefore written by one transaction, or is the end of a longer run that
//! was written before. Records are believed only up to there.

mod label;
mod remnant;
mod segment;
mod signature;

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use bbolt_page::view::PageView;
use bbolt_page::{Check, LeafElement, LeafPage, Pgid, Spread};
use foldhash::quality::RandomState;
use hashbrown::HashTable;

use crate::record::{KeyValue, Place, Record};
use crate::revision::{BucketKey, Revision};
use crate::scan::Scan;
use label::Judge;
use remnant::Roots;
use segment::{Piece, Work};

/// How something carved stands to the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    /// The snapshot has it, byte for byte.
    Identical,
    /// An earlier version of what is live in the snapshot.
    Older,
    /// Of a key that the snapshot says is deleted; of an entry: no longer there.
    Deleted,
    /// Of a key of which the snapshot knows nothing any more: deleted, and compacted since.
    Compacted,
    /// Written after the snapshot was begun.
    Newer,
    /// Contradicts the snapshot or itself: another history (a restore), or damage.
    Inconsistent,
    /// The tree of the snapshot is damaged, or nothing says when it was written: it may be older, newer or lost.
    Undetermined,
}

impl Label {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Identical,
        Self::Older,
        Self::Deleted,
        Self::Compacted,
        Self::Newer,
        Self::Inconsistent,
        Self::Undetermined,
    ];

    /// The label in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Older => "older",
            Self::Deleted => "deleted",
            Self::Compacted => "compacted",
            Self::Newer => "newer",
            Self::Inconsistent => "inconsistent",
            Self::Undetermined => "undetermined",
        }
    }
}

/// How something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trace {
    /// On a free page that says what it is, with all its continuation pages.
    Page,
    /// On a free page that says what it is, and whose end was overwritten.
    Partial,
    /// By the shape of a record, on free pages that do not say what they are.
    Raw,
    /// By the shape of a record, in bytes of a page in use that no element explains.
    Slack,
}

impl Trace {
    /// The trace in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Partial => "partial-page",
            Self::Raw => "raw",
            Self::Slack => "slack",
        }
    }
}

/// How sure it is that what was found was once stored so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Found by shape alone, with nothing else to confirm it, or contradictory.
    Low,
    /// Its own fields agree with each other.
    Medium,
    /// The page, the element and the fields agree with each other, or the snapshot has the same.
    High,
}

impl Confidence {
    /// The confidence in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What was carved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A record of bucket `key`.
    Record {
        /// When it was written.
        revision: Revision,
        /// Whether it marks a deletion; then only `kv.key` means something.
        tombstone: bool,
        /// What was written.
        kv: KeyValue<'a>,
        /// The KeyValue as stored.
        raw: &'a [u8],
    },
    /// An entry of another of etcd's buckets.
    Entry {
        /// The bucket.
        bucket: &'static [u8],
        /// The entry's key.
        key: &'a [u8],
        /// Its value. It may hold a password hash.
        value: &'a [u8],
    },
}

impl<'a> Content<'a> {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &'a [u8] {
        match self {
            Self::Record { kv, .. } => kv.key,
            Self::Entry { key, .. } => key,
        }
    }

    /// The value; a deletion has none.
    #[must_use]
    pub fn value(&self) -> Option<&'a [u8]> {
        match self {
            Self::Record { tombstone: true, .. } => None,
            Self::Record { kv, .. } => Some(kv.value),
            Self::Entry { value, .. } => Some(value),
        }
    }

    /// Whether it says nothing but how far raft was when a page was written.
    #[must_use]
    pub fn is_raft_position(&self) -> bool {
        matches!(self, Self::Entry { key: b"consistent_index" | b"term", bucket: crate::state::bucket::META, .. })
    }
}

/// Something carved, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carved<'a> {
    /// What it is.
    pub content: Content<'a>,
    /// How it stands to the snapshot.
    pub label: Label,
    /// How it was found.
    pub trace: Trace,
    /// How sure that is.
    pub confidence: Confidence,
    /// The page on which its stored key begins.
    pub page: Pgid,
    /// Its element, where it was found by one.
    pub element: Option<u16>,
    /// File offset of its stored key, in bytes.
    pub offset: u64,
}

/// What a carving looked at, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pages that nothing uses, those beyond the high-water mark included.
    pub pages: u64,
    /// Leaf pages among them that are whole.
    pub whole_leaves: u64,
    /// Leaf pages among them whose end was overwritten.
    pub partial_leaves: u64,
    /// Branch pages among them.
    pub branches: u64,
    /// Pages among them that do not say what they are.
    pub raw_pages: u64,
    /// Records and entries found, every copy counted.
    pub copies: u64,
    /// Records, each counted once, by label in the order of [`Label::ALL`].
    pub records: [u64; 7],
    /// Entries, each counted once, by label in the order of [`Label::ALL`].
    pub entries: [u64; 7],
}

/// Carves everything that the pages of a snapshot hold beside what it is made of. `take` gets each record and each
/// entry once, the surest first, in the order of pages. `progress` gets bytes looked at, perhaps from several threads.
///
/// Memory: some 24 bytes for each free run of pages and for each record found, and what the scan holds.
pub fn carve<'a>(
    scan: &Scan<'a>,
    spread: &impl Spread,
    progress: &(dyn Fn(u64) + Sync),
    mut take: impl FnMut(Carved<'a>),
) -> Tally {
    let mut tally = Tally::default();
    let (pages, pieces) = segment::plan(scan, &mut tally);
    let judge = Judge::new(scan);
    let mut seen = Seen::default();
    let mut keep = |found: Vec<Carved<'a>>, tally: &mut Tally| {
        for carved in found {
            tally.copies += 1;
            if seen.is_new(&carved.content) {
                tally.count(&carved);
                take(carved);
            }
        }
    };
    for raw in [false, true] {
        let some: Vec<&Piece> = pieces.iter().filter(|piece| piece.raw == raw).collect();
        let read = |at: usize| {
            let works = some.get(at).and_then(|piece| pages.get(piece.works.clone())).unwrap_or_default();
            let mut finder = Finder { scan, judge: &judge, found: Vec::new() };
            works.iter().for_each(|work| finder.read(work));
            progress(works.iter().map(|work| work.pages()).sum::<u64>() * scan.walked.db.page_size());
            finder.found
        };
        spread.map_fold(some.len(), read, |found| keep(found, &mut tally));
    }
    let mut finder = Finder { scan, judge: &judge, found: Vec::new() };
    for (page, overflow) in pages_with_slack(scan) {
        finder.slack(page, overflow);
        keep(std::mem::take(&mut finder.found), &mut tally);
    }
    tally
}

impl Tally {
    fn count(&mut self, carved: &Carved<'_>) {
        let by_label = match carved.content {
            Content::Record { .. } => &mut self.records,
            Content::Entry { .. } => &mut self.entries,
        };
        let place = Label::ALL.iter().position(|label| *label == carved.label);
        if let Some(count) = place.and_then(|place| by_label.get_mut(place)) {
            *count += 1;
        }
    }

    /// How many records have a label, each counted once.
    #[must_use]
    pub fn records_of(&self, label: Label) -> u64 {
        Label::ALL.iter().zip(self.records).filter(|(one, _)| **one == label).map(|(_, count)| count).sum()
    }

    /// How many entries have a label, each counted once.
    #[must_use]
    pub fn entries_of(&self, label: Label) -> u64 {
        Label::ALL.iter().zip(self.entries).filter(|(one, _)| **one == label).map(|(_, count)| count).sum()
    }
}

/// Records in bytes of which nothing is known, by their shape, and by that of what follows: whatever was written over them
/// would have changed that. Each is given with its revision, whether it marks a deletion, as it is stored, and with the
/// revision of the record that follows. Bytes of more than one transaction are better given piece by piece.
pub fn by_shape(bytes: &[u8]) -> impl Iterator<Item = (Revision, bool, &[u8], Option<Revision>)> {
    signature::followed(bytes).filter_map(|(content, follower)| match content {
        Content::Record { revision, tombstone, raw, .. } => Some((revision, tombstone, raw, follower)),
        Content::Entry { .. } => None,
    })
}

/// Hashes of what was given out; seeded anew in every process, so that no file can be made to collide.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    hashes: HashTable<u64>,
}

impl Seen {
    fn is_new(&mut self, content: &Content<'_>) -> bool {
        let hash = match content {
            Content::Record { revision, tombstone, raw, .. } => self.hasher.hash_one((revision, tombstone, raw)),
            Content::Entry { bucket, key, value } => self.hasher.hash_one((bucket, key, value)),
        };
        let absent = self.hashes.find(hash, |seen| *seen == hash).is_none();
        if absent {
            self.hashes.insert_unique(hash, hash, |seen| *seen);
        }
        absent
    }
}

/// Pages in use of which some bytes may be explained by no element, each with its continuation pages: those that the
/// walk found fault with, and those that have no elements.
fn pages_with_slack(scan: &Scan<'_>) -> BTreeMap<Pgid, u32> {
    let faults = &scan.walked.faults;
    let of_elements = |check: Check| matches!(check, Check::Elements | Check::Emptiness | Check::Order);
    let faulty = faults.kept().iter().filter(|fault| of_elements(fault.kind.check())).filter_map(|fault| fault.page);
    let special = [Pgid(0), Pgid(1)].into_iter().chain(scan.walked.db.meta().freelist);
    let mut pages: BTreeMap<Pgid, u32> = special.chain(faulty).map(|page| (page, 0)).collect();
    for leaf in scan.buckets.iter().filter_map(|bucket| bucket.tree()).flat_map(|tree| tree.leaves()) {
        if faults.dropped() > 0 {
            pages.insert(leaf.page, leaf.overflow);
        } else if let Some(overflow) = pages.get_mut(&leaf.page) {
            *overflow = leaf.overflow;
        }
    }
    pages.retain(|page, _| scan.walked.uses(*page));
    pages
}

/// Finds what is on some pages.
struct Finder<'s, 'a> {
    scan: &'s Scan<'a>,
    judge: &'s Judge<'s, 'a>,
    found: Vec<Carved<'a>>,
}

impl<'a> Finder<'_, 'a> {
    fn read(&mut self, work: &Work) {
        match *work {
            Work::Leaf { start, end, cut } => self.leaf(start, end, if cut { Trace::Partial } else { Trace::Page }),
            Work::Raw { start, end, limit } => {
                let bytes = segment::bytes(self.scan, start, limit);
                let until = (end - start).saturating_mul(self.scan.walked.db.page_size());
                self.raw(bytes, until, Trace::Raw);
            }
        }
    }

    fn leaf(&mut self, start: u64, end: u64, trace: Trace) {
        let db = &self.scan.walked.db;
        let bytes = segment::bytes(self.scan, start, end);
        let Some(header) = bbolt_page::PageHeader::read(bytes) else { return };
        let page = LeafPage::new(bytes, header.count, Pgid(start), db.offset_of(Pgid(start)));
        let roots = Roots::of(&page);
        let base = bytes.as_ptr().addr();
        let mut floor = bbolt_page::PageHeader::LEN + usize::from(header.count) * 16;
        for element in page.elements() {
            let from = element.key.as_ptr().addr().saturating_sub(base);
            self.gap(bytes, floor, from);
            floor = from + element.key.len() + element.value.len();
            self.element(&page, &element, &roots, trace);
        }
        self.gap(bytes, floor, bytes.len());
    }

    /// Bytes of a stale page that no element explains.
    fn gap(&mut self, bytes: &'a [u8], from: usize, to: usize) {
        let gap = bytes.get(from..to).unwrap_or_default();
        self.raw(gap, u64::MAX, Trace::Raw);
    }

    fn element(&mut self, page: &LeafPage<'a>, element: &LeafElement<'a>, roots: &Roots, trace: Trace) {
        if element.is_bucket() {
            for (bucket, inner) in remnant::inline(page, element) {
                self.entry(bucket, &inner, page.page(), roots, trace);
            }
            return;
        }
        let place = Place { page: page.page(), element: element.index, offset: page.offset_of(element.index) };
        match Record::decode(element, place) {
            Ok(record) => {
                let Record { revision, tombstone, kv, raw, .. } = record;
                let content = Content::Record { revision, tombstone, kv, raw };
                self.record(content, element.key, Some(element.index), trace);
            }
            // A key of the right shape over a value of the wrong one: nothing to show, and no entry of another bucket.
            Err(_) if BucketKey::decode(element.key).is_ok() => {}
            Err(_) => {
                if let Some(bucket) = remnant::bucket_of(element.key, element.value) {
                    self.entry(bucket, element, page.page(), roots, trace);
                }
            }
        }
    }

    fn entry(&mut self, bucket: &'static [u8], element: &LeafElement<'a>, page: Pgid, roots: &Roots, trace: Trace) {
        let content = Content::Entry { bucket, key: element.key, value: element.value };
        let label = self.judge.entry(bucket, element.key, element.value, roots);
        let confidence = match (label, trace) {
            (Label::Identical, _) | (_, Trace::Page) => Confidence::High,
            _ => Confidence::Medium,
        };
        let offset = self.scan.walked.db.offset_in_file(element.key).unwrap_or(0);
        self.found.push(Carved { content, label, trace, confidence, page, element: Some(element.index), offset });
    }

    fn record(&mut self, content: Content<'a>, stored_key: &[u8], element: Option<u16>, trace: Trace) {
        let Content::Record { revision, tombstone, kv, raw } = content else { return };
        let label = self.judge.record(revision, tombstone, &kv, raw);
        let confidence = match (label, trace) {
            (Label::Identical, _) => Confidence::High,
            (Label::Inconsistent, _) | (_, Trace::Slack) => Confidence::Low,
            (_, Trace::Page) => Confidence::High,
            (_, Trace::Raw) if tombstone => Confidence::Low,
            (_, Trace::Partial | Trace::Raw) => Confidence::Medium,
        };
        let db = &self.scan.walked.db;
        let offset = db.offset_in_file(stored_key).unwrap_or(0);
        let page = Pgid(offset / db.page_size().max(1));
        self.found.push(Carved { content, label, trace, confidence, page, element, offset });
    }

    /// Records by their shape, those that begin before byte `until` of `bytes`.
    fn raw(&mut self, bytes: &'a [u8], until: u64, trace: Trace) {
        for (key, content) in signature::records(bytes, until) {
            self.record(content, key, None, trace);
        }
    }

    /// What no element of a page in use explains.
    fn slack(&mut self, page: Pgid, overflow: u32) {
        let Some(view) = PageView::of(&self.scan.walked.db, page, u64::from(overflow) + 1) else { return };
        for part in view.unknown {
            self.raw(part.bytes, u64::MAX, Trace::Slack);
        }
    }
}
