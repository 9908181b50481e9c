//! OpenAPI, as far as a backup has it: custom kinds as their definitions describe them, built-in ones by name alone.

mod v2;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::answer::Answer;
use crate::world::{Resource, World};

/// Query parameters that clients look for before they try a change out.
const PARAMETERS: [&str; 4] = ["dryRun", "fieldManager", "fieldValidation", "force"];

/// The answer to a path below `/openapi`; none where there is nothing of it.
pub(crate) fn answer(world: &World, words: &[&str], accept: &str) -> Option<Answer> {
    match words {
        ["v2"] if accept.contains("proto-openapi") => Some(Answer::of(200, v2::CONTENT_TYPE, v2::document(world))),
        ["v2"] => Some(Answer::json(200, &v2::json(world))),
        ["v3"] => Some(Answer::json(200, &index(world))),
        ["v3", "api", version] => v3(world, "", version),
        ["v3", "apis", group, version] => v3(world, group, version),
        _ => None,
    }
}

/// Where each group version is described.
fn index(world: &World) -> Value {
    let mut paths = Map::new();
    for (group, versions) in &world.groups {
        for version in versions {
            let path = root(group, version);
            let digest = Sha256::digest(format!("{} {} {path}", world.source.id, world.at));
            let hash = wording::hex(digest.get(..8).unwrap_or_default()).to_uppercase();
            let url = format!("/openapi/v3/{path}?hash={hash}");
            paths.insert(path, json!({"serverRelativeURL": url}));
        }
    }
    json!({"paths": paths})
}

fn root(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

fn v3(world: &World, group: &str, version: &str) -> Option<Answer> {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for resource in world.resources.values().filter(|one| one.group == group && one.version == version) {
        paths.extend(resource_paths(
            resource,
            &|name| json!({"name": name, "in": "query", "schema": {"type": "string"}}),
        ));
        schemas.insert(schema_name(resource), schema(resource));
    }
    let document = json!({"openapi": "3.0.0", "info": {"title": "assay-serve", "version": "backup"}, "paths": paths,
        "components": {"schemas": schemas}});
    (!schemas.is_empty()).then(|| Answer::json(200, &document))
}

/// The paths of a resource, with what may be done there; `parameter` makes one of a name.
fn resource_paths(resource: &Resource, parameter: &dyn Fn(&str) -> Value) -> Vec<(String, Value)> {
    let kind = gvk(resource);
    let parameters: Vec<Value> = PARAMETERS.iter().map(|name| parameter(name)).collect();
    let operation = |action: &str, parameters: &[Value]| {
        json!({"x-kubernetes-group-version-kind": kind, "x-kubernetes-action": action, "parameters": parameters,
            "responses": {"200": {"description": "OK"}}})
    };
    let namespaces = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    let all = format!("/{}{namespaces}/{}", root(&resource.group, &resource.version), resource.name);
    let list = json!({"get": operation("list", &[]), "post": operation("post", &parameters)});
    let one = json!({"get": operation("get", &[]), "patch": operation("patch", &parameters)});
    vec![(format!("{all}/{{name}}"), one), (all, list)]
}

fn gvk(resource: &Resource) -> Value {
    json!({"group": resource.group, "version": resource.version, "kind": resource.kind})
}

/// A name for the schema of a kind: `io.example.v1.Widget` of `example.io/v1`.
fn schema_name(resource: &Resource) -> String {
    let group = if resource.group.is_empty() { "core" } else { resource.group.as_str() };
    let mut words: Vec<&str> = group.split('.').rev().collect();
    words.extend([resource.version.as_str(), resource.kind.as_str()]);
    words.join(".")
}

/// What a definition says of a kind; of a built-in one, that it is there.
fn schema(resource: &Resource) -> Value {
    let mut schema = resource.defined().and_then(|version| version.schema.clone()).unwrap_or_else(|| json!({}));
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, what) in [("apiVersion", "The version of the API that this is of."), ("kind", "What this is.")] {
            properties.entry(name).or_insert_with(|| json!({"type": "string", "description": what}));
        }
        properties
            .entry("metadata")
            .or_insert_with(|| json!({"type": "object", "description": "The metadata of an object."}));
    }
    if resource.definition.is_none() {
        let what = "A backup of etcd does not describe the kinds that are built into an API server.";
        crate::field::put(&mut schema, "description", what);
    }
    crate::field::put(&mut schema, "x-kubernetes-group-version-kind", json!([gvk(resource)]));
    schema
}
