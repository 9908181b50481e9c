//! What cells are made of.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::age;

/// What a cell says where the object says nothing.
pub(super) const NONE: &str = "<none>";
/// What a cell says where a field is unset.
pub(super) const UNSET: &str = "<unset>";

/// An object, and what its ages count to.
pub(super) struct Row<'o> {
    /// The object.
    pub(super) object: &'o Value,
    /// What ages count to.
    pub(super) now: Option<Timestamp>,
}

impl<'o> Row<'o> {
    /// A text; empty where there is none.
    pub(super) fn text(&self, pointer: &str) -> &'o str {
        text(self.object, pointer)
    }

    /// A text, or what to say instead.
    pub(super) fn text_or<'t>(&self, pointer: &str, otherwise: &'t str) -> &'t str
    where
        'o: 't,
    {
        let text = self.text(pointer);
        if text.is_empty() { otherwise } else { text }
    }

    /// A number; 0 where there is none.
    pub(super) fn number(&self, pointer: &str) -> i64 {
        number(self.object, pointer).unwrap_or(0)
    }

    /// A flag, where it is set.
    pub(super) fn flag(&self, pointer: &str) -> Option<bool> {
        self.object.pointer(pointer).and_then(Value::as_bool)
    }

    /// The items of a list.
    pub(super) fn list(&self, pointer: &str) -> &'o [Value] {
        list(self.object, pointer)
    }

    /// How many entries a list or a map has.
    pub(super) fn length(&self, pointer: &str) -> usize {
        match self.object.pointer(pointer) {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Object(map)) => map.len(),
            _ => 0,
        }
    }

    /// Texts of the items of a list, between commas.
    pub(super) fn joined(&self, pointer: &str, inner: &str, by: &str) -> String {
        let texts: Vec<&str> = self.list(pointer).iter().map(|item| text(item, inner)).collect();
        texts.join(by)
    }

    /// How long ago a time was.
    pub(super) fn age(&self, pointer: &str) -> String {
        age::since(self.text(pointer), self.now)
    }

    /// The status of a condition.
    pub(super) fn condition(&self, kind: &str) -> Option<&'o Value> {
        self.list("/status/conditions").iter().find(|condition| text(condition, "/type") == kind)
    }
}

pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn or<'t>(text: &'t str, otherwise: &'t str) -> &'t str {
    if text.is_empty() { otherwise } else { text }
}

/// A number or a text, as it stands: `25%`, `2`.
pub(super) fn scalar(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// `a=b,c=d`, in the order of names.
pub(super) fn pairs(value: Option<&Value>) -> String {
    let Some(Value::Object(map)) = value else { return NONE.to_owned() };
    let text = equalities(map).join(",");
    or(&text, NONE).to_owned()
}

fn equalities(map: &Map<String, Value>) -> Vec<String> {
    let mut pairs: Vec<(&String, &str)> =
        map.iter().map(|(name, value)| (name, value.as_str().unwrap_or_default())).collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

/// A label selector of an object, as text.
pub(super) fn selector(value: Option<&Value>) -> String {
    let Some(selector) = value.filter(|value| !value.is_null()) else { return NONE.to_owned() };
    let mut said: Vec<(String, String)> = Vec::new();
    if let Some(Value::Object(map)) = selector.get("matchLabels") {
        said.extend(
            map.iter().map(|(name, value)| (name.clone(), format!("{name}={}", value.as_str().unwrap_or_default()))),
        );
    }
    for expression in list(selector, "/matchExpressions") {
        let name = text(expression, "/key");
        let mut values: Vec<&str> = list(expression, "/values").iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        said.push((
            name.to_owned(),
            match text(expression, "/operator") {
                "In" => format!("{name} in ({values})"),
                "NotIn" => format!("{name} notin ({values})"),
                "DoesNotExist" => format!("!{name}"),
                _ => name.to_owned(),
            },
        ));
    }
    said.sort_by(|(one, _), (other, _)| one.cmp(other));
    let texts: Vec<String> = said.into_iter().map(|(_, text)| text).collect();
    or(&texts.join(","), NONE).to_owned()
}

/// The first few, and how many more: `a,b,c + 2 more...`.
pub(super) fn few(texts: &[String], most: usize, none: &str) -> String {
    let shown = texts.get(..most.min(texts.len())).unwrap_or_default().join(",");
    match texts.len() {
        0 => none.to_owned(),
        many if many > most => format!("{shown} + {} more...", many - most),
        _ => shown,
    }
}

/// Names and images of the containers of a pod template.
pub(super) fn containers(row: &Row<'_>, template: &str, what: &str) -> String {
    row.joined(&format!("{template}/spec/containers"), what, ",")
}
