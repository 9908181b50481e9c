//! Directories of backups, and what `cluster-restore.sh` makes of them.

use crate::findings::Entry;
use crate::findings::platforms::{EVERY, OPERATORS};
use crate::severity::Severity::{Critical, High, Info, Low, Medium};

/// There is no tarball beside the snapshot.
pub static TARBALL_MISSING: Entry = Entry {
    id: "PAIR-019",
    name: "tarball-missing",
    severity: High,
    platforms: OPERATORS,
    title: "There is no tarball beside the snapshot",
    cause: "It was never made (the operator reports a failed backup as complete), was kept elsewhere because of its \
        keys, or lost. Hosted control planes and MicroShift have none.",
    consequence: "cluster-restore.sh does not look for it before it needs it: etcd is stopped and its data moved away, \
        then the script fails.",
    remedy: "Put the tarball beside the snapshot before a restore. Without one, encryption keys and static pods must \
        come from a node of the very cluster.",
    source: "cluster-restore.sh tests for the snapshot alone; cluster-etcd-operator pkg/cmd/backup",
};

/// A file of the backup cannot be read.
pub static FILE_UNREADABLE: Entry = Entry {
    id: "PAIR-040",
    name: "file-unreadable",
    severity: Critical,
    platforms: EVERY,
    title: "A file of the backup cannot be read",
    cause: "The disk was full, the save was cut short, the file is of another kind, or reading it fails. The operator \
        reports a failed backup as complete.",
    consequence: "Half a backup is none: the script stops etcd and moves its data away before it finds out.",
    remedy: "Use another backup. Where it is a matter of rights or of the disk, repair that and judge it again.",
    source: "cluster-restore.sh; cluster-etcd-operator pkg/cmd/backup",
};

/// There is no snapshot beside the tarball.
pub static SNAPSHOT_MISSING: Entry = Entry {
    id: "PAIR-020",
    name: "snapshot-missing",
    severity: High,
    platforms: OPERATORS,
    title: "There is no snapshot beside the tarball",
    cause: "The save failed after the tarball was packed, or the files were stored apart.",
    consequence: "There is nothing to restore.",
    remedy: "Find the snapshot with this timestamp, or use another backup.",
    source: "cluster-backup.sh packs the tarball first",
};

/// cluster-restore.sh would take files of different backups.
pub static PICKS_MIXED: Entry = Entry {
    id: "PAIR-021",
    name: "restore-picks-mixed",
    severity: High,
    platforms: OPERATORS,
    title: "cluster-restore.sh would take files of different backups",
    cause: "Each of the two files is the last by name among its like, whatever the other is. A name such as \
        snapshot_old.db sorts after every date.",
    consequence: "Data of one moment is restored with keys and static pods of another, without a word.",
    remedy: "Leave exactly one snapshot and its tarball in the directory that is given to the script.",
    source: "cluster-restore.sh: ls -vd snapshot*.db | tail -1 and, apart from it, ls -vd \
        static_kuberesources*.tar.gz | tail -1",
};

/// Several backups lie in one directory.
pub static SEVERAL_BACKUPS: Entry = Entry {
    id: "PAIR-022",
    name: "several-backups",
    severity: Info,
    platforms: OPERATORS,
    title: "Several backups lie in one directory",
    cause: "cluster-backup.sh was called with a directory that had one already.",
    consequence: "A restore takes the last by name, which need not be the one that was meant.",
    remedy: "For a restore, copy the one backup that is wanted into a directory of its own.",
    source: "cluster-backup.sh accepts a directory with files in it",
};

/// cluster-restore.sh would not find a file of this backup.
pub static SCRIPT_FINDS_NOTHING: Entry = Entry {
    id: "PAIR-023",
    name: "not-found-by-script",
    severity: Low,
    platforms: OPERATORS,
    title: "cluster-restore.sh would not find a file of this backup",
    cause: "The snapshot is compressed, or a file was renamed or is kept apart.",
    consequence: "The script ends with an error or, for the tarball, fails half way.",
    remedy: "Before a restore: unpack the snapshot, and give both files the names that the script looks for.",
    source: "cluster-restore.sh: snapshot*.db and static_kuberesources*.tar.gz",
};

