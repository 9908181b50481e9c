//! etcd's own state: members, leases, alarms, auth, known bugs.

use super::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::{Critical, High, Info, Low, Medium};

/// The NOSPACE alarm was on: the quota was exceeded.
pub static ALARM_NOSPACE: Entry = Entry {
    id: "ETCD-001",
    name: "alarm-nospace",
    severity: High,
    platforms: EVERY,
    title: "The NOSPACE alarm was on: the quota was exceeded",
    cause: "The database reached its quota.",
    consequence: "The cluster was refusing writes when the backup was made. The alarm is part of the backup: a \
        restored cluster refuses writes until it is cleared.",
    remedy: "Restore a file without it: assay rebuild SNAPSHOT --out NEW.db --compact latest --drop-alarms. Or after the \
        restore: compact, defragment every member, then etcdctl alarm disarm. Better: do so now and back up again.",
    source: "etcd server/storage/quota.go; bucket alarm survives a restore",
};

/// The CORRUPT alarm was on: members disagreed about the data.
pub static ALARM_CORRUPT: Entry = Entry {
    id: "ETCD-002",
    name: "alarm-corrupt",
    severity: Critical,
    platforms: EVERY,
    title: "The CORRUPT alarm was on: members disagreed about the data",
    cause: "etcd compared the hashes of its members and found a difference.",
    consequence: "It is not known whether this member or another has the right data.",
    remedy: "Save a snapshot of every member and compare them (assay hash); restore the one that agrees with \
        the majority.",
    source: "etcd server/etcdserver/corrupt.go",
};

/// A removed member is still listed.
pub static ZOMBIE_MEMBER: Entry = Entry {
    id: "ETCD-003",
    name: "zombie-member",
    severity: High,
    platforms: EVERY,
    title: "A removed member is still listed",
    cause: "Members restored or upgraded by etcd before 3.5.26 could come back in bucket members.",
    consequence: "After an upgrade to 3.6 the list becomes authoritative, and the cluster waits for a member \
        that does not exist.",
    remedy: "Remove the member before upgrading (etcdctl member remove), or restore with a fresh member list; \
        a restore replaces the list.",
    source: "etcd issues 13196 and 20967",
};

/// A voting member is stored as a learner.
pub static LEARNER_NOT_PROMOTED: Entry = Entry {
    id: "ETCD-004",
    name: "learner-not-promoted",
    severity: High,
    platforms: EVERY,
    title: "A voting member is stored as a learner",
    cause: "etcd 3.5.1 to 3.5.19 did not store the promotion of a learner.",
    consequence: "An upgrade to 3.6 stops with \"too many learner members\". A restore from this snapshot is \
        not affected.",
    remedy: "Update to etcd 3.5.20 or later and let it repair the list before going to 3.6.",
    source: "etcd issue 19557",
};

/// The list of members is not the list of voters.
pub static MEMBERSHIP_MISMATCH: Entry = Entry {
    id: "ETCD-005",
    name: "membership-mismatch",
    severity: Medium,
    platforms: EVERY,
    title: "The list of members is not the list of voters",
    cause: "A membership change was under way, or an old bug left the two lists apart.",
    consequence: "A restore replaces both lists. For an upgrade from this data directory, the difference is a \
        blocker.",
    remedy: "Compare with etcdctl member list; back up again when no change is under way.",
    source: "etcd server/etcdserver/api/membership; raft ConfState",
};

/// Keys are attached to a lease that does not exist.
pub static LEASE_DANGLING: Entry = Entry {
    id: "ETCD-006",
    name: "lease-dangling",
    severity: Medium,
    platforms: EVERY,
    title: "Keys are attached to a lease that does not exist",
    cause: "The lease record is lost, or an old bug.",
    consequence: "The keys never expire: etcd logs \"failed to attach a lease\" and keeps them for ever.",
    remedy: "Delete the keys after the restore if they should have expired; in Kubernetes these are mostly events.",
    source: "etcd server/lease; attachments derive from the last record of a key",
};

/// Most leases have no keys.
pub static LEASE_LEAK: Entry = Entry {
    id: "ETCD-007",
    name: "lease-leak",
    severity: Low,
    platforms: EVERY,
    title: "Most leases have no keys",
    cause: "A client that grants leases and does not use them.",
    consequence: "Space and start-up time; far more leases than keys slow a restore down.",
    remedy: "Find the client; revoke what is not used.",
    source: "kubernetes issue 86812",
};

