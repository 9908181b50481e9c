//! Snapshot and tarball held against each other. Cross-checks 3, 4, 6 and 7 are about keys: family KEY.

mod age;
mod directory;
mod members;

use super::Entry;
use crate::findings::platforms::OPERATORS;
use crate::severity::Severity::{Critical, High, Low, Medium};

pub use age::*;
pub use directory::*;
pub use members::*;

pub(super) const DIRECTORY: &[&Entry] = directory::ALL;
pub(super) const MEMBERS: &[&Entry] = members::ALL;
pub(super) const AGE: &[&Entry] = age::ALL;

/// Snapshot and tarball are of different moments.
pub static TIMESTAMPS_DIFFER: Entry = Entry {
    id: "PAIR-001",
    name: "timestamps-differ",
    severity: High,
    platforms: OPERATORS,
    title: "Snapshot and tarball are of different moments",
    cause: "Their names carry different timestamps, or only one of them was forced: one file was copied from another \
        backup, or renamed.",
    consequence: "Keys, revisions and certificates of the tarball are those of another time. Whether they open and start \
        what the snapshot holds is luck.",
    remedy: "Find the tarball with the very timestamp of the snapshot. The other findings tell whether these two fit \
        all the same.",
    source: "cluster-backup.sh gives one date string to both files, and nothing else links them",
};

/// The tarball has a revision that does not run by the snapshot.
pub static REVISION_UNKNOWN: Entry = Entry {
    id: "PAIR-002",
    name: "revision-unknown",
    severity: High,
    platforms: OPERATORS,
    title: "The tarball has a revision that does not run by the snapshot",
    cause: "The tarball was made at another time or on another cluster; or a rollout went on between the two files \
        of one backup.",
    consequence: "Until 4.17 a restore starts that revision: with arguments, certificates and keys that the data does not \
        know.",
    remedy: "Find the tarball that belongs to this snapshot; `assay inspect` shows revisions and timestamps of both.",
    source: "cluster-backup.sh archives the revision in the manifest of its node; status.nodeStatuses of the \
        operators",
};

/// The encryption configuration is not that of its revision.
pub static CONFIG_DIFFERS: Entry = Entry {
    id: "PAIR-005",
    name: "config-differs",
    severity: Medium,
    platforms: OPERATORS,
    title: "The encryption configuration is not that of its revision",
    cause: "The file in the tarball was changed after it was written, or the revision was made anew in the cluster.",
    consequence: "kube-apiserver may write with another key than it did, or lack one that it will need.",
    remedy: "Compare the keys of both: `assay keys ls` for the tarball. Prefer the copy that opens everything.",
    source: "Secret openshift-kube-apiserver/encryption-config-<N>, written to secrets/encryption-config by the \
        installer",
};

/// A file in the tarball is not what the snapshot has for its revision.
pub static CONTENT_DIFFERS: Entry = Entry {
    id: "PAIR-008",
    name: "content-differs",
    severity: High,
    platforms: OPERATORS,
    title: "A file in the tarball is not what the snapshot has for its revision",
    cause: "The tarball was changed after it was made, or is of another cluster or another time.",
    consequence: "A restore writes this file onto the control plane.",
    remedy: "Do not use this tarball before the difference is understood: `assay get` shows the object, `tar -xzOf` \
        the file.",
    source: "the installer of static pods writes ConfigMaps and Secrets <name>-<N> into files, filling in node and \
        revision",
};

/// The certificates of etcd are for other nodes than the snapshot has.
pub static ETCD_CERTIFICATES_DIFFER: Entry = Entry {
    id: "PAIR-009",
    name: "etcd-certificates-differ",
    severity: Medium,
    platforms: OPERATORS,
    title: "The certificates of etcd are for other nodes than the snapshot has",
    cause: "A control plane node was replaced between the two files, or they are of different clusters.",
    consequence: "etcd on a node without a certificate does not join; one more certificate is harmless by itself.",
    remedy: "Compare with the nodes that exist now. If the tarball lacks a node that is there, use another backup.",
    source: "etcd-all-certs/etcd-peer-<node>.crt; Nodes with a role of the control plane; bucket members",
};

/// The tarball does not trust the CA that signs etcd's certificates.
pub static ETCD_CA_DIFFERS: Entry = Entry {
    id: "PAIR-010",
    name: "etcd-ca-differs",
    severity: High,
    platforms: OPERATORS,
    title: "The tarball does not trust the CA that signs etcd's certificates",
    cause: "The signer was rotated between the two files, or they are of different clusters.",
    consequence: "After a restore the operator issues certificates that the restored kube-apiserver does not trust: it \
        cannot talk to etcd.",
    remedy: "Find the tarball that belongs to this snapshot.",
    source: "Secret openshift-etcd/etcd-signer; ConfigMaps etcd-serving-ca and etcd-all-bundles",
};

/// The tarball lists endpoints of etcd that the snapshot does not know.
pub static ENDPOINTS_DIFFER: Entry = Entry {
    id: "PAIR-011",
    name: "endpoints-differ",
    severity: Medium,
    platforms: OPERATORS,
    title: "The tarball lists endpoints of etcd that the snapshot does not know",
    cause: "The membership changed between the two files, or they are of different clusters.",
    consequence: "kube-apiserver looks for etcd at an address where there is none, until its operator corrects that.",
    remedy: "Compare with the addresses of the control plane nodes that exist now.",
    source: "ConfigMap openshift-etcd/etcd-endpoints; Nodes; bucket members",
};

