//! The snapshot file as a whole.

use super::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::{Critical, High, Info, Medium};

/// Neither meta page is valid.
pub static NO_META: Entry = Entry {
    id: "SNAP-001",
    name: "no-meta",
    severity: Critical,
    platforms: EVERY,
    title: "Neither meta page is valid",
    cause: "Both of the first two pages were overwritten, zeroed or truncated away. bbolt writes them in turn, \
        so a crash alone damages one at most.",
    consequence: "No etcd and no bbolt tool opens the file; a restore fails at once.",
    remedy: "Take another backup. To see what the pages still hold: assay inspect FILE, assay ls --salvage FILE; the last \
        resort is a file of it, assay rebuild SNAPSHOT --out NEW.db --salvage=orphans.",
    source: "bbolt db.go: open fails when neither meta validates",
};

/// The snapshot has no integrity hash.
pub static TRAILER_MISSING: Entry = Entry {
    id: "SNAP-002",
    name: "trailer-missing",
    severity: High,
    platforms: EVERY.elsewhere(
        "Prefer a backup made with etcdctl snapshot save. If this file is all there is, restore with \
        --skip-hash-check, and know that values are unproven.",
    ),
    title: "The snapshot has no integrity hash",
    cause: "The file is a copy of a database file (member/snap/db, a learner copy of two-node fencing, the \
        output of defrag or bbolt compact), or its end was cut off.",
    consequence: "etcdutl snapshot restore refuses it: \"snapshot missing hash but --skip-hash-check=false\". \
        Damage inside values cannot be noticed by any tool.",
    remedy: "Prefer a backup made with cluster-backup.sh or etcdctl snapshot save. If this file is all there \
        is, restore with --skip-hash-check, and know that values are unproven.",
    source: "etcd etcdutl/snapshot/v3_snapshot.go; OCPBUGS-79662",
};

/// The integrity hash is not that of the file.
pub static TRAILER_MISMATCH: Entry = Entry {
    id: "SNAP-003",
    name: "trailer-mismatch",
    severity: Critical,
    platforms: EVERY,
    title: "The integrity hash is not that of the file",
    cause: "At least one byte changed after etcd wrote the snapshot: a bad disk or transfer, or a tool that \
        opened the file for writing (etcdutl hashkv, old etcdctl snapshot status, many viewers).",
    consequence: "etcdutl snapshot restore refuses the file. etcdutl snapshot status does not look at this \
        hash and reports such a file as fine.",
    remedy: "Fetch the file again from where it was stored and compare SHA-256; otherwise use another backup. \
        The other findings say whether the change hit the structure or only a value.",
    source: "etcd server/etcdserver/api/v3rpc/maintenance.go appends SHA-256; only restore checks it",
};

/// The file ends before its own pages do.
pub static TRUNCATED: Entry = Entry {
    id: "SNAP-004",
    name: "truncated",
    severity: Critical,
    platforms: EVERY,
    title: "The file ends before its own pages do",
    cause: "An interrupted save or transfer, a full disk, or a copy that was still being written.",
    consequence: "Pages behind the end are lost. etcdctl and etcdutl panic on such files or restore them \
        incompletely.",
    remedy: "Fetch the file again; use another backup if its source is as short. assay ls still lists what the \
        remaining pages hold; the last resort is a file of it, assay rebuild SNAPSHOT --out NEW.db --salvage=orphans.",
    source: "bbolt meta field pgid: the first page id never allocated",
};

/// One of the two meta pages is invalid.
pub static META_INVALID: Entry = Entry {
    id: "SNAP-005",
    name: "meta-invalid",
    severity: High,
    platforms: EVERY,
    title: "One of the two meta pages is invalid",
    cause: "A write to the page was torn, or the page was damaged later. A snapshot stream writes both metas \
        anew, so in a snapshot this is damage.",
    consequence: "bbolt opens the file through the other meta. In a snapshot nothing is lost, but something \
        has changed the file.",
    remedy: "Fetch the file again or use another backup. If this is all there is, it can be restored through \
        the meta that is left.",
    source: "bbolt internal/common/meta.go; db.go chooses the valid meta with the higher txid",
};

/// A meta page has a field that bbolt never writes.
pub static META_ODD: Entry = Entry {
    id: "SNAP-006",
    name: "meta-odd",
    severity: Medium,
    platforms: EVERY,
    title: "A meta page has a field that bbolt never writes",
    cause: "A tool other than bbolt wrote or edited the file, or damage that the checksum happens to cover.",
    consequence: "bbolt may still open the file; it trusts these fields.",
    remedy: "Find out which tool touched the file; prefer a backup that nothing has touched.",
    source: "bbolt internal/common/meta.go",
};

