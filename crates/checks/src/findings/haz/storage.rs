//! Volumes, attachments, credentials of clouds and storage.

use crate::findings::Entry;
use crate::findings::platforms::KUBERNETES;
use crate::severity::Severity::{Info, Low, Medium};

const DOCS: &str = "OpenShift documentation, restoring to a previous cluster state: issues and workarounds for \
    restoring a persistent storage state";

/// What lies on volumes is not in the backup.
pub static PERSISTENT_VOLUMES: Entry = Entry {
    id: "HAZ-001",
    name: "persistent-volumes",
    severity: Info,
    platforms: KUBERNETES.elsewhere(
        "Before the restore, list the volumes of the running cluster (kubectl get pv -o yaml) and of the \
        storage system. Afterwards, for each volume that is gone: restore it in the storage system, then \
        edit the PersistentVolume to point to it.",
    ),
    title: "What lies on persistent volumes is not in the backup",
    cause: "etcd holds the objects that say which volume is whose, never the content of a volume.",
    consequence: "After a restore the objects are those of the backup and the volumes are those of today. A volume \
        with reclaim policy Delete may be gone; another may belong to a different workload by now.",
    remedy: "Before the restore, list the volumes of the running cluster (oc get pv -o yaml) and of the storage system. \
        Afterwards, for each volume that is gone: restore it in the storage system, then edit the PersistentVolume \
        to point to it.",
    source: DOCS,
};

/// Volumes lie on devices of single nodes.
pub static LOCAL_VOLUMES: Entry = Entry {
    id: "HAZ-002",
    name: "local-volumes",
    severity: Low,
    platforms: KUBERNETES.elsewhere(
        "Compare path and node of each volume with the node (ls -l /dev/disk/by-id). Where the device is \
        gone: remove the PersistentVolume.",
    ),
    title: "Volumes lie on devices of single nodes",
    cause: "The Local Storage Operator, or a local PersistentVolume made by hand.",
    consequence: "If a device was removed, replaced or renamed since the backup, a volume refers to a device that is \
        not there, and its pods do not start.",
    remedy: "Compare path and node of each volume with the node (ls -l /dev/disk/by-id /mnt/local-storage). Where the \
        device is gone: remove the PersistentVolume, remove its symlink from the node, then delete the LocalVolume or \
        LocalVolumeSet.",
    source: DOCS,
};

/// A local volume goes by a device name that the kernel gives out anew.
pub static KERNEL_DEVICE_NAME: Entry = Entry {
    id: "HAZ-003",
    name: "kernel-device-name",
    severity: Medium,
    platforms: KUBERNETES,
    title: "A local volume goes by a device name such as sdb",
    cause: "A LocalVolume or a local PersistentVolume names a device as the kernel numbers it, not by-id.",
    consequence: "The name may mean another disk after a restart or when disks were added since: a workload finds \
        a foreign or empty disk, or overwrites it.",
    remedy: "Before pods are started on the node, check that the name still means the disk (lsblk -o \
        NAME,SERIAL,WWN). Name devices by /dev/disk/by-id.",
    source: "OpenShift documentation: persistent storage using local volumes asks for by-id paths; udev(7)",
};

/// Volumes were attached to nodes.
pub static VOLUMES_ATTACHED: Entry = Entry {
    id: "HAZ-004",
    name: "volumes-attached",
    severity: Info,
    platforms: KUBERNETES,
    title: "Volumes were attached to nodes when the backup was made",
    cause: "Pods with volumes were running.",
    consequence: "A volume that is attached to another node today stays there: the restored cluster does not know of \
        it, and does not detach it. The pod does not start (Multi-Attach error, or FailedAttachVolume).",
    remedy: "For a pod that does not start after the restore, detach the volume from the other node in the storage \
        system; it then attaches to the pod's node by itself.",
    source: DOCS,
};

/// A volume was attached to another node than its pod's.
pub static ATTACHED_ELSEWHERE: Entry = Entry {
    id: "HAZ-005",
    name: "volume-attached-elsewhere",
    severity: Medium,
    platforms: KUBERNETES.elsewhere(
        "After the restore, detach the volume from the node that it is attached to (kubectl delete \
        volumeattachment NAME, or in the storage system), unless a pod there uses it; then the pod starts.",
    ),
    title: "A volume was attached to another node than its pod's",
    cause: "The pod was moving when the backup was made, or a detachment hung.",
    consequence: "The volume can be used by one node at a time. The restored cluster brings back the contradiction: \
        the pod waits until the volume is detached from the other node.",
    remedy: "After the restore, detach the volume from the node that it is attached to (oc delete volumeattachment \
        NAME, or in the storage system), unless a pod there uses it; then the pod starts.",
    source: DOCS,
};

