//! What reading known backups again finds, and what the catalog says of itself.

use super::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::{Critical, High, Info};

/// The bytes of a file changed, and nothing that writes files did it.
pub static BIT_ROT: Entry = Entry {
    id: "CAT-001",
    name: "bit-rot",
    severity: Critical,
    platforms: EVERY,
    title: "Bytes of a backup have changed on the disk; size and time have not",
    cause: "The disk, its controller or memory changed them, or somebody did and set the time back.",
    consequence: "What is restored from it is not what was backed up, or does not restore at all.",
    remedy: "Take another copy of it, or another backup: `assay catalog pick`. Look after the disk, and read all that lies \
        on it again: `assay catalog check --all`.",
    source: "SHA-256 of the file as it was when it was added to the catalog",
};

/// Another file stands where a backup was.
pub static BACKUP_REPLACED: Entry = Entry {
    id: "CAT-002",
    name: "backup-replaced",
    severity: High,
    platforms: EVERY,
    title: "Another file stands where a backup was",
    cause: "Something wrote to that path since: a newer backup under the same name, a copy, or an attempt to pass \
        something else for it.",
    consequence: "The backup that the catalog knows is not there any more; nothing is known of the file that is.",
    remedy: "Add it, so that it is judged: `assay catalog add PATH`. Where nobody meant to write there, look who did.",
    source: "SHA-256, size and time of the file as they were when it was added to the catalog",
};

/// A backup is gone.
pub static BACKUP_MISSING: Entry = Entry {
    id: "CAT-003",
    name: "backup-missing",
    severity: High,
    platforms: EVERY,
    title: "A file of a backup is gone",
    cause: "Somebody deleted or moved it without `assay catalog prune`, or the file system is not mounted.",
    consequence: "The backup cannot be restored from here.",
    remedy: "Mount what is not mounted. Where it lies elsewhere now, add that: `assay catalog add PATH`.",
    source: "the path at which it was when it was added to the catalog",
};

/// A backup cannot be read.
pub static BACKUP_UNREADABLE: Entry = Entry {
    id: "CAT-004",
    name: "backup-unreadable",
    severity: High,
    platforms: EVERY,
    title: "A file of a backup cannot be read any more",
    cause: "The disk cannot give its bytes back, or its owner or mode have changed.",
    consequence: "The backup cannot be restored from here.",
    remedy: "Where the system says that it may not be read, give the right back; otherwise copy what can be read away \
        from that disk, and take another copy of the backup.",
    source: "open(2), read(2)",
};

/// A backup lies elsewhere.
pub static BACKUP_MOVED: Entry = Entry {
    id: "CAT-005",
    name: "backup-moved",
    severity: Info,
    platforms: EVERY,
    title: "A file of a backup lies elsewhere on this host now",
    cause: "Somebody moved it, and the new place was added to the catalog.",
    consequence: "None: it is known where it is.",
    remedy: "Nothing is to be done.",
    source: "SHA-256 of the file at the new place",
};

/// The log is not the one that was written.
pub static CATALOG_LOG_BROKEN: Entry = Entry {
    id: "CAT-006",
    name: "catalog-log-broken",
    severity: Critical,
    platforms: EVERY,
    title: "An entry of the catalog's log is not what was written",
    cause: "Somebody changed the file, or the disk did: entries are a chain, and one of them does not hold.",
    consequence: "From that entry on nothing that the catalog says can be relied upon.",
    remedy: "Take a copy of the catalog from before, and look who writes to the file. A new catalog of the same backups \
        is made by `assay catalog add`.",
    source: "hash of each entry over what it says and the entry before",
};

/// The log does not go on from where it was.
pub static CATALOG_LOG_REWRITTEN: Entry = Entry {
    id: "CAT-007",
    name: "catalog-log-rewritten",
    severity: Critical,
    platforms: EVERY,
    title: "The catalog's log does not have the entry that was kept elsewhere",
    cause: "The log was cut short or written anew, an older copy of the catalog took its place, or it is another catalog.",
    consequence: "What was written down since that entry, or before it, is lost or was changed.",
    remedy: "Take the copy of the catalog that has that entry, and look who writes to the file.",
    source: "the log's head as a command printed it: log SEQ:HASH",
};

/// A row is not what the log says.
pub static CATALOG_ROW_CHANGED: Entry = Entry {
    id: "CAT-008",
    name: "catalog-row-changed",
    severity: Critical,
    platforms: EVERY,
    title: "The catalog says something that its log does not",
    cause: "Something other than assay wrote to the file: a verdict, a time, a digest or a place was changed, put in or \
        taken away.",
    consequence: "A damaged backup may be said to be good, or a good one to be gone.",
    remedy: "Look who writes to the file. `assay catalog add --rejudge PATH` judges anew, and writes down what is so.",
    source: "digests of rows in the entries of the log",
};

/// Nobody vouches for the head that was kept.
pub static CATALOG_HEAD_UNVOUCHED: Entry = Entry {
    id: "CAT-009",
    name: "catalog-head-unvouched",
    severity: Critical,
    platforms: EVERY,
    title: "Nobody who may vouches for the head of the log that was kept",
    cause: "The file with the head is not signed, was changed after it was signed, or was signed by somebody else, for \
        something else, or with a key that was revoked.",
    consequence: "Who rewrote the log may have written this head, too: that the log goes on from it proves nothing.",
    remedy: "Take a head that was signed: `assay catalog check --log --write-head FILE`, and `assay keys sign FILE -f KEY`.",
    source: "SSHSIG in namespace assay-log@1, minisign",
};

pub(super) const ALL: &[&Entry] = &[
    &BIT_ROT,
    &BACKUP_REPLACED,
    &BACKUP_MISSING,
    &BACKUP_UNREADABLE,
    &BACKUP_MOVED,
    &CATALOG_LOG_BROKEN,
    &CATALOG_LOG_REWRITTEN,
    &CATALOG_ROW_CHANGED,
    &CATALOG_HEAD_UNVOUCHED,
];
