//! Revisions and records.

use super::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::{Critical, High, Info, Low, Medium};

/// An entry of bucket key is not a record.
pub static BAD_RECORD: Entry = Entry {
    id: "MVCC-001",
    name: "bad-record",
    severity: Critical,
    platforms: EVERY,
    title: "An entry of bucket key is not a record",
    cause: "Damage inside a page that leaves its structure intact, or a bug of the server that wrote it.",
    consequence: "The record is lost. etcd panics when it loads the file, or skips the record.",
    remedy: "Compare with the snapshot of another member; use the one without this finding.",
    source: "etcd server/storage/mvcc/revision.go, api/mvccpb/kv.proto",
};

/// A record contradicts the revision it is stored under.
pub static BAD_REVISION_FIELDS: Entry = Entry {
    id: "MVCC-002",
    name: "bad-revision-fields",
    severity: High,
    platforms: EVERY,
    title: "A record contradicts the revision it is stored under",
    cause: "Damage inside a page that leaves its structure intact, or a bug of the server that wrote it.",
    consequence: "Clients see revisions that never were; optimistic locking of controllers fails on this key.",
    remedy: "Compare with the snapshot of another member; use the one without this finding.",
    source: "etcd mvcc/kvstore_txn.go: mod_revision is the main revision; version counts from 1 at creation",
};

/// A put does not continue the one before it.
pub static VERSION_CHAIN: Entry = Entry {
    id: "MVCC-003",
    name: "version-chain",
    severity: High,
    platforms: EVERY,
    title: "A put does not continue the one before it",
    cause: "A record between the two is lost, or a server applied a change twice (etcd 3.5.0 to 3.5.5 after a \
        crash).",
    consequence: "Members may disagree about this key.",
    remedy: "Compare with the snapshot of another member; use the one without this finding.",
    source: "etcd issues 13766 and 14685",
};

/// Revisions are missing above the compaction.
pub static REVISION_GAP: Entry = Entry {
    id: "MVCC-004",
    name: "revision-gap",
    severity: High,
    platforms: EVERY,
    title: "Revisions are missing above the compaction",
    cause: "Records are lost: a page without elements, a torn copy, or the bug that removes a key deleted and \
        created again at the compacted revision.",
    consequence: "Some writes are not in this backup. Watches that resume there never see them.",
    remedy: "Compare with the snapshot of another member; use the one without this finding.",
    source: "etcd mvcc: every write transaction takes the next main revision; etcd issue 22376",
};

/// A key was changed, but what it was before is not there.
pub static MISSING_BASE: Entry = Entry {
    id: "MVCC-005",
    name: "missing-base",
    severity: High,
    platforms: EVERY,
    title: "A key was changed, but what it was before is not there",
    cause: "The earlier record, which a compaction must keep, is lost.",
    consequence: "Questions about revisions between are answered wrongly; the key may be missing at earlier \
        revisions.",
    remedy: "Compare with the snapshot of another member; use the one without this finding.",
    source: "etcd mvcc/key_index.go: compaction keeps the last record of a live generation",
};

/// A deletion without anything to delete.
pub static ODD_TOMBSTONE: Entry = Entry {
    id: "MVCC-006",
    name: "odd-tombstone",
    severity: High,
    platforms: EVERY,
    title: "A deletion without anything to delete",
    cause: "A record is lost, or the deletion of another key was changed into this one.",
    consequence: "A key that was deleted may be back, and served; history of this key is incomplete.",
    remedy: "Compare with the snapshot of another member; use the one without this finding.",
    source: "etcd mvcc/key_index.go",
};

/// Two records stand under one revision.
pub static DUPLICATE_REVISION: Entry = Entry {
    id: "MVCC-007",
    name: "duplicate-revision",
    severity: Critical,
    platforms: EVERY,
    title: "Two records stand under one revision",
    cause: "Damage, or a file put together by a tool.",
    consequence: "etcd panics when it loads the file.",
    remedy: "Do not restore this file.",
    source: "etcd mvcc/key_index.go: panics on an unexpected smaller revision",
};

/// A compaction was under way.
pub static COMPACTION_PENDING: Entry = Entry {
    id: "MVCC-008",
    name: "compaction-pending",
    severity: Info,
    platforms: EVERY,
    title: "A compaction was under way",
    cause: "The snapshot was saved between the start and the end of a compaction.",
    consequence: "None: a server finishes it when it opens the file. Until then the file holds records that \
        are already given up.",
    remedy: "Nothing to do.",
    source: "etcd mvcc/kvstore.go: restore resumes a scheduled compaction",
};

