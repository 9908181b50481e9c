//! The first rows of a table that is longer.

use std::cmp::{Ordering, Reverse};

use super::{Group, KeyUsage, Table};

/// Rows that come to be ranked are gathered until there are as many as are kept, and these in addition.
const GATHERED: usize = 1024;

/// Keeps the first of the rows that it is given: the largest, or those that were written most.
pub(super) struct Top<'a> {
    /// How many; 0 for all.
    most: usize,
    churn: bool,
    rows: Vec<Row<'a>>,
    all: usize,
}

/// A group, or a key that is none yet: its name is made of it when it is kept.
enum Row<'a> {
    Group(Group),
    Key(KeyUsage<'a>),
}

impl Row<'_> {
    fn total(&self) -> u64 {
        match self {
            Self::Group(group) => group.total(),
            Self::Key(key) => key.total(),
        }
    }

    fn writes(&self) -> u64 {
        match self {
            Self::Group(group) => group.writes(),
            Self::Key(key) => key.writes(),
        }
    }

    fn name(&self) -> &[u8] {
        match self {
            Self::Group(group) => &group.name,
            Self::Key(key) => key.key,
        }
    }
}

impl<'a> Top<'a> {
    pub(super) fn new(most: usize, churn: bool) -> Self {
        Self { most, churn, rows: Vec::new(), all: 0 }
    }

    pub(super) fn take_key(&mut self, key: &KeyUsage<'a>) {
        self.add(Row::Key(*key));
    }

    pub(super) fn take(&mut self, group: Group) {
        self.add(Row::Group(group));
    }

    fn add(&mut self, row: Row<'a>) {
        self.all += 1;
        self.rows.push(row);
        if self.most > 0 && self.rows.len() >= self.most.saturating_add(GATHERED) {
            let churn = self.churn;
            self.rows.select_nth_unstable_by(self.most, |a, b| order(churn, a, b));
            self.rows.truncate(self.most);
        }
    }

    pub(super) fn finish(mut self) -> Table {
        let churn = self.churn;
        self.rows.sort_unstable_by(|a, b| order(churn, a, b));
        if self.most > 0 {
            self.rows.truncate(self.most);
        }
        let group = |row| match row {
            Row::Group(group) => group,
            Row::Key(key) => Group::of_key(&key),
        };
        Table { rows: self.rows.into_iter().map(group).collect(), all: self.all }
    }
}

/// Equal ones come in order of their names.
fn order(churn: bool, a: &Row<'_>, b: &Row<'_>) -> Ordering {
    let rank = |row: &Row<'_>| Reverse((if churn { row.writes() } else { 0 }, row.total()));
    rank(a).cmp(&rank(b)).then_with(|| a.name().cmp(b.name()))
}
