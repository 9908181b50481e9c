//! Everything but the records: the buckets in which etcd keeps its own state.

use serde::Deserialize;

use crate::revision::{Revision, decode_revision};
use crate::wire::{self, Field, Kind, WireError, signed};

/// Bucket names, as etcd spells them.
pub mod bucket {
    /// Records.
    pub const KEY: &[u8] = b"key";
    /// Raft position, compaction, storage version.
    pub const META: &[u8] = b"meta";
    /// Leases.
    pub const LEASE: &[u8] = b"lease";
    /// Alarms.
    pub const ALARM: &[u8] = b"alarm";
    /// Cluster version and downgrade.
    pub const CLUSTER: &[u8] = b"cluster";
    /// Members.
    pub const MEMBERS: &[u8] = b"members";
    /// Ids of removed members.
    pub const MEMBERS_REMOVED: &[u8] = b"members_removed";
    /// Whether authentication is on.
    pub const AUTH: &[u8] = b"auth";
    /// Users.
    pub const AUTH_USERS: &[u8] = b"authUsers";
    /// Roles.
    pub const AUTH_ROLES: &[u8] = b"authRoles";
    /// All of them, in byte order, as they stand in a file.
    pub const ALL: [&[u8]; 10] =
        [ALARM, AUTH, AUTH_ROLES, AUTH_USERS, CLUSTER, KEY, LEASE, MEMBERS, MEMBERS_REMOVED, META];
}

/// raftpb.ConfState: who votes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ConfState {
    /// Ids of voting members.
    #[serde(deserialize_with = "null_is_default")]
    pub voters: Vec<u64>,
    /// Ids of learners.
    #[serde(deserialize_with = "null_is_default")]
    pub learners: Vec<u64>,
    /// Ids of voters that a joint configuration is leaving behind.
    #[serde(deserialize_with = "null_is_default")]
    pub voters_outgoing: Vec<u64>,
    /// Ids that become learners when a joint configuration ends.
    #[serde(deserialize_with = "null_is_default")]
    pub learners_next: Vec<u64>,
    /// Whether a joint configuration ends by itself.
    pub auto_leave: bool,
}

/// A member of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Member {
    /// Member id.
    pub id: u64,
    /// Name; empty until the member published itself.
    pub name: String,
    /// URLs for the other members.
    #[serde(rename = "peerURLs", deserialize_with = "null_is_default")]
    pub peer_urls: Vec<String>,
    /// URLs for clients; empty until the member published itself.
    #[serde(rename = "clientURLs", deserialize_with = "null_is_default")]
    pub client_urls: Vec<String>,
    /// Whether the member does not vote.
    #[serde(rename = "isLearner")]
    pub is_learner: bool,
}

/// Go writes an empty slice as `null`.
fn null_is_default<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// A downgrade that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Downgrade {
    /// The version to go down to.
    #[serde(rename = "target-version")]
    pub target_version: String,
    /// Whether it is under way.
    pub enabled: bool,
}

/// What an alarm says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmKind {
    /// The space quota is exceeded: the cluster refuses writes.
    NoSpace,
    /// A member's data differs from the others'.
    Corrupt,
    /// A kind that this crate does not know.
    Other(u64),
}

/// An alarm that was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Who raised it.
    pub member: u64,
    /// Why.
    pub kind: AlarmKind,
}

/// A lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Lease id; positive in a sound file.
    pub id: i64,
    /// Granted time to live, in seconds. Not a time of expiry.
    pub ttl: i64,
    /// Time left at the last checkpoint, in seconds; 0 where there was none.
    pub remaining_ttl: i64,
}

/// A user, without the password hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Name.
    pub name: String,
    /// Whether a password hash is stored. The hash itself never leaves this crate.
    pub has_password: bool,
    /// Whether the user may only come with a certificate.
    pub no_password: bool,
    /// Names of the user's roles.
    pub roles: Vec<String>,
}

