//! Down a tree, level by level: which pages belong to it, and what its branches say.

use std::ops::ControlFlow;

use super::{Holder, Walker, names};
use crate::branch::BranchPage;
use crate::fault::{Fault, FaultKind, Faults, Path};
use crate::leaf::{Bounds, LeafPage};
use crate::page::{PageHeader, PageKind, Pgid};
use crate::spread::Spread;
use crate::tree::{LeafRef, Link, Tree};

/// Levels of a tree before the walk stops going down. A real tree has three to five.
const MAX_DEPTH: usize = 64;
/// Page headers read in one piece of work.
const HEADERS_AT_ONCE: usize = 1024;

/// A page that a branch (or a bucket's value) references, waiting for its header to be read.
#[derive(Clone, Copy)]
struct Pending {
    page: Pgid,
    link: Link,
}

#[derive(Clone, Copy)]
enum Node {
    Leaf(LeafRef),
    Pending(Pending),
}

impl<'a> Walker<'a> {
    /// Walks the branches below `root`, level by level, and lists the leaves in key order.
    pub(super) fn walk_tree(&mut self, root: Pgid, holder: &Holder<'_, 'a>, spread: &impl Spread) -> Tree<'a> {
        let mut tree = Tree::default();
        let mut nodes = Vec::new();
        let mut runs = Vec::new();
        if let Some(kind) = self.reference(root, Link::ROOT, &tree) {
            self.report_at(holder, kind);
        } else {
            nodes.push(Node::Pending(Pending { page: root, link: Link::ROOT }));
        }
        for depth in 0..=MAX_DEPTH {
            let headers = self.read_headers(&nodes, spread);
            if headers.is_empty() {
                break;
            }
            if depth == MAX_DEPTH {
                self.report_at(holder, FaultKind::Depth { limit: MAX_DEPTH });
                nodes.retain(|node| matches!(node, Node::Leaf(_)));
                break;
            }
            nodes = self.descend(nodes, headers, depth, holder, &mut tree, &mut runs);
        }
        // Last, when all that the branches lead to is known: a damaged overflow count must not claim it.
        for (page, overflow, link, number) in runs {
            let mut faults = Vec::new();
            tree.set_overflow(number, self.claim(page, overflow, &mut faults));
            faults.into_iter().for_each(|kind| self.report_page(kind, page, link, holder, &tree));
        }
        let leaves = nodes.into_iter().filter_map(|node| match node {
            Node::Leaf(leaf) => Some(leaf),
            Node::Pending(_) => None,
        });
        tree.set_leaves(leaves.collect());
        self.leaves += crate::cursor::offset(tree.leaves().len());
        self.branches += tree.branch_count();
        self.check_depths(&tree, holder);
        tree
    }

    /// Reads the headers of all pending pages, many at once where `spread` has threads.
    fn read_headers(&self, nodes: &[Node], spread: &impl Spread) -> Vec<Option<PageHeader>> {
        let pending = |node: &Node| match node {
            Node::Pending(pending) => Some(self.db.header(pending.page)),
            Node::Leaf(_) => None,
        };
        let mut headers = Vec::new();
        let pieces = nodes.len().div_ceil(HEADERS_AT_ONCE);
        let piece = |at: usize| {
            let start = at * HEADERS_AT_ONCE;
            let end = nodes.len().min(start + HEADERS_AT_ONCE);
            nodes.get(start..end).unwrap_or_default().iter().filter_map(pending).collect::<Vec<_>>()
        };
        spread.map_fold(pieces, piece, |some| headers.extend(some));
        headers
    }

    /// One level down: pending pages become leaves, or branches whose children are pending.
    fn descend(
        &mut self,
        nodes: Vec<Node>,
        headers: Vec<Option<PageHeader>>,
        depth: usize,
        holder: &Holder<'_, 'a>,
        tree: &mut Tree<'a>,
        runs: &mut Vec<(Pgid, u32, Link, u32)>,
    ) -> Vec<Node> {
        let depth = u8::try_from(depth).unwrap_or(u8::MAX);
        let mut next = Vec::with_capacity(nodes.len());
        let mut headers = headers.into_iter();
        for node in nodes {
            let Node::Pending(Pending { page, link }) = node else {
                next.push(node);
                continue;
            };
            let Some(header) = headers.next().flatten() else { continue };
            let mut faults = Vec::new();
            match self.believe(page, &header, tree.bounds(link), &mut faults) {
                Some(PageKind::Leaf) => {
                    let overflow = self.claim(page, header.overflow, &mut faults);
                    // A bucket that was emptied is stored inline; only a database without buckets has an empty root.
                    if header.count == 0 && !(link.is_root() && holder.path.is_empty()) {
                        faults.push(FaultKind::EmptyLeaf);
                    }
                    next.push(Node::Leaf(LeafRef { page, overflow, count: header.count, depth, link }));
                }
                Some(PageKind::Branch) => {
                    self.claimed.insert(page);
                    let number = self.expand(page, &header, link, holder, tree, &mut next);
                    if let Some(number) = number.filter(|_| header.overflow > 0) {
                        runs.push((page, header.overflow, link, number));
                    }
                }
                _ => {}
            }
            for kind in faults {
                self.report_page(kind, page, link, holder, tree);
            }
        }
        next
    }

    /// Adds a branch to the tree and its children to `next`; gives the number of the branch.
    fn expand(
        &mut self,
        page: Pgid,
        header: &PageHeader,
        link: Link,
        holder: &Holder<'_, 'a>,
        tree: &mut Tree<'a>,
        next: &mut Vec<Node>,
    ) -> Option<u32> {
        let whole = self.db.run(page, header.overflow).or_else(|| self.db.run(page, 0));
        let view = BranchPage::new(whole.unwrap_or_default(), header);
        let bounds = tree.bounds(link);
        let number = tree.add_branch(page, link, view)?;
        let mut faults = Vec::new();
        let mut children = Vec::new();
        let cap = Faults::CAP;
        view.check(
            bounds,
            |kind, element| {
                if faults.len() < cap {
                    faults.push((kind, element));
                }
            },
            |child| {
                children.push((child.index, child.child));
                ControlFlow::Continue(())
            },
        );
        for (element, child) in children {
            let link = Tree::link(number, element);
            match self.reference(child, link, tree) {
                None => next.push(Node::Pending(Pending { page: child, link })),
                Some(kind) => faults.push((kind, Some(element))),
            }
        }
        for (kind, element) in faults {
            let at = element.map_or(0, |element| 16 * (u64::from(element) + 1));
            let offset = Some(self.db.offset_of(page).saturating_add(at));
            let path = || Path { buckets: names(holder.path), steps: tree.steps(link) };
            self.faults.push_with(|| Fault { kind, page: Some(page), element, offset, path: path() });
        }
        Some(number)
    }

    /// Notes a reference to a page; gives the fault that makes it useless.
    fn reference(&mut self, id: Pgid, link: Link, tree: &Tree<'_>) -> Option<FaultKind> {
        let high_water = self.db.meta().high_water;
        if id.0 < 2 || id >= high_water {
            return Some(FaultKind::OutOfRange { id, high_water });
        }
        if id.0 >= self.db.page_limit() {
            return Some(FaultKind::Missing { id, overflow: 0 });
        }
        if tree.is_ancestor(id, link) {
            return Some(FaultKind::Cycle { id });
        }
        if self.claimed.contains(id) || !self.referenced.insert(id) {
            return Some(FaultKind::DoubleReference { id });
        }
        None
    }

    /// What the header of a referenced page says it is, where that can be a part of a tree.
    fn believe(
        &self,
        page: Pgid,
        header: &PageHeader,
        bounds: Bounds<'a>,
        faults: &mut Vec<FaultKind>,
    ) -> Option<PageKind> {
        let kind = match header.kind() {
            Some(kind @ (PageKind::Branch | PageKind::Leaf)) => kind,
            Some(got) => {
                faults.push(FaultKind::Kind { got });
                return None;
            }
            None => {
                faults.push(FaultKind::Flags { got: header.flags });
                return None;
            }
        };
        if header.id != page {
            faults.push(FaultKind::SelfId { expected: page, got: header.id });
            return self.belongs(page, header, kind, bounds).then_some(kind);
        }
        Some(kind)
    }

    /// Whether a page with another page's id is the right page all the same (only its id is damaged), or a copy of
    /// that other page, whose records would then be counted twice. Its first key tells.
    fn belongs(&self, page: Pgid, header: &PageHeader, kind: PageKind, bounds: Bounds<'a>) -> bool {
        if header.id.0 >= self.db.page_limit() {
            return true;
        }
        let run = self.db.run(page, 0).unwrap_or_default();
        let first = match kind {
            PageKind::Branch => BranchPage::new(run, header).key(0),
            _ => LeafPage::new(run, header.count, page, 0).elements().next().map(|element| element.key),
        };
        if bounds == Bounds::default() {
            // A root: a copy of another page would be equal to it.
            return self.db.run(header.id, 0) != Some(run);
        }
        first.is_some_and(|key| !bounds.is_below(key) && !bounds.is_above(key))
    }

    /// Claims a run for the page at its head; gives how many continuation pages are its own.
    ///
    /// A run stops before the first page that something else references: one damaged overflow count must not
    /// swallow its neighbours.
    fn claim(&mut self, head: Pgid, overflow: u32, faults: &mut Vec<FaultKind>) -> u32 {
        self.claimed.insert(head);
        let high_water = self.db.meta().high_water;
        let end = head.0.saturating_add(u64::from(overflow)).saturating_add(1);
        if end > high_water.0 {
            faults.push(FaultKind::RunPastHighWater { overflow, high_water });
        } else if end > self.db.page_limit() {
            faults.push(FaultKind::Missing { id: head, overflow });
        }
        for id in (head.0 + 1..end.min(self.db.page_limit())).map(Pgid) {
            if self.referenced.contains(id) || self.roots.contains(id) || !self.claimed.insert(id) {
                faults.push(FaultKind::DoubleReference { id });
                return u32::try_from(id.0 - head.0 - 1).unwrap_or(overflow);
            }
        }
        u32::try_from(end.min(self.db.page_limit()).saturating_sub(head.0 + 1)).unwrap_or(overflow).min(overflow)
    }

    fn report_page(&mut self, kind: FaultKind, page: Pgid, link: Link, holder: &Holder<'_, 'a>, tree: &Tree<'a>) {
        let offset = Some(self.db.offset_of(page));
        let path = || Path { buckets: names(holder.path), steps: tree.steps(link) };
        self.faults.push_with(|| Fault { kind, page: Some(page), element: None, offset, path: path() });
    }

    /// All leaves of a tree are equally deep; those that are not stand out against the majority.
    fn check_depths(&mut self, tree: &Tree<'a>, holder: &Holder<'_, 'a>) {
        let mut counts = [0_u64; MAX_DEPTH + 1];
        for leaf in tree.leaves() {
            if let Some(count) = counts.get_mut(usize::from(leaf.depth)) {
                *count += 1;
            }
        }
        if counts.iter().filter(|&&count| count > 0).count() < 2 {
            return;
        }
        let most = counts.iter().enumerate().max_by_key(|&(depth, &count)| (count, depth)).map_or(0, |(d, _)| d);
        let expected = u8::try_from(most).unwrap_or(u8::MAX);
        for leaf in tree.leaves().iter().filter(|leaf| leaf.depth != expected) {
            let kind = FaultKind::UnevenDepth { expected, got: leaf.depth };
            self.report_page(kind, leaf.page, leaf.link, holder, tree);
        }
    }
}
