//! What a copy or a transfer did to a snapshot that can still be opened.

use bbolt_page::{Db, Pgid};
use etcd_snapshot::trailer::Trailer;
use mend::{Diagnosis, Loss};

/// What is seen of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transfer {
    /// What was done to its bytes, and whether it can be undone; `None` where nothing was, or nothing is seen.
    pub damage: Option<Diagnosis>,
    /// Runs of pages behind the metas that are in use and all zero: the first of each, and how many.
    pub holes: Vec<(Pgid, u64)>,
}

impl Transfer {
    /// Looks for it, where something is wrong with the file: `pages` are those of which that is so.
    pub(crate) fn of(db: &Db<'_>, trailer: &Trailer, pages: impl Iterator<Item = Pgid>) -> Self {
        let mut holes: Vec<(Pgid, u64)> = Vec::new();
        let mut pages: Vec<u64> = pages.filter(|page| page.0 > 1 && is_zero(db, *page)).map(|page| page.0).collect();
        pages.sort_unstable();
        pages.dedup();
        for page in pages {
            match holes.last_mut() {
                Some((first, count)) if first.0.saturating_add(*count) == page => *count += 1,
                _ => holes.push((Pgid(page), 1)),
            }
        }
        let damage = (trailer.valid() != Some(true)).then(|| mend::diagnose(db.bytes()));
        // a file that is cut off says so by its length
        let cut = |damage: &Diagnosis| damage.steps().is_empty() && matches!(damage.loss(), None | Some(Loss::End(_)));
        let damage = damage.filter(|damage| !cut(damage));
        Self { damage, holes }
    }
}

/// Whether all of a page is zero.
fn is_zero(db: &Db<'_>, page: Pgid) -> bool {
    let size = u64::from(db.meta().page_size);
    let Some(start) = page.0.checked_mul(size).and_then(|start| usize::try_from(start).ok()) else { return false };
    let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size));
    let whole = end.and_then(|end| db.bytes().get(start..end));
    whole.is_some_and(|whole| whole.iter().all(|byte| *byte == 0))
}