/// What a role permits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// Reading.
    pub read: bool,
    /// Writing.
    pub write: bool,
    /// First key.
    pub key: Vec<u8>,
    /// End of the range, not included; empty for the one key, `\0` for everything from `key` on.
    pub range_end: Vec<u8>,
}

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Name.
    pub name: String,
    /// What it permits.
    pub permissions: Vec<Permission>,
}

/// An entry that is not what its bucket should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFault {
    /// The bucket.
    pub bucket: &'static str,
    /// The entry's key.
    pub key: Vec<u8>,
    /// What is wrong with it.
    pub problem: String,
    /// What that does to etcd.
    pub harm: Harm,
}

/// What an entry does that is not as etcd writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// etcd reads on as if nothing were; still no etcd writes this.
    Odd,
    /// etcd ends, or reads something else than was written.
    Misread,
}

/// etcd's own state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EtcdState {
    /// Raft index of the last change in the file.
    pub consistent_index: Option<u64>,
    /// Raft term of that index; etcd 3.5 and later.
    pub term: Option<u64>,
    /// Who votes; etcd 3.5 and later.
    pub conf_state: Option<ConfState>,
    /// Version of the schema; etcd 3.6 and later.
    pub storage_version: Option<String>,
    /// Compaction that was begun last.
    pub scheduled_compaction: Option<Revision>,
    /// Compaction that was finished last.
    pub finished_compaction: Option<Revision>,
    /// Lowest version among the members, minor only.
    pub cluster_version: Option<String>,
    /// A downgrade that was asked for.
    pub downgrade: Option<Downgrade>,
    /// Members, by id.
    pub members: Vec<Member>,
    /// Ids of members that were removed, ascending.
    pub removed_members: Vec<u64>,
    /// Alarms that were on.
    pub alarms: Vec<Alarm>,
    /// Leases, by id.
    pub leases: Vec<Lease>,
    /// Whether authentication is on.
    pub auth_enabled: bool,
    /// Whether anything says so, on or off; where nothing does, etcd serves without.
    pub auth_stated: bool,
    /// How often users, roles or the switch changed.
    pub auth_revision: Option<u64>,
    /// Users, by name.
    pub users: Vec<User>,
    /// Roles, by name.
    pub roles: Vec<Role>,
    /// Entries that could not be decoded, or that no etcd writes.
    pub faults: Vec<StateFault>,
}

impl EtcdState {
    /// The revision below which history is gone or going: the larger of both compactions.
    #[must_use]
    pub fn compacted(&self) -> Option<i64> {
        self.scheduled_compaction.max(self.finished_compaction).map(|revision| revision.main)
    }

    /// Puts ids in order: the file has them in the order of their hexadecimal text, which is not padded.
    pub(crate) fn sort(&mut self) {
        self.members.sort_by_key(|member| member.id);
        self.removed_members.sort_unstable();
    }

    /// Takes one entry of one of etcd's buckets; `value` is `None` where a bucket stands in its place.
    pub(crate) fn take(&mut self, bucket: &[u8], key: &[u8], value: Option<&[u8]>) {
        let Some(name) = bucket::ALL.iter().find(|known| **known == bucket && bucket != bucket::KEY) else { return };
        let name = str::from_utf8(name).unwrap_or_default();
        let mut odd = Vec::new();
        let taken = match value {
            Some(value) => self.take_entry(bucket, key, value, &mut odd),
            None => Err("a bucket stands in its place, which etcd reads as nothing".to_owned()),
        };
        let odd = odd.into_iter().map(|problem| (problem, Harm::Odd));
        for (problem, harm) in taken.err().map(|problem| (problem, Harm::Misread)).into_iter().chain(odd) {
            if self.faults.len() < FAULT_CAP {
                let key = key.get(..key.len().min(256)).unwrap_or_default().to_vec();
                self.faults.push(StateFault { bucket: name, key, problem, harm });
            }
        }
    }