/// A lease with an id that etcd does not grant.
pub static LEASE_INVALID: Entry = Entry {
    id: "ETCD-008",
    name: "lease-invalid",
    severity: Medium,
    platforms: EVERY,
    title: "A lease with an id that etcd does not grant",
    cause: "A bug of etcd, or damage.",
    consequence: "etcd reads no lease with a negative id when it starts: nothing revokes it, and keys that it was to end \
        stay for ever.",
    remedy: "Nothing to do for a restore. Delete the keys that should have ended with it (etcdctl del).",
    source: "etcd issue 14239; server/lease/lessor.go reads ids from 0 on; asked of etcd 3.5",
};

/// The raft index of the data is not stored.
pub static NO_RAFT_POSITION: Entry = Entry {
    id: "ETCD-009",
    name: "no-raft-position",
    severity: Medium,
    platforms: EVERY,
    title: "The raft index of the data is not stored",
    cause: "A database that has never seen a commit, or a lost bucket meta.",
    consequence: "A restore writes a new position. As a data directory, the file would replay its whole log.",
    remedy: "Nothing to do for a restore.",
    source: "etcd server/storage/schema/meta.go",
};

/// A downgrade of etcd was under way.
pub static DOWNGRADE_ENABLED: Entry = Entry {
    id: "ETCD-010",
    name: "downgrade-enabled",
    severity: Medium,
    platforms: EVERY,
    title: "A downgrade of etcd was under way",
    cause: "Somebody ran etcdctl downgrade enable.",
    consequence: "The storage version is between two releases; a restored cluster continues the downgrade.",
    remedy: "Finish or cancel the downgrade (etcdctl downgrade cancel), then back up again.",
    source: "etcd bucket cluster, key downgrade",
};

/// The database has been restored from a snapshot before.
pub static RESTORED_LINEAGE: Entry = Entry {
    id: "ETCD-011",
    name: "restored-lineage",
    severity: Info,
    platforms: EVERY,
    title: "The database has been restored from a snapshot before",
    cause: "A restore starts the raft index anew while revisions go on.",
    consequence: "None.",
    remedy: "Nothing to do.",
    source: "etcd etcdutl/snapshot/v3_snapshot.go",
};

/// An entry of etcd’s own buckets cannot be read.
pub static BAD_ENTRY: Entry = Entry {
    id: "ETCD-012",
    name: "bad-entry",
    severity: High,
    platforms: EVERY,
    title: "An entry of etcd’s own buckets cannot be read",
    cause: "Damage, or a format newer than assay knows.",
    consequence: "etcd may panic when it opens the file, or come up without the entry.",
    remedy: "Use another backup; compare with the snapshot of another member.",
    source: "etcd server/storage/schema",
};

/// A member was a learner.
pub static LEARNER_PRESENT: Entry = Entry {
    id: "ETCD-013",
    name: "learner-present",
    severity: Low,
    platforms: EVERY,
    title: "A member was a learner",
    cause: "A member had been added and had not caught up.",
    consequence: "None for a restore, which replaces the members.",
    remedy: "Nothing to do, unless this is the snapshot of the learner itself: it may lag behind.",
    source: "etcd membership",
};

/// Much of the file is free pages.
pub static FRAGMENTED: Entry = Entry {
    id: "ETCD-014",
    name: "fragmented",
    severity: Low,
    platforms: EVERY.elsewhere("Defragment the member, or the data directory before it is started."),
    title: "Much of the file is free pages",
    cause: "Keys were deleted or compacted and the member was not defragmented.",
    consequence: "The backup is larger than it needs to be, and so will the restored database: a restore keeps \
        free pages.",
    remedy: "Defragment the member. OpenShift’s operator does so by itself from 45 % on and 100 MiB.",
    source: "cluster-etcd-operator defragcontroller",
};

