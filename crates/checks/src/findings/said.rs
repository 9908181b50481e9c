//! What was said of a backup when it was made.

use super::Entry;
use crate::findings::platforms::{EVERY, OPERATORS};
use crate::severity::Severity::High;

/// The file is not the one that was spoken of.
pub static OTHER_THAN_SAID: Entry = Entry {
    id: "SAID-001",
    name: "other-than-said",
    severity: High,
    platforms: EVERY,
    title: "The file is not the one that was spoken of when the backup was made",
    cause: "It is another save, it was changed or cut off on its way, or the log is of another backup.",
    consequence: "Whatever was proven of the backup when it was made is not proven of this file. If it is an older save, \
        a restore loses what came after.",
    remedy: "Compare names and times; fetch the file again from where it was stored. If the log is of another backup, \
        give its own.",
    source: "cluster-backup.sh prints etcdutl snapshot status -w json; etcd etcdutl/snapshot/v3_snapshot.go",
};

/// The tarball is not the one that was spoken of.
pub static PODS_OTHER_THAN_SAID: Entry = Entry {
    id: "SAID-002",
    name: "pods-other-than-said",
    severity: High,
    platforms: OPERATORS,
    title: "The tarball has other static pods than were spoken of when the backup was made",
    cause: "The tarball is of another backup, or the log is.",
    consequence: "The static pods of a restored node are those of another moment than the snapshot, and so are the \
        encryption keys.",
    remedy: "Put the two files of one backup together: their names have one time stamp.",
    source: "cluster-backup.sh: found latest NAME: /etc/kubernetes/static-pod-resources/NAME-pod-N",
};

/// Whoever made the backup says that it did not come off.
pub static SAVE_FAILED: Entry = Entry {
    id: "SAID-003",
    name: "save-failed",
    severity: High,
    platforms: EVERY,
    title: "Whoever made the backup says that it did not come off",
    cause: "etcdctl could not save or check the snapshot, or an operator was rolling out when the script looked.",
    consequence: "The files that lie there are what was left when the script ended, or are of an earlier run.",
    remedy: "Read the log and take the backup again. If another run after it came off, give that one's output.",
    source: "cluster-backup.sh and cluster-backup common functions, release-4.6 to 4.20",
};

/// Nothing was said of these files.
pub static NOT_SAID: Entry = Entry {
    id: "SAID-004",
    name: "not-said",
    severity: High,
    platforms: EVERY,
    title: "What was said when backups were made says nothing of these files",
    cause: "The log or the list of digests is of other files, or of files that have another name now.",
    consequence: "Nothing ties this file to a backup that came off: it was asked for, and is not proven.",
    remedy: "Give the log of this very backup. A file that was given another name is found by its SHA-256, or where it \
        is verified alone.",
    source: "assay verify --expect",
};

pub(super) const ALL: &[&Entry] = &[&OTHER_THAN_SAID, &PODS_OTHER_THAN_SAID, &SAVE_FAILED, &NOT_SAID];
