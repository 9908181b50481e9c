//! What can be asked for: the legacy documents and the aggregated ones.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::builtin::{REVIEWS, Review};
use crate::field::put;
use crate::status::Status;
use crate::world::{Resource, World};

/// What can be done with objects of a backup.
const VERBS: [&str; 3] = ["get", "list", "watch"];

/// `GET /api`, `GET /apis` as older clients ask for it.
pub(crate) fn root(world: &World, core: bool) -> Answer {
    if core {
        let addresses = json!([{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}]);
        return Answer::json(
            200,
            &json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}),
        );
    }
    let groups: Vec<Value> = world.groups.iter().filter(|(group, _)| !group.is_empty()).map(group_of).collect();
    Answer::json(200, &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
}

/// `GET /apis/GROUP`.
pub(crate) fn group(world: &World, name: &str) -> Result<Answer, Status> {
    let found = world.groups.iter().find(|(group, _)| group == name && !name.is_empty());
    let mut group = group_of(found.ok_or_else(Status::no_resource)?);
    put(&mut group, "kind", json!("APIGroup"));
    put(&mut group, "apiVersion", json!("v1"));
    Ok(Answer::json(200, &group))
}

fn group_of((group, versions): &(String, Vec<String>)) -> Value {
    let of = |version: &String| json!({"groupVersion": format!("{group}/{version}"), "version": version});
    let all: Vec<Value> = versions.iter().map(of).collect();
    json!({"name": group, "versions": all, "preferredVersion": all.first()})
}

/// `GET /api/v1`, `GET /apis/GROUP/VERSION`: none where there is nothing of it.
pub(crate) fn version(world: &World, group: &str, version: &str) -> Option<Answer> {
    let mut resources: Vec<Value> = of_version(world, group, version).map(legacy).collect();
    for review in reviews(group, version) {
        resources.push(
            json!({"name": review.name, "singularName": review.kind.to_lowercase(), "namespaced": review.namespaced,
            "kind": review.kind, "verbs": ["create"]}),
        );
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let list =
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources});
    (!resources.is_empty()).then(|| Answer::json(200, &list))
}

fn reviews<'r>(group: &'r str, version: &'r str) -> impl Iterator<Item = &'static Review> + use<'r> {
    REVIEWS.iter().filter(move |review| review.group == group && version == "v1")
}

fn of_version<'w>(world: &'w World, group: &'w str, version: &'w str) -> impl Iterator<Item = &'w Resource> {
    world.resources.values().filter(move |resource| resource.group == group && resource.version == version)
}

fn legacy(resource: &Resource) -> Value {
    let mut said = json!({"name": resource.name, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": VERBS});
    names(&mut said, resource);
    said
}

fn names(said: &mut Value, resource: &Resource) {
    for (field, list) in [("shortNames", &resource.short), ("categories", &resource.categories)] {
        if !list.is_empty() {
            put(said, field, json!(list));
        }
    }
}

/// All of `/api` or `/apis` in one document.
pub(crate) fn aggregated(world: &World, core: bool, form: &'static str) -> Answer {
    let groups = world.groups.iter().filter(|(group, _)| group.is_empty() == core);
    let items: Vec<Value> = groups.map(|(group, versions)| item(world, group, versions)).collect();
    let list = json!({"kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{form}"), "metadata": {},
        "items": items});
    let content_type = match form {
        "v2beta1" => "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        _ => "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    };
    Answer { content_type, ..Answer::json(200, &list) }
}

fn item(world: &World, group: &str, versions: &[String]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| {
            let mut resources: Vec<Value> = of_version(world, group, version).map(discovered).collect();
            resources.extend(reviews(group, version).map(|review| {
                json!({"resource": review.name, "scope": scope(review.namespaced), "singularResource": review.kind.to_lowercase(),
                    "responseKind": {"group": group, "version": version, "kind": review.kind}, "verbs": ["create"]})
            }));
            json!({"version": version, "freshness": "Current", "resources": resources})
        })
        .collect();
    let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
    json!({"metadata": metadata, "versions": versions})
}

fn discovered(resource: &Resource) -> Value {
    let kind = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
    let mut said = json!({"resource": resource.name, "responseKind": kind, "scope": scope(resource.namespaced),
        "singularResource": resource.singular, "verbs": VERBS});
    names(&mut said, resource);
    said
}

fn scope(namespaced: bool) -> &'static str {
    if namespaced { "Namespaced" } else { "Cluster" }
}
