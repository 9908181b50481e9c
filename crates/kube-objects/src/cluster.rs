//! The two objects that say which cluster a snapshot comes from: ClusterVersion and
//! Infrastructure of `config.openshift.io/v1`. Both are custom resources, so they are stored as
//! JSON (CBOR under a preview gate) and never encrypted.

use jiff::Timestamp;
use serde::Deserialize;

use crate::decode;
use crate::envelope::Envelope;
use crate::fault::ObjectFault;
use crate::head::nullable;

/// `clusterversions/version`: what the cluster runs, and what it ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClusterVersion {
    /// What the administrator asked for.
    #[serde(deserialize_with = "nullable")]
    pub spec: ClusterVersionSpec,
    /// What the cluster-version operator saw.
    #[serde(deserialize_with = "nullable")]
    pub status: ClusterVersionStatus,
}

/// What the administrator asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClusterVersionSpec {
    /// The cluster's UUID, fixed at installation.
    #[serde(rename = "clusterID", deserialize_with = "nullable")]
    pub cluster_id: String,
    /// Update channel, such as `stable-4.18`.
    #[serde(deserialize_with = "nullable")]
    pub channel: String,
    /// The release that an update was asked to.
    pub desired_update: Option<Release>,
}

/// What the cluster-version operator saw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClusterVersionStatus {
    /// The release being reconciled towards. During an update not the one that runs.
    #[serde(deserialize_with = "nullable")]
    pub desired: Release,
    /// Updates, newest first.
    #[serde(deserialize_with = "nullable")]
    pub history: Vec<UpdateHistory>,
    /// Conditions: `Available`, `Progressing`, `Failing`, `ReleaseAccepted`, ...
    #[serde(deserialize_with = "nullable")]
    pub conditions: Vec<Condition>,
}

/// A release: its version and its payload image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Release {
    /// Version, such as `4.18.30`; may be empty when only an image was given.
    #[serde(deserialize_with = "nullable")]
    pub version: String,
    /// Pull specification of the payload image.
    #[serde(deserialize_with = "nullable")]
    pub image: String,
}

/// One update that was begun.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateHistory {
    /// `Completed`, or `Partial` while it goes on and when it was overtaken.
    #[serde(deserialize_with = "nullable")]
    pub state: String,
    /// Version updated to.
    #[serde(deserialize_with = "nullable")]
    pub version: String,
    /// Payload image updated to.
    #[serde(deserialize_with = "nullable")]
    pub image: String,
    /// When it was begun.
    pub started_time: Option<Timestamp>,
    /// When it was completed or overtaken; none while it goes on.
    pub completion_time: Option<Timestamp>,
    /// The payload's signature was verified.
    #[serde(deserialize_with = "nullable")]
    pub verified: bool,
    /// Risks that the administrator accepted, in the operator's words.
    #[serde(deserialize_with = "nullable")]
    pub accepted_risks: String,
}

/// A condition as every OpenShift operator reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Condition {
    /// What the condition is about.
    #[serde(rename = "type", deserialize_with = "nullable")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    #[serde(deserialize_with = "nullable")]
    pub status: String,
    /// Machine-readable cause.
    #[serde(deserialize_with = "nullable")]
    pub reason: String,
    /// Cause for people.
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    /// When the status last changed.
    pub last_transition_time: Option<Timestamp>,
}