/// An ordinary and a forced backup have one timestamp.
pub static DIRTY_TWIN: Entry = Entry {
    id: "PAIR-024",
    name: "dirty-twin",
    severity: Medium,
    platforms: OPERATORS,
    title: "An ordinary and a forced backup have one timestamp",
    cause: "cluster-backup.sh --force marks its files __POSSIBLY_DIRTY__; somebody copied or renamed the other.",
    consequence: "The forced one sorts last and is the one that a restore takes.",
    remedy: "Take the one that is not wanted out of the directory.",
    source: "cluster-backup.sh --force; the order of ls -v",
};

/// A save of a snapshot was never finished.
pub static UNFINISHED_SAVE: Entry = Entry {
    id: "PAIR-025",
    name: "unfinished-save",
    severity: Low,
    platforms: EVERY,
    title: "A save of a snapshot was never finished",
    cause: "etcdctl writes FILE.part and renames it when it is complete: the save was killed, or the disk was full.",
    consequence: "It is no backup, and the next save may meet the same cause.",
    remedy: "Delete it, and look for the cause: space on the disk above all.",
    source: "etcdctl snapshot save",
};

/// Kubelets report other revisions of static pods than the operators.
pub static RUNNING_REVISION_DIFFERS: Entry = Entry {
    id: "PAIR-026",
    name: "running-revision-differs",
    severity: Low,
    platforms: OPERATORS,
    title: "Kubelets report other revisions of static pods than the operators",
    cause: "A rollout was under way, or the mirror pods are stale because a kubelet was down.",
    consequence: "Which revision really ran is not certain.",
    remedy: "Prefer a backup in which both agree.",
    source: "label revision of mirror pods; status.nodeStatuses of the operators",
};

/// A rollout of a static pod was under way.
pub static ROLLOUT_UNDER_WAY: Entry = Entry {
    id: "PAIR-027",
    name: "rollout-under-way",
    severity: Medium,
    platforms: OPERATORS,
    title: "A rollout of a static pod was under way",
    cause: "An operator was bringing a new revision to the nodes: after a change of certificates, keys or \
        configuration.",
    consequence: "The tarball has the revision of its own node, which others did not run. After a restore the rollout goes \
        on.",
    remedy: "It restores. Prefer a backup made when all nodes ran one revision.",
    source: "status.latestAvailableRevision and nodeStatuses; cluster-backup.sh refuses then, unless forced",
};

/// Some checks of the pair could not be made.
pub static CHECKS_SKIPPED: Entry = Entry {
    id: "PAIR-028",
    name: "checks-skipped",
    severity: Info,
    platforms: EVERY,
    title: "Some checks of the pair could not be made",
    cause: "Keys are missing, or one of the files does not say what would be compared.",
    consequence: "What was not checked is not proved.",
    remedy: "Give the keys, if that is the reason; otherwise the message says what each check needs.",
    source: "the list of checks that assay makes of a pair",
};

/// cluster-restore.sh would not find a manifest in this tarball.
pub static MANIFEST_LOOKUP: Entry = Entry {
    id: "PAIR-029",
    name: "manifest-lookup",
    severity: High,
    platforms: OPERATORS,
    title: "cluster-restore.sh would not find a manifest in this tarball",
    cause: "The tarball was packed again: a manifest lies twice in it, at another depth, or with a blank in its \
        path.",
    consequence: "Until 4.17 the script looks the manifests up by name and cuts two directories off. It fails after etcd \
        was stopped.",
    remedy: "Pack the tarball as the script does: tar -C DIR -czf FILE static-pod-resources/<pod>-pod-<N> ..., once \
        each.",
    source: "cluster-restore.sh 4.4 to 4.17: tar -tvf FILE \"*<pod>-pod.yaml\", sixth column, --strip-components=2",
};

/// cluster-restore.sh would not unpack a member of this tarball.
pub static UNPACKED_ELSEWHERE: Entry = Entry {
    id: "PAIR-030",
    name: "unpacked-elsewhere",
    severity: High,
    platforms: OPERATORS,
    title: "cluster-restore.sh would not unpack a member of this tarball",
    cause: "The tarball was packed again from within another directory, most often with `./` before each path.",
    consequence: "The script unpacks `static-pod-resources` by that very name; tar does not find it and fails after etcd \
        was stopped.",
    remedy: "Pack the tarball again with tar -C DIR -czf FILE static-pod-resources, without `./`.",
    source: "cluster-restore.sh, all releases: tar -xzf FILE static-pod-resources",
};

