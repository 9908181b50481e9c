//! A snapshot whose metas, or whose root, are gone.

use std::cmp::Reverse;

use bbolt_page::{Bucket, BucketRoot, Db, Pgid, Serial, Walker, salvage};

use crate::record::{Place, Record};
use crate::revision::Revision;
use crate::state::bucket;

/// Root candidates that are tried. A file has one, and perhaps a few stale ones.
const CANDIDATES: usize = 64;

/// What pages hold that say of themselves that they are leaves, in use or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// Leaf pages.
    pub leaves: u64,
    /// Records on them. A record may lie on several pages, one in use and some stale.
    pub records: u64,
    /// The newest of them.
    pub newest: Option<Revision>,
}

/// Finds the root of a file without metas: of all pages that look like one, the one whose raft index is the highest,
/// and of equals the one with the fewest buckets that etcd does not know (a tool's, while it worked).
///
/// Which page size the file has is found the same way; `None` where nothing looks like a root.
#[must_use]
pub fn find_root(bytes: &[u8]) -> Option<Db<'_>> {
    let page_size = salvage::guess_page_size(bytes)?;
    let candidates = salvage::root_candidates(bytes, page_size).take(CANDIDATES);
    let opened = candidates.filter_map(|root| {
        let db = salvage::open_at(bytes, page_size, root);
        rank(&db).map(|rank| (rank, db))
    });
    opened.max_by_key(|(rank, _)| *rank).map(|(_, db)| db)
}

/// The file without any root: pages alone, of the page size that most of them fit.
#[must_use]
pub fn open_without_root(bytes: &[u8]) -> Option<Db<'_>> {
    Some(salvage::open_at(bytes, salvage::guess_page_size(bytes)?, Pgid(0)))
}

/// How good a root this is: its raft index, and less the more buckets are unknown. Only where bucket `key` is there, too.
fn rank(db: &Db<'_>) -> Option<(u64, Reverse<usize>)> {
    let buckets = Walker::new(db.clone()).buckets(&Serial);
    let find = |name: &[u8]| buckets.iter().find(|bucket| bucket.name() == name);
    find(bucket::KEY)?;
    let index = entry(db, find(bucket::META)?, b"consistent_index")?;
    let unknown = buckets.iter().filter(|bucket| !bucket::ALL.contains(&bucket.name())).count();
    Some((u64::from_be_bytes(index.try_into().ok()?), Reverse(unknown)))
}

fn entry<'a>(db: &Db<'a>, bucket: &Bucket<'a>, key: &[u8]) -> Option<&'a [u8]> {
    let leaf = match &bucket.root {
        BucketRoot::Inline(page) => *page,
        BucketRoot::Tree(tree) => db.leaf(tree.leaves().first()?)?,
        BucketRoot::Lost => return None,
    };
    leaf.elements().find(|element| element.key == key).map(|element| element.value)
}

/// Counts what pages hold, whatever became of the tree above them.
#[must_use]
pub fn pages(db: &Db<'_>) -> Pages {
    let mut pages = Pages::default();
    for leaf in salvage::leaf_pages(db.bytes(), db.meta().page_size) {
        pages.leaves += 1;
        for element in leaf.elements().filter(|element| !element.is_bucket()) {
            let place = Place { page: leaf.page(), element: element.index, offset: leaf.offset_of(element.index) };
            if let Ok(record) = Record::decode(&element, place) {
                pages.records += 1;
                pages.newest = pages.newest.max(Some(record.revision));
            }
        }
    }
    pages
}