/// Bytes behind the pages that are no integrity hash.
pub static UNEXPECTED_TAIL: Entry = Entry {
    id: "SNAP-007",
    name: "unexpected-tail",
    severity: Medium,
    platforms: EVERY,
    title: "Bytes behind the pages that are no integrity hash",
    cause: "A raw copy of a live database file (it grows in steps, its tail is unused), or something appended \
        to a snapshot.",
    consequence: "With a length that leaves 32 when divided by 512, etcd takes the last 32 bytes for a hash \
        and refuses the restore; with another length it sees no hash.",
    remedy: "Use a file that etcdctl snapshot save wrote. See SNAP-002 for a raw copy that has to be used.",
    source: "etcd etcdutl/snapshot/v3_snapshot.go: presence test by size % 512",
};

/// The file is a copy of a live database file, not a snapshot.
pub static RAW_COPY: Entry = Entry {
    id: "SNAP-008",
    name: "raw-copy",
    severity: Medium,
    platforms: EVERY.elsewhere("Save snapshots with etcdctl snapshot save."),
    title: "The file is a copy of a live database file, not a snapshot",
    cause: "Somebody copied member/snap/db, or a tool rewrote the file, instead of saving a snapshot through etcd.",
    consequence: "It restores only with --skip-hash-check. A copy taken while etcd was writing may mix two \
        states of the database.",
    remedy: "Save snapshots with cluster-backup.sh or etcdctl snapshot save.",
    source: "bbolt tx.WriteTo writes both metas from one transaction; a live file has two",
};

/// The file mixes pages of different transactions.
pub static TORN_COPY: Entry = Entry {
    id: "SNAP-009",
    name: "torn-copy",
    severity: Critical,
    platforms: EVERY,
    title: "The file mixes pages of different transactions",
    cause: "A live database file was copied while etcd was writing to it.",
    consequence: "Records are missing or doubled. etcd may panic when it opens the file, or serve wrong data.",
    remedy: "Do not restore this file. Save a snapshot through etcd.",
    source: "etcd issue 13109",
};

/// The losing meta leads to an older state.
pub static PREVIOUS_ROOT: Entry = Entry {
    id: "SNAP-010",
    name: "previous-root",
    severity: Info,
    platforms: EVERY,
    title: "The losing meta leads to an older state",
    cause: "The file is a raw copy: its other meta is that of the transaction before.",
    consequence: "If the newest state is damaged, the state before it may be the better one.",
    remedy: "See the message for which of the two is intact. etcd itself always takes the newer.",
    source: "bbolt surgery revert-meta-page does this by hand",
};

/// A transfer changed the bytes, and that can be undone.
pub static TRANSFER_CHANGED: Entry = Entry {
    id: "SNAP-011",
    name: "transfer-changed",
    severity: Critical,
    platforms: EVERY,
    title: "A transfer changed the bytes, and that can be undone",
    cause: "A terminal, a shell, FTP in text mode or a mailer took the file for text: it translated ends of lines, or put \
        lines of its own into it.",
    consequence: "No etcd opens the file as it is. Everything else that is said of it follows from that.",
    remedy: "Undo it: assay mend FILE --out NEW. The SHA-256 of what is written is then right, or nothing is written. Transfer \
        backups in binary mode, without a terminal, and compare SHA-256.",
    source: "kubernetes/kubectl issue 521; etcd issue 14668",
};

/// A transfer took bytes away for good.
pub static TRANSFER_LOST: Entry = Entry {
    id: "SNAP-012",
    name: "transfer-lost",
    severity: Critical,
    platforms: EVERY,
    title: "A transfer took bytes away for good",
    cause: "FTP or zmodem in text mode, or an editor, took the file for text and shortened its ends of lines.",
    consequence: "No etcd opens the file, and where the bytes stood cannot be told.",
    remedy: "Fetch the file again from where it was stored, in binary mode, and compare SHA-256; use another backup if that is \
        all there is. assay ls lists what is left.",
    source: "etcd issue 14668",
};

/// Pages in use are zeros.
pub static HOLES: Entry = Entry {
    id: "SNAP-013",
    name: "holes",
    severity: Critical,
    platforms: EVERY,
    title: "Pages in use are zeros throughout",
    cause: "Space was reserved for the file and not all of it written, blocks of it were lost, or a copy skipped what it could \
        not read.",
    consequence: "What stood there is lost; etcd panics on such pages, or serves without them.",
    remedy: "Fetch the file again from where it was stored and compare SHA-256; otherwise use another backup. The last resort \
        is a file of what is left, assay rebuild SNAPSHOT --out NEW.db --salvage.",
    source: "bbolt page header: a page in use says its number",
};

pub(super) const ALL: &[&Entry] = &[
    &NO_META,
    &TRAILER_MISSING,
    &TRAILER_MISMATCH,
    &TRUNCATED,
    &META_INVALID,
    &META_ODD,
    &UNEXPECTED_TAIL,
    &RAW_COPY,
    &TORN_COPY,
    &PREVIOUS_ROOT,
    &TRANSFER_CHANGED,
    &TRANSFER_LOST,
    &HOLES,
];
