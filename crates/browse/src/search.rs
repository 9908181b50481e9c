//! Search over all key names, a stretch at a time, so that the screen never waits for it.

use std::borrow::Cow;
use std::collections::BinaryHeap;

use kube_objects::{ShownKey, StorageKey};

use crate::tree::{Entry, Tree};

/// The best hits that are kept, in order; all are counted.
pub(crate) const MOST_HITS: usize = 1000;
/// Keys looked at before the screen is drawn again.
const STRETCH: usize = 10_000;

/// How well a key fits; the least is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Name,
    NameBegins,
    InName,
    Elsewhere,
}

/// A key that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit<'a> {
    fit: Fit,
    /// Words that are only a part of a namespace, a resource or a name.
    parts: usize,
    key: &'a [u8],
    pub(crate) number: u32,
}

/// A search that is under way or over.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    terms: Vec<Vec<u8>>,
    any_case: bool,
    next: usize,
    best: BinaryHeap<Hit<'a>>,
    /// The best hits, best first.
    pub(crate) hits: Vec<Hit<'a>>,
    /// All that fit.
    pub(crate) total: u64,
}

impl<'a> Search<'a> {
    /// Looks for keys that hold every word of `query`; capitals in it mean that capitals matter.
    pub(crate) fn new(query: &str) -> Self {
        Self {
            terms: query.split_whitespace().map(|term| term.as_bytes().to_vec()).collect(),
            any_case: !query.bytes().any(|byte| byte.is_ascii_uppercase()),
            next: 0,
            best: BinaryHeap::new(),
            hits: Vec::new(),
            total: 0,
        }
    }

    /// Whether there are keys it has not looked at.
    pub(crate) fn has_more(&self, tree: &Tree<'a>) -> bool {
        !self.terms.is_empty() && self.next < tree.entries().len()
    }

    /// Looks at the next stretch of keys.
    pub(crate) fn step(&mut self, tree: &Tree<'a>, with_deleted: bool) {
        let rest = tree.entries().get(self.next..).unwrap_or_default();
        if self.terms.is_empty() || rest.is_empty() {
            return;
        }
        let before = self.total;
        for (at, entry) in rest.iter().take(STRETCH).enumerate() {
            if (!entry.deleted || with_deleted)
                && let Ok(number) = u32::try_from(self.next + at)
                && let Some(hit) = self.judge(tree, entry, number)
            {
                self.keep(hit);
            }
        }
        self.next += rest.len().min(STRETCH);
        if self.total > before {
            self.hits = self.best.clone().into_sorted_vec();
        }
    }

    fn judge(&self, tree: &Tree<'a>, entry: &Entry<'a>, number: u32) -> Option<Hit<'a>> {
        // A name that is a secret is matched as it is shown: what is typed must not find out what it is.
        let shown = match entry.secret_name {
            true => ShownKey::of(entry.key).into_key(),
            false => Cow::Borrowed(entry.key),
        };
        // The API's name of a resource may be another than the stored one: `nodes` lie under `minions`.
        let heading = tree.heading_of(entry);
        let in_heading = |term: &Vec<u8>| {
            [heading.resource, heading.api_group].into_iter().any(|name| find(name, term, self.any_case).is_some())
        };
        if !self.terms.iter().all(|term| find(&shown, term, self.any_case).is_some() || in_heading(term)) {
            return None;
        }
        let segments = || shown.split(|byte| *byte == b'/').chain([heading.resource]);
        let whole = |term: &Vec<u8>| segments().any(|segment| self.same(segment, term));
        let parts = self.terms.iter().filter(|term| !whole(term)).count();
        Some(Hit { fit: self.fit(&shown), parts, key: entry.key, number })
    }

    fn same(&self, text: &[u8], term: &[u8]) -> bool {
        if self.any_case { text.eq_ignore_ascii_case(term) } else { text == term }
    }

    fn keep(&mut self, hit: Hit<'a>) {
        self.total += 1;
        if self.best.len() < MOST_HITS {
            self.best.push(hit);
        } else if let Some(mut worst) = self.best.peek_mut()
            && hit < *worst
        {
            *worst = hit;
        }
    }

    fn fit(&self, key: &[u8]) -> Fit {
        let name = StorageKey::parse(key).name;
        let places = self.terms.iter().map(|term| match find(name, term, self.any_case) {
            Some(0) if name.len() == term.len() => Fit::Name,
            Some(0) => Fit::NameBegins,
            Some(_) => Fit::InName,
            None => Fit::Elsewhere,
        });
        // One word that names the object is enough: the others may say where it lies.
        places.min().unwrap_or(Fit::Elsewhere)
    }
}

