//! Finding keys and their revisions, without the account that a whole scan keeps.

use bbolt_page::{Bucket, BucketRoot, Db, LeafPage, LeafRef, Spread, Walked, Walker};
use etcd_snapshot::{BucketKey, Place, Record, Revision, RevisionError, state::bucket};

use crate::newest::Newest;
use crate::salvage::salvaged;

/// Bytes of leaves that make one piece of work.
const PIECE_BYTES: u64 = 1 << 20;
/// Bytes of leaves looked through at a time, from the newest backwards: a little at first, since what is asked for was
/// often written lately.
const FIRST_STRETCH: u64 = 4 << 20;
/// No stretch is longer: between two of them a search may end.
const LONGEST_STRETCH: u64 = 128 << 20;

/// The records of a snapshot, to be searched.
#[derive(Debug)]
pub struct Reader<'a> {
    walked: Walked<'a>,
    key_bucket: Option<Bucket<'a>>,
    compacted: Option<i64>,
    current: i64,
    /// In place of a tree: what pages hold, by revision.
    salvaged: Option<Vec<Record<'a>>>,
}

/// In which order pieces of work come.
#[derive(Clone, Copy)]
enum Direction {
    /// The oldest first.
    Forth,
    /// The newest first; in a piece the records stand in their order.
    Back,
}

/// What came of some leaves.
#[derive(Default)]
struct Piece<'a> {
    records: Vec<Record<'a>>,
    damaged: u64,
    /// The first and the last revision that is there.
    span: Option<(Revision, Revision)>,
}

impl Piece<'_> {
    /// Takes the revision of an element. Records stand in order of revision, and a record that was put repeats its own:
    /// one that does not may be of another time than it says.
    fn place(&mut self, revision: Revision, is_true: bool) {
        if !is_true {
            self.damaged += 1;
            return;
        }
        let first = self.span.map_or(revision, |(first, _)| first);
        self.damaged += u64::from(self.span.is_some_and(|(_, last)| revision <= last));
        self.span = Some((first, revision));
    }
}

/// Whether one piece begins before the one that stands before it ends.
fn overlap(before: Option<(Revision, Revision)>, after: Option<(Revision, Revision)>) -> bool {
    before.zip(after).is_some_and(|((_, last), (first, _))| first <= last)
}

impl<'a> Reader<'a> {
    /// Walks the branches, and reads from the leaves only what revision the snapshot is at.
    #[must_use]
    pub fn open(db: Db<'a>, spread: &impl Spread) -> Self {
        let mut walker = Walker::new(db);
        let mut buckets = walker.buckets(spread);
        let walked = walker.finish(spread);
        let find = |name: &[u8]| buckets.iter().position(|bucket| bucket.name() == name);
        let compacted = find(bucket::META).and_then(|at| buckets.get(at)).and_then(|meta| compacted(&walked.db, meta));
        let key_bucket = find(bucket::KEY).map(|at| buckets.swap_remove(at));
        let mut reader = Self { walked, key_bucket, compacted, current: 1, salvaged: None };
        reader.current = reader.last().max(compacted).unwrap_or(1).max(1);
        if reader.inline().is_none() && reader.leaves().is_empty() && reader.is_damaged() {
            reader.salvage();
        }
        reader
    }

    fn is_damaged(&self) -> bool {
        let faults = &self.walked.faults;
        faults.dropped() > 0 || faults.kept().iter().any(|fault| !fault.kind.is_harmless())
    }

    /// Takes what intact pages hold for what the file holds, since damage has cost the tree above them.
    fn salvage(&mut self) {
        let Some(records) = salvaged(self.walked.db.bytes(), |_| true) else { return };
        let records: Vec<Record<'a>> = records.into_values().collect();
        self.current = records.last().map_or(self.current, |last| last.revision.main.max(self.current));
        self.salvaged = (!records.is_empty()).then_some(records);
    }

    /// How many records were salvaged from pages, where damage has cost the tree above them: keys may be missing, outdated
    /// or long deleted.
    #[must_use]
    pub fn salvaged(&self) -> Option<usize> {
        self.salvaged.as_ref().map(Vec::len)
    }

