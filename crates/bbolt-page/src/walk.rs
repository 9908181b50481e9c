//! The walk: every bucket, every page, every fault, without recursion.

use std::ops::ControlFlow;

use crate::bitmap::Bitmap;
use crate::branch::BranchPage;
use crate::bucket::{Bucket, BucketRoot, InBucket, inline_page};
use crate::db::Db;
use crate::fault::{Fault, FaultKind, Faults, Path};
use crate::freelist;
use crate::leaf::{Bounds, LeafElement, LeafPage, LeafShape};
use crate::page::{PageHeader, PageKind, Pgid};
use crate::spread::Spread;
use crate::tree::{LeafRef, Link, Tree};
use crate::unreachable::{self, Unreachable};

/// Levels of a tree before the walk stops going down. A real tree has three to five.
const MAX_DEPTH: usize = 64;
/// Levels of buckets in buckets before the walk stops going down. etcd has one.
const MAX_BUCKET_DEPTH: usize = 16;
/// Buckets of one bucket before the walk stops looking at more. etcd has ten.
const MAX_BUCKETS: usize = 10_000;
/// Bytes of a bucket's name that a fault repeats.
const NAME_SHOWN: usize = 64;
/// Page headers read in one piece of work.
const HEADERS_AT_ONCE: usize = 1024;
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
    freelist: Option<(PageHeader, &'a [u8])>,
    branches: u64,
    leaves: u64,
}

/// What a whole walk found.
#[derive(Debug)]
pub struct Report<'a> {
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

impl Report<'_> {
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

/// A page that a branch (or a bucket's value) references, waiting for its header to be read.
#[derive(Clone, Copy)]
struct Pending {
    page: Pgid,
    link: Link,
}

#[derive(Clone, Copy)]
enum Node {
    Leaf(LeafRef),
    Pending(Pending),
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
        if header.kind() != Some(PageKind::Freelist) {
            return fault(self, FaultKind::FreelistPage { id, what: "does not have freelist flags" });
        }
        if header.id != id {
            return fault(self, FaultKind::FreelistPage { id, what: "has another page's id in its header" });
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

    /// Walks the branches below `root`, level by level, and lists the leaves in key order.
    fn walk_tree(&mut self, root: Pgid, holder: &Holder<'_, 'a>, spread: &impl Spread) -> Tree<'a> {
        let mut tree = Tree::default();
        let mut nodes = Vec::new();
        let mut runs = Vec::new();
        if let Some(kind) = self.reference(root, Link::ROOT, &tree) {
            self.report_at(holder, kind);
        } else {
            nodes.push(Node::Pending(Pending { page: root, link: Link::ROOT }));
        }
        for depth in 0..=MAX_DEPTH {
            let headers = self.read_headers(&nodes, spread);
            if headers.is_empty() {
                break;
            }
            if depth == MAX_DEPTH {
                self.report_at(holder, FaultKind::Depth { limit: MAX_DEPTH });
                nodes.retain(|node| matches!(node, Node::Leaf(_)));
                break;
            }
            nodes = self.descend(nodes, headers, depth, holder, &mut tree, &mut runs);
        }
        // Last, when all that the branches lead to is known: a damaged overflow count must not claim it.
        for (page, overflow, link) in runs {
            let mut faults = Vec::new();
            tree.add_overflow(self.claim(page, overflow, &mut faults));
            faults.into_iter().for_each(|kind| self.report_page(kind, page, link, holder, &tree));
        }
        let leaves = nodes.into_iter().filter_map(|node| match node {
            Node::Leaf(leaf) => Some(leaf),
            Node::Pending(_) => None,
        });
        tree.set_leaves(leaves.collect());
        self.leaves += crate::cursor::offset(tree.leaves().len());
        self.branches += tree.branch_count();
        self.check_depths(&tree, holder);
        tree
    }

    /// Reads the headers of all pending pages, many at once where `spread` has threads.
    fn read_headers(&self, nodes: &[Node], spread: &impl Spread) -> Vec<Option<PageHeader>> {
        let pending = |node: &Node| match node {
            Node::Pending(pending) => Some(self.db.header(pending.page)),
            Node::Leaf(_) => None,
        };
        let mut headers = Vec::new();
        let pieces = nodes.len().div_ceil(HEADERS_AT_ONCE);
        let piece = |at: usize| {
            let start = at * HEADERS_AT_ONCE;
            let end = nodes.len().min(start + HEADERS_AT_ONCE);
            nodes.get(start..end).unwrap_or_default().iter().filter_map(pending).collect::<Vec<_>>()
        };
        spread.map_fold(pieces, piece, |some| headers.extend(some));
        headers
    }

