//! All keys, by resource and namespace, as they arrive. Names are slices of the snapshot and are never copied.

mod heading;
mod rows;

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use kube_objects::{Prefix, StorageKey};

use self::heading::TOO_MANY;
pub(crate) use self::heading::{Heading, Tally};
use crate::news::Item;

/// Resources and namespaces that are told apart. A cluster has some thousand; what a hostile file has beyond it goes
/// under one heading.
const MOST_GROUPS: usize = 1 << 18;

/// A line of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Resource(u32),
    Group(u32),
    Object(u32),
}

/// A key and the newest of its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a [u8],
    /// The last value that was put, as a stored KeyValue; empty where only the deletion is retained.
    pub(crate) stored: &'a [u8],
    /// Main revision of the last change.
    pub(crate) main: i64,
    group: u32,
    pub(crate) deleted: bool,
    /// The key may only be shown redacted.
    pub(crate) secret_name: bool,
}

#[derive(Debug)]
pub(crate) struct Resource<'a> {
    pub(crate) heading: Heading<'a>,
    pub(crate) open: bool,
    pub(crate) tally: Tally,
    groups: BTreeMap<Option<&'a [u8]>, u32>,
}

impl Resource<'_> {
    pub(crate) fn namespaces(&self) -> usize {
        self.groups.keys().flatten().count()
    }
}

/// The objects of a resource in one namespace, or in none.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    resource: u32,
    pub(crate) namespace: Option<&'a [u8]>,
    pub(crate) open: bool,
    pub(crate) tally: Tally,
    members: Vec<u32>,
    sorted: bool,
}

/// The tree.
#[derive(Debug, Default)]
pub(crate) struct Tree<'a> {
    entries: Vec<Entry<'a>>,
    index: HashTable<u32>,
    hasher: RandomState,
    resources: Vec<Resource<'a>>,
    order: BTreeMap<Heading<'a>, u32>,
    groups: Vec<Group<'a>>,
    pub(crate) tally: Tally,
}

fn at<T>(list: &[T], number: u32) -> Option<&T> {
    list.get(usize::try_from(number).ok()?)
}

fn at_mut<T>(list: &mut [T], number: u32) -> Option<&mut T> {
    list.get_mut(usize::try_from(number).ok()?)
}

