//! What a restore runs into although the backup is good: manual steps, by the objects in the snapshot.

mod control_plane;
mod intent;
mod storage;
mod work;

use super::Entry;

pub use control_plane::*;
pub use intent::*;
pub use storage::*;
pub use work::*;

pub(super) const ALL: &[&Entry] = &[
    &PERSISTENT_VOLUMES,
    &LOCAL_VOLUMES,
    &KERNEL_DEVICE_NAME,
    &VOLUMES_ATTACHED,
    &ATTACHED_ELSEWHERE,
    &ATTACHMENT_WITHOUT_NODE,
    &ATTACHMENT_FAILED,
    &CLAIM_WITHOUT_VOLUME,
    &STATEFUL_WORKLOADS,
    &CLOUD_CREDENTIALS,
    &STORAGE_CREDENTIALS,
    &PENDING_CSRS,
    &MACHINE_WITHOUT_NODE,
    &CONTROL_PLANE_MACHINES,
    &NODE_NOT_READY,
    &KUBELET_CERTIFICATES,
    &CONFIG_ROLLOUT,
    &POOL_PAUSED,
    &BLOCKING_WEBHOOK,
    &DELETION_UNDER_WAY,
    &FORCED_REDEPLOYMENT,
    &OVN_DATABASES,
    &BEFORE_FIRST_ROTATION,
    &CERTIFICATE_ENDS,
    &ETCD_SIGNER_ENDS,
    &SIGNER_ENDED,
    &DEFRAG_OFF,
    &ABOVE_DEFAULT_QUOTA,
    &MEMBERS_NOT_NODES,
    &HAZARDS_UNREAD,
    &PKI_ENDS,
    &REVISION_BACK,
    &REMOVAL_ASKED,
    &SET_SCALING,
    &CRON_JOBS_DUE,
    &JOBS_UNFINISHED,
    &NODES_CORDONED,
    &EVICTIONS_CLOSED,
    &MACHINES_MARKED,
    &LEADERS_LONG,
];
