//! Changes tried out in memory: what an object would be. Nothing is kept.

mod merge;

use hyper::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::field::put;
use crate::list::Look;
use crate::path::{Query, Target};
use crate::request::{Request, json as read};
use crate::shown::{Hidden, show};
use crate::status::Status;
use crate::world::Resource;

/// Whether a request is to be tried out, and not done.
pub(crate) fn is_one(request: &Request, target: &Target, query: &Query) -> bool {
    let of_object = target.subresource.is_none() && target.name.is_some() == (request.method == Method::PATCH);
    of_object && query.get("dryRun") == Some("All") && matches!(request.method, Method::PATCH | Method::POST)
}

/// What would come of it.
pub(crate) fn answer(look: &Look<'_>, target: &Target, request: &Request) -> Result<Answer, Status> {
    let body = read(&request.body, request.content_type == Some("application/json-patch+json".to_owned()))?;
    match &target.name {
        Some(name) => patched(look, target, name, &body, request),
        None => created(look, target, body),
    }
}

fn created(look: &Look<'_>, target: &Target, mut body: Value) -> Result<Answer, Status> {
    let name = text(&body, "/metadata/name");
    let there = look.world.object(look.resource, target.namespace.as_deref(), &name);
    if there.is_some() {
        return Err(Status::already_exists(&look.resource.name, &look.resource.group, &name));
    }
    complete(look.resource, target, &mut body);
    Ok(Answer::json(201, &look.one(body, true)))
}

fn patched(look: &Look<'_>, target: &Target, name: &str, patch: &Value, request: &Request) -> Result<Answer, Status> {
    let kind = request.content_type.as_deref().unwrap_or_default();
    let stored = look.world.object(look.resource, target.namespace.as_deref(), name);
    let mut hidden = Hidden::default();
    let Some(stored) = stored else {
        if kind != "application/apply-patch+yaml" {
            return Err(Status::not_found(&look.resource.name, &look.resource.group, name));
        }
        let mut object = patch.clone();
        complete(look.resource, target, &mut object);
        return Ok(Answer::json(201, &look.one(object, true)));
    };
    let mut object = show(look.world, look.resource, &stored, &mut hidden);
    match kind {
        "application/merge-patch+json" => merge::plain(&mut object, patch),
        "application/strategic-merge-patch+json" if look.resource.definition.is_none() => {
            merge::strategic(&mut object, patch)
        }
        "application/apply-patch+yaml" if look.resource.definition.is_none() => merge::strategic(&mut object, patch),
        "application/apply-patch+yaml" => merge::plain(&mut object, patch),
        "application/json-patch+json" => merge::steps(&mut object, patch).map_err(Status::bad_request)?,
        _ => return Err(Status::unsupported_media()),
    }
    without_empty(&mut object);
    Ok(Answer { warnings: hidden.warnings(), ..Answer::json(200, &look.one(object, true)) })
}

/// What a patch leaves empty, an API server leaves out.
fn without_empty(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|_, value| {
            let is_empty =
                value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
            !is_empty
        });
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What an API server adds to an object that it takes.
fn complete(resource: &Resource, target: &Target, object: &mut Value) {
    put(object, "kind", resource.kind.clone());
    put(object, "apiVersion", resource.api_version());
    if object.get("metadata").is_none() {
        put(object, "metadata", json!({}));
    }
    if let Some(metadata) = object.get_mut("metadata") {
        if let Some(namespace) = target.namespace.as_deref().filter(|_| resource.namespaced) {
            put(metadata, "namespace", namespace);
        }
        put(metadata, "creationTimestamp", Value::Null);
    }
}
