//! Public JSON and YAML documents, under caps.
use serde_json::Value;

/// Parses JSON, or YAML where it is not: OpenShift writes JSON into its `.yaml` files.
pub(super) fn configuration(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 200_000,
            max_nodes: 50_000,
            max_depth: 64,
            max_documents: 1,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 50_000,
            max_recorded_anchor_bytes: 1 << 20,
            max_total_scalar_bytes: 4 << 20,
        },
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 50_000, max_replay_stack_depth: 32 },
    };
    serde_saphyr::from_str_with_options(text, options).ok()
}

/// All containers of a pod, init containers first.
pub(super) fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let lists =
        ["/spec/initContainers", "/spec/containers"].into_iter().filter_map(|path| pod.pointer(path)?.as_array());
    lists.flatten()
}

/// The environment variables that have a plain value.
pub(super) fn environment(container: &Value) -> impl Iterator<Item = (&str, &str)> {
    let variables = container.get("env").and_then(Value::as_array).into_iter().flatten();
    variables.filter_map(|variable| Some((variable.get("name")?.as_str()?, variable.get("value")?.as_str()?)))
}

/// The strings of a list, or the one string that stands in its place.
pub(super) fn strings(value: &Value, pointer: &str) -> Vec<String> {
    match value.pointer(pointer) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

pub(super) fn first(value: &Value, pointer: &str) -> Option<String> {
    strings(value, pointer).into_iter().next()
}
