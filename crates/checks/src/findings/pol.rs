//! What an organisation's policy asks.

use super::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::{High, Low};

/// The backup is older than the policy allows.
pub static BACKUP_TOO_OLD: Entry = Entry {
    id: "POL-001",
    name: "backup-too-old",
    severity: High,
    platforms: EVERY,
    title: "The backup is older than the policy allows",
    cause: "Backups have stopped, or this is not the newest. The age is that of the time stamp in the file's name; \
        a name without one leaves the age unknown, which does not satisfy the policy either.",
    consequence: "A restore takes the cluster back to that time; whatever changed since is lost, and certificates \
        and tokens rotated since then do not work.",
    remedy: "Look whether the job that makes backups still runs, and verify its newest backup.",
    source: "policy: require.max_age",
};

/// The database has a larger share of free pages than the policy allows.
pub static FRAGMENTATION_ABOVE_LIMIT: Entry = Entry {
    id: "POL-002",
    name: "fragmentation-above-limit",
    severity: High,
    platforms: EVERY.elsewhere("Defragment the members, then back up again."),
    title: "More of the database is free pages than the policy allows",
    cause: "Keys were deleted or compacted and the member was not defragmented since; free pages stay in the file.",
    consequence: "The backup is larger than its content, a restored member begins with that size, and free pages \
        still hold what was deleted.",
    remedy: "Defragment the members (the etcd operator does so by itself from 45 percent on), then back up again.",
    source: "policy: require.max_fragmentation_percent",
};

/// A certificate in the tarball ends sooner than the policy allows.
pub static CERTIFICATE_ENDS_TOO_SOON: Entry = Entry {
    id: "POL-003",
    name: "certificate-ends-too-soon",
    severity: High,
    platforms: EVERY,
    title: "A certificate in the tarball ends sooner than the policy allows",
    cause: "The certificate was near its end when the backup was taken, or the backup is old.",
    consequence: "A cluster restored after that day has control plane components that do not trust each other \
        until the certificate is renewed.",
    remedy: "Take a new backup once the operators have rotated the certificate; see `assay keys ls --long` for all.",
    source: "policy: require.min_certificate_days",
};

/// Values are not stored as the policy requires.
pub static ENCRYPTION_NOT_AS_REQUIRED: Entry = Entry {
    id: "POL-004",
    name: "encryption-not-as-required",
    severity: High,
    platforms: EVERY,
    title: "Values are not encrypted as the policy requires",
    cause: "Encryption at rest is off for the resource, a migration has not finished, or another provider wrote \
        the values.",
    consequence: "Whoever holds the snapshot alone reads those values.",
    remedy: "Set spec.encryption.type of the APIServer object, wait until the migration is complete, then back up \
        again; destroy this backup if it must not exist in clear.",
    source: "policy: require.encryption",
};

/// It was not proved that the keys at hand open the snapshot.
pub static KEYS_NOT_PROVEN: Entry = Entry {
    id: "POL-005",
    name: "keys-not-proven",
    severity: High,
    platforms: EVERY.elsewhere("Give the keys with --keys."),
    title: "It is not proven that the keys open every encrypted value",
    cause: "The keys do not fit, or none were at hand: the snapshot was verified without its tarball, or the \
        tarball is keyless and no escrow was given.",
    consequence: "What the keys do not open is lost with a restore.",
    remedy: "Verify the snapshot together with its tarball, or give the keys with --keys.",
    source: "policy: require.keys_fit",
};

/// It was not proved that the keys are in escrow.
pub static ESCROW_NOT_PROVEN: Entry = Entry {
    id: "POL-006",
    name: "escrow-not-proven",
    severity: High,
    platforms: EVERY,
    title: "It is not proven that the keys of the backup are in escrow",
    cause: "The tarball still holds its keys, or no escrow manifest was given, or it is that of another tarball.",
    consequence: "Whoever holds the backup holds its keys; or the keys of the backup cannot be found when needed.",
    remedy: "Take the keys out with `assay keys split`, keep its manifest, and verify with --escrow-manifest FILE.",
    source: "policy: require.escrow_manifest",
};

/// The snapshot has no valid integrity hash, which the policy requires.
pub static INTEGRITY_HASH_REQUIRED: Entry = Entry {
    id: "POL-007",
    name: "integrity-hash-required",
    severity: High,
    platforms: EVERY.elsewhere("Use a backup made with etcdctl snapshot save."),
    title: "The snapshot has no valid integrity hash, which the policy requires",
    cause: "The file is no saved snapshot but a copy of a database, or its bytes have changed.",
    consequence: "Nobody can tell whether values are those that etcd wrote.",
    remedy: "Use a backup made with cluster-backup.sh or etcdctl snapshot save.",
    source: "policy: require.trailer",
};

/// A waiver has expired, and what it waived counts again.
pub static WAIVER_EXPIRED: Entry = Entry {
    id: "POL-008",
    name: "waiver-expired",
    severity: Low,
    platforms: EVERY,
    title: "A waiver has expired, and what it waived counts again",
    cause: "The day in `until` is over.",
    consequence: "The finding counts for the verdict.",
    remedy: "Mend what was waived; or decide anew, with a reason and a new day.",
    source: "policy: waiver.until",
};

pub(super) const ALL: &[&Entry] = &[
    &BACKUP_TOO_OLD,
    &FRAGMENTATION_ABOVE_LIMIT,
    &CERTIFICATE_ENDS_TOO_SOON,
    &ENCRYPTION_NOT_AS_REQUIRED,
    &KEYS_NOT_PROVEN,
    &ESCROW_NOT_PROVEN,
    &INTEGRITY_HASH_REQUIRED,
    &WAIVER_EXPIRED,
];
