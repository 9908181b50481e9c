//! What the members say: pods, revisions, versions, certificates, secrets.

use crate::findings::Entry;
use crate::findings::platforms::OPERATORS;
use crate::severity::Severity::{High, Info, Low, Medium};

/// One of the four static pods is not there.
pub static POD_MISSING: Entry = Entry {
    id: "TAR-022",
    name: "pod-missing",
    severity: High,
    platforms: OPERATORS,
    title: "One of the four static pods is not in the tarball",
    cause: "Every backup holds kube-apiserver, kube-controller-manager, kube-scheduler and etcd. The archive was cut off \
        between two members or packed by hand.",
    consequence: "cluster-restore.sh up to 4.17 starts the control plane from these directories and fails half way.",
    remedy: "Use another backup.",
    source: "cluster-backup.sh: all four, in this order",
};

/// Two revisions of one pod.
pub static SEVERAL_REVISIONS: Entry = Entry {
    id: "TAR-023",
    name: "several-revisions",
    severity: High,
    platforms: OPERATORS,
    title: "A static pod is there in more than one revision",
    cause: "A backup takes one revision of each pod. Two archives were put together, or it was packed by hand.",
    consequence: "cluster-restore.sh up to 4.17 finds two manifests where it expects one and fails; which revision's keys \
        belong to the snapshot cannot be told from here.",
    remedy: "Use another backup, or take out the revision that the snapshot does not name.",
    source: "cluster-restore.sh: tar -tvf FILE '*kube-apiserver-pod.yaml'",
};

/// A pod directory without its manifest.
pub static MANIFEST_MISSING: Entry = Entry {
    id: "TAR-024",
    name: "manifest-missing",
    severity: High,
    platforms: OPERATORS,
    title: "A static pod's directory has no manifest",
    cause: "The backup took a revision that the installer had not finished (the operator's command takes the newest \
        directory), or the member was removed.",
    consequence: "There is nothing to start this pod from.",
    remedy: "Use another backup, taken while no revision is being rolled out.",
    source: "cluster-etcd-operator pkg/cmd/backup: newest directory by modification time",
};

/// The manifest is that of another revision.
pub static REVISION_MISMATCH: Entry = Entry {
    id: "TAR-025",
    name: "revision-mismatch",
    severity: High,
    platforms: OPERATORS,
    title: "A manifest is that of another revision than its directory",
    cause: "The backup was taken during a rollout, or files were mixed by hand.",
    consequence: "The pod mounts a directory that is not in the tarball; it starts with other keys and certificates, or \
        not at all.",
    remedy: "Use another backup, taken while no revision is being rolled out.",
    source: "library-go installerpod replaces REVISION in the manifest's label, environment and host path",
};

/// Leftovers of an interrupted installation.
pub static STAGING_LEFTOVER: Entry = Entry {
    id: "TAR-026",
    name: "staging-leftover",
    severity: Low,
    platforms: OPERATORS,
    title: "A revision holds leftovers of an interrupted installation",
    cause: "Since 4.20 the installer prepares a revision in staging/ and then swaps it in; it was interrupted on this node.",
    consequence: "Nothing reads them. They may hold older or newer secrets than the revision itself.",
    remedy: "Nothing needs to be done for a restore; treat them as secrets.",
    source: "library-go installerpod: staging/installer",
};

/// Taken with `--force`.
pub static POSSIBLY_DIRTY: Entry = Entry {
    id: "TAR-027",
    name: "possibly-dirty",
    severity: Medium,
    platforms: OPERATORS,
    title: "The backup was taken without checking that no rollout was under way",
    cause: "cluster-backup.sh --force marks its files __POSSIBLY_DIRTY__. Backups before an update (4.8 to 4.14) were all \
        made so.",
    consequence: "Revisions of the pods may be half rolled out, and may differ from what the snapshot says.",
    remedy: "Prefer a backup without the mark. For this one, compare revisions with the snapshot's before a restore.",
    source: "cluster-backup.sh since 4.6",
};

