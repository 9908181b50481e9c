//! Circles of modules: that import each other in a loop.
//!
//! A module and what it holds are one house: a child may use what its parent has, and the parent calls the child. Between
//! neighbours, each taken with all that it holds, imports go one way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::resolve::holder;
use super::source::Module;

/// An import between two neighbours that belongs to a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tie {
    /// The module that has what is imported.
    pub(super) to: String,
    /// The file of the import.
    pub(super) file: PathBuf,
    /// Its line.
    pub(super) line: usize,
    /// What is named there.
    pub(super) named: String,
}

impl Tie {
    /// `src/finding.rs:9 takes crate::findings::Entry, which is in crate::findings`, the path from `root` on.
    pub(super) fn shown(&self, root: &Path) -> String {
        let file = self.file.strip_prefix(root).unwrap_or(&self.file);
        format!("{}:{} takes {}, which is in {}", file.display(), self.line, self.named, self.to)
    }
}

/// Modules in a circle, and what ties them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Circle {
    pub(super) modules: Vec<String>,
    pub(super) ties: Vec<Tie>,
}

/// Imports between neighbours, by the two.
type Arrows = BTreeMap<(usize, usize), Vec<Tie>>;

/// The circles of a crate.
pub(super) fn circles(modules: &[Module]) -> Vec<Circle> {
    let arrows = arrows(modules);
    let mut seen = BTreeSet::<usize>::new();
    let mut found = Vec::new();
    for (from, _) in arrows.keys() {
        if seen.contains(from) {
            continue;
        }
        let there = reached(&arrows, *from);
        let circle: BTreeSet<usize> = there.into_iter().filter(|to| reached(&arrows, *to).contains(from)).collect();
        if !circle.contains(from) {
            continue;
        }
        seen.extend(&circle);
        let ties = arrows.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
        let ties = ties.flat_map(|(_, ties)| ties.iter().cloned()).collect();
        let names = circle.iter().filter_map(|at| modules.get(*at)).map(|module| module.name.clone()).collect();
        found.push(Circle { modules: names, ties });
    }
    found
}

/// Everything that imports lead to from a module; itself only where they lead back.
fn reached(arrows: &Arrows, from: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut left = vec![from];
    while let Some(at) = left.pop() {
        let next = arrows.range((at, 0)..=(at, usize::MAX)).map(|((_, to), _)| *to);
        left.extend(next.filter(|to| found.insert(*to)));
    }
    found
}

fn arrows(modules: &[Module]) -> Arrows {
    let mut arrows = Arrows::new();
    for (at, module) in modules.iter().enumerate() {
        for named in &module.named {
            let Some(to) = holder(modules, at, &named.segments) else { continue };
            let Some((from, other)) = neighbours(modules, at, to) else { continue };
            arrows.entry((from, other)).or_default().push(Tie {
                to: modules.get(to).map(|to| to.name.clone()).unwrap_or_default(),
                file: module.file.clone(),
                line: named.line,
                named: named.segments.join("::"),
            });
        }
    }
    arrows
}

/// The two modules that hold `from` and `to` and stand beside each other; `None` where one holds the other.
fn neighbours(modules: &[Module], from: usize, to: usize) -> Option<(usize, usize)> {
    let (one, other) = (lineage(modules, from), lineage(modules, to));
    one.into_iter().zip(other).find(|(a, b)| a != b)
}

/// A module behind all that hold it, the root first.
fn lineage(modules: &[Module], at: usize) -> Vec<usize> {
    let up = |at: &usize| modules.get(*at).and_then(|module| module.parent);
    let mut line: Vec<usize> = std::iter::successors(Some(at), up).collect();
    line.reverse();
    line
}
