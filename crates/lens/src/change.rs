//! What changed between two versions of an object, field by field.

use serde_json::{Map, Value};

use crate::object::Object;

/// Fields by which items of a list are told apart, the first that fits: an inserted item is then no change of those
/// behind it.
const ITEM_NAMES: [&str; 6] = ["name", "type", "key", "uid", "mountPath", "ip"];

/// A field that is not the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The field, such as `.spec.replicas`, `.metadata.labels["a.b/c"]` or `.spec.containers[name=web].image`.
    pub path: String,
    /// What it was, as it may be shown; none where it was not there.
    pub before: Option<Value>,
    /// What it is, as it may be shown; none where it is gone.
    pub after: Option<Value>,
}

/// Which fields are compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compared {
    /// `metadata.managedFields`, which moves with every write.
    pub managed_fields: bool,
}

/// A value as it is stored, and as it may be shown.
#[derive(Clone, Copy)]
struct Pair<'v> {
    full: &'v Value,
    shown: Option<&'v Value>,
}

impl<'v> Pair<'v> {
    fn of(object: &'v Object) -> Self {
        Self { full: object.full(), shown: Some(object.shown()) }
    }

    fn field(self, name: &str) -> Option<Self> {
        let shown = self.shown.and_then(|shown| shown.get(name));
        self.full.get(name).map(|full| Self { full, shown })
    }

    fn item(self, at: usize) -> Option<Self> {
        let shown = self.shown.and_then(|shown| shown.get(at));
        self.full.get(at).map(|full| Self { full, shown })
    }

    /// What may be shown; where the masked object lacks the field, nothing of it may.
    fn value(self) -> Value {
        self.shown.cloned().unwrap_or_else(|| Value::String("<masked>".to_owned()))
    }
}

/// The fields of two versions of an object that differ, in the order of their names.
///
/// They are compared as they are stored, so that a change of a masked value is seen, and given as they may be shown.
/// `metadata.resourceVersion` is not a field that is stored, and not compared.
#[must_use]
pub fn changes(before: &Object, after: &Object, compared: Compared) -> Vec<Change> {
    let mut found = Vec::new();
    let mut walk = Walk { compared, found: &mut found };
    walk.compare(&mut String::new(), Pair::of(before), Pair::of(after));
    found
}

struct Walk<'f> {
    compared: Compared,
    found: &'f mut Vec<Change>,
}

impl Walk<'_> {
    /// Recurses as deep as the objects are, which decoding has bounded.
    fn compare(&mut self, path: &mut String, before: Pair<'_>, after: Pair<'_>) {
        match (before.full, after.full) {
            (Value::Object(old), Value::Object(new)) => self.maps(path, (before, old), (after, new)),
            (Value::Array(old), Value::Array(new)) => self.lists(path, (before, old), (after, new)),
            (old, new) if old == new => {}
            _ => self.differ(path, Some(before), Some(after)),
        }
    }

    fn maps<'v>(
        &mut self,
        path: &mut String,
        (before, old): (Pair<'v>, &Map<String, Value>),
        (after, new): (Pair<'v>, &Map<String, Value>),
    ) {
        let mut names: Vec<&String> = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name))).collect();
        names.sort_unstable();
        for name in names {
            let length = path.len();
            push_field(path, name);
            if !self.is_skipped(path) {
                self.either(path, before.field(name), after.field(name));
            }
            path.truncate(length);
        }
    }

    fn is_skipped(&self, path: &str) -> bool {
        path == ".metadata.resourceVersion" || path == ".metadata.managedFields" && !self.compared.managed_fields
    }

    fn lists(&mut self, path: &mut String, (before, old): (Pair<'_>, &[Value]), (after, new): (Pair<'_>, &[Value])) {
        let length = path.len();
        let named = ITEM_NAMES.iter().find(|name| is_named_by(old, name) && is_named_by(new, name));
        let Some(name) = named.filter(|_| !old.is_empty() && !new.is_empty()) else {
            for at in 0..old.len().max(new.len()) {
                path.push_str(&format!("[{at}]"));
                self.either(path, before.item(at), after.item(at));
                path.truncate(length);
            }
            return;
        };
        let id = |item: &Value| item.get(name).cloned();
        if is_reordered(old, new, name) {
            // A list whose order counts, such as that of init containers, may be the same but for it.
            path.push_str("[*]");
            push_field(path, name);
            let (before, after) = (names(before, old.len(), name), names(after, new.len(), name));
            self.found.push(Change { path: path.clone(), before: Some(before), after: Some(after) });
            path.truncate(length);
        }
        for (at, item) in old.iter().enumerate() {
            let other = new.iter().position(|other| id(other) == id(item));
            let label = before.item(at).and_then(|item| item.field(name));
            push_item(path, name, label, at);
            self.either(path, before.item(at), other.and_then(|other| after.item(other)));
            path.truncate(length);
        }
        for (at, item) in new.iter().enumerate().filter(|(_, item)| !old.iter().any(|other| id(other) == id(item))) {
            let _ = item;
            push_item(path, name, after.item(at).and_then(|item| item.field(name)), at);
            self.either(path, None, after.item(at));
            path.truncate(length);
        }
    }

    fn either(&mut self, path: &mut String, before: Option<Pair<'_>>, after: Option<Pair<'_>>) {
        match (before, after) {
            (Some(before), Some(after)) => self.compare(path, before, after),
            (before, after) => self.differ(path, before, after),
        }
    }

    fn differ(&mut self, path: &str, before: Option<Pair<'_>>, after: Option<Pair<'_>>) {
        let path = if path.is_empty() { "." } else { path }.to_owned();
        self.found.push(Change { path, before: before.map(Pair::value), after: after.map(Pair::value) });
    }
}

