//! Volumes and who uses them: the documentation's persistent-storage hazards.
//!
//! What lies on a volume is not in etcd. A restore brings back objects that say where volumes were, who had claimed
//! them and to which node they were attached; the storage has moved on since.

mod device;
mod join;
mod read;

use jiff::Timestamp;

use super::list::{Listed, ObjectName};

pub use device::is_kernel_name;

/// Everything about volumes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storage {
    /// Every PersistentVolume.
    pub volumes: Listed<Volume>,
    /// Every PersistentVolumeClaim.
    pub claims: Listed<Claim>,
    /// Every VolumeAttachment.
    pub attachments: Listed<Attachment>,
    /// Every LocalVolume and LocalVolumeSet of the Local Storage Operator.
    pub local_owners: Listed<LocalOwner>,
    /// StatefulSets that make claims of their own.
    pub stateful_sets: Listed<StatefulSet>,
    /// Pods that keep a database or a queue on a volume, by the name of image or container.
    pub databases: Listed<Database>,
    /// Volumes that only one node at a time may use, attached to another node than the pod's.
    pub elsewhere: Listed<Elsewhere>,
    /// Pods with claims, until they are held against the attachments.
    pub(super) pods: Listed<PodWithClaims>,
}

/// A PersistentVolume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
    /// Name.
    pub name: String,
    /// Where its content is.
    pub source: VolumeSource,
    /// `Delete`, `Retain` or `Recycle`.
    pub reclaim_policy: String,
    /// `ReadWriteOnce`, `ReadWriteOncePod`, `ReadOnlyMany`, `ReadWriteMany`.
    pub access_modes: Vec<String>,
    /// StorageClass, empty for none.
    pub storage_class: String,
    /// `Available`, `Bound`, `Released`, `Failed`.
    pub phase: String,
    /// The claim that has it.
    pub claim: Option<ObjectName>,
    /// When the object was created.
    pub created: Option<Timestamp>,
    /// Whether its deletion was under way.
    pub deleting: bool,
    /// Nodes that it is bound to by affinity.
    pub nodes: Vec<String>,
    /// Secrets that its driver is given.
    pub secrets: Vec<ObjectName>,
    /// LocalVolume or LocalVolumeSet that made it, by label.
    pub owner: Option<ObjectName>,
    /// Name of its device when the Local Storage Operator found it, such as `sdb`.
    pub device_name: Option<String>,
    /// Stable name of that device, such as `wwn-0x5000c500a0`.
    pub device_id: Option<String>,
}

/// Where the content of a volume is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeSource {
    /// Behind a CSI driver.
    Csi {
        /// Name of the driver.
        driver: String,
        /// The volume's name in the storage system.
        handle: String,
    },
    /// On a disk or in a directory of one node.
    Local {
        /// Path on the node.
        path: String,
    },
    /// Any of the older kinds.
    Other {
        /// Field of the spec: `nfs`, `awsElasticBlockStore`, ...; empty where none is known.
        kind: String,
        /// What names the volume there.
        handle: String,
    },
}

impl Default for VolumeSource {
    fn default() -> Self {
        Self::Other { kind: String::new(), handle: String::new() }
    }
}

impl VolumeSource {
    /// The driver or kind: `ebs.csi.aws.com`, `local`, `nfs`.
    #[must_use]
    pub fn driver(&self) -> &str {
        match self {
            Self::Csi { driver, .. } => driver,
            Self::Local { .. } => "local",
            Self::Other { kind, .. } if kind.is_empty() => "unknown",
            Self::Other { kind, .. } => kind,
        }
    }

    /// What names the volume: handle or path.
    #[must_use]
    pub fn handle(&self) -> &str {
        match self {
            Self::Csi { handle, .. } | Self::Other { handle, .. } => handle,
            Self::Local { path } => path,
        }
    }
}

impl Volume {
    /// Whether only one node at a time may use it.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        !self.access_modes.is_empty() && self.access_modes.iter().all(|mode| mode.starts_with("ReadWriteOnce"))
    }
}

/// A PersistentVolumeClaim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claim {
    /// Namespace and name.
    pub name: ObjectName,
    /// The volume it is bound to; empty while it waits for one.
    pub volume: String,
    /// `Pending`, `Bound`, `Lost`.
    pub phase: String,
    /// It is bound to a volume that the snapshot does not have.
    pub volume_missing: bool,
}

/// A VolumeAttachment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Name.
    pub name: String,
    /// Driver that attaches.
    pub attacher: String,
    /// PersistentVolume; empty for an inline volume.
    pub volume: String,
    /// Node it is, or should be, attached to.
    pub node: String,
    /// Whether it was.
    pub attached: bool,
    /// Only one node at a time may use the volume.
    pub exclusive: bool,
    /// The node is not in the snapshot.
    pub node_missing: bool,
    /// Attaching failed.
    pub attach_failed: bool,
    /// Detaching failed.
    pub detach_failed: bool,
}

/// A LocalVolume or LocalVolumeSet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalOwner {
    /// `LocalVolume` or `LocalVolumeSet`.
    pub kind: String,
    /// Namespace and name.
    pub name: ObjectName,
    /// StorageClasses it serves.
    pub storage_classes: Vec<String>,
    /// Device paths it names; a LocalVolumeSet finds devices by itself.
    pub device_paths: Vec<String>,
    /// Nodes it names.
    pub nodes: Vec<String>,
}

/// A StatefulSet with claim templates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatefulSet {
    /// Namespace and name.
    pub name: ObjectName,
    /// Replicas wanted.
    pub replicas: i64,
    /// Replicas that were ready.
    pub ready: i64,
    /// Names of its claim templates.
    pub templates: Vec<String>,
}

/// A pod that keeps a database or a queue on a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Database {
    /// The pod.
    pub pod: ObjectName,
    /// What its image or container is called: `postgres`, `kafka`, ...
    pub software: &'static str,
    /// Its claims.
    pub claims: Vec<String>,
}

/// A pod and a volume in two places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// The pod.
    pub pod: ObjectName,
    /// The node that it was scheduled to.
    pub pod_node: String,
    /// The volume that it claims.
    pub volume: String,
    /// The node that the volume was attached to.
    pub attached_to: String,
}

/// A pod that claims volumes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PodWithClaims {
    pub(super) name: ObjectName,
    pub(super) node: String,
    pub(super) claims: Vec<String>,
    pub(super) software: Option<&'static str>,
}
