//! Credentials for clouds and storage that may have been rotated since: a restore brings the old ones back.

use jiff::Timestamp;
use serde_json::Value;

use super::list::{Listed, ObjectName, at};
use super::object::{Object, time};
use super::storage::Storage;

/// Secrets in `kube-system` that hold the credentials which an installation was made with, by cloud.
const ROOT: [&[u8]; 7] = [
    b"aws-creds",
    b"azure-credentials",
    b"gcp-credentials",
    b"kubevirt-credentials",
    b"openstack-credentials",
    b"ovirt-credentials",
    b"vsphere-creds",
];

/// Everything about credentials. Names alone: no Secret is opened for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Every CredentialsRequest.
    pub requests: Listed<CredentialsRequest>,
    /// Secrets with the credentials that the installation was made with.
    pub root_secrets: Listed<ObjectName>,
    /// Every ClusterCSIDriver.
    pub csi_drivers: Listed<String>,
    /// Secrets that volumes name for their drivers, each once.
    pub volume_secrets: Listed<ObjectName>,
}

/// A CredentialsRequest, and the Secret that comes of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialsRequest {
    /// Namespace and name.
    pub name: ObjectName,
    /// The Secret.
    pub secret: ObjectName,
    /// Whether the Secret had been made.
    pub provisioned: bool,
    /// When it was last made or renewed.
    pub last_sync: Option<Timestamp>,
}

impl Credentials {
    pub(super) fn add_request(&mut self, key: &Object<'_>, object: &Value) {
        self.requests.push(CredentialsRequest {
            name: key.object_name(),
            secret: ObjectName {
                namespace: at(object, "/spec/secretRef/namespace"),
                name: at(object, "/spec/secretRef/name"),
            },
            provisioned: object.pointer("/status/provisioned").and_then(Value::as_bool) == Some(true),
            last_sync: time(object, "/status/lastSyncTimestamp"),
        });
    }

    pub(super) fn add_driver(&mut self, key: &Object<'_>) {
        self.csi_drivers.push(key.name());
    }

    /// Notes a Secret by its key, if it is one of those.
    pub(super) fn add_secret(&mut self, key: &Object<'_>) {
        if key.namespace_bytes() == b"kube-system" && ROOT.contains(&key.name_bytes()) {
            self.root_secrets.push(key.object_name());
        }
    }

    /// Gathers what volumes refer to, and puts all lists in order.
    pub(super) fn join(&mut self, storage: &Storage) {
        let mut secrets: Vec<ObjectName> =
            storage.volumes.items.iter().flat_map(|volume| volume.secrets.iter().cloned()).collect();
        secrets.sort();
        secrets.dedup();
        self.volume_secrets = secrets.into_iter().collect();
        self.requests.items.sort_by(|a, b| a.name.cmp(&b.name));
        self.root_secrets.items.sort();
        self.csi_drivers.items.sort();
    }
}