    fn take_entry(&mut self, bucket: &[u8], key: &[u8], value: &[u8], odd: &mut Vec<String>) -> Result<(), String> {
        match bucket {
            bucket::META => self.take_meta(key, value, odd),
            bucket::CLUSTER => self.take_cluster(key, value, odd),
            bucket::MEMBERS => self.take_member(key, value),
            bucket::MEMBERS_REMOVED => self.take_removed(key),
            bucket::ALARM => self.take_alarm(key),
            bucket::LEASE => self.take_lease(key, value, odd),
            bucket::AUTH => self.take_auth(key, value, odd),
            bucket::AUTH_USERS => self.take_user(key, value, odd),
            bucket::AUTH_ROLES => self.take_role(key, value, odd),
            _ => Ok(()),
        }
    }

    fn take_meta(&mut self, key: &[u8], value: &[u8], odd: &mut Vec<String>) -> Result<(), String> {
        let mut counter = |value: &[u8]| {
            let count = big_endian(value)?;
            if count > i64::MAX.unsigned_abs() {
                odd.push(format!("{count}: no raft gets so far"));
            }
            Ok::<_, String>(count)
        };
        match key {
            b"consistent_index" => self.consistent_index = Some(counter(value)?),
            b"term" => self.term = Some(counter(value)?),
            b"confState" => self.conf_state = Some(json(value)?),
            b"storageVersion" => self.storage_version = Some(version(value, odd)?),
            b"scheduledCompactRev" => self.scheduled_compaction = Some(revision(value)?),
            b"finishedCompactRev" => self.finished_compaction = Some(revision(value)?),
            _ => odd.push(UNKNOWN.to_owned()),
        }
        Ok(())
    }

    fn take_cluster(&mut self, key: &[u8], value: &[u8], odd: &mut Vec<String>) -> Result<(), String> {
        match key {
            b"clusterVersion" => self.cluster_version = Some(version(value, odd)?),
            b"downgrade" => {
                let downgrade: Downgrade = json(value)?;
                if downgrade.enabled && !is_version(&downgrade.target_version) {
                    self.downgrade = Some(downgrade);
                    return Err("a downgrade to no version is under way, from which no etcd starts".to_owned());
                }
                self.downgrade = Some(downgrade);
            }
            _ => odd.push(UNKNOWN.to_owned()),
        }
        Ok(())
    }

    fn take_member(&mut self, key: &[u8], value: &[u8]) -> Result<(), String> {
        let id = hex_id(key)?;
        let member: Member = json(value)?;
        if member.id != id {
            return Err(format!("stored under id `{id:x}`, but says id `{:x}`", member.id));
        }
        self.members.push(member);
        Ok(())
    }

    fn take_removed(&mut self, key: &[u8]) -> Result<(), String> {
        self.removed_members.push(hex_id(key)?);
        Ok(())
    }

    fn take_alarm(&mut self, key: &[u8]) -> Result<(), String> {
        let (mut member, mut kind) = (0, 0);
        let read = message(key, &[Kind::Varint; 2], |number, field| match (number, field) {
            (1, Field::Varint(value)) => member = value,
            (2, Field::Varint(value)) => kind = value,
            _ => {}
        });
        if matches!(read, Err(Misread::Refused(_))) {
            return read.map_err(Into::into);
        }
        let kind = match kind {
            1 => AlarmKind::NoSpace,
            2 => AlarmKind::Corrupt,
            other => AlarmKind::Other(other),
        };
        self.alarms.push(Alarm { member, kind });
        read.map_err(Into::into)
    }

    fn take_lease(&mut self, key: &[u8], value: &[u8], odd: &mut Vec<String>) -> Result<(), String> {
        let id = big_endian(key)?.cast_signed();
        let mut lease = Lease { id: 0, ttl: 0, remaining_ttl: 0 };
        message(value, &[Kind::Varint; 3], |number, field| match (number, field) {
            (1, Field::Varint(value)) => lease.id = signed(value),
            (2, Field::Varint(value)) => lease.ttl = signed(value),
            (3, Field::Varint(value)) => lease.remaining_ttl = signed(value),
            _ => {}
        })?;
        if lease.id != id {
            return Err(format!("stored under id `{id:x}`, but says id `{:x}`", lease.id));
        }
        if lease.remaining_ttl < 0 || (lease.ttl > 0 && lease.remaining_ttl > lease.ttl) {
            odd.push(format!("{} s are left of {} s", lease.remaining_ttl, lease.ttl));
        }
        self.leases.push(lease);
        Ok(())
    }

