//! Patches, put on an object.

use serde_json::{Map, Value};

/// Lists whose items are told apart by a field, as built-in kinds have them: the list, and the fields of which an item has one.
const KEYS: &[(&str, &[&str])] = &[
    ("addresses", &["type"]),
    ("conditions", &["type"]),
    ("containers", &["name"]),
    ("env", &["name"]),
    ("ephemeralContainers", &["name"]),
    ("hostAliases", &["ip"]),
    ("imagePullSecrets", &["name"]),
    ("initContainers", &["name"]),
    ("ownerReferences", &["uid"]),
    ("podIPs", &["ip"]),
    ("ports", &["containerPort", "port"]),
    ("resourceClaims", &["name"]),
    ("secrets", &["name"]),
    ("taints", &["key"]),
    ("topologySpreadConstraints", &["topologyKey"]),
    ("volumeDevices", &["devicePath"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
    ("webhooks", &["name"]),
];

/// Patches nest no deeper.
const DEEPEST: usize = 64;
/// What the steps of a JSON patch make nests no deeper: a step can hang what is there below what it brings.
const DEEPEST_MADE: usize = 128;
/// What the steps of a JSON patch copy is no more, in bytes: each copy can double what is there.
const MOST_COPIED: usize = 3 << 20;

/// Steps of a JSON patch: an API server takes no more.
const MOST_STEPS: usize = 10_000;

/// A merge patch (RFC 7386).
pub(super) fn plain(object: &mut Value, patch: &Value) {
    merge(object, patch, false, DEEPEST);
}

/// A strategic merge patch: lists that have keys are merged item by item.
pub(super) fn strategic(object: &mut Value, patch: &Value) {
    merge(object, patch, true, DEEPEST);
}

fn merge(object: &mut Value, patch: &Value, strategic: bool, deepest: usize) {
    let (Value::Object(patch), Some(deepest)) = (patch, deepest.checked_sub(1)) else {
        object.clone_from(patch);
        return;
    };
    if !object.is_object() || (strategic && patch.get("$patch").and_then(Value::as_str) == Some("replace")) {
        *object = Value::Object(Map::new());
    }
    let Value::Object(object) = object else { return };
    for (name, value) in patch {
        match (strategic, name.split_once('/')) {
            (true, Some(("$deleteFromPrimitiveList", list))) => remove(object, list, value),
            (true, _) if name.starts_with('$') => {}
            _ if value.is_null() => drop(object.remove(name)),
            (true, _) if is_deletion(value) => drop(object.remove(name)),
            _ => {
                let old = object.entry(name.clone()).or_insert(Value::Null);
                match (old, value, keys(name)) {
                    (Value::Array(items), Value::Array(changes), Some(keys)) if strategic => {
                        merge_items(items, changes, keys, deepest);
                    }
                    (Value::Array(items), Value::Array(changes), _) if strategic && name == "finalizers" => {
                        items.extend(changes.iter().filter(|one| !items.contains(one)).cloned().collect::<Vec<_>>());
                    }
                    (old, value, _) => merge(old, value, strategic, deepest),
                }
            }
        }
    }
}

fn keys(list: &str) -> Option<&'static [&'static str]> {
    KEYS.iter().find(|(name, _)| *name == list).map(|(_, keys)| *keys)
}

fn is_deletion(value: &Value) -> bool {
    value.get("$patch").and_then(Value::as_str) == Some("delete")
}

fn remove(object: &mut Map<String, Value>, list: &str, values: &Value) {
    let gone = values.as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(Value::Array(items)) = object.get_mut(list) {
        items.retain(|item| !gone.contains(item));
    }
}

fn merge_items(items: &mut Vec<Value>, changes: &[Value], keys: &[&str], deepest: usize) {
    if changes.iter().any(|change| change.get("$patch").and_then(Value::as_str) == Some("replace")) {
        items.clear();
    }
    for change in changes {
        let Some(key) = keys.iter().find(|key| change.get(**key).is_some()) else { continue };
        let place = items.iter().position(|item| item.get(*key) == change.get(*key));
        match (place, is_deletion(change)) {
            (Some(place), true) => drop(items.remove(place)),
            (None, true) => {}
            (Some(place), false) => {
                if let Some(item) = items.get_mut(place) {
                    merge(item, change, true, deepest);
                }
            }
            (None, false) => {
                let mut item = Value::Null;
                merge(&mut item, change, true, deepest);
                items.push(item);
            }
        }
    }
}

/// A JSON patch (RFC 6902).
pub(super) fn steps(object: &mut Value, patch: &Value) -> Result<(), String> {
    let mut copied = 0;
    let steps = patch.as_array().ok_or("a JSON patch is a list")?;
    if steps.len() > MOST_STEPS {
        return Err(format!("the patch has {} steps; at most {MOST_STEPS} are taken", steps.len()));
    }
    for step in steps {
        let text = |name: &str| step.get(name).and_then(Value::as_str).ok_or_else(|| format!("a step has no `{name}`"));
        let (operation, path) = (text("op")?, text("path")?);
        let value = || step.get("value").cloned().ok_or_else(|| "a step has no `value`".to_owned());
        match operation {
            "add" => set(object, path, value()?, true)?,
            "replace" => set(object, path, value()?, false)?,
            "remove" => drop(take(object, path)?),
            "move" => {
                let moved = take(object, text("from")?)?;
                set(object, path, moved, true)?;
            }
            "copy" => {
                let source = object.pointer(text("from")?).ok_or("nothing is there to be copied")?;
                copied += source.to_string().len();
                if copied > MOST_COPIED {
                    return Err(format!("the patch copies more than {MOST_COPIED} bytes"));
                }
                let copy = source.clone();
                set(object, path, copy, true)?;
            }
            "test" => {
                if object.pointer(path) != Some(&value()?) {
                    return Err(format!("the value at `{path}` is another one"));
                }
            }
            other => return Err(format!("`{other}` is no operation of a JSON patch")),
        }
    }
    Ok(())
}

/// What holds the last name of a path, and that name.
fn parent<'o>(object: &'o mut Value, path: &str) -> Result<(&'o mut Value, String), String> {
    let (before, last) = path.rsplit_once('/').ok_or_else(|| format!("`{path}` is no path"))?;
    let holder = object.pointer_mut(before).ok_or_else(|| format!("nothing is at `{before}`"))?;
    Ok((holder, last.replace("~1", "/").replace("~0", "~")))
}

