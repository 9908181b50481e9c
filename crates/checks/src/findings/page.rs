//! The structure of the pages.

use super::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::{Critical, High, Info, Low};

/// A page number leads out of the database.
pub static BAD_REFERENCE: Entry = Entry {
    id: "PAGE-001",
    name: "bad-reference",
    severity: Critical,
    platforms: EVERY,
    title: "A page number leads out of the database",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too.",
    consequence: "Everything below the reference is lost. bbolt panics when it follows it.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt tx_check.go; checked more strictly here",
};

/// A page is not what its place says it is.
pub static WRONG_PAGE: Entry = Entry {
    id: "PAGE-002",
    name: "wrong-page",
    severity: Critical,
    platforms: EVERY,
    title: "A page is not what its place says it is",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too. A page of another transaction \
        or another file stands in its place.",
    consequence: "What the right page held is lost. bbolt panics when it meets it.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt tx_check.go; checked more strictly here",
};

/// A page belongs to two places at once.
pub static SHARED_PAGE: Entry = Entry {
    id: "PAGE-003",
    name: "shared-page",
    severity: Critical,
    platforms: EVERY,
    title: "A page belongs to two places at once",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too.",
    consequence: "One of the two has lost its data. A server that writes to one destroys the other.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt tx_check.go; checked more strictly here",
};

/// The tree leads back into itself.
pub static CYCLE: Entry = Entry {
    id: "PAGE-004",
    name: "cycle",
    severity: Critical,
    platforms: EVERY,
    title: "The tree leads back into itself",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too.",
    consequence: "bbolt and etcdutl run until they are killed or out of memory.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt tx_check.go; checked more strictly here",
};

/// An element reaches out of its page or overlaps another.
pub static BAD_ELEMENT: Entry = Entry {
    id: "PAGE-005",
    name: "bad-element",
    severity: Critical,
    platforms: EVERY,
    title: "An element reaches out of its page or overlaps another",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too.",
    consequence: "The record is lost or its bytes are those of another. bbolt panics or reads foreign memory; \
        its check does not look at this.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt internal/common/page.go; not covered by bbolt check",
};

/// Bytes of a page that no element claims.
pub static ELEMENT_GAP: Entry = Entry {
    id: "PAGE-006",
    name: "element-gap",
    severity: High,
    platforms: EVERY,
    title: "Bytes of a page that no element claims",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too. A size was changed: bbolt \
        packs elements and leaves zeros behind the last.",
    consequence: "A value is cut short, or an element is lost. bbolt check and etcdutl snapshot status accept \
        this file.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt node.write packs elements; page buffers are zeroed",
};

/// Keys are not in order.
pub static KEY_ORDER: Entry = Entry {
    id: "PAGE-007",
    name: "key-order",
    severity: Critical,
    platforms: EVERY,
    title: "Keys are not in order",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too.",
    consequence: "Lookups miss records that are there; new writes go to the wrong page.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt tx_check.go; checked more strictly here",
};

/// A leaf is not as deep in the tree as the others.
pub static UNEVEN_DEPTH: Entry = Entry {
    id: "PAGE-008",
    name: "uneven-depth",
    severity: Critical,
    platforms: EVERY,
    title: "A leaf is not as deep in the tree as the others",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too.",
    consequence: "bbolt keeps all leaves of a tree equally deep; part of the tree was replaced or lost.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt node.go: splits and merges keep the depth equal",
};

/// A page inside a tree has no elements: its records are gone.
pub static EMPTY_PAGE: Entry = Entry {
    id: "PAGE-009",
    name: "empty-page",
    severity: Critical,
    platforms: EVERY,
    title: "A page inside a tree has no elements: its records are gone",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too. A count set to zero is enough.",
    consequence: "All records of the page are silently gone. bbolt check and etcdutl snapshot status accept \
        this file.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt never leaves an empty page below a branch; not covered by bbolt check",
};

/// A bucket is damaged.
pub static BAD_BUCKET: Entry = Entry {
    id: "PAGE-010",
    name: "bad-bucket",
    severity: Critical,
    platforms: EVERY,
    title: "A bucket is damaged",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too.",
    consequence: "What the bucket held (members, compaction, raft position, auth) is lost or wrong. bbolt \
        check does not look inside inline buckets.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt bucket.go; not covered by bbolt check",
};

/// An inline bucket is larger than bbolt leaves inline.
pub static INLINE_SIZE: Entry = Entry {
    id: "PAGE-011",
    name: "inline-size",
    severity: Low,
    platforms: EVERY,
    title: "An inline bucket is larger than bbolt leaves inline",
    cause: "A writer other than bbolt.",
    consequence: "None known.",
    remedy: "Nothing to do, but ask which tool wrote the file.",
    source: "bbolt bucket.go: maxInlineBucketSize is a quarter of the page size",
};

