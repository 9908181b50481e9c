//! Where the bytes of a snapshot are: what is live, what is history, what is only overhead, and what could be had back.
//!
//! Every byte of the file has exactly one class ([`Account`]), and the classes add up to its length. A record counts
//! with its element: 16 bytes, its stored key and its value as stored.

mod account;
mod group;
mod key;
mod taken;
mod top;

use bbolt_page::{BucketRoot, Chunk, Db, Faults, LeafElement, LeafPage, Spread, Walker};
use etcd_snapshot::state::bucket;
use etcd_snapshot::{Place, Record};

pub use account::{Account, Reclaimable};
pub use group::By;
use group::groups;
pub use key::Keys;
pub use taken::{Group, KeyUsage};
use top::Top;

use crate::select::Selection;

/// Bytes of an element beside its key and value.
const ELEMENT: u64 = 16;

/// Where the bytes are.
#[derive(Debug)]
pub struct Usage<'a> {
    /// Every byte of the file by its class.
    pub account: Account,
    /// Each key with what its records take, in the order in which they first appear.
    pub keys: Keys<'a>,
    /// Records and tombstones in the file.
    pub records: u64,
    /// What the walk found wrong. A damaged file is accounted for as far as its trees can be followed: pages that were
    /// lost from them count as free.
    pub faults: Faults,
    /// Elements of bucket `key` that are no records.
    pub unreadable: u64,
}

/// Groups of keys, or keys, and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The first of them.
    pub rows: Vec<Group>,
    /// How many there are.
    pub all: usize,
}

#[derive(Default)]
struct Piece<'a> {
    records: Vec<Record<'a>>,
    /// Bytes of its records, with their elements.
    bytes: u64,
    /// Bytes of elements that are no records.
    other: u64,
    unreadable: u64,
    /// Bytes of pages that are neither records nor such elements.
    overhead: u64,
}

impl<'a> Usage<'a> {
    /// Accounts for every byte of a database in one walk. `progress` gets bytes of leaves, perhaps from several threads.
    ///
    /// Memory: some 30 bytes for each key, and 40 more where it has several records.
    #[must_use]
    pub fn of(db: Db<'a>, spread: &impl Spread, progress: &(dyn Fn(u64) + Sync)) -> Self {
        let mut walker = Walker::new(db);
        let buckets = walker.buckets(spread);
        let mut account = Account::default();
        let mut keys = Keys::new(walker.db().bytes());
        let (mut records, mut unreadable, mut inline_records) = (0, 0, false);
        let page_size = walker.db().page_size();
        if let Some(root) = walker.root() {
            account.add_own(&tree_bytes(walker.db(), &root.root, page_size));
        }
        for bucket in &buckets {
            if let Some(tree) = bucket.tree() {
                let pages: u64 = tree.branches().map(|branch| u64::from(branch.overflow) + 1).sum();
                account.page_overhead += pages * page_size;
            }
            if bucket.name() != bucket::KEY {
                walker.visit(bucket, spread, |chunk| chunk.for_each(drop), |()| {});
                account.add_own(&leaf_bytes(walker.db(), &bucket.root, page_size));
                continue;
            }
            let inline = matches!(bucket.root, BucketRoot::Inline(_));
            let read = |chunk: &mut Chunk<'_, 'a>| {
                let piece = read(chunk, inline);
                progress(piece.bytes);
                piece
            };
            walker.visit(bucket, spread, read, |piece| {
                account.page_overhead += piece.overhead;
                account.other_elements += piece.other;
                unreadable += piece.unreadable;
                records += piece.records.len() as u64;
                piece.records.iter().for_each(|record| keys.add(record));
            });
            inline_records = inline;
        }
        let freelist = walker.freelist().map_or(0, |header| u64::from(header.overflow) + 1);
        let db = walker.db().clone();
        let walked = walker.finish_with(spread, |bucket| account.add_own(&tree_bytes(&db, &bucket.root, page_size)));
        account.close(&walked, freelist, &keys);
        if inline_records {
            // They lie in the page of the root, where they were counted as its own.
            let inside = account.live + account.history + account.tombstones + account.other_elements;
            account.own_state = account.own_state.saturating_sub(inside);
        }
        Self { account, keys, records, faults: walked.faults, unreadable }
    }

    /// Keys that are live.
    #[must_use]
    pub fn live_keys(&self) -> u64 {
        self.keys.sum().live_keys
    }

    /// Keeps the keys that are meant. The account stays that of the whole file.
    pub fn narrow(&mut self, selection: &Selection) {
        if !selection.is_everything() {
            self.keys.narrow(selection);
        }
    }

    /// All keys taken together.
    #[must_use]
    pub fn all_keys(&self) -> &Group {
        self.keys.sum()
    }

    /// The keys taken together, or each by itself where `by` is `None`; the largest first, or with `churn` those that were
    /// written most, versions that a compaction removed counted. At most `top`, or with 0 all.
    #[must_use]
    pub fn table(&self, by: Option<By>, churn: bool, top: usize) -> Table {
        let mut rows = Top::new(top, churn);
        match by {
            None => self.keys.iter().for_each(|key| rows.take_key(&key)),
            Some(by) => groups(&self.keys, by, |group| rows.take(group)),
        }
        rows.finish()
    }
}

/// Bytes of pages: those in elements, and all of them.
#[derive(Clone, Copy, Default)]
struct PageBytes {
    elements: u64,
    all: u64,
}

fn elements_of(page: &LeafPage<'_>) -> u64 {
    page.elements().map(|element| size_of(&element)).sum()
}

fn size_of(element: &LeafElement<'_>) -> u64 {
    ELEMENT + element.key.len() as u64 + element.value.len() as u64
}

/// What the leaves of a bucket take; nothing where it is inline, since its bytes are in the page that holds it.
fn leaf_bytes(db: &Db<'_>, root: &BucketRoot<'_>, page_size: u64) -> PageBytes {
    let BucketRoot::Tree(tree) = root else { return PageBytes::default() };
    let mut bytes = PageBytes::default();
    for leaf in tree.leaves() {
        let run = (u64::from(leaf.overflow) + 1) * page_size;
        bytes.all += run;
        bytes.elements += db.leaf(leaf).map_or(0, |page| elements_of(&page)).min(run);
    }
    bytes
}

/// [`leaf_bytes`], and the branches above.
fn tree_bytes(db: &Db<'_>, root: &BucketRoot<'_>, page_size: u64) -> PageBytes {
    let mut bytes = leaf_bytes(db, root, page_size);
    if let BucketRoot::Tree(tree) = root {
        bytes.all += tree.branches().map(|branch| (u64::from(branch.overflow) + 1) * page_size).sum::<u64>();
    }
    bytes
}

fn read<'a>(chunk: &mut Chunk<'_, 'a>, inline: bool) -> Piece<'a> {
    let mut piece = Piece::default();
    for (page, _) in chunk {
        let mut used = 0;
        for element in page.elements() {
            let size = size_of(&element);
            used += size;
            let place = Place { page: page.page(), element: element.index, offset: page.offset_of(element.index) };
            match Record::decode(&element, place) {
                Ok(record) if !record.is_bump_marker() && !element.is_bucket() => {
                    piece.bytes += size;
                    piece.records.push(record);
                }
                Ok(_) => piece.other += size,
                Err(_) => {
                    piece.other += size;
                    piece.unreadable += 1;
                }
            }
        }
        if !inline {
            piece.overhead += page.size().saturating_sub(used);
        }
    }
    piece
}
