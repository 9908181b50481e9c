//! Operators of the control plane, and what was asked of encryption.

use serde_json::Value;

use crate::hazards::{MOST_WORDS, Object, at, items, word};

/// An operator of static pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operator {
    /// `etcds`, `kubeapiservers`, `kubecontrollermanagers`, `kubeschedulers`.
    pub resource: String,
    /// `status.latestAvailableRevision`.
    pub latest_revision: Option<u64>,
    /// Revision of each node, by its name.
    pub node_revisions: Vec<(String, u64)>,
    /// `spec.forceRedeploymentReason`; empty where there is none.
    pub redeployment_reason: String,
    /// Names of the keys of `spec.unsupportedConfigOverrides`.
    pub overrides: Vec<String>,
    /// Reason and message of the condition `NodeInstallerProgressing`; empty where there is none.
    pub progressing: (String, String),
}

/// Encryption at rest, as the cluster was asked for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptionAsked {
    /// `spec.encryption.type` of the APIServer: `aescbc`, `aesgcm`, `identity`, ...; empty where none is set.
    pub kind: String,
    /// The condition `Encrypted` of each operator: its resource, the reason, the message.
    pub conditions: Vec<(String, String, String)>,
}

/// Operators that report how far encryption has come, in the order in which the documentation asks them.
const ENCRYPTS: [&str; 3] = ["openshiftapiservers", "kubeapiservers", "authentications"];

impl Operator {
    /// What an operator of static pods says; `None` of another.
    pub(super) fn of(key: &Object<'_>, object: &Value) -> Option<Self> {
        let resource = resource(key);
        if matches!(resource.as_str(), "openshiftapiservers" | "authentications") {
            return None;
        }
        let number = |object: &Value, name: &str| object.get(name).and_then(Value::as_u64);
        let nodes = items(object, "/status/nodeStatuses").take(MOST_WORDS);
        let overrides = object.pointer("/spec/unsupportedConfigOverrides").and_then(Value::as_object);
        Some(Self {
            resource,
            latest_revision: object.get("status").and_then(|status| number(status, "latestAvailableRevision")),
            node_revisions: nodes
                // a node that has none yet has no such field
                .map(|node| (at(node, "/nodeName"), number(node, "currentRevision").unwrap_or(0)))
                .collect(),
            redeployment_reason: at(object, "/spec/forceRedeploymentReason"),
            overrides: overrides.into_iter().flat_map(|all| all.keys()).take(MOST_WORDS).map(|key| word(key)).collect(),
            progressing: condition(object, "NodeInstallerProgressing").unwrap_or_default(),
        })
    }
}

impl EncryptionAsked {
    /// Notes what an operator says of it.
    pub(super) fn add_operator(&mut self, key: &Object<'_>, object: &Value) {
        let resource = resource(key);
        let told = condition(object, "Encrypted").filter(|_| ENCRYPTS.contains(&resource.as_str()));
        self.conditions.extend(told.map(|(reason, message)| (resource, reason, message)));
    }

    pub(super) fn sort(&mut self) {
        let place = |resource: &str| ENCRYPTS.iter().position(|known| *known == resource);
        self.conditions.sort_by_key(|(resource, ..)| place(resource).unwrap_or(usize::MAX));
    }
}

fn resource(key: &Object<'_>) -> String {
    word(&String::from_utf8_lossy(key.resource()))
}

/// Reason and message of a condition.
fn condition(object: &Value, kind: &str) -> Option<(String, String)> {
    let found =
        items(object, "/status/conditions").find(|one| one.get("type").and_then(Value::as_str) == Some(kind))?;
    Some((at(found, "/reason"), at(found, "/message")))
}