    /// One level down: pending pages become leaves, or branches whose children are pending.
    fn descend(
        &mut self,
        nodes: Vec<Node>,
        headers: Vec<Option<PageHeader>>,
        depth: usize,
        holder: &Holder<'_, 'a>,
        tree: &mut Tree<'a>,
        runs: &mut Vec<(Pgid, u32, Link)>,
    ) -> Vec<Node> {
        let depth = u8::try_from(depth).unwrap_or(u8::MAX);
        let mut next = Vec::with_capacity(nodes.len());
        let mut headers = headers.into_iter();
        for node in nodes {
            let Node::Pending(Pending { page, link }) = node else {
                next.push(node);
                continue;
            };
            let Some(header) = headers.next().flatten() else { continue };
            let mut faults = Vec::new();
            match self.believe(page, &header, tree.bounds(link), &mut faults) {
                Some(PageKind::Leaf) => {
                    let overflow = self.claim(page, header.overflow, &mut faults);
                    // A bucket that was emptied is stored inline; only a database without buckets has an empty root.
                    if header.count == 0 && !(link.is_root() && holder.path.is_empty()) {
                        faults.push(FaultKind::EmptyLeaf);
                    }
                    next.push(Node::Leaf(LeafRef { page, overflow, count: header.count, depth, link }));
                }
                Some(PageKind::Branch) => {
                    self.claimed.insert(page);
                    self.expand(page, &header, link, holder, tree, &mut next);
                    if header.overflow > 0 {
                        runs.push((page, header.overflow, link));
                    }
                }
                _ => {}
            }
            for kind in faults {
                self.report_page(kind, page, link, holder, tree);
            }
        }
        next
    }

    /// Adds a branch to the tree and its children to `next`.
    fn expand(
        &mut self,
        page: Pgid,
        header: &PageHeader,
        link: Link,
        holder: &Holder<'_, 'a>,
        tree: &mut Tree<'a>,
        next: &mut Vec<Node>,
    ) {
        let whole = self.db.run(page, header.overflow).or_else(|| self.db.run(page, 0));
        let view = BranchPage::new(whole.unwrap_or_default(), header);
        let bounds = tree.bounds(link);
        let Some(number) = tree.add_branch(page, link, view) else { return };
        let mut faults = Vec::new();
        let mut children = Vec::new();
        let cap = Faults::CAP;
        view.check(
            bounds,
            |kind, element| {
                if faults.len() < cap {
                    faults.push((kind, element));
                }
            },
            |child| {
                children.push((child.index, child.child));
                ControlFlow::Continue(())
            },
        );
        for (element, child) in children {
            let link = Tree::link(number, element);
            match self.reference(child, link, tree) {
                None => next.push(Node::Pending(Pending { page: child, link })),
                Some(kind) => faults.push((kind, Some(element))),
            }
        }
        for (kind, element) in faults {
            let at = element.map_or(0, |element| 16 * (u64::from(element) + 1));
            let offset = Some(self.db.offset_of(page).saturating_add(at));
            let path = || Path { buckets: names(holder.path), steps: tree.steps(link) };
            self.faults.push_with(|| Fault { kind, page: Some(page), element, offset, path: path() });
        }
    }

    /// Notes a reference to a page; gives the fault that makes it useless.
    fn reference(&mut self, id: Pgid, link: Link, tree: &Tree<'_>) -> Option<FaultKind> {
        let high_water = self.db.meta().high_water;
        if id.0 < 2 || id >= high_water {
            return Some(FaultKind::OutOfRange { id, high_water });
        }
        if id.0 >= self.db.page_limit() {
            return Some(FaultKind::Missing { id, overflow: 0 });
        }
        if tree.is_ancestor(id, link) {
            return Some(FaultKind::Cycle { id });
        }
        if self.claimed.contains(id) || !self.referenced.insert(id) {
            return Some(FaultKind::DoubleReference { id });
        }
        None
    }

    /// What the header of a referenced page says it is, where that can be a part of a tree.
    fn believe(
        &self,
        page: Pgid,
        header: &PageHeader,
        bounds: Bounds<'a>,
        faults: &mut Vec<FaultKind>,
    ) -> Option<PageKind> {
        let kind = match header.kind() {
            Some(kind @ (PageKind::Branch | PageKind::Leaf)) => kind,
            Some(got) => {
                faults.push(FaultKind::Kind { got });
                return None;
            }
            None => {
                faults.push(FaultKind::Flags { got: header.flags });
                return None;
            }
        };
        if header.id != page {
            faults.push(FaultKind::SelfId { expected: page, got: header.id });
            return self.belongs(page, header, kind, bounds).then_some(kind);
        }
        Some(kind)
    }