/// Whether every item has this field, as text, and no two the same. Lists of more than a few hundred items are compared
/// by position: to find each in the other would take the square of that.
fn is_named_by(items: &[Value], name: &str) -> bool {
    const LONGEST: usize = 512;
    if items.len() > LONGEST {
        return false;
    }
    let mut names: Vec<&str> = Vec::with_capacity(items.len());
    for item in items {
        match item.get(name).and_then(Value::as_str) {
            Some(text) => names.push(text),
            None => return false,
        }
    }
    names.sort_unstable();
    names.windows(2).all(|pair| pair.first() != pair.last())
}

/// Whether the items that are in both lists stand in another order.
fn is_reordered(old: &[Value], new: &[Value], name: &str) -> bool {
    shared(old, new, name) != shared(new, old, name)
}

/// The names of the items that others have, too.
fn shared<'v>(items: &'v [Value], others: &[Value], name: &str) -> Vec<&'v Value> {
    let names = items.iter().filter_map(|item| item.get(name));
    names.filter(|one| others.iter().any(|other| other.get(name) == Some(*one))).collect()
}

/// The names of so many items, as they may be shown.
fn names(list: Pair<'_>, length: usize, name: &str) -> Value {
    (0..length).filter_map(|at| list.item(at)?.field(name)).map(Pair::value).collect()
}

fn push_field(path: &mut String, name: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(plain) {
        path.push('.');
        path.push_str(name);
    } else {
        path.push_str(&format!("[{}]", Value::from(name)));
    }
}

/// An item by its name, or by its position where its name may not be shown.
fn push_item(path: &mut String, name: &str, label: Option<Pair<'_>>, at: usize) {
    let text = label.filter(|label| label.shown == Some(label.full)).and_then(|label| label.full.as_str());
    match text {
        Some(text) => path.push_str(&format!("[{name}={text}]")),
        None => path.push_str(&format!("[{at}]")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::View;

    fn object(value: &Value, revision: i64) -> Object {
        let text = value.to_string();
        let view = View { managed_fields: true, ..View::default() };
        Object::of_plain(b"/k", text.as_bytes(), revision, view).unwrap_or_else(|error| panic!("{error}"))
    }

    fn lines(before: &Value, after: &Value) -> Vec<String> {
        let show = |value: Option<Value>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let found = changes(&object(before, 1), &object(after, 2), Compared::default());
        found.into_iter().map(|one| format!("{}: {} -> {}", one.path, show(one.before), show(one.after))).collect()
    }

    #[test]
    fn fields_are_named_as_jsonpath_names_them() {
        let before = json!({"spec": {"replicas": 1, "gone": true, "containers": [{"name": "a", "image": "x:1"}, {"name": "b"}]},
            "metadata": {"labels": {"app.kubernetes.io/name": "x"}, "managedFields": [{"manager": "m"}]}, "list": [1, 2]});
        let after = json!({"spec": {"replicas": 3, "containers": [{"name": "new"}, {"name": "a", "image": "x:2"}]},
            "metadata": {"labels": {"app.kubernetes.io/name": "y", "q": ""}}, "list": [1, 3, 4]});
        assert_eq!(
            lines(&before, &after),
            [
                ".list[1]: 2 -> 3",
                ".list[2]: - -> 4",
                ".metadata.labels[\"app.kubernetes.io/name\"]: \"x\" -> \"y\"",
                ".metadata.labels.q: - -> \"\"",
                ".spec.containers[name=a].image: \"x:1\" -> \"x:2\"",
                ".spec.containers[name=b]: {\"name\":\"b\"} -> -",
                ".spec.containers[name=new]: - -> {\"name\":\"new\"}",
                ".spec.gone: true -> -",
                ".spec.replicas: 1 -> 3",
            ]
        );
        assert_eq!(lines(&before, &before), [""; 0]);
    }

    #[test]
    fn another_order_of_the_same_items_is_a_change() {
        let list = |names: &[&str]| {
            let items: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
            json!({"spec": {"initContainers": items}})
        };
        assert_eq!(
            lines(&list(&["a", "b"]), &list(&["b", "a"])),
            [r#".spec.initContainers[*].name: ["a","b"] -> ["b","a"]"#]
        );
        assert_eq!(
            lines(&list(&["a", "b"]), &list(&["a", "c", "b"])),
            [r#".spec.initContainers[name=c]: - -> {"name":"c"}"#]
        );
    }

    #[test]
    fn a_masked_value_changes_without_being_shown() {
        let secret = |password: &str| json!({"apiVersion": "v1", "kind": "Secret", "data": {"password": password}});
        assert_eq!(
            lines(&secret("Q0FOQVJZMQ=="), &secret("Q0FOQVJZMg==")),
            [".data.password: \"<masked: 12 bytes>\" -> \"<masked: 12 bytes>\""]
        );
        assert_eq!(
            lines(&secret("x"), &json!({"apiVersion": "v1", "kind": "Secret"})),
            [".data: {\"password\":\"<masked: 1 bytes>\"} -> -"]
        );
    }

    #[test]
    fn names_of_items_that_are_masked_are_not_in_the_path() {
        let tokens = |value: &str| json!({"apiVersion": "v1", "kind": "Secret", "data": [{"name": value, "x": 1}, {"name": "same", "x": 1}]});
        let found = lines(&tokens("CANARY-1"), &tokens("CANARY-2")).join("\n");
        assert!(!found.contains("CANARY") && found.contains(".data[0]"), "{found}");
    }
}
