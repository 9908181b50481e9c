//! Questions about who could do what, answered from the roles and bindings of the revision shown.
//!
//! Who asks for nobody else asks as the reader of the backup, who may read all of it and change nothing.

mod body;
mod rbac;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::builtin::REVIEWS;
use crate::path::Target;
use crate::request::{Request, User};
use crate::status::Status;

pub(crate) use rbac::Rbac;

/// The group of OpenShift's `who-can`.
const OPENSHIFT: &str = "authorization.openshift.io";

/// Whoever reads the backup.
const READER: &str = "assay-serve";
/// What an answer rests on: groups of certificates and identity providers, webhooks and the node authorizer are in no backup.
const BY: &str = "by RBAC in the backup";

/// What somebody would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// With objects.
    Resource {
        /// Namespace; empty for all of them, and for what has none.
        namespace: String,
        /// Verb.
        verb: String,
        /// API group.
        group: String,
        /// Plural.
        resource: String,
        /// What of it.
        subresource: String,
        /// Name; empty for all.
        name: String,
    },
    /// With a path.
    Path {
        /// Path.
        path: String,
        /// Verb.
        verb: String,
    },
}

/// Whether a path names a question.
pub(crate) fn is_review(target: &Target) -> bool {
    let Target { group, version, resource, name, .. } = target;
    let known = REVIEWS.iter().any(|review| review.group == group && review.name == resource);
    let who_can =
        group == OPENSHIFT && matches!(resource.as_str(), "resourceaccessreviews" | "localresourceaccessreviews");
    version == "v1" && name.is_none() && (known || who_can)
}

/// The answer to a question.
pub(crate) fn answer(rbac: &Rbac, target: &Target, request: &Request) -> Result<Answer, Status> {
    let asked = body::read(request, &target.resource)?;
    let user = request.impersonated.as_ref().map(|user| rbac.with_implied_groups(user));
    let said = match target.resource.as_str() {
        "resourceaccessreviews" | "localresourceaccessreviews" => return Ok(who_can(rbac, target, &asked)),
        "selfsubjectreviews" => json!({"userInfo": {"username": user.as_ref().map_or(READER, |user| &user.name),
            "groups": user.as_ref().map_or(vec!["system:authenticated".to_owned()], |user| user.groups.clone())}}),
        "selfsubjectrulesreviews" => {
            let namespace = asked.pointer("/spec/namespace").and_then(Value::as_str).unwrap_or_default();
            user.map_or_else(readers_rules, |user| rules(rbac, &user, namespace))
        }
        "selfsubjectaccessreviews" => {
            let action = action(&asked).ok_or_else(nothing_asked)?;
            user.map_or_else(|| readers(&action), |user| judged(rbac, &user, &action))
        }
        _ => {
            let action = action(&asked).ok_or_else(nothing_asked)?;
            judged(rbac, &user_of(&asked), &action)
        }
    };
    let review = REVIEWS.iter().find(|review| review.name == target.resource);
    let mut answer = json!({"kind": review.map_or("", |review| review.kind), "apiVersion": format!("{}/v1", target.group),
        "metadata": {"creationTimestamp": null}, "status": said});
    if let Some(spec) = asked.get("spec") {
        crate::field::put(&mut answer, "spec", spec.clone());
    }
    Ok(Answer::json(201, &answer))
}

/// `oc whoami`.
pub(crate) fn whoami() -> Answer {
    let user = json!({"kind": "User", "apiVersion": "user.openshift.io/v1", "metadata": {"name": READER},
        "identities": null, "groups": ["system:authenticated"]});
    Answer::json(200, &user)
}

fn nothing_asked() -> Status {
    Status::bad_request("exactly one of nonResourceAttributes or resourceAttributes must be specified")
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn user_of(asked: &Value) -> User {
    let groups = asked.pointer("/spec/groups").and_then(Value::as_array);
    let groups = groups.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    User { name: text(asked, "/spec/user"), groups }
}

fn action(asked: &Value) -> Option<Action> {
    let of = |name: &str| asked.pointer(&format!("/spec/{name}")).filter(|value| !value.is_null());
    match (of("resourceAttributes"), of("nonResourceAttributes")) {
        (Some(resource), None) => Some(Action::Resource {
            namespace: text(resource, "/namespace"),
            verb: text(resource, "/verb"),
            group: text(resource, "/group"),
            resource: text(resource, "/resource"),
            subresource: text(resource, "/subresource"),
            name: text(resource, "/name"),
        }),
        (None, Some(path)) => Some(Action::Path { path: text(path, "/path"), verb: text(path, "/verb") }),
        _ => None,
    }
}

fn judged(rbac: &Rbac, user: &User, action: &Action) -> Value {
    if user.groups.iter().any(|group| group == "system:masters") {
        return json!({"allowed": true, "reason": ""}); // before all roles, and an API server says no more
    }
    match rbac.allowing(user, action).next() {
        Some(reason) => json!({"allowed": true, "reason": reason}),
        None => json!({"allowed": false, "reason": BY}),
    }
}

/// What can be done here.
fn readers(action: &Action) -> Value {
    let (verb, reviews) = match action {
        Action::Resource { verb, group, .. } => {
            (verb, group.starts_with("authorization.") || group.starts_with("authentication."))
        }
        Action::Path { verb, .. } => (verb, false),
    };
    match verb.as_str() {
        "get" | "list" | "watch" => json!({"allowed": true, "reason": "whoever has the token may read the backup"}),
        "create" if reviews => json!({"allowed": true, "reason": "whoever has the token may ask"}),
        _ => json!({"allowed": false, "reason": "this is a read-only view of an etcd backup"}),
    }
}

fn readers_rules() -> Value {
    json!({"incomplete": false,
        "resourceRules": [{"verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"]}],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["*"]}]})
}

fn rules(rbac: &Rbac, user: &User, namespace: &str) -> Value {
    let (mut resources, mut paths) = (Vec::new(), Vec::new());
    for rule in rbac.rules_of(user, namespace) {
        if rule.paths.is_empty() {
            let mut said = json!({"verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources});
            if !rule.names.is_empty() {
                crate::field::put(&mut said, "resourceNames", json!(rule.names));
            }
            resources.push(said);
        } else {
            paths.push(json!({"verbs": rule.verbs, "nonResourceURLs": rule.paths}));
        }
    }
    json!({"incomplete": false, "resourceRules": resources, "nonResourceRules": paths})
}

/// `oc adm policy who-can`.
fn who_can(rbac: &Rbac, target: &Target, asked: &Value) -> Answer {
    let of = |name: &str| text(asked, name);
    let namespace = target.namespace.clone().unwrap_or_default();
    let (resource, subresource) = match of("/resource").split_once('/') {
        Some((resource, subresource)) => (resource.to_owned(), subresource.to_owned()),
        None => (of("/resource"), String::new()),
    };
    let action = Action::Resource {
        namespace: namespace.clone(),
        verb: of("/verb"),
        group: of("/resourceAPIGroup"),
        resource,
        subresource,
        name: of("/resourceName"),
    };
    let (users, groups) = rbac.subjects_who(&action);
    Answer::json(
        201,
        &json!({"kind": "ResourceAccessReviewResponse", "apiVersion": "authorization.openshift.io/v1", "namespace": namespace,
            "users": users, "groups": groups, "evalutionError": ""}),
    )
}

#[cfg(test)]
mod tests;