/// A volume was attached to a node that the snapshot does not have.
pub static ATTACHMENT_WITHOUT_NODE: Entry = Entry {
    id: "HAZ-006",
    name: "attachment-without-node",
    severity: Medium,
    platforms: KUBERNETES,
    title: "A volume was attached to a node that is not in the backup",
    cause: "The node was deleted while the volume was attached, and nobody has confirmed the detachment.",
    consequence: "The attachment is never removed by itself; a pod that needs the volume elsewhere waits for ever.",
    remedy: "After the restore, make sure that the node is gone, then delete the VolumeAttachment, its finalizer \
        first if need be.",
    source: "Kubernetes attach-detach controller; VolumeAttachment finalizers of external-attacher",
};

/// Attaching or detaching had failed.
pub static ATTACHMENT_FAILED: Entry = Entry {
    id: "HAZ-007",
    name: "attachment-failed",
    severity: Low,
    platforms: KUBERNETES.elsewhere(
        "Read the error in the running cluster (kubectl get volumeattachment NAME -o yaml) and settle its \
        cause before a restore.",
    ),
    title: "Attaching or detaching a volume had failed",
    cause: "The storage system refused, often for want of valid credentials; the VolumeAttachment holds the error.",
    consequence: "The restored cluster tries again, and fails again while the cause stands.",
    remedy: "Read the error in the running cluster (oc get volumeattachment NAME -o yaml) and settle its cause before a \
        restore.",
    source: "storage.k8s.io/v1 VolumeAttachment: status.attachError, status.detachError",
};

/// A claim has lost its volume.
pub static CLAIM_WITHOUT_VOLUME: Entry = Entry {
    id: "HAZ-008",
    name: "claim-without-volume",
    severity: Low,
    platforms: KUBERNETES,
    title: "A claim had lost its volume",
    cause: "Its PersistentVolume was deleted, or is bound to another claim. The data may be lost already.",
    consequence: "Pods with this claim do not start after a restore, as they did not before.",
    remedy: "Restore the volume in the storage system and make a PersistentVolume for it with the claim's name in \
        claimRef, or delete the claim.",
    source: "v1 PersistentVolumeClaim: phase Lost",
};

/// Workloads keep state on volumes.
pub static STATEFUL_WORKLOADS: Entry = Entry {
    id: "HAZ-009",
    name: "stateful-workloads",
    severity: Info,
    platforms: KUBERNETES,
    title: "Databases and stateful sets keep their state on volumes",
    cause: "StatefulSets with claim templates, and pods whose image or container is called like a database or queue.",
    consequence: "Their data is of today, while passwords, members and schema versions in Secrets, ConfigMaps and \
        custom resources are of the backup. A volume that is gone does not come back: the pod tries to start again \
        and again.",
    remedy: "Restore the volume from the storage system's or the database's own backup where it is gone, then edit the \
        PersistentVolume to point to it. Look at each of them after the restore.",
    source: DOCS,
};

/// Credentials for a cloud may have been rotated since.
pub static CLOUD_CREDENTIALS: Entry = Entry {
    id: "HAZ-010",
    name: "cloud-credentials",
    severity: Low,
    platforms: KUBERNETES.elsewhere(
        "Keep the present credentials at hand before the restore. Afterwards, update the Secrets that hold \
        them, and restart what uses them.",
    ),
    title: "Cloud credentials are brought back as they were",
    cause: "The Secrets that CredentialsRequests produce, and those that the installation was made with, are in etcd.",
    consequence: "If they were rotated after the backup, CSI drivers, machine API, ingress and registry lose access to \
        the cloud.",
    remedy: "Keep the present credentials at hand before the restore. Afterwards, update the root Secret in \
        kube-system, or the Secrets of each CredentialsRequest in manual mode, and restart the operators that use them.",
    source: DOCS,
};

/// Credentials for a storage system may have been rotated since.
pub static STORAGE_CREDENTIALS: Entry = Entry {
    id: "HAZ-011",
    name: "storage-credentials",
    severity: Info,
    platforms: KUBERNETES,
    title: "Secrets for storage drivers are brought back as they were",
    cause: "PersistentVolumes name Secrets that their CSI driver is given to attach and mount them.",
    consequence: "If they were rotated after the backup, volumes cannot be attached or mounted.",
    remedy: "Compare the Secrets with the storage system after the restore, and update those that have changed.",
    source: DOCS,
};
