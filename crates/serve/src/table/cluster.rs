//! What is of the cluster as a whole, and `resource.k8s.io`.

use serde_json::json;

use super::cells::{NONE, Row, list, text as text_of};
use super::{AGE, NAME, Rows, age, boolean, integer, text};

pub(super) static TABLES: Rows = &[
    (
        "apiregistration.k8s.io",
        "apiservices",
        &[NAME, text("Service", |row| json!(service(row))), text("Available", |row| json!(available(row))), AGE],
    ),
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        &[
            NAME,
            AGE,
            text("SignerName", |row| json!(row.text_or("/spec/signerName", NONE))),
            text("Requestor", |row| json!(row.text("/spec/username"))),
            text("RequestedDuration", |row| match row.number("/spec/expirationSeconds") {
                0 => json!(NONE),
                seconds => json!(age::lasting(seconds)),
            }),
            text("Condition", |row| json!(request(row))),
        ],
    ),
    ("coordination.k8s.io", "leases", &[NAME, text("Holder", |row| json!(row.text("/spec/holderIdentity"))), AGE]),
    ("node.k8s.io", "runtimeclasses", &[NAME, text("Handler", |row| json!(row.text("/handler"))), AGE]),
    (
        "scheduling.k8s.io",
        "priorityclasses",
        &[
            NAME,
            integer("Value", |row| json!(row.number("/value"))),
            boolean("Global-Default", |row| json!(row.flag("/globalDefault").unwrap_or(false))),
            AGE,
            text("PreemptionPolicy", |row| json!(row.text("/preemptionPolicy"))),
        ],
    ),
    ("resource.k8s.io", "deviceclasses", &[NAME, AGE]),
    ("resource.k8s.io", "resourceclaims", &[NAME, text("State", |row| json!(claim_state(row))), AGE]),
    ("resource.k8s.io", "resourceclaimtemplates", &[NAME, AGE]),
    (
        "resource.k8s.io",
        "resourceslices",
        &[
            NAME,
            text("Node", |row| json!(row.text_or("/spec/nodeName", NONE))),
            text("Driver", |row| json!(row.text("/spec/driver"))),
            text("Pool", |row| json!(row.text("/spec/pool/name"))),
            AGE,
        ],
    ),
];

fn service(row: &Row<'_>) -> String {
    match row.object.pointer("/spec/service").filter(|service| !service.is_null()) {
        Some(service) => format!("{}/{}", text_of(service, "/namespace"), text_of(service, "/name")),
        None => "Local".to_owned(),
    }
}

fn available(row: &Row<'_>) -> String {
    match row.condition("Available") {
        None => "Unknown".to_owned(),
        Some(condition) => match (text_of(condition, "/status"), text_of(condition, "/reason")) {
            ("True", _) => "True".to_owned(),
            (status, reason) => format!("{status} ({reason})"),
        },
    }
}

fn request(row: &Row<'_>) -> String {
    let has = |kind: &str| list(row.object, "/status/conditions").iter().any(|one| text_of(one, "/type") == kind);
    let decided = if has("Denied") {
        "Denied"
    } else if has("Approved") {
        "Approved"
    } else {
        "Pending"
    };
    let failed = if has("Failed") { ",Failed" } else { "" };
    let issued = if row.text("/status/certificate").is_empty() { "" } else { ",Issued" };
    format!("{decided}{failed}{issued}")
}

fn claim_state(row: &Row<'_>) -> String {
    let mut states = Vec::new();
    if !row.text("/metadata/deletionTimestamp").is_empty() {
        states.push("deleted");
    }
    if row.object.pointer("/status/allocation").is_none_or(serde_json::Value::is_null) {
        if row.text("/metadata/deletionTimestamp").is_empty() {
            states.push("pending");
        }
    } else {
        states.push("allocated");
        states.push(if row.list("/status/reservedFor").is_empty() { "available" } else { "reserved" });
    }
    states.join(",")
}
