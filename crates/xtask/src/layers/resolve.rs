//! Paths to the modules in which lies what they name, through re-exports.

use super::source::Module;

/// Re-exports of re-exports end here; the compiler has refused what would go round.
const DEEPEST: usize = 16;

/// Where a path leads.
#[derive(Clone, Copy)]
struct Found {
    module: usize,
    /// Whether it names the module itself, not something in it.
    whole: bool,
}

/// The module that holds what `module` names by `segments`; `None` where that is another crate's, or a local name.
pub(super) fn holder(modules: &[Module], module: usize, segments: &[String]) -> Option<usize> {
    resolve(modules, module, segments, 0).map(|found| found.module)
}

fn resolve(modules: &[Module], from: usize, segments: &[String], depth: usize) -> Option<Found> {
    let here = modules.get(from)?;
    let (first, rest) = segments.split_first()?;
    match first.as_str() {
        "crate" => walk(modules, 0, rest, depth),
        "self" => walk(modules, from, rest, depth),
        "super" => climb(modules, here.parent?, rest, depth),
        name => {
            if let Some(child) = here.children.get(name) {
                return walk(modules, *child, rest, depth);
            }
            through(modules, from, name, rest, depth)
        }
    }
}

/// `super::super::name`
fn climb(modules: &[Module], mut from: usize, mut rest: &[String], depth: usize) -> Option<Found> {
    while let Some((first, more)) = rest.split_first()
        && first == "super"
    {
        from = modules.get(from)?.parent?;
        rest = more;
    }
    walk(modules, from, rest, depth)
}

/// Follows `rest` from a module down.
fn walk(modules: &[Module], from: usize, rest: &[String], depth: usize) -> Option<Found> {
    let here = modules.get(from)?;
    let Some((name, more)) = rest.split_first() else { return Some(Found { module: from, whole: true }) };
    if let Some(child) = here.children.get(name) {
        return walk(modules, *child, more, depth);
    }
    let own = Some(Found { module: from, whole: false });
    if here.items.contains(name) { own } else { through(modules, from, name, more, depth).or(own) }
}

/// Follows a name that a `use` of the module binds.
fn through(modules: &[Module], from: usize, name: &str, rest: &[String], depth: usize) -> Option<Found> {
    if depth > DEEPEST {
        return None;
    }
    let here = modules.get(from)?;
    if let Some(path) = here.bound.get(name) {
        let begun = path.first().is_some_and(|first| first == name);
        // `use serde_json::...` binds no `serde_json`; `use log; use log::warn` would go round
        let found = if begun { None } else { resolve(modules, from, path, depth + 1) }?;
        return if found.whole { walk(modules, found.module, rest, depth + 1) } else { Some(found) };
    }
    here.globs.iter().find_map(|glob| {
        let whole = resolve(modules, from, glob, depth + 1).filter(|found| found.whole)?;
        let there = modules.get(whole.module)?;
        let holds = there.children.contains_key(name) || there.items.contains(name);
        if holds {
            let path: Vec<String> = std::iter::once(name.to_owned()).chain(rest.iter().cloned()).collect();
            return walk(modules, whole.module, &path, depth + 1);
        }
        through(modules, whole.module, name, rest, depth + 1)
    })
}
