//! Values as Go prints them, which is what kubectl's output is made of.

use std::borrow::Cow;

use kube_objects::{number_text, to_json_line};
use serde_json::Value;

/// A value as a template prints it: texts as they are, maps and lists as JSON on one line.
#[must_use]
pub fn printed(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed("<nil>"),
        Value::Bool(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        Value::Number(number) => Cow::Owned(number_text(number)),
        Value::Array(_) | Value::Object(_) => Cow::Owned(to_json_line(value)),
    }
}

/// A value as a cell of a column prints it: maps and lists as `map[a:1 b:[x y]]`.
#[must_use]
pub(crate) fn in_a_cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(in_a_cell).collect();
            Cow::Owned(format!("[{}]", items.join(" ")))
        }
        Value::Object(map) => {
            let mut names: Vec<_> = map.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            let members: Vec<_> =
                names.into_iter().map(|(name, value)| format!("{name}:{}", in_a_cell(value))).collect();
            Cow::Owned(format!("map[{}]", members.join(" ")))
        }
        other => printed(other),
    }
}

/// What a value is, in a word.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "truth value",
        Value::Number(number) if number.is_f64() => "fraction",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}
