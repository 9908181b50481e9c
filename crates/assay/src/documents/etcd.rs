//! etcd's own state. `cluster`, `inspect` and `verify` share it.

use document::{Alarm, Auth, ConfState, Etcd, Hex64, Member};
use etcd_snapshot::EtcdState;
use etcd_snapshot::state::{self, AlarmKind};

fn ids(ids: &[u64]) -> Vec<Hex64> {
    ids.iter().copied().map(Hex64).collect()
}

/// etcd's word for an alarm.
#[must_use]
pub fn alarm_word(kind: AlarmKind) -> String {
    match kind {
        AlarmKind::NoSpace => "NOSPACE".to_owned(),
        AlarmKind::Corrupt => "CORRUPT".to_owned(),
        AlarmKind::Other(number) => number.to_string(),
    }
}

fn conf_state(state: &state::ConfState) -> ConfState {
    ConfState {
        voters: ids(&state.voters),
        learners: ids(&state.learners),
        voters_outgoing: ids(&state.voters_outgoing),
        learners_next: ids(&state.learners_next),
    }
}

fn member(member: &state::Member) -> Member {
    Member {
        id: Hex64(member.id),
        name: member.name.clone(),
        peer_urls: member.peer_urls.clone(),
        client_urls: member.client_urls.clone(),
        is_learner: member.is_learner,
    }
}

/// What a snapshot says of its cluster.
pub fn of(state: &EtcdState) -> Etcd {
    let downgrade = state.downgrade.as_ref().filter(|downgrade| downgrade.enabled);
    let alarm = |alarm: &state::Alarm| Alarm { member: Hex64(alarm.member), alarm: alarm_word(alarm.kind) };
    Etcd {
        cluster_version: state.cluster_version.clone(),
        storage_version: state.storage_version.clone(),
        downgrade_target: downgrade.map(|downgrade| downgrade.target_version.clone()),
        consistent_index: state.consistent_index,
        term: state.term,
        conf_state: state.conf_state.as_ref().map(conf_state),
        members: state.members.iter().map(member).collect(),
        removed_members: ids(&state.removed_members),
        alarms: state.alarms.iter().map(alarm).collect(),
        leases: state.leases.len() as u64,
        auth: Auth {
            enabled: state.auth_enabled,
            revision: state.auth_revision,
            users: state.users.len() as u64,
            roles: state.roles.len() as u64,
        },
    }
}