/// The root bucket holds something that is not a bucket.
pub static ROOT_VALUE: Entry = Entry {
    id: "PAGE-012",
    name: "root-value",
    severity: Critical,
    platforms: EVERY,
    title: "The root bucket holds something that is not a bucket",
    cause: "A leaf of records stands where the root should be: a torn copy of a live file.",
    consequence: "Buckets are missing. etcd panics or starts empty.",
    remedy: "Do not restore this file. Save a snapshot through etcd.",
    source: "etcd issue 13109",
};

/// The persisted freelist contradicts the pages.
pub static BAD_FREELIST: Entry = Entry {
    id: "PAGE-013",
    name: "bad-freelist",
    severity: High,
    platforms: EVERY,
    title: "The persisted freelist contradicts the pages",
    cause: "A tool opened the file for writing, or damage. etcd on Linux does not persist the list at all.",
    consequence: "etcd trusts a list that is there. On one that it cannot read or that names its own page it ends, in \
        restore and in defrag; on one that names page 0 or 1 it ends in restore (both critical); where its own page is \
        the first in it, a restore may live and defrag ends. It writes over a page \
        in use that the list names, with the restore or later. A list out of order or with pages left out costs space \
        alone (medium).",
    remedy: "Use another backup, or write the file anew: assay rebuild SNAPSHOT --out NEW.db takes no list over, whatever is \
        wrong with it. etcdutl defrag mends those on which it does not end.",
    source: "bbolt freelist.go; etcd opens with NoFreelistSync; asked of etcd 3.5",
};

/// A bucket that etcd cannot do without is missing.
pub static MISSING_BUCKET: Entry = Entry {
    id: "PAGE-014",
    name: "missing-bucket",
    severity: Critical,
    platforms: EVERY,
    title: "A bucket that etcd cannot do without is missing",
    cause: "The file is not an etcd database, is from before etcd 3.0, or lost part of its root.",
    consequence: "etcd starts without the data of the bucket, or panics; etcdutl snapshot status panics \
        without meta.",
    remedy: "Check that this is an etcd snapshot at all; use another backup.",
    source: "etcd server/storage/schema/bucket.go",
};

/// A bucket that no known etcd has.
pub static UNKNOWN_BUCKET: Entry = Entry {
    id: "PAGE-015",
    name: "unknown-bucket",
    severity: Low,
    platforms: EVERY,
    title: "A bucket that no known etcd has",
    cause: "A newer etcd than assay knows, or another program wrote to the file.",
    consequence: "etcd ignores it; it counts in the status hash.",
    remedy: "Nothing to do if the etcd is newer; otherwise ask which tool wrote the file.",
    source: "etcd server/storage/schema/bucket.go",
};

/// Free pages still hold earlier data.
pub static RESIDUE: Entry = Entry {
    id: "PAGE-016",
    name: "residue",
    severity: Info,
    platforms: EVERY,
    title: "Free pages still hold earlier data",
    cause: "etcd never wipes a page that it frees. Deleted and compacted records stay in the file until the \
        page is reused.",
    consequence: "Whoever has the file can read deleted secrets from it, and values from before encryption was \
        enabled.",
    remedy: "If that matters, write the file anew: assay rebuild SNAPSHOT --out NEW.db leaves free pages out, and \
        --compact latest history, too. Treat this one as holding all of its history.",
    source: "bbolt freelist.go; the stream copies free pages as they are",
};

/// A page has room for more elements than it claims.
pub static LOST_ELEMENTS: Entry = Entry {
    id: "PAGE-017",
    name: "lost-elements",
    severity: Critical,
    platforms: EVERY,
    title: "A page has room for more elements than it claims",
    cause: "Damage by disk, memory or transfer, or a tool that wrote to the file. Snapshots made while etcd \
        below 3.5.23 or 3.6.5 was defragmenting could be written this way, too. Its count was lowered.",
    consequence: "The elements beyond the count are gone, with all that is below them. bbolt check and etcdutl \
        snapshot status accept this file.",
    remedy: "Do not restore this file unless nothing else is left; use another backup, or one of another \
        member. assay ls and assay inspect still read every intact part; the last resort is a file of them, assay \
        rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt node.write: data starts straight behind the elements; not covered by bbolt check",
};

pub(super) const ALL: &[&Entry] = &[
    &BAD_REFERENCE,
    &WRONG_PAGE,
    &SHARED_PAGE,
    &CYCLE,
    &BAD_ELEMENT,
    &ELEMENT_GAP,
    &KEY_ORDER,
    &UNEVEN_DEPTH,
    &EMPTY_PAGE,
    &BAD_BUCKET,
    &INLINE_SIZE,
    &ROOT_VALUE,
    &BAD_FREELIST,
    &MISSING_BUCKET,
    &UNKNOWN_BUCKET,
    &RESIDUE,
    &LOST_ELEMENTS,
];