    fn take_auth(&mut self, key: &[u8], value: &[u8], odd: &mut Vec<String>) -> Result<(), String> {
        self.auth_stated |= key == b"authEnabled";
        match (key, value) {
            (b"authEnabled", [0]) => self.auth_enabled = false,
            (b"authEnabled", [1]) => self.auth_enabled = true,
            (b"authEnabled", _) => {
                return Err("it is no byte of 0 or 1: etcd serves without authentication".into());
            }
            (b"authRevision", _) => self.auth_revision = Some(big_endian(value)?),
            _ => odd.push(UNKNOWN.to_owned()),
        }
        Ok(())
    }

    fn take_user(&mut self, key: &[u8], value: &[u8], odd: &mut Vec<String>) -> Result<(), String> {
        let mut user = User { name: text(key)?, ..User::default() };
        let (mut inner, mut hash, mut options): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        message(value, &[Kind::Bytes, Kind::Bytes, Kind::Each, Kind::Bytes], |number, field| match (number, field) {
            (1, Field::Bytes(name)) => inner = name,
            (2, Field::Bytes(password)) => hash = password,
            (3, Field::Bytes(role)) if user.roles.len() < LIST_CAP => {
                user.roles.push(String::from_utf8_lossy(role).into_owned())
            }
            (4, Field::Bytes(message)) => options = message,
            _ => {}
        })?;
        message(options, &[Kind::Varint], |_, field| user.no_password = field != Field::Varint(0))?;
        user.has_password = !hash.is_empty();
        if !user.roles.windows(2).all(|pair| matches!(pair, [one, next] if one < next)) {
            odd.push("its roles are not in the order in which etcd keeps them, or one is there twice".to_owned());
        }
        if inner != key {
            let said = String::from_utf8_lossy(inner.get(..inner.len().min(256)).unwrap_or_default()).into_owned();
            self.users.push(user);
            return Err(format!("it names user {said:?}, by whom etcd takes it"));
        }
        match (user.has_password, user.no_password) {
            (true, _) if !is_bcrypt(hash) => odd.push("its password is no bcrypt hash: nobody can log in".to_owned()),
            (false, false) => odd.push("it has no password and may not come without: nobody can log in".to_owned()),
            _ => {}
        }
        self.users.push(user);
        Ok(())
    }

    fn take_role(&mut self, key: &[u8], value: &[u8], odd: &mut Vec<String>) -> Result<(), String> {
        let mut role = Role::default();
        let (mut name, mut permissions, mut more): (&[u8], Vec<&[u8]>, bool) = (&[], Vec::new(), false);
        message(value, &[Kind::Bytes, Kind::Each], |number, field| match (number, field) {
            (1, Field::Bytes(said)) => name = said,
            (2, Field::Bytes(message)) if permissions.len() < LIST_CAP => permissions.push(message),
            (2, Field::Bytes(_)) => more = true,
            _ => {}
        })?;
        role.name = String::from_utf8_lossy(name).into_owned();
        for message in permissions {
            role.permissions.push(permission(message, odd)?);
        }
        // a grant of the same range changes the one that is there, and all are put in order of their keys
        let in_order = |pair: &[Permission]| match pair {
            [one, next] => one.key < next.key || (one.key == next.key && one.range_end != next.range_end),
            _ => true,
        };
        if !role.permissions.windows(2).all(in_order) {
            odd.push("its permissions are not in the order in which etcd keeps them, or one is there twice".to_owned());
        }
        self.roles.push(role);
        match (name == key, more) {
            (false, _) => Err(format!(
                "it names role {:?}",
                String::from_utf8_lossy(name.get(..name.len().min(256)).unwrap_or_default())
            )),
            (true, true) => Err(format!("more than {LIST_CAP} permissions; the others are not shown")),
            (true, false) => Ok(()),
        }
    }
}

