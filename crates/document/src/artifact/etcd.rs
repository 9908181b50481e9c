//! etcd's own state: `cluster`, `inspect` and `verify` share it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::finding::Finding;
use crate::values::{Hex64, KeyBuf, Word};

/// What a snapshot says of its cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Etcd {
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
    pub conf_state: Option<ConfState>,
    /// The members, by ID.
    pub members: Vec<Member>,
    /// IDs of members that were removed.
    pub removed_members: Vec<Hex64>,
    /// Alarms that were on.
    pub alarms: Vec<Alarm>,
    /// How many leases there are.
    pub leases: u64,
    /// Authentication, without anything to authenticate with.
    pub auth: Auth,
}

/// raft's ConfState.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfState {
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Alarm {
    /// Who raised it.
    pub member: Hex64,
    /// Which: `NOSPACE`, `CORRUPT`, or the number of one that etcd has come to know later.
    pub alarm: String,
}

/// Authentication. How many users and roles there are; see `assay cluster` for their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Auth {
    /// Whether it is on.
    pub enabled: bool,
    /// How often users, roles or the switch changed.
    pub revision: Option<u64>,
    /// How many users.
    pub users: u64,
    /// How many roles.
    pub roles: u64,
}

/// A snapshot, as `cluster` tells of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cluster {
    /// The input, as given.
    pub path: String,
    /// [`Cluster::KIND`].
    pub kind: Word,
    /// etcd's own state.
    pub etcd: Etcd,
    /// The leases.
    pub lease_list: Vec<Lease>,
    /// Users.
    pub user_list: Vec<User>,
    /// Roles.
    pub role_list: Vec<Role>,
    /// Findings that stand against an upgrade of etcd, as far as a snapshot shows them.
    pub upgrade_blockers: Vec<Finding>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Cluster {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("snapshot");
}

/// A lease and the live keys that hang on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lease {
    /// ID.
    pub id: Hex64,
    /// Seconds it was granted for.
    pub ttl: i64,
    /// Seconds left at the last checkpoint, if one was stored.
    pub remaining_ttl: Option<i64>,
    /// Live keys that hang on it.
    pub keys: u64,
}

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// Name.
    pub name: String,
    /// Names of roles.
    pub roles: Vec<String>,
    /// Whether a password hash is stored; it is never shown.
    pub has_password: bool,
    /// Whether the user may have no password.
    pub certificate_only: bool,
}

/// A role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Role {
    /// Name.
    pub name: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
}

/// What a role allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Permission {
    /// Reading.
    pub read: bool,
    /// Writing.
    pub write: bool,
    /// The key, or the first of a range.
    pub key: KeyBuf,
    /// End of the range, itself not in it; empty: one key; a zero byte: all from `key` on.
    pub range_end: KeyBuf,
}
