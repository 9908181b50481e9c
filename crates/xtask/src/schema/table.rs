//! The table of fields as it stands in `crates/kube-objects/schema`, line by line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A table, its messages by their names.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// What stands above the first message.
    pub(super) head: Vec<String>,
    /// Messages by package and name, such as `core/v1.Pod`.
    pub(super) messages: BTreeMap<String, Message>,
}

/// A message of a table.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// `v1 Pod`, where it is a kind.
    pub(super) kind: Option<String>,
    /// By number what stands behind it: JSON name, type and marks.
    pub(super) fields: BTreeMap<u32, String>,
}

impl Table {
    /// Reads a table. What cannot be read is an error that names the line.
    ///
    /// # Errors
    /// The first line that is no field of a message.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut table = Self::default();
        let mut current = String::new();
        for line in text.lines() {
            if line.starts_with('#') {
                table.head.push(line.to_owned());
            } else if let Some(field) = line.strip_prefix(' ') {
                let read = field.split_once(' ').and_then(|(number, rest)| Some((number.parse().ok()?, rest)));
                let (Some((number, rest)), Some(message)) = (read, table.messages.get_mut(&current)) else {
                    return Err(line.to_owned());
                };
                message.fields.insert(number, rest.to_owned());
            } else {
                let (name, kind) = line.split_once(" = ").map_or((line, None), |(name, kind)| (name, Some(kind)));
                current = name.to_owned();
                let message = Message { kind: kind.map(str::to_owned), fields: BTreeMap::new() };
                table.messages.insert(current.clone(), message);
            }
        }
        Ok(table)
    }

    /// The group of a package's kinds: of the package itself, or of another version of it.
    pub(super) fn group(&self, package: &str) -> Option<&str> {
        let stem = package.rsplit_once('/')?.0;
        self.messages.iter().find_map(|(name, message)| {
            let version = message.kind.as_ref()?.split_once(' ')?.0;
            let same = name.rsplit_once('.')?.0.rsplit_once('/')?.0 == stem;
            same.then(|| version.rsplit_once('/').map_or("", |(group, _)| group))
        })
    }

    /// The text of the table, messages by name and fields by number.
    pub(super) fn write(&self) -> String {
        let mut text = String::new();
        for line in &self.head {
            let _ = writeln!(text, "{line}"); // a String takes every write
        }
        for (name, message) in &self.messages {
            let kind = message.kind.as_ref().map_or_else(String::new, |kind| format!(" = {kind}"));
            let _ = writeln!(text, "{name}{kind}");
            for (number, rest) in &message.fields {
                let _ = writeln!(text, " {number} {rest}");
            }
        }
        text
    }
}
