//! Every page below the high-water mark, once, with what uses it.

use crate::branch::BranchPage;
use crate::bucket::{Bucket, BucketRoot};
use crate::cursor::offset;
use crate::db::Db;
use crate::leaf::{Bounds, LeafPage, LeafShape};
use crate::page::{PageHeader, PageKind, Pgid};
use crate::spread::Spread;
use crate::unreachable::{Residue, Unreachable};
use crate::walk::{Chunk, Walked, Walker};

/// What uses a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageRole {
    /// One of the two metas.
    Meta,
    /// The persisted freelist.
    Freelist,
    /// A branch of the bucket with that number in [`PageMap::buckets`].
    Branch(usize),
    /// A leaf of the bucket with that number in [`PageMap::buckets`].
    Leaf(usize),
    /// Nothing; and what it still holds.
    Free(Residue),
}

impl PageRole {
    /// The bucket that uses the page.
    #[must_use]
    pub fn bucket(self) -> Option<usize> {
        match self {
            Self::Branch(bucket) | Self::Leaf(bucket) => Some(bucket),
            Self::Meta | Self::Freelist | Self::Free(_) => None,
        }
    }

    /// A word for the use: `meta`, `freelist`, `branch`, `leaf`, `free`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Freelist => "freelist",
            Self::Branch(_) => "branch",
            Self::Leaf(_) => "leaf",
            Self::Free(_) => "free",
        }
    }

    /// What a free page still holds.
    #[must_use]
    pub const fn residue(self) -> Option<Residue> {
        match self {
            Self::Free(residue) => Some(residue),
            _ => None,
        }
    }
}

/// What a run's header says, and how full it is. `None` is what nothing tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunMeasure {
    /// Elements; a meta has none.
    pub count: Option<u16>,
    /// Continuation pages.
    pub overflow: Option<u32>,
    /// Bytes of header, elements, keys and values.
    pub used: Option<u64>,
    /// The same in percent of all bytes of the run, two decimals.
    pub fill_percent: Option<f64>,
}

/// Pages by what uses them. Of branches and leaves the first pages count; their continuation pages stand beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageCounts {
    /// Bytes in a page.
    pub page_size: u64,
    /// Pages below the high-water mark that the file holds.
    pub pages: u64,
    /// Metas.
    pub meta: u64,
    /// Freelists.
    pub freelist: u64,
    /// Branches in use.
    pub branch: u64,
    /// Leaves in use.
    pub leaf: u64,
    /// Continuation pages in use.
    pub overflow: u64,
    /// Pages that nothing uses.
    pub free: u64,
}

/// A page and the continuation pages that belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRun {
    /// The first page.
    pub page: Pgid,
    /// How many pages, the first one counted.
    pub pages: u64,
    /// What uses them.
    pub role: PageRole,
}

/// Where a bucket's elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketPlace {
    /// In the bucket's own value, on this page.
    Inline(Pgid),
    /// On pages below this root; `None` where the root cannot be read.
    Pages(Option<Pgid>),
    /// Nowhere: its value is damaged.
    Lost,
}

/// A bucket and how much room it takes. The root bucket, which holds the top-level buckets, has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSummary<'a> {
    /// The names from the outermost bucket to this one; empty for the root bucket.
    pub path: Vec<&'a [u8]>,
    /// Sequence as stored; 0 in etcd.
    pub sequence: u64,
    /// Where its elements are.
    pub place: BucketPlace,
    /// Levels of its tree; 1 for a lone leaf, 0 for an inline bucket.
    pub levels: u64,
    /// Branch pages, continuation pages not counted.
    pub branch_pages: u64,
    /// Continuation pages of branches.
    pub branch_overflow: u64,
    /// Leaf pages, continuation pages not counted.
    pub leaf_pages: u64,
    /// Continuation pages of leaves.
    pub leaf_overflow: u64,
    /// Elements on its leaves, buckets counted.
    pub elements: u64,
    /// Bytes of its leaves in use, headers and elements counted; for an inline bucket those in its value.
    pub leaf_used: u64,
    /// Bytes of its branches in use.
    pub branch_used: u64,
}

impl BucketSummary<'_> {
    /// Pages, continuation pages counted.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.branch_pages + self.branch_overflow + self.leaf_pages + self.leaf_overflow
    }
}

/// Every page below the high-water mark that the file holds, in order.
#[derive(Debug)]
pub struct PageMap<'a> {
    /// The walk that made it.
    pub walked: Walked<'a>,
    buckets: Vec<BucketSummary<'a>>,
    runs: Vec<PageRun>,
}

/// Elements and bytes of some leaves.
#[derive(Clone, Copy, Default)]
struct Measure {
    elements: u64,
    used: u64,
}

