//! Releases: which one a backup is of, and which one it is restored onto.

use super::Entry;
use crate::findings::platforms::{EVERY, OPENSHIFT, OPERATORS};
use crate::severity::Severity::{High, Low, Medium};

const DOCUMENTED: &str = "OpenShift documentation, restoring to a previous cluster state: the same z-stream release (openshift-docs 25313, \
     28678, 28679)";

/// The backup is of another release than the cluster.
pub static OTHER_RELEASE: Entry = Entry {
    id: "VER-001",
    name: "other-release",
    severity: High,
    platforms: EVERY.elsewhere("Restore with the release that made the backup, and update afterwards."),
    title: "The backup is of another release than the cluster",
    cause: "The cluster was updated after the backup, or the backup is of another cluster.",
    consequence: "The documentation allows a restore onto the same z-stream release only. Beyond it, ClusterVersion, \
        operators and static pods go back to images that the nodes do not run, and from one minor to another etcd and \
        the API server may refuse the data.",
    remedy: "Use a backup of the release that the cluster runs. Without one, bring the cluster to the backup's release \
        first; a backup is not a way to undo an update.",
    source: DOCUMENTED,
};

/// The backup was made during an update.
pub static UPDATE_UNDER_WAY: Entry = Entry {
    id: "VER-002",
    name: "update-under-way",
    severity: High,
    platforms: OPENSHIFT,
    title: "The backup was made while an update was under way",
    cause: "ClusterVersion's newest update is Partial, or its condition Progressing is True.",
    consequence: "The data is of two releases at once: some operators and pods of the new one, the rest of the old. It \
        matches no z-stream release, and after a restore the update goes on from the middle.",
    remedy: "Use a backup from before the update was begun or after it was completed.",
    source: "ClusterVersion status.history[0].state, condition Progressing; cluster-version-operator",
};

/// The release is not known well enough.
pub static RELEASE_UNKNOWN: Entry = Entry {
    id: "VER-003",
    name: "release-unknown",
    severity: High,
    platforms: EVERY
        .elsewhere("Find out by other means which release made it; --platform NAME says which platform it is of."),
    title: "The backup does not say well enough which release it is of",
    cause: "There is no ClusterVersion to read, and what else was given names no release or a minor alone: a tarball \
        before 4.19 without its snapshot, a snapshot of no OpenShift cluster.",
    consequence: "Whether it may be restored onto the cluster is not proved.",
    remedy: "Verify snapshot and tarball together. If the snapshot has no ClusterVersion, find out by other means which \
        release made it.",
    source: DOCUMENTED,
};

/// Tarball and snapshot are of different releases.
pub static TARBALL_RELEASE: Entry = Entry {
    id: "VER-004",
    name: "tarball-of-other-release",
    severity: High,
    platforms: OPERATORS,
    title: "Tarball and snapshot are of different releases",
    cause: "The two files are not of one backup; or the control plane had not rolled out what ClusterVersion calls \
        completed.",
    consequence: "Static pods of one release would serve the data of another.",
    remedy: "Find the tarball that was made with this snapshot: the same timestamp in its name, the release that \
        ClusterVersion names.",
    source: "OPERATOR_IMAGE_VERSION of kube-apiserver-cert-regeneration-controller (4.19 and later), \
        configmaps/<pod>-pod/version; ClusterVersion status.history",
};

/// Operators are not all at the release.
pub static OPERATORS_DIFFER: Entry = Entry {
    id: "VER-005",
    name: "operators-differ",
    severity: Medium,
    platforms: OPENSHIFT,
    title: "Not all operators are at the release that ClusterVersion names",
    cause: "An update has just begun or was never finished by some operator; or an operator was installed by hand.",
    consequence: "After a restore these operators go on with what they were doing, some against a newer API.",
    remedy: "Look at the ClusterOperators named, and prefer a backup in which all agree.",
    source: "ClusterOperator status.versions[name=operator]; OPERATOR_IMAGE_VERSION of operators' Deployments",
};

/// Control plane kubelets are of another minor.
pub static KUBELETS_DIFFER: Entry = Entry {
    id: "VER-006",
    name: "kubelets-differ",
    severity: Low,
    platforms: OPERATORS,
    title: "Control plane kubelets are not of the release's Kubernetes",
    cause: "The machine config pool of the control plane is paused or still rolling out: nodes are updated last.",
    consequence: "The restore meets nodes of another age than the data expects; kubelets catch up once the pool moves.",
    remedy: "Look at the pool `master` before a restore; prefer a backup made after it was updated.",
    source: "Node status.nodeInfo.kubeletVersion; OpenShift 4.N carries Kubernetes 1.(N+13)",
};