    /// Whether a page with another page's id is the right page all the same (only its id is damaged), or a copy of
    /// that other page, whose records would then be counted twice. Its first key tells.
    fn belongs(&self, page: Pgid, header: &PageHeader, kind: PageKind, bounds: Bounds<'a>) -> bool {
        if header.id.0 >= self.db.page_limit() {
            return true;
        }
        let run = self.db.run(page, 0).unwrap_or_default();
        let first = match kind {
            PageKind::Branch => BranchPage::new(run, header).key(0),
            _ => LeafPage::new(run, header.count, page, 0).elements().next().map(|element| element.key),
        };
        if bounds == Bounds::default() {
            // A root: a copy of another page would be equal to it.
            return self.db.run(header.id, 0) != Some(run);
        }
        first.is_some_and(|key| !bounds.is_below(key) && !bounds.is_above(key))
    }

    /// Claims a run for the page at its head; gives how many continuation pages are its own.
    ///
    /// A run stops before the first page that something else references: one damaged overflow count must not
    /// swallow its neighbours.
    fn claim(&mut self, head: Pgid, overflow: u32, faults: &mut Vec<FaultKind>) -> u32 {
        self.claimed.insert(head);
        let high_water = self.db.meta().high_water;
        let end = head.0.saturating_add(u64::from(overflow)).saturating_add(1);
        if end > high_water.0 {
            faults.push(FaultKind::RunPastHighWater { overflow, high_water });
        } else if end > self.db.page_limit() {
            faults.push(FaultKind::Missing { id: head, overflow });
        }
        for id in (head.0 + 1..end.min(self.db.page_limit())).map(Pgid) {
            if self.referenced.contains(id) || self.roots.contains(id) || !self.claimed.insert(id) {
                faults.push(FaultKind::DoubleReference { id });
                return u32::try_from(id.0 - head.0 - 1).unwrap_or(overflow);
            }
        }
        u32::try_from(end.min(self.db.page_limit()).saturating_sub(head.0 + 1)).unwrap_or(overflow).min(overflow)
    }

    fn report_page(&mut self, kind: FaultKind, page: Pgid, link: Link, holder: &Holder<'_, 'a>, tree: &Tree<'a>) {
        let offset = Some(self.db.offset_of(page));
        let path = || Path { buckets: names(holder.path), steps: tree.steps(link) };
        self.faults.push_with(|| Fault { kind, page: Some(page), element: None, offset, path: path() });
    }

    /// All leaves of a tree are equally deep; those that are not stand out against the majority.
    fn check_depths(&mut self, tree: &Tree<'a>, holder: &Holder<'_, 'a>) {
        let mut counts = [0_u64; MAX_DEPTH + 1];
        for leaf in tree.leaves() {
            if let Some(count) = counts.get_mut(usize::from(leaf.depth)) {
                *count += 1;
            }
        }
        if counts.iter().filter(|&&count| count > 0).count() < 2 {
            return;
        }
        let most = counts.iter().enumerate().max_by_key(|&(depth, &count)| (count, depth)).map_or(0, |(d, _)| d);
        let expected = u8::try_from(most).unwrap_or(u8::MAX);
        for leaf in tree.leaves().iter().filter(|leaf| leaf.depth != expected) {
            let kind = FaultKind::UnevenDepth { expected, got: leaf.depth };
            self.report_page(kind, leaf.page, leaf.link, holder, tree);
        }
    }

    /// Ends the walk: buckets inside buckets are walked, the freelist is checked, the account is closed.
    #[must_use]
    pub fn finish(mut self, spread: &impl Spread) -> Report<'a> {
        while let Some(bucket) = self.nested.pop() {
            self.visit(&bucket, spread, |chunk| chunk.for_each(drop), drop);
        }
        let limit = self.db.page_limit();
        if let (Some((header, run)), Some(page)) = (self.freelist, self.db.meta().freelist) {
            let mut kinds = Vec::new();
            let mut report = |kind| {
                if kinds.len() < Faults::CAP {
                    kinds.push(kind);
                }
            };
            let ids = freelist::ids(run, &header, &mut report);
            freelist::check(ids, &self.claimed, self.db.meta().high_water, limit, &mut report);
            let offset = Some(self.db.offset_of(page));
            for kind in kinds {
                self.faults.push(Fault { kind, page: Some(page), element: None, offset, path: Path::default() });
            }
        }
        let pages_in_use = self.claimed.len();
        Report {
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