impl Measure {
    fn add(mut self, page: &LeafPage<'_>, shape: &LeafShape) -> Self {
        self.elements += u64::from(page.count());
        self.used += shape.used;
        self
    }
}

impl<'a> PageMap<'a> {
    /// Walks a database and notes what uses each of its pages. Memory: some 32 bytes a run of pages.
    #[must_use]
    pub fn of(db: Db<'a>, spread: &impl Spread) -> Self {
        let mut walker = Walker::new(db);
        let mut noted = Noted::default();
        let top = walker.buckets(spread);
        if let Some(root) = walker.root().cloned() {
            let measure = measure(walker.db(), &root);
            noted.add(walker.db(), &root, measure);
        }
        for bucket in &top {
            let mut all = Measure::default();
            let read =
                |chunk: &mut Chunk<'_, 'a>| chunk.fold(Measure::default(), |sum, (page, shape)| sum.add(&page, &shape));
            walker.visit(bucket, spread, read, |some| {
                all.elements += some.elements;
                all.used += some.used;
            });
            noted.add(walker.db(), bucket, all);
        }
        let freelist = walker.freelist().map(|header| (header.id, header.overflow));
        let db = walker.db().clone();
        let walked = walker.finish_with(spread, |bucket| noted.add(&db, bucket, measure(&db, bucket)));
        let Noted { buckets, mut runs } = noted;
        let limit = walked.db.page_limit();
        runs.extend((0..limit.min(2)).map(|id| PageRun { page: Pgid(id), pages: 1, role: PageRole::Meta }));
        if let Some((page, overflow)) = freelist {
            let pages = (u64::from(overflow) + 1).min(limit.saturating_sub(page.0));
            runs.push(PageRun { page, pages, role: PageRole::Freelist });
        }
        free_runs(walked.unreachable(), &mut runs);
        runs.sort_unstable_by_key(|run| run.page);
        Self { walked, buckets, runs }
    }

    /// The runs, by page. Their pages add up to [`Db::page_limit`].
    #[must_use]
    pub fn runs(&self) -> &[PageRun] {
        &self.runs
    }

    /// The buckets, the root bucket first.
    #[must_use]
    pub fn buckets(&self) -> &[BucketSummary<'a>] {
        &self.buckets
    }

    /// The bucket with that number.
    #[must_use]
    pub fn bucket(&self, number: usize) -> Option<&BucketSummary<'a>> {
        self.buckets.get(number)
    }

    /// The run that a page is in.
    #[must_use]
    pub fn run_of(&self, page: Pgid) -> Option<&PageRun> {
        let after = self.runs.partition_point(|run| run.page <= page);
        self.runs.get(after.checked_sub(1)?).filter(|run| page.0 - run.page.0 < run.pages)
    }

    /// Bytes of a run that its header, elements, keys and values take; `None` where nothing says so. Reads the page.
    #[must_use]
    pub fn used(&self, run: &PageRun) -> Option<u64> {
        used(&self.walked.db, run)
    }

    /// What a run's header says, and how full it is. Reads the page.
    #[must_use]
    pub fn measure(&self, run: &PageRun) -> RunMeasure {
        let is_headed = !matches!(run.role, PageRole::Free(Residue::Zero | Residue::Overflow | Residue::Other));
        let header = self.walked.db.header(run.page).filter(|_| is_headed);
        let used = self.used(run);
        RunMeasure {
            count: header.filter(|_| run.role != PageRole::Meta).map(|header| header.count),
            overflow: header.map(|header| header.overflow),
            used,
            fill_percent: used.map(|used| percent(used, run.pages * self.walked.db.page_size())),
        }
    }

    /// Pages by what uses them.
    #[must_use]
    pub fn count(&self) -> PageCounts {
        let db = &self.walked.db;
        let mut counts = PageCounts { page_size: db.page_size(), pages: db.page_limit(), ..PageCounts::default() };
        for run in self.runs() {
            match run.role {
                PageRole::Meta => counts.meta += 1,
                PageRole::Freelist => counts.freelist += 1,
                PageRole::Branch(_) => counts.branch += 1,
                PageRole::Leaf(_) => counts.leaf += 1,
                PageRole::Free(_) => counts.free += run.pages,
            }
            if run.role.residue().is_none() {
                counts.overflow += run.pages - 1;
            }
        }
        counts
    }
}

/// Hundredths of a percent are as much as anybody reads.
#[expect(clippy::cast_precision_loss, reason = "a percentage, rounded anyway")]
fn percent(part: u64, whole: u64) -> f64 {
    (part as f64 * 10_000.0 / whole.max(1) as f64).round() / 100.0
}

