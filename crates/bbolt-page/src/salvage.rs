//! Pages without a meta, or without a root: what can still be found by looking at each page.

mod intact;

use crate::cursor::{index, offset};
use crate::db::Db;
use crate::leaf::{LeafElement, LeafPage};
use crate::meta::{Meta, MetaSlot};
use crate::page::{PageHeader, PageKind, Pgid, Txid};

pub use intact::{Harvest, IntactLeaf, LostPage, harvest, harvest_bucket, leading, whole_leaf};

/// Page headers looked at per candidate size.
const SAMPLE: u64 = 4096;

/// The page size under which most pages say that they are themselves; `None` where no page does.
#[must_use]
pub fn guess_page_size(bytes: &[u8]) -> Option<u32> {
    let matches = |size: u32| {
        let pages = offset(bytes.len()) / u64::from(size);
        let step = (pages / SAMPLE).max(1);
        let own = |&id: &u64| header(bytes, size, Pgid(id)).is_some_and(|h| h.id.0 == id && h.kind().is_some());
        (0..SAMPLE.min(pages)).map(|at| at * step).filter(|&id| id >= 2).filter(own).count()
    };
    let best = (10..=24)
        .map(|exponent| 1_u32 << exponent)
        .map(|size| (matches(size), size))
        .max_by_key(|&(n, size)| (n, std::cmp::Reverse(size)));
    best.filter(|&(count, _)| count > 0).map(|(_, size)| size)
}

fn header(bytes: &[u8], page_size: u32, id: Pgid) -> Option<PageHeader> {
    PageHeader::read(bytes.get(index(id.0.checked_mul(u64::from(page_size))?)?..)?)
}

/// Every page that says it is itself and a leaf, in file order, with its bytes up to the next page that says it is
/// itself (its tail may have been overwritten) or the end of its run.
///
/// Pages in use and stale pages of earlier transactions look alike here: the caller must say so.
pub fn leaf_pages(bytes: &[u8], page_size: u32) -> impl Iterator<Item = LeafPage<'_>> {
    let size = u64::from(page_size);
    let pages = offset(bytes.len()) / size.max(1);
    let own = move |id: u64| header(bytes, page_size, Pgid(id)).filter(|h| h.id.0 == id && h.kind().is_some());
    (2..pages).filter_map(move |id| {
        let head = own(id).filter(|h| h.kind() == Some(PageKind::Leaf))?;
        let limit = id.saturating_add(u64::from(head.overflow)).saturating_add(1).min(pages);
        let end = (id + 1..limit).find(|&next| own(next).is_some()).unwrap_or(limit);
        let data = bytes.get(index(id * size)?..index(end * size)?)?;
        Some(LeafPage::new(data, head.count, Pgid(id), id * size))
    })
}

/// Leaf pages that hold nothing but buckets: roots of this file, the current one and perhaps stale ones.
pub fn root_candidates(bytes: &[u8], page_size: u32) -> impl Iterator<Item = Pgid> + '_ {
    let all_buckets = |page: &LeafPage<'_>| {
        let (mut elements, mut any) = (page.elements(), false);
        elements.all(|element: LeafElement<'_>| {
            any = true;
            element.is_bucket()
        }) && any
    };
    leaf_pages(bytes, page_size).filter(all_buckets).map(|page| page.page())
}

/// The file seen through a meta that is made up: this page size, this root, every page allocated.
#[must_use]
pub fn open_at(bytes: &[u8], page_size: u32, root: Pgid) -> Db<'_> {
    let high_water = Pgid(offset(bytes.len()) / u64::from(page_size.max(1)));
    let meta = Meta { page_size, flags: 0, root, sequence: 0, freelist: None, high_water, txid: Txid(0), checksum: 0 };
    let slots = [MetaSlot::read(bytes, 0, 0), MetaSlot::read(bytes, 1, u64::from(page_size))];
    Db::through(bytes, meta, slots)
}