impl<'a> Tree<'a> {
    pub(crate) fn entry(&self, number: u32) -> Option<&Entry<'a>> {
        at(&self.entries, number)
    }

    pub(crate) fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    pub(crate) fn resource(&self, number: u32) -> Option<&Resource<'a>> {
        at(&self.resources, number)
    }

    pub(crate) fn group(&self, number: u32) -> Option<&Group<'a>> {
        at(&self.groups, number)
    }

    /// What an object is gathered under.
    pub(crate) fn heading_of(&self, entry: &Entry<'a>) -> Heading<'a> {
        let group = self.group(entry.group);
        group.and_then(|group| self.resource(group.resource)).map_or(TOO_MANY, |resource| resource.heading)
    }

    pub(crate) fn resources(&self) -> usize {
        self.resources.len()
    }

    /// Takes the next change of a key. Changes come in the order of their revisions.
    pub(crate) fn put(&mut self, item: &Item<'a>) {
        let hash = self.hasher.hash_one(item.key);
        let entries = &self.entries;
        let same = |&number: &u32| at(entries, number).is_some_and(|entry| entry.key == item.key);
        if let Some(&number) = self.index.find(hash, same) {
            return self.change(number, item);
        }
        // 2^32 keys would fill a file of 200 GB.
        let Ok(number) = u32::try_from(self.entries.len()) else { return };
        let parsed = StorageKey::parse(item.key);
        let group = self.group_for(&parsed);
        self.entries.push(Entry {
            key: item.key,
            stored: item.stored,
            main: item.main,
            group,
            deleted: item.deleted,
            secret_name: parsed.name_is_token(),
        });
        let (entries, hasher) = (&self.entries, &self.hasher);
        self.index
            .insert_unique(hash, number, |&other| at(entries, other).map_or(0, |entry| hasher.hash_one(entry.key)));
        if let Some(group) = at_mut(&mut self.groups, group) {
            group.members.push(number);
            group.sorted = false;
        }
        self.count(group, |tally| tally.add(item.deleted));
    }

    fn change(&mut self, number: u32, item: &Item<'a>) {
        let Some(entry) = at_mut(&mut self.entries, number) else { return };
        entry.main = item.main;
        if !item.deleted {
            entry.stored = item.stored;
        }
        let (group, turned) = (entry.group, entry.deleted != item.deleted);
        entry.deleted = item.deleted;
        if turned {
            self.count(group, |tally| tally.turn(item.deleted));
        }
    }

    fn count(&mut self, group: u32, change: impl Fn(&mut Tally)) {
        change(&mut self.tally);
        let Some(group) = at_mut(&mut self.groups, group) else { return };
        change(&mut group.tally);
        if let Some(resource) = at_mut(&mut self.resources, group.resource) {
            change(&mut resource.tally);
        }
    }

    fn group_for(&mut self, parsed: &StorageKey<'a>) -> u32 {
        let (heading, namespace) = (Heading::of(parsed), parsed.namespace.filter(|_| parsed.prefix != Prefix::None));
        if let Some(known) = self.find_group(&heading, namespace) {
            return known;
        }
        if self.groups.len() < MOST_GROUPS {
            return self.add_group(heading, namespace);
        }
        self.find_group(&TOO_MANY, None).unwrap_or_else(|| self.add_group(TOO_MANY, None))
    }

    fn find_group(&self, heading: &Heading<'a>, namespace: Option<&'a [u8]>) -> Option<u32> {
        let resource = at(&self.resources, *self.order.get(heading)?)?;
        resource.groups.get(&namespace).copied()
    }

    fn add_group(&mut self, heading: Heading<'a>, namespace: Option<&'a [u8]>) -> u32 {
        // Neither list passes MOST_GROUPS by more than one.
        let next = |list: usize| u32::try_from(list).unwrap_or(u32::MAX);
        let resource = *self.order.entry(heading).or_insert_with(|| {
            let (open, tally, groups) = (false, Tally::default(), BTreeMap::new());
            self.resources.push(Resource { heading, open, tally, groups });
            next(self.resources.len() - 1)
        });
        let number = next(self.groups.len());
        self.groups.push(Group {
            resource,
            namespace,
            open: false,
            tally: Tally::default(),
            members: Vec::new(),
            sorted: true,
        });
        if let Some(resource) = at_mut(&mut self.resources, resource) {
            resource.groups.insert(namespace, number);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put<'a>(tree: &mut Tree<'a>, main: i64, key: &'a str, deleted: bool) {
        let stored: &[u8] = if deleted { b"" } else { b"value" };
        tree.put(&Item { key: key.as_bytes(), stored, main, deleted });
    }

    fn shown(tree: &mut Tree<'_>, with_deleted: bool) -> Vec<String> {
        let mut rows = Vec::new();
        tree.rows(with_deleted, &mut rows);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let line = |&node: &Node| {
            let name = match node {
                Node::Resource(number) => tree.resource(number).map(|resource| text(&resource.heading.text())),
                Node::Group(number) => tree.group(number).and_then(|group| group.namespace).map(text),
                Node::Object(number) => tree.entry(number).map(|entry| text(StorageKey::parse(entry.key).name)),
            };
            format!("{}{}", "  ".repeat(usize::from(tree.depth(node))), name.unwrap_or_default())
        };
        rows.iter().map(line).collect()
    }

    #[test]
    fn keys_are_gathered_by_resource_and_namespace_in_order() {
        let mut tree = Tree::default();
        for (main, key) in [
            (2, "/kubernetes.io/pods/b/two"),
            (3, "/kubernetes.io/pods/b/one"),
            (4, "/kubernetes.io/pods/a/one"),
            (5, "/kubernetes.io/minions/w1"),
            (6, "/kubernetes.io/deployments/a/web"),
            (7, "compact_rev_key"),
            (8, "/foo/bar/baz"),
        ] {
            put(&mut tree, main, key, false);
        }
        assert_eq!(shown(&mut tree, false), ["deployments.apps", "foo/bar", "nodes", "pods", "(no prefix)"]);
        let mut rows = Vec::new();
        tree.rows(false, &mut rows);
        for &row in &rows {
            tree.set_open(row, true);
        }
        let open = ["deployments.apps", "  a", "    web", "foo/bar", "  baz", "nodes", "  w1", "pods", "  a", "  b"];
        assert_eq!(shown(&mut tree, false), [&open[..], &["(no prefix)", "  compact_rev_key"]].concat());
        tree.reveal(Node::Object(0));
        assert_eq!(shown(&mut tree, false)[7..12], ["pods", "  a", "  b", "    one", "    two"]);
        assert_eq!(tree.parent(Node::Object(3)), Some(rows[2]));
    }

    #[test]
    fn a_deleted_key_leaves_and_returns() {
        let mut tree = Tree::default();
        put(&mut tree, 2, "/kubernetes.io/pods/a/x", false);
        put(&mut tree, 3, "/kubernetes.io/pods/a/x", true);
        put(&mut tree, 4, "/kubernetes.io/pods/a/never-seen-alive", true);
        assert_eq!((tree.tally, shown(&mut tree, false).len()), (Tally { live: 0, deleted: 2 }, 0));
        tree.set_open(Node::Resource(0), true);
        assert_eq!(shown(&mut tree, true), ["pods", "  a", "    never-seen-alive", "    x"]);
        assert_eq!(tree.entry(0).map(|entry| entry.stored), Some(&b"value"[..]), "its last value is kept");
        put(&mut tree, 5, "/kubernetes.io/pods/a/x", false);
        assert_eq!((tree.tally, shown(&mut tree, false).len()), (Tally { live: 1, deleted: 1 }, 3));
    }

    #[test]
    fn endless_resources_end_under_one_heading() {
        let names: Vec<String> = (0..MOST_GROUPS + 50).map(|number| format!("/x/g.example/r{number}/n")).collect();
        let mut tree = Tree::default();
        for name in &names {
            put(&mut tree, 2, name, false);
        }
        assert_eq!((tree.groups.len(), tree.entries.len()), (MOST_GROUPS + 1, MOST_GROUPS + 50));
        let last = shown(&mut tree, false).pop();
        assert_eq!(last.as_deref(), Some("(more resources)"));
    }
}
