//! Buckets: a name, and a tree of pages or one inline leaf.

use crate::cursor::{offset, u64_at};
use crate::fault::FaultKind;
use crate::leaf::LeafPage;
use crate::page::{PageHeader, PageKind, Pgid};
use crate::tree::Tree;

/// The first 16 bytes of a bucket's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InBucket {
    /// Root page; 0 for an inline bucket.
    pub root: Pgid,
    /// The bucket's sequence; 0 in etcd.
    pub sequence: u64,
}

impl InBucket {
    /// Bytes of the structure.
    pub const LEN: usize = 16;

    /// Reads the structure at the start of a bucket's value.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        Some(Self { root: Pgid(u64_at(value, 0)?), sequence: u64_at(value, 8)? })
    }
}

/// Where a bucket's elements are.
#[derive(Clone, Debug)]
pub enum BucketRoot<'a> {
    /// In the bucket's own value.
    Inline(LeafPage<'a>),
    /// On pages.
    Tree(Tree<'a>),
    /// Nowhere: its value is damaged (the walk has reported how).
    Lost,
}

/// A bucket that the walk found.
#[derive(Clone, Debug)]
pub struct Bucket<'a> {
    /// The names from the outermost bucket to this one.
    pub path: Vec<&'a [u8]>,
    /// Sequence as stored; 0 in etcd.
    pub sequence: u64,
    /// Where its elements are.
    pub root: BucketRoot<'a>,
}

impl<'a> Bucket<'a> {
    /// The bucket's own name.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.path.last().copied().unwrap_or_default()
    }

    /// The tree, where the bucket has one.
    #[must_use]
    pub fn tree(&self) -> Option<&Tree<'a>> {
        match &self.root {
            BucketRoot::Tree(tree) => Some(tree),
            BucketRoot::Inline(_) | BucketRoot::Lost => None,
        }
    }
}

/// Checks the page inside an inline bucket's value and gives it, faults or not, where it is there at all.
///
/// `page` and `at` say where the value lies: its page and the file offset of its first byte.
pub(crate) fn inline_page<'a>(
    value: &'a [u8],
    page: Pgid,
    at: u64,
    page_size: u64,
    mut report: impl FnMut(FaultKind),
) -> Option<LeafPage<'a>> {
    let data = value.get(InBucket::LEN..).unwrap_or_default();
    let Some(header) = PageHeader::read(data) else {
        report(FaultKind::BucketValue { got: offset(value.len()), expected: "32 or more, for an inline bucket" });
        return None;
    };
    if header.kind() != Some(PageKind::Leaf) {
        report(FaultKind::InlineHeader { field: "flags", got: u64::from(header.flags), expected: 2 });
    }
    if header.id.0 != 0 {
        report(FaultKind::InlineHeader { field: "id", got: header.id.0, expected: 0 });
    }
    if header.overflow != 0 {
        report(FaultKind::InlineHeader { field: "overflow", got: u64::from(header.overflow), expected: 0 });
    }
    let (got, limit) = (offset(data.len()), page_size / 4);
    if got > limit {
        report(FaultKind::InlineSize { got, limit });
    }
    Some(LeafPage::inline(data, header.count, page, at.saturating_add(offset(InBucket::LEN))))
}
