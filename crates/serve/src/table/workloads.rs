//! `apps`, `batch`, `autoscaling`, `policy`.

use serde_json::{Value, json};

use super::cells::{NONE, Row, containers, list, number, pairs, scalar, selector, text as text_of};
use super::core::duration;
use super::{AGE, NAME, Rows, boolean, integer, text, wide};

const TEMPLATE: &str = "/spec/template";
const JOB: &str = "/spec/jobTemplate/spec/template";

pub(super) static TABLES: Rows = &[
    (
        "apps",
        "controllerrevisions",
        &[
            NAME,
            text("Controller", |row| json!(controller(row))),
            text("Revision", |row| json!(row.number("/revision"))),
            AGE,
        ],
    ),
    (
        "apps",
        "daemonsets",
        &[
            NAME,
            integer("Desired", |row| json!(row.number("/status/desiredNumberScheduled"))),
            integer("Current", |row| json!(row.number("/status/currentNumberScheduled"))),
            integer("Ready", |row| json!(row.number("/status/numberReady"))),
            integer("Up-to-date", |row| json!(row.number("/status/updatedNumberScheduled"))),
            integer("Available", |row| json!(row.number("/status/numberAvailable"))),
            text("Node Selector", |row| json!(pairs(row.object.pointer("/spec/template/spec/nodeSelector")))),
            AGE,
            wide("Containers", |row| json!(containers(row, TEMPLATE, "/name"))),
            wide("Images", |row| json!(containers(row, TEMPLATE, "/image"))),
            wide("Selector", |row| json!(selector(row.object.pointer("/spec/selector")))),
        ],
    ),
    (
        "apps",
        "deployments",
        &[
            NAME,
            text("Ready", |row| json!(ready(row))),
            text("Up-to-date", |row| json!(row.number("/status/updatedReplicas"))),
            text("Available", |row| json!(row.number("/status/availableReplicas"))),
            AGE,
            wide("Containers", |row| json!(containers(row, TEMPLATE, "/name"))),
            wide("Images", |row| json!(containers(row, TEMPLATE, "/image"))),
            wide("Selector", |row| json!(selector(row.object.pointer("/spec/selector")))),
        ],
    ),
    (
        "apps",
        "replicasets",
        &[
            NAME,
            integer("Desired", |row| json!(row.number("/spec/replicas"))),
            integer("Current", |row| json!(row.number("/status/replicas"))),
            integer("Ready", |row| json!(row.number("/status/readyReplicas"))),
            AGE,
            wide("Containers", |row| json!(containers(row, TEMPLATE, "/name"))),
            wide("Images", |row| json!(containers(row, TEMPLATE, "/image"))),
            wide("Selector", |row| json!(selector(row.object.pointer("/spec/selector")))),
        ],
    ),
    (
        "apps",
        "statefulsets",
        &[
            NAME,
            text("Ready", |row| json!(ready(row))),
            AGE,
            wide("Containers", |row| json!(containers(row, TEMPLATE, "/name"))),
            wide("Images", |row| json!(containers(row, TEMPLATE, "/image"))),
        ],
    ),
    (
        "autoscaling",
        "horizontalpodautoscalers",
        &[
            NAME,
            text("Reference", |row| {
                json!(format!("{}/{}", row.text("/spec/scaleTargetRef/kind"), row.text("/spec/scaleTargetRef/name")))
            }),
            text("Targets", |row| json!(targets(row))),
            text("MinPods", |row| {
                json!(scalar(row.object.pointer("/spec/minReplicas")).unwrap_or_else(|| "<unset>".to_owned()))
            }),
            text("MaxPods", |row| json!(row.number("/spec/maxReplicas"))),
            text("Replicas", |row| json!(row.number("/status/currentReplicas"))),
            AGE,
        ],
    ),
    (
        "batch",
        "cronjobs",
        &[
            NAME,
            text("Schedule", |row| json!(row.text("/spec/schedule"))),
            text("Timezone", |row| json!(row.text_or("/spec/timeZone", NONE))),
            boolean("Suspend", |row| match row.flag("/spec/suspend") {
                Some(true) => json!("True"),
                Some(false) => json!("False"),
                None => json!("<unset>"),
            }),
            integer("Active", |row| json!(row.length("/status/active"))),
            text("Last Schedule", |row| match row.text("/status/lastScheduleTime") {
                "" => json!(NONE),
                _ => json!(row.age("/status/lastScheduleTime")),
            }),
            AGE,
            wide("Containers", |row| json!(containers(row, JOB, "/name"))),
            wide("Images", |row| json!(containers(row, JOB, "/image"))),
            wide("Selector", |row| json!(selector(row.object.pointer("/spec/jobTemplate/spec/selector")))),
        ],
    ),
    (
        "batch",
        "jobs",
        &[
            NAME,
            text("Status", |row| json!(job_status(row))),
            text("Completions", |row| json!(completions(row))),
            text("Duration", |row| json!(duration(row, "/status/startTime", "/status/completionTime"))),
            AGE,
            wide("Containers", |row| json!(containers(row, TEMPLATE, "/name"))),
            wide("Images", |row| json!(containers(row, TEMPLATE, "/image"))),
            wide("Selector", |row| json!(selector(row.object.pointer("/spec/selector")))),
        ],
    ),
    (
        "policy",
        "poddisruptionbudgets",
        &[
            NAME,
            text("Min Available", |row| json!(budget(row, "/spec/minAvailable"))),
            text("Max Unavailable", |row| json!(budget(row, "/spec/maxUnavailable"))),
            integer("Allowed Disruptions", |row| json!(row.number("/status/disruptionsAllowed"))),
            AGE,
        ],
    ),
];

