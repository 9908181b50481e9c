//! The walk: every bucket, every page, every fault, without recursion.

mod descend;

use std::mem::discriminant;

use crate::bitmap::Bitmap;
use crate::bucket::{Bucket, BucketRoot, InBucket, inline_page};
use crate::db::Db;
use crate::fault::{Fault, FaultKind, Faults, Path};
use crate::freelist;
use crate::leaf::{Bounds, LeafElement, LeafPage, LeafShape};
use crate::page::{FREELIST, PageHeader, Pgid};
use crate::spread::Spread;
use crate::tree::{LeafRef, Link};
use crate::unreachable::{self, Unreachable};

/// Levels of buckets in buckets before the walk stops going down. etcd has one.
const MAX_BUCKET_DEPTH: usize = 16;
/// Buckets of one bucket before the walk stops looking at more. etcd has ten.
const MAX_BUCKETS: usize = 10_000;
/// Bytes of a bucket's name that a fault repeats.
const NAME_SHOWN: usize = 64;
/// Bytes of leaves that make one piece of work.
const CHUNK_BYTES: u64 = 1 << 20;

/// Walks a database. Faults collect inside; [`Walker::finish`] gives them.
#[derive(Debug)]
pub struct Walker<'a> {
    db: Db<'a>,
    /// Pages that belong to something.
    claimed: Bitmap,
    /// First pages that something references, claimed or about to be.
    referenced: Bitmap,
    /// Roots of top-level buckets, known before any of them is walked.
    roots: Bitmap,
    faults: Faults,
    /// Buckets inside buckets, found and not yet visited.
    nested: Vec<Bucket<'a>>,
    /// The bucket of the top-level buckets, once walked.
    root: Option<Bucket<'a>>,
    freelist: Option<(PageHeader, &'a [u8])>,
    branches: u64,
    leaves: u64,
}

/// What a whole walk found.
#[derive(Debug)]
pub struct Walked<'a> {
    /// The database walked.
    pub db: Db<'a>,
    /// All faults, in the order of the walk.
    pub faults: Faults,
    /// Pages in use: metas, freelist, and everything reachable, continuation pages included.
    pub pages_in_use: u64,
    /// Pages below the high-water mark that nothing uses. In a truncated file: those that are there.
    pub pages_free: u64,
    /// Branch pages reached, continuation pages not counted.
    pub branch_pages: u64,
    /// Leaf pages reached, continuation pages not counted.
    pub leaf_pages: u64,
    claimed: Bitmap,
}

impl Walked<'_> {
    /// Whether something uses a page: a meta, the freelist, or a tree.
    #[must_use]
    pub fn uses(&self, page: Pgid) -> bool {
        self.claimed.contains(page)
    }

    /// The pages that nothing references, in order, each with what it still holds. Reads every one of them.
    pub fn unreachable(&self) -> impl Iterator<Item = Unreachable> + '_ {
        unreachable::scan(&self.db, &self.claimed)
    }
}

/// Some leaves of one bucket, handed to one piece of work.
#[derive(Debug)]
pub struct Chunk<'c, 'a> {
    bucket: &'c Bucket<'a>,
    db: &'c Db<'a>,
    leaves: std::slice::Iter<'c, LeafRef>,
    inline: Option<LeafPage<'a>>,
    faults: Faults,
    nested: Vec<(LeafElement<'a>, Pgid, u64)>,
}

impl<'a> Iterator for Chunk<'_, 'a> {
    type Item = (LeafPage<'a>, LeafShape);

    /// The next leaf, checked; its faults are kept.
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(page) = self.inline.take() {
            return Some(self.check(page, Bounds::default(), Link::ROOT));
        }
        let (tree, leaf) = (self.bucket.tree()?, self.leaves.next()?);
        let page = self.db.leaf(leaf)?;
        Some(self.check(page, tree.bounds(leaf.link), leaf.link))
    }
}

impl<'a> Chunk<'_, 'a> {
    fn check(&mut self, page: LeafPage<'a>, bounds: Bounds<'a>, link: Link) -> (LeafPage<'a>, LeafShape) {
        let mut found = Vec::new();
        let shape = page.check(bounds, |kind, element| {
            if found.len() < Faults::CAP {
                found.push((kind, element));
            }
        });
        if page.is_inline() && shape.used < page.len() {
            found.push((FaultKind::InlineLength { count: page.count(), used: shape.used, have: page.len() }, None));
        }
        for (kind, element) in found {
            let offset = element.map_or_else(|| self.db.offset_of(page.page()), |at| page.offset_of(at));
            let bucket = self.bucket;
            self.faults.push_with(|| Fault {
                kind,
                page: Some(page.page()),
                element,
                offset: Some(offset),
                path: path(bucket, link),
            });
        }
        if shape.has_buckets {
            let room = (MAX_BUCKETS + 1).saturating_sub(self.nested.len());
            let buckets = page.elements().filter(LeafElement::is_bucket).take(room);
            self.nested.extend(buckets.map(|element| (element, page.page(), page.offset_of(element.index))));
        }
        (page, shape)
    }
}