/// The snapshot holds no cluster.
pub static NO_CLUSTER: Entry = Entry {
    id: "PAIR-031",
    name: "no-cluster",
    severity: High,
    platforms: OPERATORS,
    title: "The snapshot holds no OpenShift cluster, the tarball is of one",
    cause: "The snapshot is of another etcd: of a test, of an application, of a member that was never part of the cluster.",
    consequence: "A restore brings up a control plane without a single object of the cluster.",
    remedy: "Find the snapshot that was made with this tarball.",
    source: "no ClusterVersion and no Infrastructure among the live keys",
};

/// The files are not those that the manifest of the escrow tells of.
pub static ESCROW_MISMATCH: Entry = Entry {
    id: "PAIR-032",
    name: "escrow-mismatch",
    severity: High,
    platforms: OPERATORS,
    title: "The files are not those that the manifest of the escrow tells of",
    cause: "The manifest is of another backup, or a file was changed or packed again after the split.",
    consequence: "The keys in that escrow need not open this snapshot, and `keys join` will not give the original tarball.",
    remedy: "Find the manifest and the escrow that were made with this tarball: the time stamps in the names are equal.",
    source: "digests in the manifest that `assay keys split` wrote",
};

/// The keys are in escrow, and the digests agree.
pub static KEYS_IN_ESCROW: Entry = Entry {
    id: "PAIR-033",
    name: "keys-in-escrow",
    severity: Info,
    platforms: OPERATORS,
    title: "The keys are kept in escrow; the files are those that its manifest tells of",
    cause: "`assay keys split` took the keys out of the tarball.",
    consequence: "The backup is whole, for whoever can open the escrow. A restore needs `keys join` first.",
    remedy: "Prove from time to time that the escrow opens: `assay keys verify-escrow`, with an identity.",
    source: "digests in the manifest that `assay keys split` wrote",
};

/// kube-apiserver looks for its objects where there are none.
pub static PREFIX_DIFFERS: Entry = Entry {
    id: "PAIR-034",
    name: "etcd-prefix-differs",
    severity: Critical,
    platforms: OPERATORS,
    title: "kube-apiserver is told a prefix under which the snapshot has nothing",
    cause: "The tarball is of another kind of cluster, or its config.yaml was changed by hand.",
    consequence: "kube-apiserver starts and sees an empty cluster: it makes its default objects anew, and controllers \
        remove what belongs to objects that they no longer find.",
    remedy: "Find the tarball that was made with this snapshot. OpenShift's prefix is kubernetes.io in every release.",
    source: "apiServerArguments.etcd-prefix in kube-apiserver's config.yaml against the first part of the live keys",
};

/// etcd is told addresses that no control plane node has.
pub static ETCD_ADDRESSES_DIFFER: Entry = Entry {
    id: "PAIR-035",
    name: "etcd-addresses-differ",
    severity: High,
    platforms: OPERATORS,
    title: "Addresses of etcd in the tarball are not those of the control plane nodes",
    cause: "The tarball is of another cluster with the same node names, or of a time before nodes were given other addresses.",
    consequence: "etcd does not start on the node, or its peers and kube-apiserver refuse its certificate.",
    remedy: "Find the tarball that was made with this snapshot; compare the addresses with those of the nodes to restore onto.",
    source: "NODE_<name>_IP and ALL_ETCD_ENDPOINTS in etcd-pod.yaml, IP addresses in etcd-{peer,serving}-<node>.crt; Node \
        status.addresses; loopback addresses are left aside",
};

/// The same moment was backed up on another host, too.
pub static SEVERAL_HOSTS: Entry = Entry {
    id: "PAIR-036",
    name: "several-hosts",
    severity: Info,
    platforms: OPERATORS,
    title: "The same moment was backed up on another host, too",
    cause: "cluster-backup.sh was run on more than one control-plane host. One is enough: every member has the same data.",
    consequence: "It restores. Each run is work for etcd, and a snapshot of one host beside the tarball of another is no \
        backup: their revisions of static pods, and the node, need not agree.",
    remedy: "Run it on one host. Keep the two files of one run together, and apart from those of the other.",
    source: "documentation of OpenShift on backing up etcd: only from a single control plane host",
};