/// Statements about the version disagree.
pub static VERSION_DISAGREES: Entry = Entry {
    id: "TAR-028",
    name: "version-disagrees",
    severity: Medium,
    platforms: OPERATORS,
    title: "The pods are of different OpenShift versions",
    cause: "The backup was taken during an update.",
    consequence: "A restore needs a cluster of the very same z-stream release, and there is no one release to name.",
    remedy: "Use a backup from before or after the update.",
    source: "OpenShift documentation: restore to the same z-stream; configmaps/<pod>-pod/version, OPERATOR_IMAGE_VERSION",
};

/// A certificate has expired.
pub static CERTIFICATE_EXPIRED: Entry = Entry {
    id: "TAR-029",
    name: "certificate-expired",
    severity: Low,
    platforms: OPERATORS,
    title: "A certificate has expired",
    cause: "Time has passed since the backup: operators renew these certificates in a running cluster, an archive stays \
        as it is.",
    consequence: "Operators write most of them anew once the control plane runs. Until then clients may refuse each other, \
        and nodes whose own certificates have expired ask for new ones.",
    remedy: "After a restore, watch `oc get csr` and approve what is pending. An expired CA of etcd needs the procedure for \
        expired control plane certificates.",
    source: "RFC 5280 validity; OpenShift: recovering from expired control plane certificates",
};

/// A certificate is not yet valid.
pub static CERTIFICATE_NOT_YET_VALID: Entry = Entry {
    id: "TAR-030",
    name: "certificate-not-yet-valid",
    severity: Low,
    platforms: OPERATORS,
    title: "A certificate is not yet valid",
    cause: "The clock of this machine is behind, or that of the cluster was ahead when the certificate was issued.",
    consequence: "If the clock of a restored node is behind, too, its servers are refused.",
    remedy: "Check the clock here; before a restore, check chrony on the nodes.",
    source: "RFC 5280 validity",
};

/// A private key and the certificate beside it do not belong together.
pub static KEY_PAIR_MISMATCH: Entry = Entry {
    id: "TAR-031",
    name: "key-pair-mismatch",
    severity: High,
    platforms: OPERATORS,
    title: "A private key does not belong to what stands beside it",
    cause: "Files of two Secrets or two moments were mixed, by hand or by a backup taken while a certificate was replaced.",
    consequence: "The server or client that uses the pair does not start.",
    remedy: "Use another backup; operators write the pair anew only once the control plane runs.",
    source: "the public key of <name>.key against the first certificate of <name>.crt, or against <name>.pub",
};

/// Secret material where none is expected.
pub static SECRET_OUT_OF_PLACE: Entry = Entry {
    id: "TAR-032",
    name: "secret-out-of-place",
    severity: Medium,
    platforms: OPERATORS,
    title: "Secret material stands where none is expected",
    cause: "Somebody put a key, a token or a credential into a ConfigMap or a manifest, or into the host's directory.",
    consequence: "Whoever sorts out secrets by path alone leaves it in, and it goes wherever the file goes.",
    remedy: "Find its owner and move it to a Secret. When keys are split off, name its class.",
    source: "content of the member: PEM, JWT, base64 of either, credentials in kubeconfigs and cloud settings",
};

/// What is secret in the tarball.
pub static SECRETS_INSIDE: Entry = Entry {
    id: "TAR-033",
    name: "secrets-inside",
    severity: Info,
    platforms: OPERATORS,
    title: "The tarball holds secrets",
    cause: "It is made to: the pods need their keys. Even without encryption keys it has tokens bound to cluster-admin, the \
        key that signs service account tokens, and client keys of etcd.",
    consequence: "Whoever reads the file can become cluster-admin, whether or not the snapshot is encrypted.",
    remedy: "Store it apart from the snapshot and readable by as few as possible; `assay keys split` seals classes of it.",
    source: "members by class, told by path and by content",
};