    /// The structure; the leaves of the records are not checked yet.
    #[must_use]
    pub fn walked(&self) -> &Walked<'a> {
        &self.walked
    }

    /// The revision that a server would be at after it opened the file.
    #[must_use]
    pub fn current(&self) -> i64 {
        self.current
    }

    /// The revision up to which history was compacted, or is about to be; `None` before the first compaction.
    #[must_use]
    pub fn compacted(&self) -> Option<i64> {
        self.compacted
    }

    /// Whether the state at main revision `asked` can be known from the file.
    ///
    /// # Errors
    /// Where it is compacted or not written yet.
    pub fn answerable(&self, asked: i64) -> Result<(), RevisionError> {
        match (self.compacted, self.current) {
            (Some(compacted), _) if asked < compacted => Err(RevisionError::Compacted { asked, compacted }),
            (_, current) if asked > current => Err(RevisionError::Future { asked, current }),
            _ => Ok(()),
        }
    }

    /// The newest record, up to main revision `at`, of each key that `wanted` accepts.
    ///
    /// The search goes backwards and ends once `enough` keys are found: pass 1 for a key that can be only one,
    /// `usize::MAX` for all there are. `progress` gets the bytes looked through.
    pub fn newest(
        &self,
        wanted: impl Fn(&[u8]) -> bool + Sync,
        at: Option<i64>,
        enough: usize,
        spread: &impl Spread,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Newest<'a> {
        let at = at.unwrap_or(i64::MAX);
        let accept = |record: &Record<'a>| record.revision.main <= at && wanted(record.kv.key);
        let mut newest = Newest::none(self.walked.db.bytes());
        if let Some(records) = &self.salvaged {
            records.iter().rev().filter(|record| accept(record)).for_each(|record| newest.take(record));
            return newest.in_order(spread);
        }
        let mut behind = None;
        let mut take = |newest: &mut Newest<'a>, piece: Piece<'a>| {
            newest.damaged += piece.damaged + u64::from(overlap(piece.span, behind));
            behind = piece.span.or(behind);
            piece.records.iter().rev().for_each(|record| newest.take(record));
        };
        if let Some(page) = self.inline() {
            take(&mut newest, search([page].into_iter(), &accept));
        }
        let mut rest = self.leaves();
        let mut stretch = FIRST_STRETCH;
        while !rest.is_empty() && newest.found() < enough {
            let (before, some) = rest.split_at(self.reach_back(rest, stretch));
            self.spread_over(some, Direction::Back, &accept, spread, progress, |piece| take(&mut newest, piece));
            rest = before;
            stretch = stretch.saturating_mul(4).min(LONGEST_STRETCH);
        }
        newest.in_order(spread)
    }

    /// Gives every record, tombstones included, of the keys that `wanted` accepts, in order of revision. Returns how
    /// many elements are no intact records, or stand where their revision does not belong.
    pub fn records(
        &self,
        wanted: impl Fn(&Record<'a>) -> bool + Sync,
        spread: &impl Spread,
        progress: &(dyn Fn(u64) + Sync),
        mut fold: impl FnMut(Record<'a>),
    ) -> u64 {
        if let Some(records) = &self.salvaged {
            records.iter().filter(|record| wanted(record)).for_each(|record| fold(*record));
            return 0;
        }
        let (mut damaged, mut before) = (0, None);
        let mut take = |piece: Piece<'a>| {
            damaged += piece.damaged + u64::from(overlap(before, piece.span));
            before = piece.span.or(before);
            piece.records.into_iter().for_each(&mut fold);
        };
        if let Some(page) = self.inline() {
            take(search([page].into_iter(), &wanted));
        }
        self.spread_over(self.leaves(), Direction::Forth, &wanted, spread, progress, take);
        damaged
    }

    fn spread_over(
        &self,
        leaves: &[LeafRef],
        direction: Direction,
        accept: &(impl Fn(&Record<'a>) -> bool + Sync),
        spread: &impl Spread,
        progress: &(dyn Fn(u64) + Sync),
        fold: impl FnMut(Piece<'a>),
    ) {
        let db = &self.walked.db;
        let mut pieces = cut(leaves, PIECE_BYTES / db.page_size().max(1));
        if matches!(direction, Direction::Back) {
            pieces.reverse();
        }
        let work = |at: usize| {
            let some = pieces.get(at).copied().unwrap_or_default();
            let piece = search(some.iter().filter_map(|leaf| db.leaf(leaf)), accept);
            progress(pages(some).saturating_mul(db.page_size()));
            piece
        };
        spread.map_fold(pieces.len(), work, fold);
    }

    /// Where the last leaves begin that together have about `bytes`.
    fn reach_back(&self, leaves: &[LeafRef], bytes: u64) -> usize {
        let (mut at, mut sum) = (leaves.len(), 0_u64);
        while let Some(leaf) = at.checked_sub(1).and_then(|before| leaves.get(before)) {
            at -= 1;
            sum = sum.saturating_add((u64::from(leaf.overflow) + 1).saturating_mul(self.walked.db.page_size()));
            if sum >= bytes {
                break;
            }
        }
        at
    }

    fn leaves(&self) -> &[LeafRef] {
        self.key_bucket.as_ref().and_then(Bucket::tree).map(|tree| tree.leaves()).unwrap_or_default()
    }

    fn inline(&self) -> Option<LeafPage<'a>> {
        match self.key_bucket.as_ref()?.root {
            BucketRoot::Inline(page) => Some(page),
            BucketRoot::Tree(_) | BucketRoot::Lost => None,
        }
    }

    /// Main revision of the last record.
    fn last(&self) -> Option<i64> {
        let tree = self.leaves().iter().rev().filter_map(|leaf| self.walked.db.leaf(leaf));
        self.inline().into_iter().chain(tree).find_map(|page| {
            let keys = page.elements().filter(|element| !element.is_bucket());
            keys.filter_map(|element| Some(BucketKey::decode(element.key).ok()?.revision.main)).max()
        })
    }
}

/// The records of some leaves that are asked for.
fn search<'a>(pages: impl Iterator<Item = LeafPage<'a>>, accept: &impl Fn(&Record<'a>) -> bool) -> Piece<'a> {
    let mut piece = Piece::default();
    for page in pages {
        let mut seen = 0_u64;
        for element in page.elements() {
            seen += 1;
            if element.is_bucket() {
                piece.damaged += 1;
                continue;
            }
            let place = Place { page: page.page(), element: element.index, offset: page.offset_of(element.index) };
            let Ok(record) = Record::decode(&element, place) else {
                piece.damaged += 1;
                continue;
            };
            let is_marker = record.is_bump_marker();
            let is_true = is_marker || record.tombstone || record.kv.mod_revision == record.revision.main;
            piece.place(record.revision, is_true);
            if !is_marker && accept(&record) {
                piece.records.push(record);
            }
        }
        piece.damaged += u64::from(page.count()).saturating_sub(seen);
    }
    piece
}

/// Leaves in pieces of about so many pages.
fn cut(leaves: &[LeafRef], pages: u64) -> Vec<&[LeafRef]> {
    let (mut pieces, mut start, mut sum) = (Vec::new(), 0, 0_u64);
    for (at, leaf) in leaves.iter().enumerate() {
        sum += u64::from(leaf.overflow) + 1;
        if sum >= pages {
            pieces.extend(leaves.get(start..=at));
            (start, sum) = (at + 1, 0);
        }
    }
    pieces.extend(leaves.get(start..).filter(|rest| !rest.is_empty()));
    pieces
}

fn pages(leaves: &[LeafRef]) -> u64 {
    leaves.iter().map(|leaf| u64::from(leaf.overflow) + 1).sum()
}

/// The later of the compaction that ended and the one that was begun: a server finishes it when it opens the file.
fn compacted(db: &Db<'_>, meta: &Bucket<'_>) -> Option<i64> {
    let inline = match &meta.root {
        BucketRoot::Inline(page) => Some(*page),
        BucketRoot::Tree(_) | BucketRoot::Lost => None,
    };
    let tree = meta.tree().map(|tree| tree.leaves()).unwrap_or_default();
    let pages = inline.into_iter().chain(tree.iter().filter_map(|leaf| db.leaf(leaf)));
    let entries = pages.flat_map(|page| page.elements().collect::<Vec<_>>());
    let marks = entries.filter(|entry| matches!(entry.key, b"scheduledCompactRev" | b"finishedCompactRev"));
    marks.filter_map(|entry| Some(BucketKey::decode(entry.value).ok()?.revision.main)).max()
}
