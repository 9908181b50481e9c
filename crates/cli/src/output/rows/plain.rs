//! Plain rows, as lists and tables take them. They borrow: a snapshot has a row for every revision.

/// What a storage key says about itself, where it can be told. Bytes, as they stand in the key: nothing
/// keeps a damaged or hostile key from holding any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    /// What stands before the resource: `kubernetes.io`, `openshift.io`.
    pub prefix: Option<&'a [u8]>,
    /// Resource in the plural, as `oc` takes it: `secrets`.
    pub resource: Option<&'a [u8]>,
    /// API group; empty for the core group.
    pub group: Option<&'a [u8]>,
    /// Namespace, for objects that live in one.
    pub namespace: Option<&'a [u8]>,
    /// Name of the object.
    pub name: Option<&'a [u8]>,
}

/// A key that is alive in the view that was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyRow<'a> {
    /// The key's bytes.
    pub key: &'a [u8],
    /// What they say.
    pub identity: Identity<'a>,
    /// Main revision that created it.
    pub create_revision: i64,
    /// Main revision that wrote it last.
    pub mod_revision: i64,
    /// Writes since it was created.
    pub version: i64,
    /// Lease it hangs on, if any.
    pub lease: Option<u64>,
    /// Bytes of its value.
    pub size: u64,
    /// How the value is stored: `protobuf`, `json`, `encrypted`.
    pub encoding: Option<&'a str>,
    /// Provider of an encrypted value: `aescbc`.
    pub provider: Option<&'a [u8]>,
    /// Name of the key of an encrypted value. Never the key.
    pub key_name: Option<&'a [u8]>,
}

impl<'a> KeyRow<'a> {
    /// A row of which only the name is known.
    pub fn of_name(key: &'a [u8]) -> Self {
        Self { key, ..Self::default() }
    }
}

/// One revision of a key, as the snapshot still holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevisionRow<'a> {
    /// Main revision: the transaction.
    pub main: i64,
    /// Place within the transaction.
    pub sub: i64,
    /// The key's bytes.
    pub key: &'a [u8],
    /// What they say.
    pub identity: Identity<'a>,
    /// Whether this revision deletes the key.
    pub tombstone: bool,
    /// Main revision that created the key; zero for a tombstone.
    pub create_revision: i64,
    /// Writes since it was created; zero for a tombstone.
    pub version: i64,
    /// Lease it hangs on, if any.
    pub lease: Option<u64>,
    /// Bytes of its value.
    pub size: u64,
}

/// Live keys of one resource that are stored in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceRow<'a> {
    /// Resource in the plural.
    pub resource: &'a [u8],
    /// API group; empty for the core group.
    pub group: &'a [u8],
    /// How the values are stored.
    pub encoding: &'a str,
    /// Provider, for encrypted values.
    pub provider: Option<&'a [u8]>,
    /// Name of the encrypting key.
    pub key_name: Option<&'a [u8]>,
    /// How many keys are alive.
    pub live: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

/// A lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseRow {
    /// Its ID.
    pub id: u64,
    /// Seconds it was granted for.
    pub ttl: i64,
    /// Seconds left at the last checkpoint, if one was stored.
    pub remaining: Option<i64>,
    /// Live keys that hang on it.
    pub keys: u64,
}

/// A member of the cluster, or one that was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberRow<'a> {
    /// Its ID.
    pub id: u64,
    /// Its name; unknown for removed members.
    pub name: Option<&'a str>,
    /// Where its peers reach it.
    pub peer_urls: &'a [String],
    /// Where its clients reach it.
    pub client_urls: &'a [String],
    /// Whether it does not vote.
    pub learner: bool,
    /// Whether it was removed.
    pub removed: bool,
}

/// A finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingRow<'a> {
    /// Its ID: `SNAP-003`.
    pub id: &'a str,
    /// Its name: `trailer-mismatch`.
    pub name: &'a str,
    /// `info`, `low`, `medium`, `high` or `critical`.
    pub severity: &'a str,
    /// What was found.
    pub message: &'a str,
    /// What shows it, as a JSON object.
    pub evidence: &'a str,
    /// Page number, where it is about a page.
    pub page: Option<u64>,
    /// File offset, where it is about one.
    pub offset: Option<u64>,
    /// Key, where it is about a key.
    pub key: Option<&'a [u8]>,
    /// Member, where it is about a member.
    pub member: Option<u64>,
    /// What to do.
    pub remedy: &'a str,
}
