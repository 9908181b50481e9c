//! The tree as lines: what is open, and what lies in what.

use super::{Entry, Group, Node, Tree, at, at_mut};

impl Tree<'_> {
    /// The lines that are to be seen: what is open, in order.
    pub(crate) fn rows(&mut self, with_deleted: bool, rows: &mut Vec<Node>) {
        rows.clear();
        for &number in self.order.values() {
            let Some(resource) = at(&self.resources, number) else { continue };
            if resource.tally.shown(with_deleted) == 0 {
                continue;
            }
            rows.push(Node::Resource(number));
            if !resource.open {
                continue;
            }
            for &number in resource.groups.values() {
                let Some(group) = at_mut(&mut self.groups, number) else { continue };
                if group.tally.shown(with_deleted) == 0 {
                    continue;
                }
                if group.namespace.is_some() {
                    rows.push(Node::Group(number));
                }
                if group.open || group.namespace.is_none() {
                    group.sort(&self.entries);
                    let shown =
                        |&&member: &&u32| with_deleted || at(&self.entries, member).is_some_and(|entry| !entry.deleted);
                    rows.extend(group.members.iter().filter(shown).map(|&member| Node::Object(member)));
                }
            }
        }
    }

    /// Columns that a line is indented by, in steps.
    pub(crate) fn depth(&self, node: Node) -> u16 {
        match node {
            Node::Resource(_) => 0,
            Node::Group(_) => 1,
            Node::Object(number) => {
                let group = self.entry(number).and_then(|entry| self.group(entry.group));
                if group.is_some_and(|group| group.namespace.is_some()) { 2 } else { 1 }
            }
        }
    }

    /// What a line lies in; none for a resource.
    pub(crate) fn parent(&self, node: Node) -> Option<Node> {
        match node {
            Node::Resource(_) => None,
            Node::Group(number) => Some(Node::Resource(self.group(number)?.resource)),
            Node::Object(number) => {
                let number = self.entry(number)?.group;
                let group = self.group(number)?;
                Some(if group.namespace.is_some() { Node::Group(number) } else { Node::Resource(group.resource) })
            }
        }
    }

    pub(crate) fn is_open(&self, node: Node) -> bool {
        match node {
            Node::Resource(number) => self.resource(number).is_some_and(|resource| resource.open),
            Node::Group(number) => self.group(number).is_some_and(|group| group.open),
            Node::Object(_) => false,
        }
    }

    pub(crate) fn set_open(&mut self, node: Node, open: bool) {
        match node {
            Node::Resource(number) => {
                let Some(resource) = at_mut(&mut self.resources, number) else { return };
                resource.open = open;
                // A resource of one namespace: nobody wants to open that one, too.
                if let (true, 1, Some(&only)) = (open, resource.groups.len(), resource.groups.values().next())
                    && let Some(group) = at_mut(&mut self.groups, only)
                {
                    group.open = true;
                }
            }
            Node::Group(number) => {
                if let Some(group) = at_mut(&mut self.groups, number) {
                    group.open = open;
                }
            }
            Node::Object(_) => {}
        }
    }

    /// Opens everything above a line.
    pub(crate) fn reveal(&mut self, node: Node) {
        let mut above = self.parent(node);
        while let Some(parent) = above {
            self.set_open(parent, true);
            above = self.parent(parent);
        }
    }
}

impl Group<'_> {
    fn sort(&mut self, entries: &[Entry<'_>]) {
        if !self.sorted {
            let key = |number: &u32| at(entries, *number).map(|entry| entry.key);
            self.members.sort_by_key(key); // what was sorted before is one run
            self.sorted = true;
        }
    }
}