fn path(bucket: &Bucket<'_>, link: Link) -> Path {
    let steps = bucket.tree().map(|tree| tree.steps(link)).unwrap_or_default();
    Path { buckets: names(&bucket.path), steps }
}

fn names(path: &[&[u8]]) -> Vec<Vec<u8>> {
    path.iter().map(|name| name.get(..name.len().min(NAME_SHOWN)).unwrap_or_default().to_vec()).collect()
}

/// Where the reference to a tree's root stands.
struct Holder<'h, 'a> {
    path: &'h [&'a [u8]],
    page: Option<Pgid>,
    element: Option<u16>,
    offset: Option<u64>,
}

impl<'a> Walker<'a> {
    /// Starts a walk: metas and freelist are claimed, and their faults noted.
    #[must_use]
    pub fn new(db: Db<'a>) -> Self {
        let limit = db.page_limit();
        let mut walker = Self {
            claimed: Bitmap::new(limit),
            referenced: Bitmap::new(limit),
            roots: Bitmap::new(limit),
            faults: Faults::default(),
            nested: Vec::new(),
            root: None,
            freelist: None,
            branches: 0,
            leaves: 0,
            db,
        };
        for id in [Pgid(0), Pgid(1)] {
            walker.claimed.insert(id);
        }
        walker.db.opening_faults().into_iter().for_each(|fault| walker.faults.push(fault));
        walker.claim_freelist();
        walker
    }

