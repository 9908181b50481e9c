//! The Machine that takes the place of one that is lost.

use backup_facts::site::MachineObject;
use kube_objects::to_exact_yaml;
use serde_json::{Map, Value, json};

/// What stands above a manifest from which something was left out.
const LEFT_OUT: &str = "# User data, or a key, that stood in the Machine itself is left out here: put it in again.\n";
/// Fields of a spec that are the old machine's own: its name in the cloud, and the hook of an operator that sets its own.
const OWN: [&str; 2] = ["providerID", "lifecycleHooks"];

/// The manifest of a Machine as the old one was once asked for, under a new name: nothing of what the cluster wrote into
/// it. `None` where the object says too little to be made again, or the name is none.
pub(crate) fn of(old: &MachineObject, name: &str) -> Option<String> {
    if !is_name(name) {
        return None;
    }
    let object = &old.object;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut metadata = Map::from_iter([("name".to_owned(), json!(name))]);
    metadata.insert("namespace".to_owned(), json!(text("/metadata/namespace").unwrap_or("openshift-machine-api")));
    if let Some(labels) = object.pointer("/metadata/labels") {
        metadata.insert("labels".to_owned(), labels.clone());
    }
    object.pointer("/spec/providerSpec/value")?.as_object()?;
    let mut spec = object.get("spec")?.as_object()?.clone();
    spec.retain(|field, _| !OWN.contains(&field.as_str()));
    let manifest = json!({"apiVersion": text("/apiVersion")?, "kind": "Machine", "metadata": metadata, "spec": spec});
    let above = if old.had_secrets { LEFT_OUT } else { "" };
    Some(format!("{above}{}", to_exact_yaml(&manifest)))
}

/// Whether an object, and a file, may be called so.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let ends = |c: char| c.is_ascii_alphanumeric();
    name.len() <= 253 && name.chars().all(plain) && name.starts_with(ends) && name.ends_with(ends)
}
