//! A stored version as the object that clients get.

use kube_objects::{ShownKey, StorageKey};
use lens::{Object, Version, View};
use serde_json::{Value, json};

use crate::definition;
use crate::field::put;
use crate::world::{Resource, World};

/// The annotation of an object in which something is masked. No annotation may have such a key: a cluster to which the object
/// is sent refuses it.
pub(crate) const MASKED: &str = "assay: masked, do not apply";
/// The annotation of what stands for an object that no key opens.
pub(crate) const UNREADABLE: &str = "assay.dev/unreadable";

/// What is missing from what was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    /// Objects with masked values.
    pub(crate) masked: u64,
    /// Objects that could not be read.
    pub(crate) unreadable: u64,
}

impl Hidden {
    /// What a client should say of it.
    pub(crate) fn warnings(self) -> Vec<String> {
        let count = wording::count;
        let masked = (self.masked > 0).then(|| {
            format!("secret values of {} are masked; assay-serve --reveal shows them", count(self.masked, "object"))
        });
        let closed = (self.unreadable > 0)
            .then(|| format!("{} cannot be read; --keys opens what is encrypted", count(self.unreadable, "object")));
        masked.into_iter().chain(closed).collect()
    }
}

/// The object of a version, in the form of its resource.
pub(crate) fn show(world: &World, resource: &Resource, version: &Version<'_>, hidden: &mut Hidden) -> Value {
    show_in(world.view, world, resource, version, hidden)
}

/// The same, in another view than the world's.
pub(crate) fn show_in(
    view: View,
    world: &World,
    resource: &Resource,
    version: &Version<'_>,
    hidden: &mut Hidden,
) -> Value {
    let read = Object::read(world.source, version.key, version.value, version.revision, view);
    let mut object = match read {
        Ok(object) if object.is_masked() => {
            hidden.masked += 1;
            let mut object = object.into_shown();
            annotate(&mut object, MASKED, "values were masked");
            object
        }
        Ok(object) => object.into_shown(),
        Err(why) => {
            hidden.unreadable += 1;
            return placeholder(resource, version, &why.to_string());
        }
    };
    if resource.definition.as_ref().is_some_and(|definition| !definition.converts) {
        put(&mut object, "apiVersion", json!(resource.api_version()));
    } else if resource.name == "projects" {
        put(&mut object, "apiVersion", resource.api_version());
        put(&mut object, "kind", resource.kind.clone());
    } else if resource.name == "customresourcedefinitions" {
        object = definition::v1(object);
    }
    object
}

/// Stands for an object that cannot be read, so that clients with types can.
fn placeholder(resource: &Resource, version: &Version<'_>, why: &str) -> Value {
    let shown = ShownKey::of(version.key);
    let parsed = StorageKey::parse(version.key);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let name = if parsed.name_is_token() { text(shown.name()) } else { text(parsed.name) };
    let mut metadata = json!({"name": name, "creationTimestamp": null, "resourceVersion": version.revision.to_string(),
        "annotations": {UNREADABLE: why}});
    if let Some(namespace) = parsed.namespace {
        put(&mut metadata, "namespace", json!(text(namespace)));
    }
    json!({"apiVersion": resource.api_version(), "kind": resource.kind, "metadata": metadata})
}

fn annotate(object: &mut Value, key: &str, value: &str) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
    if annotations.is_null() {
        *annotations = json!({});
    }
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.insert(key.to_owned(), json!(value));
    }
}
