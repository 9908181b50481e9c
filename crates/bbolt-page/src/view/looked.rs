//! One page, and what the tree says of it.

use super::map::{PageMap, PageRole};
use super::page::PageView;
use crate::page::Pgid;

/// A page, or an inline page, and what the tree says of it.
#[derive(Clone, Debug)]
pub struct Looked<'a> {
    /// What its bytes mean.
    pub view: PageView<'a>,
    /// What uses it; `None` beyond the high-water mark.
    pub role: Option<PageRole>,
    /// Names that lead to the bucket that uses it; empty for the root bucket.
    pub path: Option<Vec<&'a [u8]>>,
    /// The first page of the run that it is in: itself, unless it is a continuation page.
    pub first: u64,
    /// Pages of that run.
    pub pages: u64,
}

impl<'a> Looked<'a> {
    /// Looks at a page; `None` where the file does not hold it whole.
    #[must_use]
    pub fn at(map: &PageMap<'a>, id: Pgid) -> Option<Self> {
        let db = &map.walked.db;
        let end = id.0.checked_add(1)?.checked_mul(db.page_size())?;
        if end > db.bytes().len() as u64 {
            return None;
        }
        let run = map.run_of(id);
        let path = run.and_then(|run| run.role.bucket()).and_then(|number| map.bucket(number));
        let view = match run {
            Some(run) if run.page != id => PageView::of_continuation(db, id),
            Some(run) => PageView::of(db, id, run.pages),
            None => PageView::of(db, id, 1),
        }?;
        Some(Self {
            view,
            role: run.map(|run| run.role),
            path: path.map(|bucket| bucket.path.clone()),
            first: run.map_or(id.0, |run| run.page.0),
            pages: run.map_or(1, |run| run.pages),
        })
    }

    /// Whether what passes for a key on it is one, wherever an element does not say otherwise.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.path.is_some() && self.view.faults.is_empty()
    }
}