/// etcd's version is not the release's.
pub static ETCD_DIFFERS: Entry = Entry {
    id: "VER-007",
    name: "etcd-differs",
    severity: Medium,
    platforms: OPENSHIFT,
    title: "etcd's data is of another version than the release runs",
    cause: "An update was under way, a downgrade was never finished, or the data passed through another etcd.",
    consequence: "Data of a newer etcd is refused by an older one; data of an older one is migrated at the first start.",
    remedy: "Restore with the etcd of the version that the data names; the release's image of etcd must be able to read it.",
    source: "bucket cluster clusterVersion, bucket meta storageVersion; openshift/etcd release branches",
};

/// The directory is named after another release.
pub static NAME_DIFFERS: Entry = Entry {
    id: "VER-008",
    name: "directory-of-other-release",
    severity: Medium,
    platforms: EVERY.elsewhere("Find out which of the two is right, and put the files where they belong."),
    title: "The directory speaks of another release than the backup in it",
    cause: "upgrade-backup-<version>-<timestamp> names the release that was running, as does file `version` of a copy of \
        /var/lib/microshift; files were moved, or the directory was renamed.",
    consequence: "Whoever chooses a backup by its directory takes the wrong one.",
    remedy: "Trust ClusterVersion in the snapshot, and put the files where they belong.",
    source: "cluster-etcd-operator, upgrade backup controller 4.10 to 4.14; MicroShift, file /var/lib/microshift/version",
};

/// ClusterVersion cannot be read.
pub static CLUSTER_VERSION_UNREADABLE: Entry = Entry {
    id: "VER-009",
    name: "cluster-version-unreadable",
    severity: Medium,
    platforms: OPENSHIFT,
    title: "ClusterVersion names no release that can be read",
    cause: "The object is damaged, or its history is empty: the installation had not finished.",
    consequence: "The cluster-version operator cannot tell after a restore what it was doing, and this backup cannot \
        prove its release.",
    remedy: "Look at the object with `assay get SNAPSHOT \
        /kubernetes.io/config.openshift.io/clusterversions/version`, and prefer another backup.",
    source: "cluster-version-operator, status.history",
};

/// An update was asked for.
pub static UPDATE_WANTED: Entry = Entry {
    id: "VER-010",
    name: "update-wanted",
    severity: Medium,
    platforms: OPENSHIFT,
    title: "An update was asked for and had not begun",
    cause: "spec.desiredUpdate names another release than the newest of the history: the operator was still verifying \
        it, or refuses it (condition ReleaseAccepted).",
    consequence: "A restored cluster begins that update as soon as its operator runs.",
    remedy: "After the restore, set spec.desiredUpdate back before anything else if the update is not wanted: \
        oc adm upgrade --clear.",
    source: "ClusterVersion spec.desiredUpdate, condition ReleaseAccepted",
};

/// The target is being updated.
pub static TARGET_UPDATING: Entry = Entry {
    id: "VER-011",
    name: "target-updating",
    severity: High,
    platforms: EVERY,
    title: "The cluster to restore onto is itself being updated",
    cause: "The ClusterVersion given with --target-file is Partial or Progressing.",
    consequence: "It runs no one release, so no backup matches it; which static pods and nodes are of which release \
        depends on the moment.",
    remedy: "Let the update finish, or find out which release the control plane nodes run and give it with --target.",
    source: DOCUMENTED,
};

/// The target is another cluster.
pub static OTHER_CLUSTER: Entry = Entry {
    id: "VER-012",
    name: "target-is-other-cluster",
    severity: High,
    platforms: OPENSHIFT,
    title: "The backup is of another cluster than the one to restore onto",
    cause: "spec.clusterID of the backup and of the file given with --target-file differ.",
    consequence: "A restore onto another cluster, or onto a freshly installed one, does not work: certificates, node \
        names and addresses on its hosts are not those in the data.",
    remedy: "Take a backup of this very cluster.",
    source: "ClusterVersion spec.clusterID; okd-project/okd issue 340",
};

/// The cluster-version operator was failing.
pub static FAILING: Entry = Entry {
    id: "VER-013",
    name: "cluster-version-failing",
    severity: Low,
    platforms: OPENSHIFT,
    title: "The cluster-version operator was failing when the backup was made",
    cause: "Condition Failing of ClusterVersion was True: a manifest of the release could not be applied.",
    consequence: "The restored cluster is in the same state.",
    remedy: "Read the condition's message; repair its cause after the restore, or prefer a backup without it.",
    source: "ClusterVersion condition Failing",
};

pub(super) const ALL: &[&Entry] = &[
    &OTHER_RELEASE,
    &UPDATE_UNDER_WAY,
    &RELEASE_UNKNOWN,
    &TARBALL_RELEASE,
    &OPERATORS_DIFFER,
    &KUBELETS_DIFFER,
    &ETCD_DIFFERS,
    &NAME_DIFFERS,
    &CLUSTER_VERSION_UNREADABLE,
    &UPDATE_WANTED,
    &TARGET_UPDATING,
    &OTHER_CLUSTER,
    &FAILING,
];
