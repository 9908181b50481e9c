//! Refusals, as the API says them.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::field::put;

/// A `Status` that is a failure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    code: u16,
    reason: &'static str,
    message: String,
    details: Option<Value>,
}

impl Status {
    fn new(code: u16, reason: &'static str, message: impl Into<String>, details: Option<Value>) -> Self {
        Self { code, reason, message: message.into(), details }
    }

    /// No object of that name.
    pub(crate) fn not_found(resource: &str, group: &str, name: &str) -> Self {
        let of = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        let mut details = json!({"name": name, "kind": resource});
        if !group.is_empty() {
            put(&mut details, "group", json!(group));
        }
        Self::new(404, "NotFound", format!("{of} \"{name}\" not found"), Some(details))
    }

    /// No such resource.
    pub(crate) fn no_resource() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource", Some(json!({})))
    }

    /// What a backup does not hold.
    pub(crate) fn not_held(what: &str) -> Self {
        Self::new(404, "NotFound", what, Some(json!({})))
    }

    /// What cannot be understood.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message, None)
    }

    /// What would change something.
    pub(crate) fn read_only(revision: i64) -> Self {
        let message = format!("this is a read-only view of an etcd backup at revision {revision}");
        Self::new(405, "MethodNotAllowed", message, Some(json!({})))
    }

    /// A form that is not spoken.
    pub(crate) fn not_acceptable() -> Self {
        let message =
            "406: Not Acceptable\n\nAvailable representations: application/json, application/json;stream=watch";
        Self::new(406, "NotAcceptable", message, Some(json!({})))
    }

    /// A revision that is not written yet.
    pub(crate) fn too_new(asked: i64, current: i64) -> Self {
        let causes = json!([{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]);
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        Self::new(504, "Timeout", message, Some(json!({"causes": causes, "retryAfterSeconds": 1})))
    }

    /// A revision that is compacted.
    pub(crate) fn expired(asked: i64, oldest: i64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"), None)
    }

    /// Who may not ask.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized", None)
    }

    /// What is refused before it is looked at.
    pub(crate) fn refused(code: u16, message: &str) -> Self {
        Self::new(code, "Forbidden", message, None)
    }

    /// Too large to be taken.
    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(413, "RequestEntityTooLarge", format!("a request holds at most {limit} bytes"), None)
    }

    /// A name that is taken.
    pub(crate) fn already_exists(resource: &str, group: &str, name: &str) -> Self {
        let missing = Self::not_found(resource, group, name);
        let message = missing.message.replace(" not found", " already exists");
        Self::new(409, "AlreadyExists", message, missing.details)
    }

    /// A patch of another kind.
    pub(crate) fn unsupported_media() -> Self {
        let message = "the body of the request was in an unknown format - accepted media types include: \
            application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, \
            application/apply-patch+yaml";
        Self::new(415, "UnsupportedMediaType", message, Some(json!({})))
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let mut status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason});
        if let Some(details) = &self.details {
            put(&mut status, "details", details.clone());
        }
        put(&mut status, "code", json!(self.code));
        status
    }
}

impl From<Status> for Answer {
    fn from(status: Status) -> Self {
        Self::json(status.code, &status.json())
    }
}
