//! One pass over the live keys: each is fetched and taken apart once, whoever wants to know of it.

use etcd_snapshot::Scan;
use kube_objects::{Inventory, StorageKey};

use crate::bootstrap::{self, Bootstrap};
use crate::endless::Leaseless;
use crate::hazards::ControlPlane;
use crate::leased::LeasedKeys;
use crate::pair::ClusterFacts;
use crate::platform::Signs;
use crate::version::SnapshotVersions;

/// What the live keys of a snapshot tell.
#[derive(Default)]
pub(crate) struct Told<'a> {
    pub(crate) inventory: Inventory,
    pub(crate) versions: SnapshotVersions,
    pub(crate) cluster: ClusterFacts<'a>,
    pub(crate) signs: Signs,
    /// What tells of etcd's quota, and nothing else.
    pub(crate) control_plane: ControlPlane,
    pub(crate) leaseless: Leaseless<'a>,
    pub(crate) leased: LeasedKeys<'a>,
    pub(crate) bootstrap: Vec<Bootstrap>,
}

impl<'a> Told<'a> {
    pub(crate) fn of(scan: &Scan<'a>) -> Self {
        let mut told = Self::default();
        for live in scan.store.live() {
            let (key, value) = (live.kv.key, live.kv.value);
            let parsed = StorageKey::parse(key);
            told.inventory.add(&parsed, value);
            told.versions.add(&parsed, value);
            told.cluster.add(key, &parsed, value, live.kv.create_revision);
            told.signs.add(key, &parsed, value);
            told.control_plane.add_quota(&parsed, value);
            told.leaseless.add(&parsed, &live.kv);
            told.leased.add(&live.kv);
            told.bootstrap.extend(bootstrap::record(key, value).map(|(hash, _)| Bootstrap::sealed(hash)));
        }
        told
    }
}