/// `infrastructures/cluster`: where the cluster runs and how it is laid out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Infrastructure {
    /// Name prefix of the cluster's cloud resources: `<cluster>-<5 characters>`.
    pub infrastructure_name: String,
    /// Platform type, such as `AWS`, `BareMetal`, `None`.
    pub platform: String,
    /// `HighlyAvailable`, `SingleReplica`, `External`, `DualReplica`, `HighlyAvailableArbiter`;
    /// empty before 4.8.
    pub control_plane_topology: String,
    /// The same for workloads on infrastructure nodes.
    pub infrastructure_topology: String,
    /// URL of the API for clients outside.
    pub api_server_url: String,
    /// URL of the API for clients on the nodes.
    pub api_server_internal_uri: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StoredInfrastructure {
    #[serde(deserialize_with = "nullable")]
    status: InfrastructureStatus,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct InfrastructureStatus {
    #[serde(deserialize_with = "nullable")]
    infrastructure_name: String,
    #[serde(deserialize_with = "nullable")]
    platform: String,
    #[serde(deserialize_with = "nullable")]
    platform_status: PlatformStatus,
    #[serde(deserialize_with = "nullable")]
    control_plane_topology: String,
    #[serde(deserialize_with = "nullable")]
    infrastructure_topology: String,
    #[serde(rename = "apiServerURL", deserialize_with = "nullable")]
    api_server_url: String,
    #[serde(rename = "apiServerInternalURI", deserialize_with = "nullable")]
    api_server_internal_uri: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlatformStatus {
    #[serde(rename = "type", deserialize_with = "nullable")]
    kind: String,
}

impl ClusterVersion {
    /// Reads the stored value of `/kubernetes.io/config.openshift.io/clusterversions/version`.
    ///
    /// # Errors
    /// [`ObjectFault`] where the value is no JSON or CBOR object or its fields have other types.
    pub fn read(value: &[u8]) -> Result<Self, ObjectFault> {
        read(value, "ClusterVersion")
    }

    /// The condition of that type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.kind == kind)
    }
}

impl Infrastructure {
    /// Reads the stored value of `/kubernetes.io/config.openshift.io/infrastructures/cluster`.
    ///
    /// # Errors
    /// [`ObjectFault`] where the value is no JSON or CBOR object or its fields have other types.
    pub fn read(value: &[u8]) -> Result<Self, ObjectFault> {
        let StoredInfrastructure { status } = read(value, "Infrastructure")?;
        Ok(Self {
            infrastructure_name: status.infrastructure_name,
            platform: if status.platform_status.kind.is_empty() {
                status.platform
            } else {
                status.platform_status.kind
            },
            control_plane_topology: status.control_plane_topology,
            infrastructure_topology: status.infrastructure_topology,
            api_server_url: status.api_server_url,
            api_server_internal_uri: status.api_server_internal_uri,
        })
    }
}

/// Reads a stored custom resource, JSON or CBOR, into `T`.
pub(crate) fn read<T: serde::de::DeserializeOwned>(value: &[u8], object: &'static str) -> Result<T, ObjectFault> {
    if value.len() > decode::MAX_LENGTH {
        return Err(ObjectFault::TooLarge { what: "bytes", limit: decode::MAX_LENGTH });
    }
    match Envelope::of(value) {
        Envelope::Json => serde_json::from_slice(value).map_err(|fault| ObjectFault::json(&fault)),
        Envelope::Cbor => {
            serde_json::from_value(decode::read_cbor(value)?).map_err(|_| ObjectFault::FieldType { object })
        }
        other => Err(ObjectFault::NotAnObject { found: other.word() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = r#"{
        "apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion",
        "metadata": {"name": "version"},
        "spec": {"clusterID": "8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93", "channel": "stable-4.18",
                 "desiredUpdate": {"version": "4.18.31", "image": "quay.io/a@sha256:1", "force": false}},
        "status": {
            "desired": {"version": "4.18.31", "image": "quay.io/a@sha256:1", "channels": ["x"]},
            "availableUpdates": null,
            "history": [
                {"state": "Partial", "startedTime": "2026-01-02T03:04:05Z", "completionTime": null,
                 "version": "4.18.31", "image": "quay.io/a@sha256:1", "verified": true,
                 "acceptedRisks": "forced"},
                {"state": "Completed", "startedTime": "2025-01-02T03:04:05Z",
                 "completionTime": "2025-01-02T04:04:05Z", "version": "4.18.30", "image": "i",
                 "verified": false}],
            "conditions": [{"type": "Progressing", "status": "True", "reason": "r", "message": "m",
                            "lastTransitionTime": "2026-01-02T03:04:06Z"}]}}"#;

    #[test]
    fn a_cluster_version_names_the_update_under_way() {
        let read = ClusterVersion::read(VERSION.as_bytes()).expect("read");
        assert_eq!(read.spec.cluster_id, "8a5f3c9e-4b7d-4f21-9c5a-2d1e0b6f7a93");
        assert_eq!(read.spec.channel, "stable-4.18");
        assert_eq!(read.spec.desired_update.as_ref().map(|to| to.version.as_str()), Some("4.18.31"));
        assert_eq!(read.status.desired.image, "quay.io/a@sha256:1");
        let [newest, before] = &read.status.history[..] else {
            panic!("two updates");
        };
        assert_eq!((newest.state.as_str(), newest.completion_time), ("Partial", None));
        assert_eq!(newest.accepted_risks, "forced");
        assert!(newest.verified && !before.verified);
        assert_eq!(before.version, "4.18.30");
        assert_eq!(before.completion_time.map(|at| at.to_string()).as_deref(), Some("2025-01-02T04:04:05Z"));
        assert_eq!(read.condition("Progressing").map(|found| found.status.as_str()), Some("True"));
        assert_eq!(read.condition("Failing"), None);
    }

    #[test]
    fn an_infrastructure_falls_back_to_the_old_platform_field() {
        let new = br#"{"status":{"infrastructureName":"c-x7k2p","platform":"Old",
            "platformStatus":{"type":"AWS","aws":{"region":"r"}},
            "controlPlaneTopology":"HighlyAvailable","infrastructureTopology":"SingleReplica",
            "apiServerURL":"https://api","apiServerInternalURI":"https://api-int"}}"#;
        let read = Infrastructure::read(new).expect("read");
        assert_eq!(read.infrastructure_name, "c-x7k2p");
        assert_eq!(read.platform, "AWS");
        assert_eq!(read.control_plane_topology, "HighlyAvailable");
        assert_eq!(read.infrastructure_topology, "SingleReplica");
        assert_eq!(read.api_server_url, "https://api");
        assert_eq!(read.api_server_internal_uri, "https://api-int");
        let old = br#"{"status":{"platform":"None","platformStatus":null}}"#;
        assert_eq!(Infrastructure::read(old).expect("read").platform, "None");
    }

    #[test]
    fn cbor_is_read_as_json_is() {
        // {"spec": {"clusterID": "id"}}
        let head = [0xd9, 0xd9, 0xf7, 0xa1, 0x44];
        let cbor = [&head[..], b"spec", &[0xa1, 0x49], b"clusterID", &[0x42], b"id"].concat();
        assert_eq!(ClusterVersion::read(&cbor).expect("read").spec.cluster_id, "id");
        let wrong = [&head[..], b"spec", &[0x01]].concat();
        assert_eq!(ClusterVersion::read(&wrong), Err(ObjectFault::FieldType { object: "ClusterVersion" }));
    }

    #[test]
    fn what_is_no_cluster_version_is_a_fault() {
        assert_eq!(
            ClusterVersion::read(b"k8s:enc:aescbc:v1:1:x"),
            Err(ObjectFault::NotAnObject { found: "encrypted" })
        );
        assert_eq!(ClusterVersion::read(b"{\"spec\":\n3}"), Err(ObjectFault::Json { line: 2, column: 1 }));
        assert!(ClusterVersion::read(b"{").is_err());
        assert_eq!(ClusterVersion::read(b"{\"spec\":null}"), Ok(ClusterVersion::default()));
    }
}
