//! What of a tree is intact: each page judged by itself and by what the branches above say, and believed whole or not at all.

use std::ops::ControlFlow;

use crate::bitmap::Bitmap;
use crate::branch::BranchPage;
use crate::bucket::{InBucket, inline_page};
use crate::cursor::offset;
use crate::db::Db;
use crate::fault::FaultKind;
use crate::leaf::{Bounds, LeafElement, LeafPage, Span, is_zero_behind};
use crate::page::{PageHeader, PageKind, Pgid};

/// Levels of a tree before a harvest stops going down. A real tree has three to five.
const MAX_DEPTH: u8 = 64;

/// A leaf without any fault, below branches without any.
#[derive(Clone, Copy, Debug)]
pub struct IntactLeaf<'a> {
    /// The leaf.
    pub page: LeafPage<'a>,
    /// The keys that are on no other leaf.
    pub bounds: Bounds<'a>,
}

/// A page that cannot be believed, and with it everything between its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostPage<'a> {
    /// The page; for an inline bucket the one that holds it.
    pub page: Pgid,
    /// The keys that it led to.
    pub bounds: Bounds<'a>,
    /// The first thing wrong with it.
    pub why: FaultKind,
}

/// What of a tree is intact, and what is not.
#[derive(Clone, Debug, Default)]
pub struct Harvest<'a> {
    /// Intact leaves, in order of their keys.
    pub leaves: Vec<IntactLeaf<'a>>,
    /// Pages that failed, in order of their keys.
    pub lost: Vec<LostPage<'a>>,
}

impl Harvest<'_> {
    /// Of a bucket that is not there at all: `page` should have told where it is.
    #[must_use]
    pub fn nothing(page: Pgid, why: FaultKind) -> Self {
        Self { leaves: Vec::new(), lost: vec![LostPage { page, bounds: Bounds::default(), why }] }
    }
}

/// Goes down from `root` and keeps what is intact. A page is reached through intact branches only; what a damaged one
/// led to is lost here, though its pages may well be intact ([`leaf_pages`](super::leaf_pages) finds them).
#[must_use]
pub fn harvest<'a>(db: &Db<'a>, root: Pgid) -> Harvest<'a> {
    let mut harvest = Harvest::default();
    let mut entered = Bitmap::new(db.page_limit());
    let mut pending = vec![(root, Bounds::default(), 0_u8)];
    while let Some((page, bounds, depth)) = pending.pop() {
        let found = believed(db, page).and_then(|(header, run)| match header.kind() {
            Some(PageKind::Leaf) => {
                let leaf = LeafPage::new(run, header.count, page, db.offset_of(page));
                whole_leaf(db, leaf, bounds).map(|page| harvest.leaves.push(IntactLeaf { page, bounds }))
            }
            Some(PageKind::Branch) if depth >= MAX_DEPTH => Err(FaultKind::Depth { limit: usize::from(MAX_DEPTH) }),
            Some(PageKind::Branch) => {
                let children = children(BranchPage::new(run, &header), bounds)?;
                if !entered.insert(page) {
                    return Err(FaultKind::DoubleReference { id: page });
                }
                pending.extend(children.into_iter().rev().map(|(child, bounds)| (child, bounds, depth + 1)));
                Ok(())
            }
            Some(got) => Err(FaultKind::Kind { got }),
            None => Err(FaultKind::Flags { got: header.flags }),
        });
        if let Err(why) = found {
            harvest.lost.push(LostPage { page, bounds, why });
        }
    }
    harvest
}

/// What is intact of the bucket that `element` of `holder` names.
#[must_use]
pub fn harvest_bucket<'a>(db: &Db<'a>, holder: &LeafPage<'a>, element: &LeafElement<'a>) -> Harvest<'a> {
    let got = offset(element.value.len());
    match InBucket::read(element.value) {
        None => Harvest::nothing(holder.page(), FaultKind::BucketValue { got, expected: "16 or more" }),
        Some(InBucket { root: Pgid(0), .. }) => match whole_inline(db, holder, element) {
            Ok(page) => {
                let leaf = IntactLeaf { page, bounds: Bounds::default() };
                Harvest { leaves: vec![leaf], lost: Vec::new() }
            }
            Err(why) => Harvest::nothing(holder.page(), why),
        },
        Some(_) if element.value.len() != InBucket::LEN => {
            let expected = "16, for a bucket on pages";
            Harvest::nothing(holder.page(), FaultKind::BucketValue { got, expected })
        }
        Some(inner) => harvest(db, inner.root),
    }
}

/// A leaf with nothing wrong in it; else the first thing that is.
///
/// # Errors
/// Any fault that a walk would report of it, that it has no elements, and [`FaultKind::Continuation`].
pub fn whole_leaf<'a>(db: &Db<'a>, page: LeafPage<'a>, bounds: Bounds<'a>) -> Result<LeafPage<'a>, FaultKind> {
    let Some((_, _, first)) = page.raw(0).filter(|_| page.count() > 0) else { return Err(FaultKind::EmptyLeaf) };
    starts_within(&first?, bounds)?;
    let mut fault = None;
    let shape = page.check(bounds, |kind, _| {
        fault.get_or_insert(kind);
    });
    fault.or_else(|| torn(db, &page, shape.used)).map_or(Ok(page), Err)
}