fn ready(row: &Row<'_>) -> String {
    format!("{}/{}", row.number("/status/readyReplicas"), row.number("/spec/replicas"))
}

fn budget(row: &Row<'_>, pointer: &str) -> String {
    scalar(row.object.pointer(pointer)).unwrap_or_else(|| "N/A".to_owned())
}

fn controller(row: &Row<'_>) -> String {
    let owners = row.list("/metadata/ownerReferences");
    let owner = owners.iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)));
    owner.map_or_else(
        || NONE.to_owned(),
        |owner| {
            let group = text_of(owner, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
            let kind = text_of(owner, "/kind").to_lowercase();
            let of = if group.is_empty() { kind } else { format!("{kind}.{group}") };
            format!("{of}/{}", text_of(owner, "/name"))
        },
    )
}

fn job_status(row: &Row<'_>) -> &'static str {
    let has = |kind: &str| row.condition(kind).is_some_and(|condition| text_of(condition, "/status") == "True");
    if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else if !row.text("/metadata/deletionTimestamp").is_empty() {
        "Terminating"
    } else if has("Suspended") {
        "Suspended"
    } else if has("FailureTarget") {
        "FailureTarget"
    } else if has("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

fn completions(row: &Row<'_>) -> String {
    let done = row.number("/status/succeeded");
    if let Some(all) = number(row.object, "/spec/completions") {
        return format!("{done}/{all}");
    }
    match row.number("/spec/parallelism") {
        many @ 2.. => format!("{done}/1 of {many}"),
        _ => format!("{done}/1"),
    }
}

/// The metrics of an autoscaler, each with what it is at and what it should be.
fn targets(row: &Row<'_>) -> String {
    let metrics = row.list("/spec/metrics");
    if metrics.is_empty() {
        // autoscaling/v1
        let Some(wanted) = number(row.object, "/spec/targetCPUUtilizationPercentage") else { return NONE.to_owned() };
        let now = number(row.object, "/status/currentCPUUtilizationPercentage");
        return format!("cpu: {}/{wanted}%", now.map_or_else(|| "<unknown>".to_owned(), |now| format!("{now}%")));
    }
    let now = list(row.object, "/status/currentMetrics");
    let mut said: Vec<String> = metrics.iter().enumerate().map(|(at, metric)| target(metric, now.get(at))).collect();
    let many = said.len();
    said.truncate(2);
    let shown = said.join(", ");
    if many > 2 { format!("{shown} + {} more...", many - 2) } else { shown }
}

fn target(metric: &Value, now: Option<&Value>) -> String {
    let field = match text_of(metric, "/type") {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return "<unknown type>".to_owned(),
    };
    let (spec, now) = (metric.get(field).unwrap_or(&Value::Null), now.and_then(|now| now.get(field)));
    let current = |name: &str| scalar(now.and_then(|now| now.pointer(&format!("/current/{name}"))));
    let unknown = || "<unknown>".to_owned();
    let name = match field {
        "resource" | "containerResource" => format!("{}: ", text_of(spec, "/name")),
        _ => String::new(),
    };
    if let Some(wanted) = scalar(spec.pointer("/target/averageValue")) {
        let average = if matches!(field, "object" | "external") { " (avg)" } else { "" };
        return format!("{name}{}/{wanted}{average}", current("averageValue").unwrap_or_else(unknown));
    }
    if let Some(wanted) = scalar(spec.pointer("/target/value")) {
        return format!("{name}{}/{wanted}", current("value").unwrap_or_else(unknown));
    }
    let wanted = scalar(spec.pointer("/target/averageUtilization"));
    let wanted = wanted.map_or_else(|| "<auto>".to_owned(), |wanted| format!("{wanted}%"));
    format!("{name}{}/{wanted}", current("averageUtilization").map_or_else(unknown, |now| format!("{now}%")))
}