/// The deltas beside a full snapshot do not follow each other.
pub static DELTAS_BROKEN: Entry = Entry {
    id: "PAIR-037",
    name: "deltas-broken",
    severity: High,
    platforms: EVERY,
    title: "The deltas beside a full snapshot do not follow each other",
    cause: "A delta snapshot is missing, is one of another chain, was stored twice by two that backed up at once, or ends \
        within a full snapshot that holds more than its name says.",
    consequence: "A restore fails where the chain breaks. What was written since is lost, though the files are there.",
    remedy: "Find the delta that is missing. Without it, restore from the full snapshot and the deltas before the break, with \
        the others moved away, or from a newer full snapshot.",
    source: "gardener/etcd-backup-restore pkg/snapshot/restorer: after each delta, etcd's revision must be the last one of its name",
};

/// A delta snapshot is damaged.
pub static DELTA_DAMAGED: Entry = Entry {
    id: "PAIR-038",
    name: "delta-damaged",
    severity: High,
    platforms: EVERY,
    title: "A delta snapshot is damaged",
    cause: "It was cut off or changed when it was stored or copied: its SHA-256, its compression or its events say so.",
    consequence: "A restore fails at it, and applies none behind it.",
    remedy: "Fetch it once more from where it is stored. Without it, restore from the full snapshot and the deltas before it, or \
        from a newer full snapshot.",
    source: "gardener/etcd-backup-restore pkg/snapshot/restorer: the last 32 bytes are the SHA-256 of the events before them",
};

/// A delta snapshot was not checked.
pub static DELTA_UNREAD: Entry = Entry {
    id: "PAIR-039",
    name: "delta-unread",
    severity: Medium,
    platforms: EVERY,
    title: "A delta snapshot was not checked",
    cause: "It expands to more than may be had, or the system did not let it be read.",
    consequence: "Whether a restore comes past it is not known.",
    remedy: "Raise the limit with `--max-expanded`, or make the file readable, and judge the directory again.",
    source: "gardener/etcd-backup-restore pkg/snapshot/restorer: every delta is applied, or none behind it",
};

/// A delta snapshot is of another cluster.
pub static DELTAS_FOREIGN: Entry = Entry {
    id: "PAIR-043",
    name: "deltas-foreign",
    severity: High,
    platforms: EVERY,
    title: "A delta snapshot is not of the cluster of the full snapshot",
    cause: "Its revisions go on from those before it, and its changes do not: etcd counts the puts of each key, and the counts of \
        a change are not those of the key. It is of another cluster or another chain, or the full snapshot is.",
    consequence: "A restore does not notice: it makes the changes of one cluster to the keys of another.",
    remedy: "Do not restore from it. Find the deltas that belong to the full snapshot, by where and when they were stored, and \
        keep each chain in a directory of its own; without them, restore from the full snapshot alone.",
    source: "gardener/etcd-backup-restore pkg/snapshot/restorer: of a delta, a restore holds only the last revision against etcd's",
};

pub(super) const ALL: &[&Entry] = &[
    &TARBALL_MISSING,
    &FILE_UNREADABLE,
    &SNAPSHOT_MISSING,
    &PICKS_MIXED,
    &SEVERAL_BACKUPS,
    &SCRIPT_FINDS_NOTHING,
    &DIRTY_TWIN,
    &UNFINISHED_SAVE,
    &RUNNING_REVISION_DIFFERS,
    &ROLLOUT_UNDER_WAY,
    &CHECKS_SKIPPED,
    &MANIFEST_LOOKUP,
    &UNPACKED_ELSEWHERE,
    &NO_CLUSTER,
    &ESCROW_MISMATCH,
    &KEYS_IN_ESCROW,
    &PREFIX_DIFFERS,
    &ETCD_ADDRESSES_DIFFER,
    &SEVERAL_HOSTS,
    &DELTAS_BROKEN,
    &DELTA_DAMAGED,
    &DELTA_UNREAD,
    &DELTAS_FOREIGN,
];
