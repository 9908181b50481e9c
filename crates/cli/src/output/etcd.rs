//! etcd's own state, as scripts read it. `cluster`, `inspect` and `verify` share these shapes.

use etcd_snapshot::Facts;
use etcd_snapshot::facts::{AlarmKind, ConfState};
use serde::Serialize;

use super::json::Hex64;

/// What a snapshot says of its cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EtcdJson {
    /// Lowest version among the members, minor only.
    pub cluster_version: Option<String>,
    /// Version of the schema; from etcd 3.6 on.
    pub storage_version: Option<String>,
    /// A downgrade that is under way: the version to go down to.
    pub downgrade_target: Option<String>,
    /// Raft index of the last change.
    pub consistent_index: Option<u64>,
    /// Raft term of that index.
    pub term: Option<u64>,
    /// Who votes, as raft has it.
    pub conf_state: Option<ConfStateJson>,
    /// The members, by ID.
    pub members: Vec<MemberJson>,
    /// IDs of members that were removed.
    pub removed_members: Vec<Hex64>,
    /// Alarms that were on.
    pub alarms: Vec<AlarmJson>,
    /// How many leases there are.
    pub leases: usize,
    /// Authentication, without anything to authenticate with.
    pub auth: AuthJson,
}

/// raft's ConfState.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfStateJson {
    /// Voting members.
    pub voters: Vec<Hex64>,
    /// Members that do not vote.
    pub learners: Vec<Hex64>,
    /// Voters that a joint configuration is leaving behind.
    pub voters_outgoing: Vec<Hex64>,
    /// Members that become learners when it ends.
    pub learners_next: Vec<Hex64>,
}

/// A member, its fields named as in etcdctl's JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberJson {
    /// ID.
    pub id: Hex64,
    /// Name; empty until the member published itself.
    pub name: String,
    /// Where its peers reach it.
    #[serde(rename = "peerURLs")]
    pub peer_urls: Vec<String>,
    /// Where its clients reach it.
    #[serde(rename = "clientURLs")]
    pub client_urls: Vec<String>,
    /// Whether it does not vote.
    #[serde(rename = "isLearner")]
    pub is_learner: bool,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmJson {
    /// Who raised it.
    pub member: Hex64,
    /// Which: `NOSPACE`, `CORRUPT`, or the number of one that etcd has come to know later.
    pub alarm: String,
}

/// Authentication. How many users and roles there are; see `assay cluster` for their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthJson {
    /// Whether it is on.
    pub enabled: bool,
    /// How often users, roles or the switch changed.
    pub revision: Option<u64>,
    /// How many users.
    pub users: usize,
    /// How many roles.
    pub roles: usize,
}

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

impl From<&ConfState> for ConfStateJson {
    fn from(state: &ConfState) -> Self {
        Self {
            voters: ids(&state.voters),
            learners: ids(&state.learners),
            voters_outgoing: ids(&state.voters_outgoing),
            learners_next: ids(&state.learners_next),
        }
    }
}

impl From<&Facts> for EtcdJson {
    fn from(facts: &Facts) -> Self {
        let member = |member: &etcd_snapshot::facts::Member| MemberJson {
            id: Hex64(member.id),
            name: member.name.clone(),
            peer_urls: member.peer_urls.clone(),
            client_urls: member.client_urls.clone(),
            is_learner: member.is_learner,
        };
        let downgrade = facts.downgrade.as_ref().filter(|downgrade| downgrade.enabled);
        Self {
            cluster_version: facts.cluster_version.clone(),
            storage_version: facts.storage_version.clone(),
            downgrade_target: downgrade.map(|downgrade| downgrade.target_version.clone()),
            consistent_index: facts.consistent_index,
            term: facts.term,
            conf_state: facts.conf_state.as_ref().map(ConfStateJson::from),
            members: facts.members.iter().map(member).collect(),
            removed_members: ids(&facts.removed_members),
            alarms: facts
                .alarms
                .iter()
                .map(|alarm| AlarmJson { member: Hex64(alarm.member), alarm: alarm_word(alarm.kind) })
                .collect(),
            leases: facts.leases.len(),
            auth: AuthJson {
                enabled: facts.auth_enabled,
                revision: facts.auth_revision,
                users: facts.users.len(),
                roles: facts.roles.len(),
            },
        }
    }
}