/// What is said of an entry under a name that no etcd uses.
const UNKNOWN: &str = "no etcd up to 3.6 writes an entry of this name";
/// Roles of a user and permissions of a role that are kept.
const LIST_CAP: usize = 10_000;
/// Undecodable entries kept; a hostile file may have millions.
const FAULT_CAP: usize = 1000;

fn permission(value: &[u8], odd: &mut Vec<String>) -> Result<Permission, String> {
    let mut permission = Permission::default();
    let mut kind = 0;
    message(value, &[Kind::Varint, Kind::Bytes, Kind::Bytes], |number, field| match (number, field) {
        (1, Field::Varint(value)) => kind = value,
        (2, Field::Bytes(key)) => permission.key = key.to_vec(),
        (3, Field::Bytes(end)) => permission.range_end = end.to_vec(),
        _ => {}
    })?;
    permission.read = matches!(kind, 0 | 2);
    permission.write = matches!(kind, 1 | 2);
    if permission.key.is_empty() {
        odd.push("a permission is for no key".to_owned());
    }
    if kind > 2 {
        odd.push(format!("a permission is of kind {kind}, which is not known"));
    }
    Ok(permission)
}

/// Why a message does not say what was written.
enum Misread {
    /// etcd refuses it.
    Refused(WireError),
    /// etcd reads it, and no etcd writes it so.
    Changed(wire::Oddity),
}

impl From<Misread> for String {
    fn from(misread: Misread) -> Self {
        match misread {
            Misread::Refused(error) => error.to_string(),
            Misread::Changed(oddity) => format!("it holds what no etcd writes: {oddity}"),
        }
    }
}

fn message<'a>(bytes: &'a [u8], known: &[Kind], take: impl FnMut(u32, Field<'a>)) -> Result<(), Misread> {
    let oddity = wire::read(bytes, known, take).map_err(Misread::Refused)?;
    if oddity.any() { Err(Misread::Changed(oddity)) } else { Ok(()) }
}

/// Whether it looks like what bcrypt gives: `$2a$10$` and 53 characters.
fn is_bcrypt(hash: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'$' | b'.' | b'/');
    hash.len() == 60 && hash.starts_with(b"$2") && hash.iter().all(plain)
}

/// Whether it is a version as etcd writes one: `3.5.0`, with or without what follows a hyphen.
fn is_version(text: &str) -> bool {
    let (numbers, _) = text.split_once(['-', '+']).unwrap_or((text, ""));
    let parts: Vec<&str> = numbers.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn version(value: &[u8], odd: &mut Vec<String>) -> Result<String, String> {
    let version = text(value)?;
    if !is_version(&version) {
        odd.push("it is no version".to_owned());
    }
    Ok(version)
}

fn big_endian(value: &[u8]) -> Result<u64, String> {
    let bytes = <[u8; 8]>::try_from(value).map_err(|_| format!("{} bytes, expected 8", value.len()))?;
    Ok(u64::from_be_bytes(bytes))
}

fn revision(value: &[u8]) -> Result<Revision, String> {
    if value.len() != 17 {
        return Err(format!("revision of {} bytes, expected 17", value.len()));
    }
    decode_revision(value).map_err(|error| error.to_string())
}

fn text(value: &[u8]) -> Result<String, String> {
    String::from_utf8(value.to_vec()).map_err(|_| "not UTF-8 text".into())
}

fn json<'a, T: Deserialize<'a>>(value: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(value).map_err(|error| format!("not the JSON that etcd writes: {error}"))
}

fn hex_id(key: &[u8]) -> Result<u64, String> {
    let digits = str::from_utf8(key).map_err(|_| "member id is not hexadecimal")?;
    u64::from_str_radix(digits, 16).map_err(|_| "member id is not hexadecimal".into())
}