/// The elements of a leaf up to the first thing wrong in it, and without the one before that: whatever is wrong may have
/// begun in its value. A key out of bounds is wrong, too. All but the last one, where nothing is wrong.
#[must_use]
pub fn leading<'a>(db: &Db<'a>, page: &LeafPage<'a>, bounds: Bounds<'_>) -> Vec<LeafElement<'a>> {
    let mut bad = page.count();
    let shape = page.check(Bounds::default(), |_, element| bad = bad.min(element.unwrap_or(page.count())));
    let torn = match torn(db, page, shape.used) {
        Some(FaultKind::Continuation { id, .. }) => db.offset_of(id),
        _ => u64::MAX,
    };
    let end = |part: &[u8]| db.offset_in_file(part).unwrap_or(u64::MAX).saturating_add(offset(part.len()));
    let sound = |element: &LeafElement<'_>| {
        let within = !bounds.is_below(element.key) && !bounds.is_above(element.key);
        element.index < bad && within && end(element.value) <= torn
    };
    let mut elements: Vec<_> = page.elements().take_while(sound).collect();
    elements.pop();
    elements
}

/// A continuation page, of those in use, that was written over: with zeros, or with a copy of a page that is elsewhere. A
/// value may hold a page of zeros, but what is damaged does so much more often.
fn torn(db: &Db<'_>, page: &LeafPage<'_>, used: u64) -> Option<FaultKind> {
    let ids = page.page().0 + 1..page.page().0.saturating_add(used.div_ceil(db.page_size()));
    ids.map(Pgid).find_map(|id| {
        let bytes = db.run(id, 0)?;
        let copied = |header: PageHeader| {
            header.id.0 >= 2 && header.kind().is_some() && header.id != id && db.run(header.id, 0) == Some(bytes)
        };
        let what = if is_zero_behind(bytes, 0) {
            "holds nothing but zeros"
        } else if PageHeader::read(bytes).is_some_and(copied) {
            "is a copy of another page"
        } else {
            return None;
        };
        Some(FaultKind::Continuation { id, what })
    })
}

/// Looked at first: of all places that lead to a page, one is the right one, so that no page is read often.
fn starts_within(first: &Span<'_>, bounds: Bounds<'_>) -> Result<(), FaultKind> {
    match first.key {
        key if bounds.is_below(key) => Err(FaultKind::BelowBound),
        key if bounds.is_above(key) => Err(FaultKind::AboveBound),
        _ => Ok(()),
    }
}

fn whole_inline<'a>(db: &Db<'a>, holder: &LeafPage<'a>, element: &LeafElement<'a>) -> Result<LeafPage<'a>, FaultKind> {
    let mut first = None;
    let mut note = |kind: FaultKind| {
        if !kind.is_harmless() {
            first.get_or_insert(kind);
        }
    };
    let at = db.offset_in_file(element.value).unwrap_or_default();
    let page = inline_page(element.value, holder.page(), at, db.page_size(), &mut note);
    if let Some(page) = page {
        let shape = page.check(Bounds::default(), |kind, _| note(kind));
        if shape.used < page.len() {
            note(FaultKind::InlineLength { count: page.count(), used: shape.used, have: page.len() });
        }
    }
    let expected = "32 or more, for an inline bucket";
    let short = FaultKind::BucketValue { got: offset(element.value.len()), expected };
    first.map_or(page.ok_or(short), Err)
}

/// The header and the run of a page that can be referenced and says that it is itself.
fn believed<'a>(db: &Db<'a>, id: Pgid) -> Result<(PageHeader, &'a [u8]), FaultKind> {
    let high_water = db.meta().high_water;
    if id.0 < 2 || id >= high_water {
        return Err(FaultKind::OutOfRange { id, high_water });
    }
    let missing = |overflow| FaultKind::Missing { id, overflow };
    let header = db.header(id).filter(|_| id.0 < db.page_limit()).ok_or(missing(0))?;
    if header.id != id {
        return Err(FaultKind::SelfId { expected: id, got: header.id });
    }
    if id.0.saturating_add(u64::from(header.overflow)) >= high_water.0 {
        return Err(FaultKind::RunPastHighWater { overflow: header.overflow, high_water });
    }
    let run = db.run(id, header.overflow).ok_or(missing(header.overflow))?;
    Ok((header, run))
}

/// The children of a branch without faults, each with the keys that it may hold.
fn children<'a>(branch: BranchPage<'a>, bounds: Bounds<'a>) -> Result<Vec<(Pgid, Bounds<'a>)>, FaultKind> {
    let Some((_, first)) = branch.raw(0).filter(|_| branch.count() > 0) else { return Err(FaultKind::EmptyBranch) };
    starts_within(&first?, bounds)?;
    let (mut fault, mut children) = (None, Vec::new());
    branch.check(
        bounds,
        |kind, _| {
            fault.get_or_insert(kind);
        },
        |child| {
            let upper = child.index.checked_add(1).and_then(|next| branch.key(next)).or(bounds.upper);
            children.push((child.child, Bounds { lower: Some(child.key), upper }));
            ControlFlow::Continue(())
        },
    );
    fault.map_or(Ok(children), Err)
}
