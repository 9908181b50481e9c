//! The newest good backup of a cluster.

use crate::findings::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::{Critical, High};

/// The newest good backup of the cluster is too old.
pub static NEWEST_GOOD_TOO_OLD: Entry = Entry {
    id: "PAIR-046",
    name: "newest-good-too-old",
    severity: High,
    platforms: EVERY,
    title: "The newest good backup of the cluster is older than allowed",
    cause: "Backups are not made any more, are not copied to where they are judged, or the newer ones fail. The age goes by \
        the clock of the cluster, as its objects tell, or by the time stamp in the file's name; where neither tells, it counts \
        as too old.",
    consequence: "A restore from it loses all that was changed since.",
    remedy: "Find out why there is no newer one that is good: look at the job that makes backups, then at the findings of \
        those that fail.",
    source: "asked for by `--max-age`",
};

/// No backup of the cluster is good.
pub static NO_GOOD_BACKUP: Entry = Entry {
    id: "PAIR-047",
    name: "no-good-backup",
    severity: Critical,
    platforms: EVERY,
    title: "No backup of the cluster is good",
    cause: "Every backup of it that was judged fails.",
    consequence: "There is nothing to restore that could be relied on.",
    remedy: "Make a backup now, while the cluster runs, and judge it. Then look at what the others have in common.",
    source: "asked for by `--max-age`",
};

pub(super) const ALL: &[&Entry] = &[&NEWEST_GOOD_TOO_OLD, &NO_GOOD_BACKUP];