    /// The database walked.
    #[must_use]
    pub fn db(&self) -> &Db<'a> {
        &self.db
    }

    fn claim_freelist(&mut self) {
        let Some(id) = self.db.meta().freelist else { return };
        let fault = |walker: &mut Self, kind| {
            let offset = Some(walker.db.offset_of(id));
            walker.faults.push(Fault { kind, page: Some(id), element: None, offset, path: Path::default() });
        };
        let Some(header) = self.db.header(id).filter(|_| id.0 >= 2 && id.0 < self.db.page_limit()) else {
            return fault(self, FaultKind::FreelistPage { id, what: "is out of range" });
        };
        // bbolt up to 1.3 asks for the one flag, 1.4 for no other
        if header.flags & FREELIST == 0 {
            return fault(self, FaultKind::FreelistPage { id, what: "does not have freelist flags" });
        }
        if header.flags != FREELIST {
            fault(self, FaultKind::FreelistHeader { id, what: "has other flags, too" });
        }
        if header.id != id {
            fault(self, FaultKind::FreelistHeader { id, what: "has another page's id in its header" });
        }
        let Some(run) = self.db.run(id, header.overflow) else {
            return fault(self, FaultKind::FreelistPage { id, what: "runs past the end of the file" });
        };
        let end = id.0.saturating_add(u64::from(header.overflow));
        for page in (id.0..=end).map(Pgid) {
            self.claimed.insert(page);
        }
        self.freelist = Some((header, run));
    }

    /// The bucket that holds the top-level buckets, once [`Self::buckets`] has walked it.
    #[must_use]
    pub fn root(&self) -> Option<&Bucket<'a>> {
        self.root.as_ref()
    }

    /// The persisted freelist, where there is one that can be read: its page and its header.
    #[must_use]
    pub fn freelist(&self) -> Option<PageHeader> {
        self.freelist.map(|(header, _)| header)
    }

    /// Walks the branches of the root bucket and of every top-level bucket, in key order.
    pub fn buckets(&mut self, spread: &impl Spread) -> Vec<Bucket<'a>> {
        let holder = Holder { path: &[], page: Some(Pgid(u64::from(self.db.chosen()))), element: None, offset: None };
        let root = self.db.meta().root;
        let tree = self.walk_tree(root, &holder, spread);
        let root = Bucket { path: Vec::new(), sequence: self.db.meta().sequence, root: BucketRoot::Tree(tree) };
        let mut found: Vec<(LeafElement<'a>, Pgid, u64)> = Vec::new();
        let mut plain = Faults::default();
        let leaves = |chunk: &mut Chunk<'_, 'a>| chunk.collect::<Vec<_>>();
        let nested = self.visit_inner(&root, spread, leaves, |leaves| {
            for (page, _) in leaves {
                for element in page.elements() {
                    let offset = page.offset_of(element.index);
                    if element.is_bucket() && found.len() > MAX_BUCKETS {
                        continue;
                    } else if element.is_bucket() {
                        found.push((element, page.page(), offset));
                    } else {
                        let (page, element) = (Some(page.page()), Some(element.index));
                        let kind = FaultKind::RootValue;
                        plain.push_with(|| Fault { kind, page, element, offset: Some(offset), path: Path::default() });
                    }
                }
            }
        });
        drop(nested);
        self.root = Some(root);
        self.faults.append(plain);
        self.cap_buckets(&mut found, &[]);
        for (element, ..) in &found {
            if let Some(inner) = InBucket::read(element.value) {
                self.roots.insert(inner.root);
            }
        }
        found.into_iter().map(|(element, page, at)| self.open_bucket(&[], &element, page, at, spread)).collect()
    }

    /// Leaves out buckets beyond the cap, and says so.
    fn cap_buckets(&mut self, found: &mut Vec<(LeafElement<'a>, Pgid, u64)>, parents: &[&'a [u8]]) {
        if found.len() > MAX_BUCKETS {
            let kind = FaultKind::TooManyBuckets { limit: MAX_BUCKETS };
            let (page, offset) = found.get(MAX_BUCKETS).map(|(_, page, at)| (*page, *at)).unzip();
            found.truncate(MAX_BUCKETS);
            let path = Path { buckets: names(parents), steps: Vec::new() };
            self.faults.push(Fault { kind, page, element: None, offset, path });
        }
    }

    /// Opens the bucket whose name and value are `element`, found on `page`, its element at file offset `at`.
    fn open_bucket(
        &mut self,
        parents: &[&'a [u8]],
        element: &LeafElement<'a>,
        page: Pgid,
        at: u64,
        spread: &impl Spread,
    ) -> Bucket<'a> {
        let mut path = parents.to_vec();
        path.push(element.key);
        let holder = Holder { path: &path, page: Some(page), element: Some(element.index), offset: Some(at) };
        let Some(inner) = InBucket::read(element.value) else {
            let got = crate::cursor::offset(element.value.len());
            self.report_at(&holder, FaultKind::BucketValue { got, expected: "16 or more" });
            return Bucket { path, sequence: 0, root: BucketRoot::Lost };
        };
        let root = if inner.root.0 == 0 {
            let start = self.db.offset_in_file(element.value).unwrap_or(at);
            let mut kinds = Vec::new();
            let inline = inline_page(element.value, page, start, self.db.page_size(), |kind| kinds.push(kind));
            kinds.into_iter().for_each(|kind| self.report_at(&holder, kind));
            inline.map_or(BucketRoot::Lost, BucketRoot::Inline)
        } else {
            if element.value.len() != InBucket::LEN {
                let got = crate::cursor::offset(element.value.len());
                self.report_at(&holder, FaultKind::BucketValue { got, expected: "16, for a bucket on pages" });
            }
            BucketRoot::Tree(self.walk_tree(inner.root, &holder, spread))
        };
        Bucket { path, sequence: inner.sequence, root }
    }

    fn report_at(&mut self, holder: &Holder<'_, 'a>, kind: FaultKind) {
        let Holder { page, element, offset, .. } = *holder;
        let path = || Path { buckets: names(holder.path), steps: Vec::new() };
        self.faults.push_with(|| Fault { kind, page, element, offset, path: path() });
    }

    /// Visits the leaves of `bucket` in key order: `map` gets pieces of work, perhaps on several threads, `fold` the
    /// results, in order. Buckets found inside are walked at the end of the walk.
    pub fn visit<T: Send>(
        &mut self,
        bucket: &Bucket<'a>,
        spread: &impl Spread,
        map: impl Fn(&mut Chunk<'_, 'a>) -> T + Sync,
        fold: impl FnMut(T),
    ) {
        let mut found = self.visit_inner(bucket, spread, map, fold);
        self.cap_buckets(&mut found, &bucket.path);
        for (element, page, at) in found {
            if matches!(bucket.root, BucketRoot::Inline(_)) {
                let kind = FaultKind::InlineSubBucket;
                let (path, element) = (path(bucket, Link::ROOT), Some(element.index));
                self.faults.push(Fault { kind, page: Some(page), element, offset: Some(at), path });
            } else if bucket.path.len() >= MAX_BUCKET_DEPTH {
                let kind = FaultKind::BucketDepth { limit: MAX_BUCKET_DEPTH };
                let (path, element) = (path(bucket, Link::ROOT), Some(element.index));
                self.faults.push(Fault { kind, page: Some(page), element, offset: Some(at), path });
            } else {
                let nested = self.open_bucket(&bucket.path, &element, page, at, spread);
                self.nested.push(nested);
            }
        }
    }

    fn visit_inner<T: Send>(
        &mut self,
        bucket: &Bucket<'a>,
        spread: &impl Spread,
        map: impl Fn(&mut Chunk<'_, 'a>) -> T + Sync,
        mut fold: impl FnMut(T),
    ) -> Vec<(LeafElement<'a>, Pgid, u64)> {
        let (db, mut nested) = (&self.db, Vec::new());
        let faults = &mut self.faults;
        let whole =
            |leaves, inline| Chunk { bucket, db, leaves, inline, faults: Faults::default(), nested: Vec::new() };
        let mut done = |(result, found, buckets): (T, Faults, Vec<_>)| {
            faults.append(found);
            nested.extend(buckets.into_iter().take((MAX_BUCKETS + 1).saturating_sub(nested.len())));
            fold(result);
        };
        let run = |mut chunk: Chunk<'_, 'a>| {
            let result = map(&mut chunk);
            chunk.by_ref().for_each(drop); // what `map` left unread is still checked
            (result, chunk.faults, chunk.nested)
        };
        match &bucket.root {
            BucketRoot::Inline(page) => done(run(whole([].iter(), Some(*page)))),
            BucketRoot::Lost => {}
            BucketRoot::Tree(tree) => {
                let pieces = pieces(tree.leaves(), CHUNK_BYTES / db.page_size());
                let piece = |at: usize| {
                    let leaves = pieces.get(at).and_then(|range| tree.leaves().get(range.clone()));
                    run(whole(leaves.unwrap_or_default().iter(), None))
                };
                spread.map_fold(pieces.len(), piece, done);
            }
        }
        nested
    }

    /// Ends the walk: buckets inside buckets are walked, the freelist is checked, the account is closed.
    #[must_use]
    pub fn finish(self, spread: &impl Spread) -> Walked<'a> {
        self.finish_with(spread, |_| {})
    }

    /// [`Self::finish`], and `each` gets every bucket inside a bucket.
    #[must_use]
    pub fn finish_with(mut self, spread: &impl Spread, mut each: impl FnMut(&Bucket<'a>)) -> Walked<'a> {
        while let Some(bucket) = self.nested.pop() {
            each(&bucket);
            self.visit(&bucket, spread, |chunk| chunk.for_each(drop), drop);
        }
        let limit = self.db.page_limit();
        if let (Some((header, run)), Some(page)) = (self.freelist, self.db.meta().freelist) {
            let mut kinds: Vec<FaultKind> = Vec::new();
            let mut report = |kind| {
                // of each kind at least one, however many there are of another
                let known = |other: &FaultKind| discriminant(other) == discriminant(&kind);
                if kinds.len() < Faults::CAP || !kinds.iter().any(known) {
                    kinds.push(kind);
                }
            };
            let ids = freelist::ids(run, &header, &mut report);
            let own = page.0..=page.0.saturating_add(u64::from(header.overflow));
            freelist::check(ids, &self.claimed, own, (self.db.meta().high_water, limit), &mut report);
            let offset = Some(self.db.offset_of(page));
            for kind in kinds {
                self.faults.push(Fault { kind, page: Some(page), element: None, offset, path: Path::default() });
            }
        }
        let pages_in_use = self.claimed.len();
        Walked {
            pages_in_use,
            pages_free: limit.saturating_sub(pages_in_use),
            branch_pages: self.branches,
            leaf_pages: self.leaves,
            faults: self.faults,
            claimed: self.claimed,
            db: self.db,
        }
    }
}

/// Cuts a list of leaves into pieces of about `pages` pages.
fn pieces(leaves: &[LeafRef], pages: u64) -> Vec<std::ops::Range<usize>> {
    let mut pieces = Vec::new();
    let (mut start, mut sum) = (0, 0);
    for (at, leaf) in leaves.iter().enumerate() {
        sum += u64::from(leaf.overflow) + 1;
        if sum >= pages {
            pieces.push(start..at + 1);
            (start, sum) = (at + 1, 0);
        }
    }
    if start < leaves.len() {
        pieces.push(start..leaves.len());
    }
    pieces
}
