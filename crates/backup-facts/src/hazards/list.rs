//! Lists and words of bounded size, whatever the snapshot holds.

use std::fmt;

use serde_json::Value;
use wording::{cut, inert};

/// The most items that a list keeps. A large cluster has some ten thousand volumes.
pub const MOST_LISTED: usize = 50_000;
/// The most characters that a word keeps. Names in Kubernetes end at 253.
const LONGEST_WORD: usize = 253;

/// Items of a kind: the first [`MOST_LISTED`] of them, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The items kept, by name.
    pub items: Vec<T>,
    /// How many there are, kept or not.
    pub total: u64,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { items: Vec::new(), total: 0 }
    }
}

impl<T> Listed<T> {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Adds one; beyond the cap it is counted alone.
    pub fn push(&mut self, item: T) {
        self.total = self.total.saturating_add(1);
        if self.items.len() < MOST_LISTED {
            self.items.push(item);
        }
    }
}

impl<T> Extend<T> for Listed<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

impl<T> FromIterator<T> for Listed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut listed = Self::default();
        listed.extend(items);
        listed
    }
}

/// An object by namespace and name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// Namespace; empty for what lies in none.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl ObjectName {
    /// An object of these names, made fit to be shown.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: word(namespace), name: word(name) }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}

/// Text from a snapshot, its end cut where it is too long to be a name, and what a terminal obeys escaped.
pub(crate) fn word(text: &str) -> String {
    inert(&cut(text, LONGEST_WORD)).into_owned()
}

/// The text at `pointer` as a word; empty where there is none.
pub(crate) fn at(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).map(word).unwrap_or_default()
}

/// The items of the list at `pointer`.
pub(crate) fn items<'o>(object: &'o Value, pointer: &str) -> impl Iterator<Item = &'o Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The texts of the list at `pointer`, as words.
pub(crate) fn words(object: &Value, pointer: &str) -> Vec<String> {
    items(object, pointer).filter_map(Value::as_str).take(MOST_WORDS).map(word).collect()
}

/// The most words of one list inside an object: device paths of a LocalVolume, say.
pub(crate) const MOST_WORDS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_counts_what_it_does_not_keep() {
        let listed: Listed<usize> = (0..MOST_LISTED + 7).collect();
        assert_eq!((listed.items.len(), listed.total), (MOST_LISTED, MOST_LISTED as u64 + 7));
        assert!(!listed.is_empty() && Listed::<u8>::default().is_empty());
    }

    #[test]
    fn a_word_is_short_and_holds_no_control_character() {
        assert_eq!(word("data-\u{1b}[31m\n"), "data-\\u{1b}[31m\\n");
        assert_eq!(word(&"x".repeat(253)), "x".repeat(253));
        assert_eq!(word(&"ä".repeat(254)), "ä".repeat(253) + "…");
    }

    #[test]
    fn an_object_without_a_namespace_is_its_name() {
        assert_eq!(ObjectName::new("", "pv").to_string(), "pv");
        assert_eq!(ObjectName::new("shop", "db").to_string(), "shop/db");
    }
}
