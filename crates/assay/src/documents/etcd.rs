//! etcd's own state. `cluster`, `inspect` and `verify` share it.

use document::{Alarm, Auth, ConfState, Etcd, Hex64, Member};
use etcd_snapshot::Facts;
use etcd_snapshot::facts::{self, AlarmKind};

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

fn conf_state(state: &facts::ConfState) -> ConfState {
    ConfState {
        voters: ids(&state.voters),
        learners: ids(&state.learners),
        voters_outgoing: ids(&state.voters_outgoing),
        learners_next: ids(&state.learners_next),
    }
}

fn member(member: &facts::Member) -> Member {
    Member {
        id: Hex64(member.id),
        name: member.name.clone(),
        peer_urls: member.peer_urls.clone(),
        client_urls: member.client_urls.clone(),
        is_learner: member.is_learner,
    }
}

/// What a snapshot says of its cluster.
pub fn of(facts: &Facts) -> Etcd {
    let downgrade = facts.downgrade.as_ref().filter(|downgrade| downgrade.enabled);
    let alarm = |alarm: &facts::Alarm| Alarm { member: Hex64(alarm.member), alarm: alarm_word(alarm.kind) };
    Etcd {
        cluster_version: facts.cluster_version.clone(),
        storage_version: facts.storage_version.clone(),
        downgrade_target: downgrade.map(|downgrade| downgrade.target_version.clone()),
        consistent_index: facts.consistent_index,
        term: facts.term,
        conf_state: facts.conf_state.as_ref().map(conf_state),
        members: facts.members.iter().map(member).collect(),
        removed_members: ids(&facts.removed_members),
        alarms: facts.alarms.iter().map(alarm).collect(),
        leases: facts.leases.len() as u64,
        auth: Auth {
            enabled: facts.auth_enabled,
            revision: facts.auth_revision,
            users: facts.users.len() as u64,
            roles: facts.roles.len() as u64,
        },
    }
}
