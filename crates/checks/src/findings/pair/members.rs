//! Snapshots of members of one cluster, held against each other.

use crate::findings::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::High;

/// One snapshot holds other data than those of most members.
pub static MEMBER_DIFFERS: Entry = Entry {
    id: "PAIR-041",
    name: "member-differs",
    severity: High,
    platforms: EVERY,
    title: "A snapshot holds other data than those of most members",
    cause: "The member that it was taken of had parted from its cluster: it missed writes, applied some twice, or refused \
        what the others took. etcd 3.5.0 to 3.5.5 did so after a kill, and a disk or memory that changes bytes does.",
    consequence: "It restores, to a cluster that lacks what the others have, or has what they do not. Nothing shows it later.",
    remedy: "Restore from the snapshot that the finding names. Where the cluster still runs, remove that member and add it \
        anew: it takes its data from the others.",
    source: "HashKV of each at the newest revision that all retain, as after the last compaction of any; raft index; member \
        IDs and the UID of namespace kube-system tell that they are of one cluster. Each file counts for one member",
};

/// Snapshots of members of one cluster hold other data, and there is no majority.
pub static MEMBERS_DISAGREE: Entry = Entry {
    id: "PAIR-042",
    name: "members-disagree",
    severity: High,
    platforms: EVERY,
    title: "Snapshots of members of one cluster disagree, and none can be called right",
    cause: "One of the members had parted from its cluster: it missed writes, applied some twice, or refused what the others \
        took. Of two, each contradicts the other.",
    consequence: "A restore from the wrong one makes a cluster that lacks what was written, or has what never was.",
    remedy: "Judge them together with a snapshot of a third member. Without one, `assay diff` shows the keys: see which of \
        both the objects bear out.",
    source: "HashKV of each at the newest revision that all retain, as after the last compaction of any; raft index; member \
        IDs and the UID of namespace kube-system tell that they are of one cluster",
};

pub(super) const ALL: &[&Entry] = &[&MEMBER_DIFFERS, &MEMBERS_DISAGREE];
