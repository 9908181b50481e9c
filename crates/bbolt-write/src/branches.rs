//! Branches of a tree that grows at its right edge.

use crate::page::{Child, ELEMENT, HEADER, MOST};

/// Children of a branch to be.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) children: Vec<Child>,
    size: usize,
}

impl Group {
    fn push(&mut self, child: Child) {
        self.size += ELEMENT + child.0.len();
        self.children.push(child);
    }

    fn takes(&self, child: &Child, page_size: usize) -> bool {
        let size = HEADER + self.size + ELEMENT + child.0.len();
        // a branch has two children, however long their keys are
        self.children.len() < 2 || (size <= page_size && self.children.len() < MOST)
    }
}

/// A level of branches: the one that fills, and the full one before it, which may have to give a child away.
#[derive(Debug, Default)]
pub(crate) struct Level {
    full: Option<Group>,
    fills: Group,
}

impl Level {
    /// Adds a child, and gives the branch that is complete by that.
    pub(crate) fn push(&mut self, child: Child, page_size: usize) -> Option<Group> {
        let complete =
            if self.fills.takes(&child, page_size) { None } else { self.full.replace(std::mem::take(&mut self.fills)) };
        self.fills.push(child);
        complete
    }

    /// The branches that are left: none has a single child, unless it is the only one.
    pub(crate) fn close(self) -> Vec<Group> {
        let mut last = self.fills;
        let Some(mut full) = self.full else { return vec![last] };
        if last.children.len() > 1 {
            return vec![full, last];
        }
        if full.children.len() < 3 {
            last.children.into_iter().for_each(|child| full.push(child));
            return vec![full];
        }
        let moved = full.children.pop().into_iter().chain(std::mem::take(&mut last.children));
        let mut last = Group::default();
        moved.for_each(|child| last.push(child));
        vec![full, last]
    }
}