/// Where `term` first stands in `text`.
pub(crate) fn find(text: &[u8], term: &[u8], any_case: bool) -> Option<usize> {
    if !any_case {
        return memchr::memmem::find(text, term);
    }
    let Some(&first) = term.first() else { return Some(0) };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr::memchr2_iter(lower, upper, text).find(|&at| {
        text.get(at..).and_then(|rest| rest.get(..term.len())).is_some_and(|here| here.eq_ignore_ascii_case(term))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::news::Item;
    use crate::tree::Tree;

    fn tree<'a>(keys: &[&'a str]) -> Tree<'a> {
        let mut tree = Tree::default();
        for (main, key) in (2..).zip(keys) {
            let deleted = key.ends_with("gone");
            tree.put(&Item { key: key.as_bytes(), stored: b"", main, deleted });
        }
        tree
    }

    fn hits(tree: &Tree<'_>, query: &str, with_deleted: bool) -> Vec<String> {
        let mut search = Search::new(query);
        while search.has_more(tree) {
            search.step(tree, with_deleted);
        }
        assert_eq!(search.total, search.hits.len() as u64);
        search.hits.iter().map(|hit| String::from_utf8_lossy(hit.key).into_owned()).collect()
    }

    #[test]
    fn all_words_must_be_there_and_names_come_first() {
        let tree = tree(&[
            "/kubernetes.io/configmaps/db/other",
            "/kubernetes.io/secrets/prod/my-db",
            "/kubernetes.io/secrets/prod/db",
            "/kubernetes.io/secrets/prod/db-2",
            "/kubernetes.io/secrets/prod/db-gone",
            "/kubernetes.io/rbac/Admin",
        ]);
        let expected = [
            "/kubernetes.io/secrets/prod/db",
            "/kubernetes.io/secrets/prod/db-2",
            "/kubernetes.io/secrets/prod/my-db",
            "/kubernetes.io/configmaps/db/other",
        ];
        assert_eq!(hits(&tree, "db", false), expected);
        assert_eq!(hits(&tree, "prod secrets db", false), expected[..3]);
        assert_eq!(hits(&tree, "gone", true), ["/kubernetes.io/secrets/prod/db-gone"]);
        assert_eq!(hits(&tree, "aDmin", false), [""; 0]);
        assert_eq!(hits(&tree, "admin", false), ["/kubernetes.io/rbac/Admin"]);
        assert_eq!(hits(&tree, "Admin", false), ["/kubernetes.io/rbac/Admin"]);
        assert_eq!(hits(&tree, "  ", false), [""; 0]);
    }

    #[test]
    fn resources_and_namespaces_are_known_by_their_names() {
        let tree = tree(&[
            "/kubernetes.io/secrets/etcd-operator/a",
            "/kubernetes.io/secrets/etcd/b",
            "/kubernetes.io/csinodes/w1",
            "/kubernetes.io/minions/w1",
        ]);
        let found = hits(&tree, "secrets etcd", false);
        assert_eq!(found, ["/kubernetes.io/secrets/etcd/b", "/kubernetes.io/secrets/etcd-operator/a"]);
        assert_eq!(hits(&tree, "nodes w1", false), ["/kubernetes.io/minions/w1", "/kubernetes.io/csinodes/w1"]);
        assert_eq!(hits(&tree, "minions w1", false), ["/kubernetes.io/minions/w1"]);
    }

    #[test]
    fn a_token_is_not_found_by_what_it_is() {
        let key = "/openshift.io/oauth/accesstokens/kX9secretsecretsecret";
        let tree = tree(&[key]);
        assert_eq!(hits(&tree, "kX9s", false), [""; 0]);
        assert_eq!(hits(&tree, "redacted~dfec", false), [key]);
    }

    #[test]
    fn many_hits_are_counted_and_the_best_kept() {
        let names: Vec<String> = (0..STRETCH + 10).rev().map(|number| format!("/r/pods/a/x{number:06}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let tree = tree(&names);
        let mut search = Search::new("x");
        search.step(&tree, false);
        assert!(search.has_more(&tree), "not all at once");
        search.step(&tree, false);
        assert!(!search.has_more(&tree));
        assert_eq!((search.total, search.hits.len()), (STRETCH as u64 + 10, MOST_HITS));
        assert_eq!(search.hits.first().map(|hit| hit.key), Some(&b"/r/pods/a/x000000"[..]));
        assert!(search.hits.is_sorted());
    }
}