fn set(object: &mut Value, path: &str, value: Value, insert: bool) -> Result<(), String> {
    if path.matches('/').count() + depth(&value) > DEEPEST_MADE {
        return Err(format!("the patch makes what nests deeper than {DEEPEST_MADE} levels"));
    }
    if path.is_empty() {
        *object = value;
        return Ok(());
    }
    let missing = || format!("nothing is at `{path}`");
    match parent(object, path)? {
        (Value::Object(map), name) if insert || map.contains_key(&name) => drop(map.insert(name, value)),
        (Value::Array(items), name) => {
            let at = if name == "-" { items.len() } else { name.parse().map_err(|_| missing())? };
            match (insert && at <= items.len(), items.get_mut(at)) {
                (true, _) => items.insert(at, value),
                (false, Some(item)) if !insert => *item = value,
                _ => return Err(missing()),
            }
        }
        _ => return Err(missing()),
    }
    Ok(())
}

/// Levels of lists and maps.
fn depth(value: &Value) -> usize {
    let below = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(map) => map.values().map(depth).max(),
        _ => return 0,
    };
    1 + below.unwrap_or(0)
}

fn take(object: &mut Value, path: &str) -> Result<Value, String> {
    let missing = || format!("nothing is at `{path}`");
    match parent(object, path)? {
        (Value::Object(map), name) => map.remove(&name).ok_or_else(missing),
        (Value::Array(items), name) => {
            let at = name.parse::<usize>().ok().filter(|at| *at < items.len()).ok_or_else(missing)?;
            Ok(items.remove(at))
        }
        _ => Err(missing()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_merge_patch_replaces_lists_and_takes_away_what_is_null() {
        let mut object = json!({"a": [1, 2], "b": {"c": 1, "d": 2}, "e": 1});
        plain(&mut object, &json!({"a": [3], "b": {"c": null, "x": {"$patch": "y"}}, "e": null}));
        assert_eq!(object, json!({"a": [3], "b": {"d": 2, "x": {"$patch": "y"}}}));
    }

    #[test]
    fn a_strategic_patch_knows_items_by_their_keys() {
        let pod = || {
            json!({"spec": {"containers": [{"name": "a", "image": "1", "ports": [{"containerPort": 80, "name": "x"}]},
            {"name": "b", "image": "1"}], "tolerations": [{"key": "k"}]}, "metadata": {"finalizers": ["x", "y"]}})
        };
        for (patch, pointer, expected) in [
            (json!({"spec": {"containers": [{"name": "b", "image": "2"}]}}), "/spec/containers/1/image", json!("2")),
            (json!({"spec": {"containers": [{"name": "b", "image": "2"}]}}), "/spec/containers/0/image", json!("1")),
            (json!({"spec": {"containers": [{"name": "c"}]}}), "/spec/containers/2/name", json!("c")),
            (
                json!({"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}),
                "/spec/containers/0/name",
                json!("b"),
            ),
            (
                json!({"spec": {"containers": [{"$patch": "replace"}, {"name": "z"}]}}),
                "/spec/containers",
                json!([{"name": "z"}]),
            ),
            (
                json!({"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80, "name": "y"}]}]}}),
                "/spec/containers/0/ports",
                json!([{"containerPort": 80, "name": "y"}]),
            ),
            (json!({"spec": {"tolerations": [{"key": "n"}]}}), "/spec/tolerations", json!([{"key": "n"}])),
            (json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["x"]}}), "/metadata/finalizers", json!(["y"])),
            (json!({"metadata": {"finalizers": ["z"]}}), "/metadata/finalizers", json!(["x", "y", "z"])),
            (json!({"spec": {"$setElementOrder/containers": []}}), "/spec/$setElementOrder~1containers", Value::Null),
            (json!({"spec": {"$patch": "replace", "nodeName": "n"}}), "/spec", json!({"nodeName": "n"})),
        ] {
            let mut object = pod();
            strategic(&mut object, &patch);
            assert_eq!(object.pointer(pointer).cloned().unwrap_or_default(), expected, "{patch}");
        }
    }

    #[test]
    fn a_json_patch_is_done_step_by_step() {
        for (patch, expected) in [
            (json!([{"op": "add", "path": "/a/-", "value": 3}]), Some(json!({"a": [1, 2, 3], "b/c": 1}))),
            (json!([{"op": "add", "path": "/a/0", "value": 3}]), Some(json!({"a": [3, 1, 2], "b/c": 1}))),
            (json!([{"op": "replace", "path": "/b~1c", "value": 3}]), Some(json!({"a": [1, 2], "b/c": 3}))),
            (json!([{"op": "remove", "path": "/a/1"}]), Some(json!({"a": [1], "b/c": 1}))),
            (json!([{"op": "move", "from": "/b~1c", "path": "/d"}]), Some(json!({"a": [1, 2], "d": 1}))),
            (json!([{"op": "copy", "from": "/a", "path": "/d"}]), Some(json!({"a": [1, 2], "b/c": 1, "d": [1, 2]}))),
            (json!([{"op": "test", "path": "/a/0", "value": 1}]), Some(json!({"a": [1, 2], "b/c": 1}))),
            (json!([{"op": "test", "path": "/a/0", "value": 2}]), None),
            (json!([{"op": "replace", "path": "/x", "value": 2}]), None),
            (json!([{"op": "replace", "path": "/a/9", "value": 2}]), None),
            (json!([{"op": "add", "path": "/a/9", "value": 2}]), None),
            (json!([{"op": "remove", "path": "/a/-1"}]), None),
            (json!([{"op": "nosuch", "path": "/a"}]), None),
            (json!([{}]), None),
            (json!({}), None),
        ] {
            let mut object = json!({"a": [1, 2], "b/c": 1});
            let done = steps(&mut object, &patch).is_ok();
            assert_eq!(done.then_some(object), expected, "{patch}");
        }
    }

    #[test]
    fn steps_neither_double_an_object_nor_nest_it_for_ever() {
        let copies: Vec<Value> =
            (0..40).map(|at| json!({"op": "copy", "from": "", "path": format!("/copy{at}")})).collect();
        let mut object = json!({"a": "b".repeat(100)});
        assert!(steps(&mut object, &Value::from(copies)).unwrap_err().contains("copies more than"));
        assert!(object.to_string().len() < 3 << 20);
        let mut deeper = vec![json!({"op": "add", "path": "/n", "value": {}})];
        for _ in 0..1000 {
            deeper.push(json!({"op": "add", "path": "/t", "value": {}}));
            deeper.push(json!({"op": "move", "from": "/n", "path": "/t/n"}));
            deeper.push(json!({"op": "move", "from": "/t", "path": "/n"}));
        }
        let mut object = json!({});
        assert!(steps(&mut object, &Value::from(deeper)).unwrap_err().contains("nests deeper than"));
        assert!(depth(&object) <= DEEPEST_MADE);
        let many = |steps: usize| Value::from(vec![json!({"op": "add", "path": "/n", "value": 1}); steps]);
        assert_eq!(super::steps(&mut object, &many(MOST_STEPS)), Ok(()));
        assert!(super::steps(&mut object, &many(MOST_STEPS + 1)).unwrap_err().contains("has 10001 steps"));
    }
}
