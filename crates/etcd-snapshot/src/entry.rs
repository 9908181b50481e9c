//! One entry of one of etcd's buckets, its fields named as etcd names them.

use crate::state::{EtcdState, Harm, Permission, bucket};

/// What a field of an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A number, a revision or a count of seconds.
    Number(i64),
    /// A raft index, a term, or another number that is never negative.
    Unsigned(u64),
    /// A 64-bit ID of a member or a lease.
    Id(u64),
    /// IDs.
    Ids(Vec<u64>),
    /// Yes or no.
    Flag(bool),
    /// Text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// What a role permits.
    Permissions(Vec<Permission>),
    /// A secret that is stored, and never leaves this crate.
    Masked,
}

/// A field of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedField {
    /// Its name, as etcd spells it, or as the JSON of `assay cluster` does.
    pub name: &'static str,
    /// What it says.
    pub value: FieldValue,
}

/// The fields of an entry of bucket `bucket`, which is any but `key`; empty where the bucket or the entry is not known.
///
/// A password hash is said to be there, and not given.
///
/// # Errors
/// What is wrong with an entry that is not what its bucket should hold.
pub fn read(bucket: &[u8], key: &[u8], value: &[u8]) -> Result<Vec<NamedField>, String> {
    let mut state = EtcdState::default();
    state.take(bucket, key, Some(value));
    state.faults.retain(|fault| fault.harm == Harm::Misread);
    if let Some(fault) = state.faults.pop() {
        return Err(fault.problem);
    }
    Ok(match bucket {
        bucket::META => meta(state),
        bucket::CLUSTER => cluster(state),
        bucket::MEMBERS => state.members.into_iter().flat_map(member).collect(),
        bucket::MEMBERS_REMOVED => {
            state.removed_members.into_iter().map(|id| named("id", FieldValue::Id(id))).collect()
        }
        bucket::ALARM => state.alarms.into_iter().flat_map(alarm).collect(),
        bucket::LEASE => state.leases.into_iter().flat_map(lease).collect(),
        bucket::AUTH if key == b"authEnabled" => {
            vec![named("authEnabled", FieldValue::Flag(state.auth_enabled))]
        }
        bucket::AUTH => optional("authRevision", state.auth_revision.map(FieldValue::Unsigned)),
        bucket::AUTH_USERS => state.users.into_iter().flat_map(user).collect(),
        bucket::AUTH_ROLES => state.roles.into_iter().flat_map(role).collect(),
        _ => Vec::new(),
    })
}

fn named(name: &'static str, value: FieldValue) -> NamedField {
    NamedField { name, value }
}

fn optional(name: &'static str, value: Option<FieldValue>) -> Vec<NamedField> {
    value.into_iter().map(|value| named(name, value)).collect()
}

fn meta(state: EtcdState) -> Vec<NamedField> {
    let main = |revision: crate::Revision| FieldValue::Number(revision.main);
    let fields = [
        ("consistent_index", state.consistent_index.map(FieldValue::Unsigned)),
        ("term", state.term.map(FieldValue::Unsigned)),
        ("storageVersion", state.storage_version.map(FieldValue::Text)),
        ("scheduledCompactRev", state.scheduled_compaction.map(main)),
        ("finishedCompactRev", state.finished_compaction.map(main)),
    ];
    let mut all: Vec<_> = fields.into_iter().flat_map(|(name, value)| optional(name, value)).collect();
    if let Some(conf) = state.conf_state {
        all.push(named("voters", FieldValue::Ids(conf.voters)));
        all.push(named("learners", FieldValue::Ids(conf.learners)));
        if !conf.voters_outgoing.is_empty() {
            all.push(named("votersOutgoing", FieldValue::Ids(conf.voters_outgoing)));
        }
        if !conf.learners_next.is_empty() {
            all.push(named("learnersNext", FieldValue::Ids(conf.learners_next)));
        }
    }
    all
}

fn cluster(state: EtcdState) -> Vec<NamedField> {
    let mut all = optional("clusterVersion", state.cluster_version.map(FieldValue::Text));
    if let Some(downgrade) = state.downgrade {
        all.push(named("targetVersion", FieldValue::Text(downgrade.target_version)));
        all.push(named("enabled", FieldValue::Flag(downgrade.enabled)));
    }
    all
}

fn member(member: crate::state::Member) -> Vec<NamedField> {
    vec![
        named("id", FieldValue::Id(member.id)),
        named("name", FieldValue::Text(member.name)),
        named("peerURLs", FieldValue::Texts(member.peer_urls)),
        named("clientURLs", FieldValue::Texts(member.client_urls)),
        named("isLearner", FieldValue::Flag(member.is_learner)),
    ]
}

fn alarm(alarm: crate::state::Alarm) -> Vec<NamedField> {
    use crate::state::AlarmKind;
    let kind = match alarm.kind {
        AlarmKind::NoSpace => "NOSPACE".to_owned(),
        AlarmKind::Corrupt => "CORRUPT".to_owned(),
        AlarmKind::Other(number) => number.to_string(),
    };
    vec![named("member", FieldValue::Id(alarm.member)), named("alarm", FieldValue::Text(kind))]
}

fn lease(lease: crate::state::Lease) -> Vec<NamedField> {
    let mut all =
        vec![named("id", FieldValue::Id(lease.id.cast_unsigned())), named("ttl", FieldValue::Number(lease.ttl))];
    if lease.remaining_ttl != 0 {
        all.push(named("remainingTtl", FieldValue::Number(lease.remaining_ttl)));
    }
    all
}

fn user(user: crate::state::User) -> Vec<NamedField> {
    let mut all = vec![named("name", FieldValue::Text(user.name))];
    if user.has_password {
        all.push(named("password", FieldValue::Masked));
    }
    if user.no_password {
        all.push(named("noPassword", FieldValue::Flag(true)));
    }
    all.push(named("roles", FieldValue::Texts(user.roles)));
    all
}

fn role(role: crate::state::Role) -> Vec<NamedField> {
    vec![named("name", FieldValue::Text(role.name)), named("permissions", FieldValue::Permissions(role.permissions))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_named_field_by_field() {
        let fields = read(bucket::META, b"consistent_index", &7_u64.to_be_bytes());
        assert_eq!(fields, Ok(vec![named("consistent_index", FieldValue::Unsigned(7))]));
        let fields = read(bucket::MEMBERS, b"a1", br#"{"id":161,"peerURLs":["http://x:1"],"name":"m"}"#).unwrap();
        assert_eq!(fields[0], named("id", FieldValue::Id(0xa1)));
        assert_eq!(fields[2], named("peerURLs", FieldValue::Texts(vec!["http://x:1".to_owned()])));
        assert_eq!(read(b"unknown", b"k", b"v"), Ok(vec![]));
        assert_eq!(read(bucket::META, b"later", b"v"), Ok(vec![]));
        assert!(read(bucket::LEASE, b"short", b"").is_err());
    }

    #[test]
    fn a_password_is_there_and_not_given() {
        // authpb.User { name: "root", password: "$2a$10$hash", roles: ["root"] }
        let user = b"\x0a\x04root\x12\x0b$2a$10$hash\x1a\x04root";
        let fields = read(bucket::AUTH_USERS, b"root", user).unwrap();
        assert_eq!(fields[1], named("password", FieldValue::Masked));
        assert!(!format!("{fields:?}").contains("2a$10"));
    }
}
