//! How a backup was made, and what that lets one expect of it.

use etcd_snapshot::Scan;
use kube_objects::{Infrastructure, StorageKey};

use crate::layout::Layout;

/// How a backup was made, as far as it decides what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// By `cluster-backup.sh` or the operator: a snapshot and a tarball.
    Pair,
    /// Of a hosted control plane, which has no static pods.
    Hosted,
    /// Of two nodes with fencing, whose restore uses no tarball.
    Fenced,
    /// Of MicroShift: a copy of its directory.
    MicroShift,
}

impl Platform {
    /// By the layout of the directory, where there is one, and the topology of the control plane.
    #[must_use]
    pub fn of(layout: Option<Layout>, topology: &str) -> Self {
        match layout {
            Some(Layout::MicroShift) => Self::MicroShift,
            Some(Layout::HostedControlPlane) => Self::Hosted,
            Some(Layout::Files) | None => Self::of_topology(topology),
        }
    }

    /// By the topology of the control plane; empty where nothing tells it.
    #[must_use]
    pub fn of_topology(topology: &str) -> Self {
        match topology {
            "External" => Self::Hosted,
            "DualReplica" => Self::Fenced,
            _ => Self::Pair,
        }
    }

    /// Whether the encryption keys lie in files beside the snapshot, and in no tarball.
    #[must_use]
    pub fn keeps_keys_beside(self) -> bool {
        self == Self::Hosted
    }
}

/// The topology of the control plane, as the live objects tell it; empty where nothing does.
#[must_use]
pub fn topology(scan: &Scan<'_>) -> String {
    let is_it = |key: &[u8]| {
        let key = StorageKey::parse(key);
        (key.group, key.resource, key.name) == (b"config.openshift.io", b"infrastructures", b"cluster")
    };
    let found = scan.store.live().find(|live| is_it(live.kv.key));
    let read = found.and_then(|live| Infrastructure::read(live.kv.value).ok());
    read.map(|infrastructure| infrastructure.control_plane_topology).unwrap_or_default()
}