#[derive(Default)]
struct Noted<'a> {
    buckets: Vec<BucketSummary<'a>>,
    runs: Vec<PageRun>,
}

impl<'a> Noted<'a> {
    fn add(&mut self, db: &Db<'a>, bucket: &Bucket<'a>, measure: Measure) {
        let number = self.buckets.len();
        let mut summary = BucketSummary {
            path: bucket.path.clone(),
            sequence: bucket.sequence,
            place: BucketPlace::Lost,
            levels: 0,
            branch_pages: 0,
            branch_overflow: 0,
            leaf_pages: 0,
            leaf_overflow: 0,
            elements: measure.elements,
            leaf_used: measure.used,
            branch_used: 0,
        };
        match &bucket.root {
            BucketRoot::Lost => {}
            BucketRoot::Inline(page) => summary.place = BucketPlace::Inline(page.page()),
            BucketRoot::Tree(tree) => {
                let mut root = None;
                for branch in tree.branches() {
                    root.get_or_insert(branch.page);
                    summary.branch_pages += 1;
                    summary.branch_overflow += u64::from(branch.overflow);
                    let run = PageRun {
                        page: branch.page,
                        pages: u64::from(branch.overflow) + 1,
                        role: PageRole::Branch(number),
                    };
                    summary.branch_used += used(db, &run).unwrap_or(0);
                    self.runs.push(run);
                }
                for leaf in tree.leaves() {
                    root.get_or_insert(leaf.page);
                    summary.leaf_pages += 1;
                    summary.leaf_overflow += u64::from(leaf.overflow);
                    summary.levels = summary.levels.max(u64::from(leaf.depth) + 1);
                    let pages = u64::from(leaf.overflow) + 1;
                    self.runs.push(PageRun { page: leaf.page, pages, role: PageRole::Leaf(number) });
                }
                summary.place = BucketPlace::Pages(root);
            }
        }
        self.buckets.push(summary);
    }
}

/// Reads the leaves of a bucket that no visit measures.
fn measure<'a>(db: &Db<'a>, bucket: &Bucket<'a>) -> Measure {
    let sum = |sum: Measure, page: LeafPage<'a>| sum.add(&page, &page.check(Bounds::default(), |_, _| {}));
    match &bucket.root {
        BucketRoot::Lost => Measure::default(),
        BucketRoot::Inline(page) => sum(Measure::default(), *page),
        BucketRoot::Tree(tree) => tree.leaves().iter().filter_map(|leaf| db.leaf(leaf)).fold(Measure::default(), sum),
    }
}

/// Free pages as runs: a stale leaf or branch with its continuation pages, any other page by itself.
fn free_runs(pages: impl Iterator<Item = Unreachable>, runs: &mut Vec<PageRun>) {
    for Unreachable { page, residue } in pages {
        let continued = |last: &&mut PageRun| {
            let stale = matches!(last.role, PageRole::Free(Residue::Leaf | Residue::Branch));
            stale && residue == Residue::Overflow && last.page.0 + last.pages == page.0
        };
        match runs.last_mut().filter(continued) {
            Some(last) => last.pages += 1,
            None => runs.push(PageRun { page, pages: 1, role: PageRole::Free(residue) }),
        }
    }
}

/// The bytes of a run, as far as the file holds them.
pub(crate) fn run_bytes<'a>(db: &Db<'a>, page: Pgid, pages: u64) -> &'a [u8] {
    let start = crate::cursor::index(db.offset_of(page)).and_then(|at| db.bytes().get(at..)).unwrap_or_default();
    let len = crate::cursor::index(pages.saturating_mul(db.page_size())).unwrap_or(usize::MAX);
    start.get(..len.min(start.len())).unwrap_or_default()
}

fn used(db: &Db<'_>, run: &PageRun) -> Option<u64> {
    let data = run_bytes(db, run.page, run.pages);
    let header = PageHeader::read(data)?;
    let ids = u64::from(header.count).saturating_mul(8);
    match run.role {
        PageRole::Meta => Some(80),
        PageRole::Freelist => Some(if header.count == u16::MAX { offset(data.len()) } else { 16 + ids }),
        PageRole::Free(Residue::Zero) => Some(0),
        PageRole::Free(Residue::Overflow | Residue::Other) => None,
        PageRole::Branch(_) | PageRole::Leaf(_) | PageRole::Free(Residue::Leaf | Residue::Branch) => {
            let used = match header.kind()? {
                PageKind::Branch => BranchPage::new(data, &header).used(),
                _ => {
                    let page = LeafPage::new(data, header.count, run.page, db.offset_of(run.page));
                    page.check(Bounds::default(), |_, _| {}).used
                }
            };
            Some(used.min(offset(data.len())))
        }
    }
}
