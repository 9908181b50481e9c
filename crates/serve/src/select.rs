//! Which objects of a list are meant: by labels, and by the fields that the API selects by.

use lens::{Fields, Labels};
use serde_json::Value;

use crate::path::Query;
use crate::status::Status;
use crate::world::Resource;

/// Fields beyond name and namespace that objects can be selected by, by group and resource.
static FIELDS: &[(&str, &str, &[&str])] = &[
    (
        "",
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
    ),
    (
        "",
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("", "namespaces", &["status.phase"]),
    ("", "nodes", &["spec.unschedulable"]),
    ("", "replicationcontrollers", &["status.replicas"]),
    ("", "secrets", &["type"]),
    ("apps", "replicasets", &["status.replicas"]),
    ("batch", "jobs", &["status.successful"]),
    ("certificates.k8s.io", "certificatesigningrequests", &["spec.signerName"]),
    ("resource.k8s.io", "resourceslices", &["spec.nodeName", "spec.driver"]),
    ("image.openshift.io", "imagestreams", &["spec.dockerImageRepository", "status.dockerImageRepository"]),
    ("route.openshift.io", "routes", &["spec.host", "spec.path", "spec.to.name"]),
];

/// A selection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    labels: Labels,
    fields: Fields,
    name: Option<String>,
}

impl Selector {
    /// What a query selects of a resource.
    pub(crate) fn of(resource: &Resource, query: &Query) -> Result<Self, Status> {
        let mut selector = Self::default();
        if let Some(text) = query.get("labelSelector") {
            let wrong =
                |error: lens::SelectorError| Status::bad_request(format!("unable to parse requirement: {error}"));
            selector.labels.add(text).map_err(wrong)?;
        }
        for part in query.get("fieldSelector").unwrap_or_default().split(',').filter(|part| !part.trim().is_empty()) {
            let end = part.find(['=', '!']).unwrap_or(part.len());
            let (field, test) = part.split_at(end);
            let field = field.trim();
            if !is_selectable(resource, field) {
                return Err(Status::bad_request(format!("field label not supported: {field}")));
            }
            // of an event, the component that reported it
            let field =
                if (resource.name.as_str(), field) == ("events", "source") { "source.component" } else { field };
            let wrong = |error: lens::SelectorError| Status::bad_request(format!("invalid selector: {error}"));
            selector.fields.add(&format!("{field}{test}")).map_err(wrong)?;
        }
        Ok(selector)
    }

    /// Of one name alone, where one is given.
    pub(crate) fn named(self, name: Option<&str>) -> Self {
        Self { name: name.map(str::to_owned), ..self }
    }

    /// Whether everything is meant.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty() && self.name.is_none()
    }

    /// Whether an object is meant.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let name = || object.pointer("/metadata/name").and_then(Value::as_str);
        self.name.as_ref().is_none_or(|wanted| name() == Some(wanted))
            && self.labels.matches(object)
            && self.fields.matches(object)
    }
}

fn is_selectable(resource: &Resource, field: &str) -> bool {
    let defined = || {
        resource
            .defined()
            .is_some_and(|version| version.selectable.iter().any(|path| path.strip_prefix('.') == Some(field)))
    };
    let built_in = || {
        let row = FIELDS.iter().find(|(group, name, _)| resource.group == *group && resource.name == *name);
        row.is_some_and(|(_, _, fields)| fields.contains(&field))
    };
    matches!(field, "metadata.name" | "metadata.namespace") || built_in() || defined()
}
