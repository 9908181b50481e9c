//! One bucket's tree: its branches read, its leaves listed in key order.

use crate::branch::BranchPage;
use crate::fault::Step;
use crate::leaf::Bounds;
use crate::page::Pgid;

/// The branch element that leads to a page; the root of a tree has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    branch: u32,
    element: u16,
}

impl Link {
    pub(crate) const ROOT: Self = Self { branch: u32::MAX, element: 0 };

    pub(crate) fn is_root(self) -> bool {
        self == Self::ROOT
    }
}

/// A leaf page of a tree, claimed but not yet read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafRef {
    /// The page.
    pub page: Pgid,
    /// Continuation pages that belong to it and to nothing else.
    pub overflow: u32,
    /// Elements that its header claims.
    pub count: u16,
    /// Branches above it.
    pub depth: u8,
    pub(crate) link: Link,
}

/// A branch page of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchRef {
    /// The page.
    pub page: Pgid,
    /// Continuation pages that belong to it and to nothing else.
    pub overflow: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Branch<'a> {
    page: Pgid,
    overflow: u32,
    link: Link,
    bounds: Bounds<'a>,
    view: BranchPage<'a>,
}

/// The pages of one bucket.
#[derive(Clone, Debug, Default)]
pub struct Tree<'a> {
    branches: Vec<Branch<'a>>,
    leaves: Vec<LeafRef>,
}

impl<'a> Tree<'a> {
    /// The leaves in key order.
    #[must_use]
    pub fn leaves(&self) -> &[LeafRef] {
        &self.leaves
    }

    /// The branches, each before those below it.
    pub fn branches(&self) -> impl Iterator<Item = BranchRef> + '_ {
        self.branches.iter().map(|branch| BranchRef { page: branch.page, overflow: branch.overflow })
    }

    /// Number of branch pages, continuation pages not counted.
    #[must_use]
    pub fn branch_count(&self) -> u64 {
        crate::cursor::offset(self.branches.len())
    }

    /// Pages of the tree, continuation pages included.
    #[must_use]
    pub fn page_count(&self) -> u64 {
        let leaves = self.leaves.iter().map(|leaf| u64::from(leaf.overflow) + 1).sum::<u64>();
        leaves + self.branches().map(|branch| u64::from(branch.overflow) + 1).sum::<u64>()
    }

    pub(crate) fn set_leaves(&mut self, leaves: Vec<LeafRef>) {
        self.leaves = leaves;
    }

    /// Adds a branch and gives the number that links to it use; `None` once there are more than any file can hold.
    pub(crate) fn add_branch(&mut self, page: Pgid, link: Link, view: BranchPage<'a>) -> Option<u32> {
        let number = u32::try_from(self.branches.len()).ok().filter(|&n| n != u32::MAX)?;
        let bounds = self.bounds(link);
        self.branches.push(Branch { page, overflow: 0, link, bounds, view });
        Some(number)
    }

    /// Gives continuation pages to the branch of that number.
    pub(crate) fn set_overflow(&mut self, number: u32, pages: u32) {
        let branch = usize::try_from(number).ok().and_then(|number| self.branches.get_mut(number));
        if let Some(branch) = branch {
            branch.overflow = pages;
        }
    }

    pub(crate) fn link(branch: u32, element: u16) -> Link {
        Link { branch, element }
    }

    fn branch(&self, link: Link) -> Option<&Branch<'a>> {
        self.branches.get(usize::try_from(link.branch).ok()?)
    }

    /// What the ancestors say about the keys behind `link`.
    pub(crate) fn bounds(&self, link: Link) -> Bounds<'a> {
        let Some(branch) = self.branch(link) else { return Bounds::default() };
        let next = link.element.checked_add(1).and_then(|next| branch.view.key(next));
        Bounds { lower: branch.view.key(link.element), upper: next.or(branch.bounds.upper) }
    }

    /// The branches from the root down to `link`.
    pub(crate) fn steps(&self, link: Link) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = link;
        while let Some(branch) = self.branch(at) {
            steps.push(Step { page: branch.page, element: at.element });
            at = branch.link;
        }
        steps.reverse();
        steps
    }

    /// Whether `page` is one of the branches above `link`.
    pub(crate) fn is_ancestor(&self, page: Pgid, link: Link) -> bool {
        self.steps(link).iter().any(|step| step.page == page)
    }
}
