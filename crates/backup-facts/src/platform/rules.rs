//! What is true of each platform's backups: one table, with the source of each line.

use version_compat::Starts;

use super::Platform;

/// Bytes of a GiB.
const GIB: u64 = 1 << 30;

/// What is true of one platform's backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The platform.
    pub platform: Platform,
    /// What etcd may use where nothing sets it, in bytes; what raises it.
    pub quota: (u64, &'static str),
    /// Whether a tarball of static pods belongs to a backup.
    pub halves: Halves,
    /// What a complete backup is.
    pub complete: &'static str,
    /// What restores it.
    pub restore: Restore,
    /// Which releases may start on its data.
    pub starts: Starts,
    /// How often revisions are compacted, and what ends by leases.
    pub habits: &'static str,
    /// Where the keys are that encrypted values open with.
    pub keys: &'static str,
    /// Where all of this is from.
    pub sources: &'static str,
}

/// Whether a tarball of static pods belongs to a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halves {
    /// A restore needs it.
    Pair,
    /// One is made, and no restore reads it.
    TarballUnused,
    /// There is no such thing.
    SnapshotAlone,
}

/// What restores a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restore {
    /// The program or script, as it is called.
    pub by: &'static str,
    /// The names that it takes files by; `None` where it is told them.
    pub names: Option<Names>,
    /// Whether it can raise the revision.
    pub raises: Raises,
}

/// Whether a restore can raise the revision above all that clients have seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raises {
    /// OpenShift's script does, from release 4.18 on; 4.11 to 4.17 where an environment variable says so.
    Script,
    /// With `--bump-revision` and `--mark-compacted`: etcdutl 3.6, 3.5.10, etcdctl 3.4.27.
    Options,
    /// It has no option for that.
    Never,
}

/// Patterns of file names that a script looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// Of the snapshot.
    pub snapshot: &'static str,
    /// Of the tarball; `None` where it takes none.
    pub tarball: Option<&'static str>,
}

const SCRIPT: Restore = Restore {
    by: "cluster-restore.sh",
    names: Some(Names { snapshot: "snapshot*.db", tarball: Some("static_kuberesources*.tar.gz") }),
    raises: Raises::Script,
};
const OPERATOR_QUOTA: (u64, &str) =
    (8 * GIB, "7 GiB up to 4.8; spec.backendQuotaGiB of etcds/cluster, ETCD_QUOTA_BACKEND_BYTES in etcd-pod.yaml");
const ETCD_QUOTA: (u64, &str) = (2 * GIB, "--quota-backend-bytes, ETCD_QUOTA_BACKEND_BYTES");
const FIVE_MINUTES: &str =
    "the API server compacts every 5 minutes; events end by leases, after an hour unless told else";
const OPERATOR_HABITS: &str = "the API server compacts every 5 minutes; events end by leases after 3 hours; the etcd operator \
                               defragments from 45 % and 100 MiB on";
const EITHER: Restore = Restore {
    by: "k3s or rke2 server --cluster-reset --cluster-reset-restore-path=FILE",
    names: None,
    raises: Raises::Never,
};
const BOOTSTRAP: &str =
    "snapshot, and the token of the server: certificates and keys are in the snapshot, sealed with it";
const CRED: &str = "server/cred/encryption-config.json of a server; also in the snapshot's bootstrap record";
const ETCDUTL: Restore = Restore { by: "etcdutl snapshot restore", names: None, raises: Raises::Options };

/// Whether its servers renew certificates that are no authorities as they start: k3s and RKE2 those of `server/tls`, MicroShift
/// those of its own; Talos makes them anew of the authorities in its secrets.
#[must_use]
pub const fn renews_certificates(platform: Platform) -> bool {
    use Platform::{K3s, K3sOrRke2, MicroShift, Rke2, Talos};
    matches!(platform, K3s | Rke2 | K3sOrRke2 | MicroShift | Talos)
}

