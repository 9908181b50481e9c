//! Pages that nothing references: free, and often full of what was there before.

use crate::bitmap::Bitmap;
use crate::db::Db;
use crate::page::{PageKind, Pgid};

/// What a page that nothing references still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Residue {
    /// Nothing but zeros.
    Zero,
    /// A whole leaf page: header, keys and values of an earlier transaction.
    Leaf,
    /// A whole branch page.
    Branch,
    /// A continuation page of the stale page before it.
    Overflow,
    /// Anything else.
    Other,
}

impl Residue {
    /// A word for it: `zeros`, `stale-leaf`, `stale-branch`, `stale-overflow`, `other`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Zero => "zeros",
            Self::Leaf => "stale-leaf",
            Self::Branch => "stale-branch",
            Self::Overflow => "stale-overflow",
            Self::Other => "other",
        }
    }
}

/// A page that nothing references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// The page.
    pub page: Pgid,
    /// What it holds.
    pub residue: Residue,
}

/// Looks at every page below the limit that is not `claimed`, in order.
pub(crate) fn scan<'a>(db: &'a Db<'_>, claimed: &'a Bitmap) -> impl Iterator<Item = Unreachable> + use<'a> {
    let mut stale_until = 0;
    (2..db.page_limit()).map(Pgid).filter(|&page| !claimed.contains(page)).map(move |page| {
        let residue = classify(db, page, &mut stale_until);
        Unreachable { page, residue }
    })
}

fn classify(db: &Db<'_>, page: Pgid, stale_until: &mut u64) -> Residue {
    let kind = db.header(page).filter(|header| header.id == page).and_then(|h| Some((h.kind()?, h.overflow)));
    match kind {
        Some((PageKind::Leaf | PageKind::Branch, overflow)) => {
            *stale_until = page.0.saturating_add(u64::from(overflow)).saturating_add(1);
            if matches!(kind, Some((PageKind::Leaf, _))) { Residue::Leaf } else { Residue::Branch }
        }
        _ if page.0 < *stale_until => Residue::Overflow,
        _ if db.run(page, 0).is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0)) => Residue::Zero,
        _ => Residue::Other,
    }
}
