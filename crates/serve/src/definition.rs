//! CustomResourceDefinitions: what they say of their resource, stored as `v1beta1` or `v1`.

use crate::field::put;
use serde_json::{Map, Value, json};

/// One served or stored version of a custom resource.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// Its name.
    pub(crate) name: String,
    /// Whether clients may ask for it.
    pub(crate) served: bool,
    /// Whether objects are stored in it.
    pub(crate) storage: bool,
    /// `additionalPrinterColumns`, as `v1` has them.
    pub(crate) columns: Vec<Value>,
    /// JSON paths of `selectableFields`: `.spec.color`.
    pub(crate) selectable: Vec<String>,
    /// `openAPIV3Schema`.
    pub(crate) schema: Option<Value>,
}

/// A definition.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    /// API group.
    pub(crate) group: String,
    /// What it is called: `plural`, `singular`, `kind`, `shortNames`, `categories`.
    pub(crate) names: Value,
    /// Whether its objects live in a namespace.
    pub(crate) namespaced: bool,
    /// Whether a program of the cluster converts between its versions.
    pub(crate) converts: bool,
    /// Its versions.
    pub(crate) versions: Vec<Version>,
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn texts(value: Option<&Value>, inner: &str) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.pointer(inner)?.as_str()).map(str::to_owned).collect()
}

impl Definition {
    /// Reads one; none where it does not say what it defines.
    pub(crate) fn read(object: &Value) -> Option<Self> {
        let spec = v1(object.clone()).get_mut("spec")?.take();
        let names = spec.get("names")?.clone();
        let (group, plural, kind) = (text(&spec, "/group"), text(&names, "/plural"), text(&names, "/kind"));
        if group.is_empty() || plural.is_empty() || kind.is_empty() {
            return None;
        }
        let versions = spec.get("versions").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            group: group.to_owned(),
            namespaced: text(&spec, "/scope") == "Namespaced",
            converts: text(&spec, "/conversion/strategy") == "Webhook",
            versions: versions.map(version).collect(),
            names,
        })
    }

    /// The versions that can be asked for here: all that are served where only `apiVersion` differs, else the one that is
    /// stored.
    pub(crate) fn answered(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().filter(|version| version.served && (!self.converts || version.storage))
    }
}

fn version(version: &Value) -> Version {
    let flag = |name: &str| version.get(name).and_then(Value::as_bool).unwrap_or(false);
    let columns = version.get("additionalPrinterColumns").and_then(Value::as_array).cloned();
    Version {
        name: text(version, "/name").to_owned(),
        served: flag("served"),
        storage: flag("storage"),
        columns: columns.unwrap_or_default(),
        selectable: texts(version.get("selectableFields"), "/jsonPath"),
        schema: version.pointer("/schema/openAPIV3Schema").cloned(),
    }
}

/// What each version of `v1` says, and `v1beta1` may say once for all: its name there, and where it goes in `v1`.
const MOVED: [(&str, &str); 4] = [
    ("validation", "schema"),
    ("subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
    ("selectableFields", "selectableFields"),
];

/// A definition as `v1`, whichever it is stored as.
pub(crate) fn v1(mut definition: Value) -> Value {
    if text(&definition, "/apiVersion") != "apiextensions.k8s.io/v1beta1" {
        return definition;
    }
    put(&mut definition, "apiVersion", json!("apiextensions.k8s.io/v1"));
    if let Some(spec) = definition.get_mut("spec").and_then(Value::as_object_mut) {
        convert(spec);
    }
    definition
}

fn convert(spec: &mut Map<String, Value>) {
    let of_all: Vec<(&str, Value)> = MOVED.iter().filter_map(|(from, to)| Some((*to, spec.remove(*from)?))).collect();
    let version = spec.remove("version");
    let mut versions = match spec.remove("versions") {
        Some(Value::Array(versions)) if !versions.is_empty() => versions,
        _ => vec![json!({"name": version.unwrap_or_default(), "served": true, "storage": true})],
    };
    for one in versions.iter_mut().filter_map(Value::as_object_mut) {
        for (name, value) in &of_all {
            one.entry(*name).or_insert_with(|| value.clone());
        }
        for column in one.get_mut("additionalPrinterColumns").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(column) = column.as_object_mut()
                && let Some(path) = column.remove("JSONPath")
            {
                column.insert("jsonPath".to_owned(), path);
            }
        }
    }
    spec.insert("versions".to_owned(), Value::Array(versions));
    convert_conversion(spec);
}

fn convert_conversion(spec: &mut Map<String, Value>) {
    let Some(conversion) = spec.get_mut("conversion").and_then(Value::as_object_mut) else { return };
    let client = conversion.remove("webhookClientConfig");
    let reviews = conversion.remove("conversionReviewVersions");
    if client.is_some() || (reviews.is_some() && text(&Value::Object(conversion.clone()), "/strategy") == "Webhook") {
        let mut webhook = Map::new();
        webhook.extend(client.map(|client| ("clientConfig".to_owned(), client)));
        webhook.extend(reviews.map(|reviews| ("conversionReviewVersions".to_owned(), reviews)));
        conversion.insert("webhook".to_owned(), Value::Object(webhook));
    }
    if spec.get("preserveUnknownFields") == Some(&Value::Bool(false)) {
        spec.remove("preserveUnknownFields");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_v1beta1_says_once_each_version_says() {
        let stored = json!({"apiVersion": "apiextensions.k8s.io/v1beta1", "kind": "CustomResourceDefinition", "spec": {
            "group": "example.com", "scope": "Namespaced", "version": "v1",
            "names": {"plural": "widgets", "kind": "Widget", "singular": "widget"},
            "additionalPrinterColumns": [{"name": "Color", "type": "string", "JSONPath": ".spec.color"}],
            "validation": {"openAPIV3Schema": {"type": "object"}}, "preserveUnknownFields": false,
            "versions": [{"name": "v1", "served": true, "storage": true}, {"name": "v1alpha1", "served": true, "storage": false},
                {"name": "v0", "served": false, "storage": false}],
            "conversion": {"strategy": "None"}}});
        let spec = &v1(stored.clone())["spec"];
        assert_eq!(spec["versions"][1]["additionalPrinterColumns"][0]["jsonPath"], ".spec.color");
        assert_eq!(spec["versions"][0]["schema"]["openAPIV3Schema"]["type"], "object");
        assert!(spec.get("version").is_none() && spec.get("validation").is_none());
        let read = Definition::read(&stored).unwrap();
        assert_eq!(read.answered().map(|version| version.name.as_str()).collect::<Vec<_>>(), ["v1", "v1alpha1"]);
        assert_eq!(read.versions[0].columns.len(), 1);
        let mut webhook = stored;
        webhook["spec"]["conversion"] = json!({"strategy": "Webhook", "webhookClientConfig": {}});
        let read = Definition::read(&webhook).unwrap();
        assert_eq!(read.answered().map(|version| version.name.as_str()).collect::<Vec<_>>(), ["v1"]);
    }
}