/// Snapshot and tarball are of different clusters.
pub static OTHER_CLUSTER_PAIR: Entry = Entry {
    id: "PAIR-012",
    name: "other-cluster",
    severity: Critical,
    platforms: OPERATORS,
    title: "Snapshot and tarball are of different clusters",
    cause: "Files of several clusters lie together, and one was taken for the other.",
    consequence: "Certificates, keys and addresses of one cluster with the data of another: no control plane comes up.",
    remedy: "Find the tarball of the cluster that the snapshot names.",
    source: "Infrastructure status.infrastructureName; cluster-name and etcd-servers in the configurations of the \
        tarball",
};

/// The name tells another time than the data.
pub static TIME_DIFFERS: Entry = Entry {
    id: "PAIR-013",
    name: "time-differs",
    severity: Medium,
    platforms: OPERATORS,
    title: "The name tells another time than the data",
    cause: "The files were renamed; the clock of the node was wrong or in another zone; or the control plane had \
        been down, so that nothing was written.",
    consequence: "Whoever picks a backup by its name gets data of another moment.",
    remedy: "Go by the time of the data. Look whether another file has the name that this one should have.",
    source: "newest renewal of a Lease and newest creation of an object; cluster-backup.sh uses local time without a \
        zone",
};

/// kube-apiserver is not told to accept the tokens that are signed.
pub static SIGNING_KEY_UNKNOWN: Entry = Entry {
    id: "PAIR-014",
    name: "signing-key-unknown",
    severity: High,
    platforms: OPERATORS,
    title: "kube-apiserver is not told to accept the tokens that are signed",
    cause: "The static pods in the tarball are of different times, or one of the files was changed.",
    consequence: "Tokens of service accounts made after a restore are refused: pods cannot talk to the API.",
    remedy: "Use another backup, or let the operators roll out both static pods again after the restore.",
    source: "service-account-private-key of kube-controller-manager, sa-token-signing-certs of kube-apiserver",
};

/// Static pods ran images that the manifests in the tarball do not name.
pub static IMAGES_DIFFER: Entry = Entry {
    id: "PAIR-015",
    name: "images-differ",
    severity: Low,
    platforms: OPERATORS,
    title: "Static pods ran images that the manifests in the tarball do not name",
    cause: "An update was rolled out between the two files, or they are of different clusters.",
    consequence: "Until 4.17 a restore starts the images of the tarball, of whatever release they are.",
    remedy: "See what VER findings say of the release; prefer a pair in which both agree.",
    source: "containers of the manifests; mirror pods in the snapshot",
};

/// The database nearly fills the quota that the tarball gives to etcd.
pub static QUOTA_OF_TARBALL: Entry = Entry {
    id: "PAIR-016",
    name: "quota-of-tarball-near",
    severity: Medium,
    platforms: OPERATORS,
    title: "The database nearly fills the quota that the tarball gives to etcd",
    cause: "History or objects piled up, or free pages were never given back by a defragmentation.",
    consequence: "Above the quota etcd takes no writes: the restored cluster stands still from its first one.",
    remedy: "Defragment before the backup, or raise the quota on the cluster to restore onto.",
    source: "ETCD_QUOTA_BACKEND_BYTES in etcd-pod.yaml; thresholds of OpenShift 4.16 etcdDatabaseQuotaLowSpace",
};

/// The tarball does not go with the topology of the control plane.
pub static TOPOLOGY_UNEXPECTED: Entry = Entry {
    id: "PAIR-017",
    name: "topology-unexpected",
    severity: Medium,
    platforms: OPERATORS,
    title: "The tarball does not go with the topology of the control plane",
    cause: "The tarball is of another cluster; or a cluster was changed from one topology to another.",
    consequence: "A restore writes static pods where there are none, or certificates of members that do not exist.",
    remedy: "Find out which of the two files is of the cluster to restore.",
    source: "Infrastructure status.controlPlaneTopology; etcd-all-certs",
};

/// The tarball is of a node that is no control plane node of the snapshot.
pub static NODE_UNKNOWN: Entry = Entry {
    id: "PAIR-018",
    name: "node-unknown",
    severity: High,
    platforms: OPERATORS,
    title: "The tarball is of a node that is no control plane node of the snapshot",
    cause: "The node was replaced between the two files, or they are of different clusters.",
    consequence: "The manifest of etcd names that node; until 4.17 a restore starts it.",
    remedy: "Find the tarball that belongs to this snapshot.",
    source: "ETCDCTL_CERT in etcd-pod.yaml; Nodes",
};

pub(super) const ALL: &[&Entry] = &[
    &TIMESTAMPS_DIFFER,
    &REVISION_UNKNOWN,
    &CONFIG_DIFFERS,
    &CONTENT_DIFFERS,
    &ETCD_CERTIFICATES_DIFFER,
    &ETCD_CA_DIFFERS,
    &ENDPOINTS_DIFFER,
    &OTHER_CLUSTER_PAIR,
    &TIME_DIFFERS,
    &SIGNING_KEY_UNKNOWN,
    &IMAGES_DIFFER,
    &QUOTA_OF_TARBALL,
    &TOPOLOGY_UNEXPECTED,
    &NODE_UNKNOWN,
];