/// A file that a manifest or a configuration names is not there.
pub static NAMED_MEMBER_MISSING: Entry = Entry {
    id: "TAR-034",
    name: "named-member-missing",
    severity: High,
    platforms: OPERATORS,
    title: "A file that a manifest or configuration names is not in the tarball",
    cause: "The member was removed or renamed, the archive was packed by hand, or the backup took a revision that the \
        installer had not finished.",
    consequence: "cluster-restore.sh up to 4.17 starts the pod from these directories: it does not find its key, certificate \
        or configuration, and does not start. Later releases start from what is on the node, and this file is lost.",
    remedy: "Use another backup, or take the file from the same revision on a control plane node that still has it.",
    source: "paths below /etc/kubernetes/static-pod-resources in <pod>-pod.yaml, config.yaml and kubeconfig, and of \
        certificates and keys below static-pod-certs in etcd-pod.yaml; a path that the shell tests for first may be missing",
};

/// A manifest or configuration that parses and says nothing.
pub static HOLLOW_CONFIGURATION: Entry = Entry {
    id: "TAR-035",
    name: "hollow-configuration",
    severity: High,
    platforms: OPERATORS,
    title: "A manifest or configuration says nothing",
    cause: "The file is empty or cut to `{}`: a full disk while the revision or the backup was written, or a change by hand.",
    consequence: "Up to 4.17 cluster-restore.sh puts this manifest in place of the running one: kubelet starts no pod from \
        it, or the process in it refuses its configuration. What it would have told of the cluster cannot be checked.",
    remedy: "Use another backup, or take the file from the same revision on a control plane node that still has it.",
    source: "Kubernetes: a static pod is of kind Pod and has containers; OpenShift's config.yaml has a kind in every release",
};

/// A certificate, key or named file without content.
pub static CONTENT_MISSING: Entry = Entry {
    id: "TAR-036",
    name: "content-missing",
    severity: High,
    platforms: OPERATORS,
    title: "A key, certificate or configuration holds nothing that can be read",
    cause: "The file is empty, zeros or garbage: a full disk or lost blocks while the revision was written, or a change by \
        hand. The archive is sound: it holds the file as it was.",
    consequence: "The pod that reads it does not start, or its clients are refused.",
    remedy: "Use another backup, or take the file from the same revision on a control plane node that still has it.",
    source: "PEM blocks in *.crt, *.key and *.pub; bytes of what lies below secrets/ or is named by a manifest",
};

/// A key without certificate, or a certificate without key.
pub static HALF_KEY_PAIR: Entry = Entry {
    id: "TAR-037",
    name: "half-key-pair",
    severity: High,
    platforms: OPERATORS,
    title: "A certificate stands without its key, or a key without its certificate",
    cause: "The other member was removed or renamed, or the revision was not finished when the backup was taken.",
    consequence: "The server or client that uses the pair does not start. A member of etcd on another node may be the one \
        that is concerned: every revision holds the certificates of all of them.",
    remedy: "Use another backup. If keys were split off on purpose, join them, or keep `.keyless` in the file's name.",
    source: "Kubernetes: a Secret of type kubernetes.io/tls has both; etcd-all-certs has both for each name",
};

/// A certificate of etcd by an issuer that etcd does not trust.
pub static ISSUER_NOT_TRUSTED: Entry = Entry {
    id: "TAR-038",
    name: "issuer-not-trusted",
    severity: High,
    platforms: OPERATORS,
    title: "A certificate of etcd is by an issuer that its own bundles do not have",
    cause: "Certificates of another cluster, or of the time after a CA was replaced, were mixed with the bundles of this one.",
    consequence: "Members of etcd refuse each other and kube-apiserver: after cluster-restore.sh up to 4.17 etcd finds no \
        quorum, or no API server reaches it.",
    remedy: "Use another backup, taken while no certificate is being replaced.",
    source: "issuer and authority key identifier against the CAs in configmaps/ of etcd-pod-<N>; signatures are not verified",
};
