//! The cluster that a backup is to be restored onto, as `oc get clusterversion version -o json` prints it.

use kube_objects::ClusterVersion;
use serde_json::Value;
use version_compat::{Backup, Target};
use wording::clip;

use super::running;

/// What the cluster to restore onto says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetCluster {
    /// What it runs.
    pub target: Target,
    /// Its UUID; empty where the file has none, or a version alone was given.
    pub cluster_id: String,
}

/// Why a document does not say what a cluster runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It is of another kind.
    #[error("it is `{found}`, expected kind `ClusterVersion` or a `List` with one in it")]
    Kind {
        /// The kind it says, or `no object of Kubernetes`.
        found: String,
    },
    /// It is a ClusterVersion whose fields have other types.
    #[error("its ClusterVersion cannot be read: {reason}")]
    Object {
        /// What is wrong.
        reason: String,
    },
    /// It is a ClusterVersion without history.
    #[error("its ClusterVersion has no `status.history` with a version that can be read")]
    NoVersion,
}

impl TargetCluster {
    /// Reads a ClusterVersion, or the first of a list.
    ///
    /// # Errors
    /// [`TargetError`] where the document is something else.
    pub fn read(document: &Value) -> Result<Self, TargetError> {
        let object = find(document)?;
        let bytes = object.to_string();
        let version = ClusterVersion::read(bytes.as_bytes());
        let version = version.map_err(|fault| TargetError::Object { reason: fault.to_string() })?;
        let target = match running(&version) {
            // asked for and not begun: by the time of the restore it may be
            Some(Backup::Exact(runs)) => match version.status.desired.version.parse() {
                Ok(to) if to != runs => Target::Updating { from: Some(runs), to },
                _ => Target::Runs(runs),
            },
            Some(Backup::Updating { from, to }) => Target::Updating { from, to },
            _ => return Err(TargetError::NoVersion),
        };
        Ok(Self { target, cluster_id: version.spec.cluster_id })
    }
}

fn find(document: &Value) -> Result<&Value, TargetError> {
    let kind = |object: &Value| object.get("kind").and_then(Value::as_str).map(str::to_owned);
    let is_it = |object: &Value| object.get("kind").and_then(Value::as_str) == Some("ClusterVersion");
    let items = document.get("items").and_then(Value::as_array);
    let found =
        if is_it(document) { Some(document) } else { items.and_then(|items| items.iter().find(|it| is_it(it))) };
    found.ok_or_else(|| {
        let found = kind(document).unwrap_or_else(|| "no object of Kubernetes".to_owned());
        TargetError::Kind { found: clip(&found, 60) }
    })
}