/// The compaction marks contradict each other.
pub static COMPACTION_ORDER: Entry = Entry {
    id: "MVCC-009",
    name: "compaction-order",
    severity: High,
    platforms: EVERY.elsewhere("Restore with --bump-revision and --mark-compacted."),
    title: "The compaction marks contradict each other",
    cause: "A bug of etcd before 3.4.32 and 3.5.14 that let the revision go back after a restart, or damage.",
    consequence: "The revision that a server starts from may be lower than what clients have seen.",
    remedy: "Restore with --bump-revision and --mark-compacted, as OpenShift 4.18 and later always do.",
    source: "etcd issue 17780",
};

/// A record that a finished compaction should have removed.
pub static COMPACTION_LEFTOVER: Entry = Entry {
    id: "MVCC-010",
    name: "compaction-leftover",
    severity: Medium,
    platforms: EVERY,
    title: "A record that a finished compaction should have removed",
    cause: "A compaction that did not finish its work, or records put back by a tool.",
    consequence: "A little space. HashKV differs from that of the other members.",
    remedy: "Nothing to do; the next compaction removes it.",
    source: "etcd mvcc/key_index.go",
};

/// The revision was raised by a restore.
pub static BUMP_MARKER: Entry = Entry {
    id: "MVCC-011",
    name: "bump-marker",
    severity: Info,
    platforms: EVERY,
    title: "The revision was raised by a restore",
    cause: "The database was restored with --bump-revision: an empty record raises the revision so that no \
        client sees it go back.",
    consequence: "None. assay leaves the record out of every list; etcdutl counts it as a key.",
    remedy: "Nothing to do. The cluster has been restored from a backup before.",
    source: "etcd etcdutl/snapshot/v3_snapshot.go",
};

/// The newest revision is known by the compaction mark alone.
pub static REVISION_BEHIND_COMPACTION: Entry = Entry {
    id: "MVCC-012",
    name: "revision-behind-compaction",
    severity: Low,
    platforms: EVERY,
    title: "The newest revision is known by the compaction mark alone",
    cause: "The newest write was a deletion, and the compaction at its revision removed it. This is in order.",
    consequence: "A server before 3.4.32 or 3.5.14 starts below that revision, and clients see revisions go back.",
    remedy: "Nothing to do with a newer etcd. With an older one restore with --bump-revision and --mark-compacted.",
    source: "etcd issue 17780",
};

/// A record holds what no etcd writes.
pub static FOREIGN_ENCODING: Entry = Entry {
    id: "MVCC-013",
    name: "foreign-encoding",
    severity: High,
    platforms: EVERY,
    title: "A record holds what no etcd writes",
    cause: "A bit of a tag or of a length was changed before the snapshot was hashed, or by something that made the hash \
        right again: a field that no etcd knows, a field twice, a number in more bytes than it takes.",
    consequence: "etcd reads on, and serves another value, version or lease than was written, or another key.",
    remedy: "Use another backup, or the snapshot of another member. If this one is all there is, compare the named key with \
        what it should be.",
    source: "etcd api/mvccpb/kv.pb.go: fields 1 to 6, each once; what it does not know it skips",
};

/// No key is left, and there were some.
pub static STORE_EMPTY: Entry = Entry {
    id: "MVCC-014",
    name: "store-empty",
    severity: Medium,
    platforms: EVERY,
    title: "There is no record, and there were some",
    cause: "Every key was deleted and compacted away; or bucket key is lost, and an empty one stands in its place.",
    consequence: "The restored etcd serves no key.",
    remedy: "Unless the cluster was emptied on purpose, use another backup.",
    source: "etcd mvcc/kvstore.go: what bucket key does not hold is not there",
};

pub(super) const ALL: &[&Entry] = &[
    &BAD_RECORD,
    &BAD_REVISION_FIELDS,
    &VERSION_CHAIN,
    &REVISION_GAP,
    &MISSING_BASE,
    &ODD_TOMBSTONE,
    &DUPLICATE_REVISION,
    &COMPACTION_PENDING,
    &COMPACTION_ORDER,
    &COMPACTION_LEFTOVER,
    &BUMP_MARKER,
    &REVISION_BEHIND_COMPACTION,
    &FOREIGN_ENCODING,
    &STORE_EMPTY,
];