/// All platforms.
pub const TABLE: [Rules; 16] = [
    Rules {
        platform: Platform::OpenShift,
        quota: OPERATOR_QUOTA,
        halves: Halves::Pair,
        complete: "snapshot and tarball of static pods, made in one run",
        restore: SCRIPT,
        starts: Starts::ZStream,
        habits: OPERATOR_HABITS,
        keys: "the tarball: static-pod-resources/kube-apiserver-pod-N/secrets/encryption-config",
        sources: "openshift/cluster-etcd-operator bindata/etcd/cluster-backup.sh, cluster-restore.sh; \
                  openshift/api operator/v1 types_etcd.go; OpenShift documentation, backup and restore",
    },
    Rules {
        platform: Platform::SingleNode,
        quota: OPERATOR_QUOTA,
        halves: Halves::Pair,
        complete: "snapshot and tarball of static pods, made in one run",
        restore: SCRIPT,
        starts: Starts::ZStream,
        habits: "the API server compacts every 5 minutes; events end by leases after 3 hours; nothing defragments by itself",
        keys: "the tarball: static-pod-resources/kube-apiserver-pod-N/secrets/encryption-config",
        sources: "as OpenShift; openshift/cluster-etcd-operator pkg/operator/defragcontroller",
    },
    Rules {
        platform: Platform::Fenced,
        quota: OPERATOR_QUOTA,
        halves: Halves::TarballUnused,
        complete: "snapshot; a copy of the database without an integrity hash will do",
        restore: Restore {
            by: "cluster-restore-tnf.sh",
            names: Some(Names { snapshot: "snapshot*.db", tarball: None }),
            raises: Raises::Script,
        },
        starts: Starts::ZStream,
        habits: OPERATOR_HABITS,
        keys: "the control-plane nodes, whose static pods stay; a tarball, where one was made",
        sources: "openshift/cluster-etcd-operator bindata/etcd/cluster-restore-tnf.sh",
    },
    Rules {
        platform: Platform::HyperShift,
        quota: (8 * GIB, "set in the StatefulSet etcd"),
        halves: Halves::SnapshotAlone,
        complete: "snapshot, and the Secret of the hosting cluster with the active encryption key",
        restore: Restore {
            by: "etcdutl snapshot restore in a pod, or spec.etcd.managed.storage.restoreSnapshotURL",
            names: None,
            raises: Raises::Options,
        },
        starts: Starts::ZStream,
        habits: FIVE_MINUTES,
        keys: "Secret NAME-etcd-encryption-key of the hosting cluster, data `key`: raw bytes",
        sources: "openshift/hypershift control-plane-operator hostedcontrolplane etcd, docs how-to disaster-recovery",
    },
    Rules {
        platform: Platform::MicroShift,
        quota: (8 * GIB, "not to be set by users"),
        halves: Halves::SnapshotAlone,
        complete: "the whole of /var/lib/microshift: database, certificates, resources, file `version`",
        restore: Restore { by: "microshift restore DIR", names: None, raises: Raises::Never },
        starts: Starts::MicroShift,
        habits: "the API server compacts every 5 minutes; MicroShift defragments from 45 % and 100 MiB on",
        keys: "certs/ of the directory; values are not encrypted unless somebody set that up",
        sources: "openshift/microshift pkg/config/config.go, pkg/admin/data, pkg/admin/prerun/version.go",
    },
    Rules {
        platform: Platform::Kubeadm,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: "snapshot and /etc/kubernetes/pki, with the encryption configuration where there is one",
        restore: ETCDUTL,
        starts: Starts::Kubernetes,
        habits: FIVE_MINUTES,
        keys: "the file that --encryption-provider-config of the static pod kube-apiserver names",
        sources: "kubernetes/kubernetes cmd/kubeadm/app/phases/etcd; Kubernetes documentation, operating etcd clusters",
    },
    Rules {
        platform: Platform::K3s,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: BOOTSTRAP,
        restore: Restore {
            by: "k3s server --cluster-reset --cluster-reset-restore-path=FILE",
            names: None,
            raises: Raises::Never,
        },
        starts: Starts::Kubernetes,
        habits: "the API server compacts every 5 minutes; every server defragments when it starts",
        keys: "/var/lib/rancher/k3s/server/cred/encryption-config.json; also in the snapshot's bootstrap record",
        sources: "k3s-io/k3s pkg/etcd/etcd.go, pkg/cluster/bootstrap.go, pkg/secretsencrypt; docs.k3s.io",
    },
    Rules {
        platform: Platform::Rke2,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: BOOTSTRAP,
        restore: Restore {
            by: "rke2 server --cluster-reset --cluster-reset-restore-path=FILE",
            names: None,
            raises: Raises::Never,
        },
        starts: Starts::Kubernetes,
        habits: "the API server compacts every 5 minutes; every server defragments when it starts",
        keys: "/var/lib/rancher/rke2/server/cred/encryption-config.json; also in the snapshot's bootstrap record",
        sources: "k3s-io/k3s pkg/etcd/etcd.go, which rancher/rke2 is built on; docs.rke2.io",
    },
    Rules {
        platform: Platform::K3sOrRke2,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: BOOTSTRAP,
        restore: EITHER,
        starts: Starts::Kubernetes,
        habits: "the API server compacts every 5 minutes; every server defragments when it starts",
        keys: CRED,
        sources: "as k3s and RKE2",
    },
    Rules {
        platform: Platform::Rke1,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: "snapshot, and cluster.rkestate: certificates and the encryption configuration are in it",
        restore: Restore { by: "rke etcd snapshot-restore --name NAME", names: None, raises: Raises::Never },
        starts: Starts::Kubernetes,
        habits: FIVE_MINUTES,
        keys: "cluster.rkestate, and /etc/kubernetes/ssl/encryption.yaml of a node",
        sources: "rancher/rke services/etcd.go, cluster/encryption.go; rke.docs.rancher.com",
    },
    Rules {
        platform: Platform::Talos,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: "snapshot, and the secrets of the machine configuration",
        restore: Restore { by: "talosctl bootstrap --recover-from=FILE", names: None, raises: Raises::Never },
        starts: Starts::Kubernetes,
        habits: FIVE_MINUTES,
        keys: "cluster.secretboxEncryptionSecret or aescbcEncryptionSecret of the machine configuration",
        sources: "siderolabs/talos internal/app/machined/pkg/system/services/etcd.go; Talos documentation, disaster recovery",
    },
    Rules {
        platform: Platform::Kops,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: "snapshots of main and events, and the state store with the cluster's keys",
        restore: Restore { by: "etcd-manager-ctl restore-backup NAME", names: None, raises: Raises::Never },
        starts: Starts::Kubernetes,
        habits: "the API server compacts every 5 minutes; events are kept in an etcd of their own",
        keys: "the state store: secret encryptionconfig of the cluster",
        sources: "kubernetes/kops docs/operations/etcd_backup_restore_encryption.md",
    },
    Rules {
        platform: Platform::Gardener,
        quota: (8 * GIB, "spec.etcd.quota of the Etcd resource"),
        halves: Halves::SnapshotAlone,
        complete: "the newest full snapshot and all delta snapshots after it; the keys of the shoot are in the seed",
        restore: Restore { by: "etcdbrctl restore, by the sidecar itself", names: None, raises: Raises::Never },
        starts: Starts::Kubernetes,
        habits: "the API server compacts every 5 minutes; events are kept in an etcd of their own; the sidecar defragments",
        keys: "Secret kube-apiserver-etcd-encryption-key of the shoot's namespace in the seed",
        sources: "gardener/gardener pkg/component/etcd/etcd/etcd.go; gardener/etcd-backup-restore docs",
    },
    Rules {
        platform: Platform::Kubernetes,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: "snapshot; certificates and the encryption configuration are kept elsewhere",
        restore: ETCDUTL,
        starts: Starts::Kubernetes,
        habits: FIVE_MINUTES,
        keys: "the file that --encryption-provider-config of kube-apiserver names",
        sources: "Kubernetes documentation: operating etcd clusters, version skew policy",
    },
    Rules {
        platform: Platform::Etcd,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: "snapshot",
        restore: ETCDUTL,
        starts: Starts::Etcd,
        habits: "nothing is compacted unless clients or --auto-compaction-retention do it",
        keys: "none: values are what clients wrote",
        sources: "etcd-io/etcd server/storage/quota.go, etcdutl/snapshot; etcd documentation, disaster recovery",
    },
    Rules {
        platform: Platform::Unknown,
        quota: ETCD_QUOTA,
        halves: Halves::SnapshotAlone,
        complete: "not known",
        restore: ETCDUTL,
        starts: Starts::Etcd,
        habits: "not known",
        keys: "not known",
        sources: "etcd-io/etcd server/storage/quota.go",
    },
];

/// What is true of a platform's backups.
#[must_use]
pub fn rules(platform: Platform) -> &'static Rules {
    static ROWS: [Rules; 16] = TABLE;
    let [first, ..] = &ROWS;
    ROWS.iter().find(|rules| rules.platform == platform).unwrap_or(first)
}