/// The database is close to its quota.
pub static QUOTA_NEAR: Entry = Entry {
    id: "ETCD-015",
    name: "quota-near",
    severity: Medium,
    platforms: EVERY.elsewhere(
        "Restore it, then start etcd with a larger --quota-backend-bytes; or find what grows, compact and \
        defragment first.",
    ),
    title: "The database is close to its quota, or above it",
    cause: "Growth.",
    consequence: "At the quota, etcd raises NOSPACE and refuses writes, also right after a restore.",
    remedy: "Find what grows, compact and defragment; from OpenShift 4.16 on alerts start at 65 %.",
    source: "etcd server/storage/quota.go: 2 GiB unless set; cluster-etcd-operator: 8 GiB since 4.9",
};

/// Bucket members is empty.
pub static NO_VOTERS: Entry = Entry {
    id: "ETCD-016",
    name: "no-voters",
    severity: High,
    platforms: EVERY,
    title: "Bucket members is empty",
    cause: "The file is not from a running cluster, or the bucket is lost.",
    consequence: "None for a restore, which writes new members; it is odd for a backup.",
    remedy: "Check that this is the right file.",
    source: "etcd membership",
};

/// Storage version and cluster version contradict each other.
pub static VERSION_ORDER: Entry = Entry {
    id: "ETCD-017",
    name: "version-order",
    severity: Medium,
    platforms: EVERY,
    title: "Storage version and cluster version contradict each other",
    cause: "An upgrade or downgrade was under way, or damage.",
    consequence: "A server of the wrong version refuses the data.",
    remedy: "Back up again when all members run the same version.",
    source: "etcd server/storage/schema/schema.go",
};

/// A lease that ends as soon as etcd runs.
pub static LEASE_ENDS: Entry = Entry {
    id: "ETCD-018",
    name: "lease-ends-at-once",
    severity: High,
    platforms: EVERY,
    title: "A lease ends as soon as etcd runs, and its keys with it",
    cause: "Its time to live is none that etcd grants: zero, negative, or more seconds than 64 bits of nanoseconds \
        hold. Damage, or a program that wrote into the file.",
    consequence: "Seconds after the start of a restored etcd the lease expires, and every key that is attached to it is \
        deleted.",
    remedy: "Use another backup, or the snapshot of another member. If this one is all there is, save the keys before \
        the restore (assay get, assay export) and write them anew after it.",
    source: "etcd server/lease/lessor.go: a TTL below the smallest is taken for the smallest; expiry is computed in \
        nanoseconds",
};

/// An entry of etcd's own buckets is one that no etcd writes.
pub static ODD_ENTRY: Entry = Entry {
    id: "ETCD-019",
    name: "odd-entry",
    severity: Medium,
    platforms: EVERY,
    title: "An entry of etcd’s own buckets is one that no etcd writes",
    cause: "An entry was renamed or changed, or a program other than etcd wrote into the file; or an etcd newer than \
        assay knows.",
    consequence: "etcd starts, and goes without what the entry should have said: nobody can log in as the user, the version \
        is not known.",
    remedy: "Compare with the snapshot of another member; use the one without this finding.",
    source: "etcd server/storage/schema, server/auth/store.go",
};

/// Users and roles do not add up.
pub static AUTH_INCOMPLETE: Entry = Entry {
    id: "ETCD-020",
    name: "auth-incomplete",
    severity: Medium,
    platforms: EVERY,
    title: "Authentication does not add up",
    cause: "Users, roles or the switch were lost; or users were added and authentication was not switched on yet.",
    consequence: "Without the switch etcd serves everyone; without user root nobody can administer it; a user without its \
        role may do nothing.",
    remedy: "Compare with etcdctl auth status, user list and role list of the cluster, or with the snapshot of another \
        member.",
    source: "etcd server/auth/store.go",
};

/// Authentication was on.
pub static AUTH_ENABLED: Entry = Entry {
    id: "ETCD-021",
    name: "auth-enabled",
    severity: Info,
    platforms: EVERY,
    title: "Authentication was on: etcd answers nobody without a password",
    cause: "Somebody ran etcdctl auth enable. Kubernetes does not use it.",
    consequence: "The restored etcd asks everyone for a user: a client that comes without a password, or without a \
        certificate of a user's name, reads and writes nothing.",
    remedy: "Have the password of user root at hand, and try it in a rehearsal; or leave users and roles out: assay rebuild \
        --drop-auth.",
    source: "etcd server/auth/store.go; buckets auth, authUsers and authRoles survive a restore",
};

