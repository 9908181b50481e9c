//! What a snapshot says of the cluster that it was taken from, as `cluster` tells it.

use backup_facts::leased::LeasedKeys;
use checks::Finding;
use document::{Cluster, Hex64, KeyBuf, Lease};
use etcd_snapshot::state::{self, Permission, Role, User};
use etcd_snapshot::{EtcdState, Scan};

/// The leases, each with how many live keys hang on it.
#[must_use]
pub fn leases(scan: &Scan<'_>) -> Vec<Lease> {
    let leased = LeasedKeys::of(scan);
    let lease = |lease: &state::Lease| Lease {
        id: Hex64(lease.id.cast_unsigned()),
        ttl: lease.ttl,
        remaining_ttl: (lease.remaining_ttl != 0).then_some(lease.remaining_ttl),
        keys: leased.get(lease.id).map_or(0, |(keys, _)| keys),
    };
    scan.state.leases.iter().map(lease).collect()
}

/// The snapshot of the input `path`.
#[must_use]
pub fn cluster(path: String, state: &EtcdState, leases: Vec<Lease>, blockers: &[Finding]) -> Cluster {
    let user = |user: &User| document::User {
        name: user.name.clone(),
        roles: user.roles.clone(),
        has_password: user.has_password,
        certificate_only: user.no_password,
    };
    let permission = |permission: &Permission| document::Permission {
        read: permission.read,
        write: permission.write,
        key: KeyBuf::from(permission.key.as_slice()),
        range_end: KeyBuf::from(permission.range_end.as_slice()),
    };
    let role = |role: &Role| document::Role {
        name: role.name.clone(),
        permissions: role.permissions.iter().map(permission).collect(),
    };
    Cluster {
        kind: Cluster::KIND,
        etcd: super::etcd::of(state),
        lease_list: leases,
        user_list: state.users.iter().map(user).collect(),
        role_list: state.roles.iter().map(role).collect(),
        upgrade_blockers: super::findings(blockers, &path).collect(),
        path,
        ..Cluster::default()
    }
}
