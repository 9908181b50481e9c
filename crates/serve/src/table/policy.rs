//! Who may do what, and what is let in.

use serde_json::{Value, json};

use super::cells::{NONE, Row, UNSET, list, scalar, text as text_of};
use super::storage::many;
use super::{AGE, Column, NAME, Rows, integer, text, wide};

const ADMISSION: &str = "admissionregistration.k8s.io";
const FLOWCONTROL: &str = "flowcontrol.apiserver.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";

pub(super) static TABLES: Rows = &[
    (
        ADMISSION,
        "mutatingadmissionpolicies",
        &[NAME, integer("Mutations", |row| json!(many(row, "/spec/mutations"))), PARAM_KIND, AGE],
    ),
    (ADMISSION, "mutatingadmissionpolicybindings", BINDING_OF_POLICY),
    (ADMISSION, "mutatingwebhookconfigurations", WEBHOOKS),
    (
        ADMISSION,
        "validatingadmissionpolicies",
        &[NAME, integer("Validations", |row| json!(many(row, "/spec/validations"))), PARAM_KIND, AGE],
    ),
    (ADMISSION, "validatingadmissionpolicybindings", BINDING_OF_POLICY),
    (ADMISSION, "validatingwebhookconfigurations", WEBHOOKS),
    (
        FLOWCONTROL,
        "flowschemas",
        &[
            NAME,
            text("PriorityLevel", |row| json!(row.text("/spec/priorityLevelConfiguration/name"))),
            text("MatchingPrecedence", |row| json!(row.number("/spec/matchingPrecedence"))),
            text("DistinguisherMethod", |row| json!(row.text_or("/spec/distinguisherMethod/type", NONE))),
            AGE,
            text("MissingPL", |row| {
                json!(row.condition("Dangling").map_or("?", |dangling| text_of(dangling, "/status")))
            }),
        ],
    ),
    (
        FLOWCONTROL,
        "prioritylevelconfigurations",
        &[
            NAME,
            text("Type", |row| json!(row.text("/spec/type"))),
            text("NominalConcurrencyShares", shares),
            text("Queues", |row| queuing(row, "queues")),
            text("HandSize", |row| queuing(row, "handSize")),
            text("QueueLengthLimit", |row| queuing(row, "queueLengthLimit")),
            AGE,
        ],
    ),
    (RBAC, "clusterrolebindings", BINDING),
    (RBAC, "rolebindings", BINDING),
];

const PARAM_KIND: Column =
    text("ParamKind", |row| match row.object.pointer("/spec/paramKind").filter(|kind| !kind.is_null()) {
        Some(kind) => json!(format!("{}/{}", text_of(kind, "/apiVersion"), text_of(kind, "/kind"))),
        None => json!(UNSET),
    });
const BINDING_OF_POLICY: &[Column] = &[
    NAME,
    text("PolicyName", |row| json!(row.text("/spec/policyName"))),
    text("ParamRef", |row| json!(param_ref(row))),
    AGE,
];
const WEBHOOKS: &[Column] = &[NAME, integer("Webhooks", |row| json!(many(row, "/webhooks"))), AGE];
const BINDING: &[Column] = &[
    NAME,
    text("Role", |row| json!(format!("{}/{}", row.text("/roleRef/kind"), row.text("/roleRef/name")))),
    AGE,
    wide("Users", |row| json!(subjects(row, "User"))),
    wide("Groups", |row| json!(subjects(row, "Group"))),
    wide("ServiceAccounts", |row| json!(subjects(row, "ServiceAccount"))),
];

fn subjects(row: &Row<'_>, kind: &str) -> String {
    let of_kind = list(row.object, "/subjects").iter().filter(|subject| text_of(subject, "/kind") == kind);
    let names = of_kind.map(|subject| match kind {
        "ServiceAccount" => format!("{}/{}", text_of(subject, "/namespace"), text_of(subject, "/name")),
        _ => text_of(subject, "/name").to_owned(),
    });
    names.collect::<Vec<_>>().join(", ")
}

fn param_ref(row: &Row<'_>) -> String {
    let Some(param) = row.object.pointer("/spec/paramRef").filter(|param| !param.is_null()) else {
        return UNSET.to_owned();
    };
    match (text_of(param, "/namespace"), text_of(param, "/name")) {
        ("", name) => format!("*/{name}"),
        (namespace, name) => format!("{namespace}/{name}"),
    }
}

fn shares(row: &Row<'_>) -> Value {
    let said = scalar(row.object.pointer("/spec/limited/nominalConcurrencyShares"));
    said.map_or_else(|| json!(NONE), |said| json!(said.parse::<i64>().unwrap_or(0)))
}

fn queuing(row: &Row<'_>, field: &str) -> Value {
    let said = scalar(row.object.pointer(&format!("/spec/limited/limitResponse/queuing/{field}")));
    said.map_or_else(|| json!(NONE), |said| json!(said.parse::<i64>().unwrap_or(0)))
}
