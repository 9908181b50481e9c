//! What stands where an object was that nobody may see, or can read.

use kube_objects::{StorageKey, kind_of};
use serde_json::{Map, Value};

/// An object of which only its key tells: kind, name and namespace, and why no more. JSON, which every API server reads.
#[must_use]
pub fn stub(key: &[u8], why: &str) -> Vec<u8> {
    let parsed = StorageKey::parse(key);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (group, resource) = (text(parsed.group), text(parsed.resource));
    let (api_version, kind) = match kind_of(&group, &resource) {
        Some((api_version, kind)) => (api_version.to_owned(), kind.to_owned()),
        None if group.is_empty() => ("v1".to_owned(), resource),
        None => (format!("{group}/v1"), resource),
    };
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), text(parsed.name).into());
    if let Some(namespace) = parsed.namespace {
        metadata.insert("namespace".to_owned(), text(namespace).into());
    }
    let redacted = Map::from_iter([("assay/redacted".to_owned(), Value::from(why))]);
    metadata.insert("annotations".to_owned(), redacted.into());
    let object = [("kind", kind.into()), ("apiVersion", api_version.into()), ("metadata", metadata.into())];
    let object = object.map(|(name, value): (&str, Value)| (name.to_owned(), value));
    Value::Object(Map::from_iter(object)).to_string().into_bytes()
}