/// An etcd was started on a copy of the restored backup, and did not do what it should.
pub static REHEARSAL_FAILED: Entry = Entry {
    id: "ETCD-022",
    name: "rehearsal-failed",
    severity: Critical,
    platforms: EVERY,
    title: "An etcd that was started on the restored backup did not serve it as it should",
    cause: "The backup is at fault, as other findings say; or the etcd that was given is not the one for it.",
    consequence: "What a rehearsal meets, a restore meets: a server that does not come up, lacks keys, or takes no writes.",
    remedy: "Read what the message says of the answer that is wrong; assay rehearse --etcd PATH --keep shows all of it, and \
        keeps the server’s log. Use another backup where this one is at fault.",
    source: "assay verify --rehearse",
};

/// The database was not defragmented for a year.
pub static NOT_DEFRAGMENTED: Entry = Entry {
    id: "ETCD-023",
    name: "not-defragmented",
    severity: Info,
    platforms: EVERY,
    title: "The database has not been defragmented for a year or longer",
    cause: "A defragmentation makes the file anew, and its transactions are counted from the beginning; etcd commits at most \
        some ten a second. OpenShift’s operator leaves a database alone until 45 % of it are free pages.",
    consequence: "Free pages of all that time are in the file, with what was deleted still in them; a restore keeps them.",
    remedy: "Defragment the members one after another, the leader last, and look at DB SIZE before and after.",
    source: "etcd backend.go: defaultBatchInterval of 100 ms; bbolt counts transactions of a file",
};

/// The write-ahead log beside the database goes on.
pub static LOG_AHEAD: Entry = Entry {
    id: "ETCD-024",
    name: "log-ahead",
    severity: Low,
    platforms: EVERY,
    title: "The write-ahead log beside the database goes on beyond it",
    cause: "etcd writes every change to its log first, and to the database within a tenth of a second or ten thousand changes; a \
        data directory that was copied while etcd ran, or after it was killed, has the last of them in the log alone.",
    consequence: "A restore takes the database alone, and goes without those entries. A member that is started on the whole \
        directory applies them.",
    remedy: "Where the last changes matter, start an etcd on a copy of the whole data directory, with --force-new-cluster, and \
        save a snapshot from it (etcdctl snapshot save). Otherwise restore the database.",
    source: "etcd server/storage/backend: batch interval 100 ms, batch limit 10 000; consistent_index in bucket meta",
};

/// The write-ahead log beside the database is not whole.
pub static LOG_BROKEN: Entry = Entry {
    id: "ETCD-025",
    name: "log-broken",
    severity: Medium,
    platforms: EVERY,
    title: "The write-ahead log beside the database is not whole",
    cause: "It ends within a record, as when the power goes or it was copied while etcd ran, which etcd cuts off; or it is damaged \
        or begins behind the database, as when segments were lost.",
    consequence: "An etcd that is started on the directory cuts a torn end off. On a log that is damaged or has a gap, it does not \
        start. A restore reads no log: it takes the database.",
    remedy: "Restore the database, with --skip-hash-check, as it has no hash. Do not start a member on a directory whose log is \
        damaged.",
    source: "etcd server/storage/wal: a record is checked by a rolling CRC-32C; repair cuts off the last segment alone",
};

pub(super) const ALL: &[&Entry] = &[
    &ALARM_NOSPACE,
    &ALARM_CORRUPT,
    &ZOMBIE_MEMBER,
    &LEARNER_NOT_PROMOTED,
    &MEMBERSHIP_MISMATCH,
    &LEASE_DANGLING,
    &LEASE_LEAK,
    &LEASE_INVALID,
    &NO_RAFT_POSITION,
    &DOWNGRADE_ENABLED,
    &RESTORED_LINEAGE,
    &BAD_ENTRY,
    &LEARNER_PRESENT,
    &FRAGMENTED,
    &QUOTA_NEAR,
    &NO_VOTERS,
    &VERSION_ORDER,
    &LEASE_ENDS,
    &ODD_ENTRY,
    &AUTH_INCOMPLETE,
    &AUTH_ENABLED,
    &REHEARSAL_FAILED,
    &NOT_DEFRAGMENTED,
    &LOG_AHEAD,
    &LOG_BROKEN,
];
