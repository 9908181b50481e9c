//! Nodes, machines, certificates, operators, admission, deletion, space.

use crate::findings::Entry;
use crate::findings::platforms::{KUBERNETES, OPERATORS};
use crate::severity::Severity::{Info, Low, Medium};

const DOCS: &str = "OpenShift documentation: restoring to a previous cluster state";

/// Certificate requests were waiting for approval.
pub static PENDING_CSRS: Entry = Entry {
    id: "HAZ-012",
    name: "pending-csrs",
    severity: Low,
    platforms: KUBERNETES.elsewhere(
        "After the restore: kubectl get csr, check each (kubectl describe csr NAME), kubectl certificate \
        approve NAME.",
    ),
    title: "Certificate signing requests were waiting for approval",
    cause: "A node had joined or renewed its certificate, and nothing had approved the request.",
    consequence: "Until they are approved, a node does not join (client), or logs and exec fail (serving). After a \
        restore there will be more of them.",
    remedy: "After the restore: oc get csr, check each (oc describe csr NAME), oc adm certificate approve NAME. Do so for \
        both signers: client first, then serving.",
    source: DOCS,
};

/// A machine had no node.
pub static MACHINE_WITHOUT_NODE: Entry = Entry {
    id: "HAZ-013",
    name: "machine-without-node",
    severity: Low,
    platforms: OPERATORS,
    title: "A machine had no node, or was not running",
    cause: "It was being made or removed, or its instance is lost.",
    consequence: "The machine API acts on it again after a restore: it goes on making or deleting an instance that may \
        be long gone, or in use.",
    remedy: "Compare with the cloud before the restore. Afterwards, delete machines whose instance does not exist, and \
        those of lost control-plane nodes; new ones are made under new names.",
    source: DOCS,
};

/// Which machines carry the control plane.
pub static CONTROL_PLANE_MACHINES: Entry = Entry {
    id: "HAZ-014",
    name: "control-plane-machines",
    severity: Info,
    platforms: OPERATORS,
    title: "Control-plane machines are those of the backup",
    cause: "Machines and their instances are named in etcd.",
    consequence: "Machines replaced after the backup are not known to the restored cluster; those it knows may be gone. \
        An active ControlPlaneMachineSet replaces machines by itself as soon as it runs, also one that you meant to keep.",
    remedy: "Compare names and provider IDs with the running instances before the restore. Delete and re-create \
        control-plane machines other than the recovery host one by one; with an active ControlPlaneMachineSet, deleting \
        a machine is enough.",
    source: DOCS,
};

/// A node was not ready.
pub static NODE_NOT_READY: Entry = Entry {
    id: "HAZ-015",
    name: "node-not-ready",
    severity: Low,
    platforms: KUBERNETES.elsewhere(
        "Settle it before a restore if the restore is to run on it. Afterwards, if the node does not come \
        back, delete it and join it again.",
    ),
    title: "A node was not ready when the backup was made",
    cause: "Its kubelet had stopped reporting, or reported a fault.",
    consequence: "The restored cluster begins with its pods and volumes still bound to it.",
    remedy: "Settle it before a restore if it is the recovery host. Afterwards, if the node does not come back: remove \
        the PEM files in /var/lib/kubelet/pki on it, restart kubelet, approve its requests; or delete the node.",
    source: DOCS,
};

/// Kubelets have renewed their certificates since.
pub static KUBELET_CERTIFICATES: Entry = Entry {
    id: "HAZ-016",
    name: "kubelet-certificates-renewed",
    severity: Medium,
    platforms: OPERATORS,
    title: "Kubelets have renewed their certificates since the backup",
    cause: "Kubelets' certificates last 30 days at most. The authority that signs them lasts 30 days, and is replaced \
        after 15: a backup of that age does not know its successor.",
    consequence: "The restored API server does not trust the kubelets' certificates: nodes go NotReady until they get \
        new ones.",
    remedy: "Have ssh to every node before the restore. Afterwards, on each node that is NotReady: remove the PEM files \
        in /var/lib/kubelet/pki, restart kubelet, and approve its requests (oc get csr, oc adm certificate approve).",
    source: "cluster-kube-controller-manager-operator pkg/operator/certrotationcontroller; cluster-signing-duration \
        720h; OpenShift documentation: restoring to a previous cluster state",
};

/// A machine configuration was being rolled out.
pub static CONFIG_ROLLOUT: Entry = Entry {
    id: "HAZ-017",
    name: "config-rollout",
    severity: Low,
    platforms: OPERATORS,
    title: "A machine configuration was being rolled out, or had failed",
    cause: "A node's current and desired configuration differ, or its pool was updating or degraded.",
    consequence: "The restored cluster goes on with the rollout: it drains and reboots nodes in the middle of recovery. \
        Nodes that have moved on since are reported degraded.",
    remedy: "Pause the pools right after the restore (oc patch mcp NAME --type merge -p \
        '{\"spec\":{\"paused\":true}}') and look at each node before you resume; better, back up again when no rollout \
        is under way.",
    source: "machine-config-operator: node annotations machineconfiguration.openshift.io/currentConfig and desiredConfig",
};

/// A machine config pool was paused.
pub static POOL_PAUSED: Entry = Entry {
    id: "HAZ-018",
    name: "pool-paused",
    severity: Low,
    platforms: OPERATORS,
    title: "A machine config pool was paused",
    cause: "Somebody paused it, for an update in steps, say.",
    consequence: "Nodes of the pool are not given new certificate authorities either: when kube-apiserver's kubelet \
        signer is renewed, logs, exec and metrics of these nodes fail.",
    remedy: "Resume the pool once the restored cluster is stable, if the pause is not meant.",
    source: "OpenShift documentation: pausing machine config pools; alert MachineConfigControllerPausedPoolKubeletCA",
};

/// A webhook can block recovery.
pub static BLOCKING_WEBHOOK: Entry = Entry {
    id: "HAZ-019",
    name: "blocking-webhook",
    severity: Low,
    platforms: KUBERNETES.elsewhere(
        "If pods cannot be created after the restore (failed calling webhook), delete the configuration or \
        set its failurePolicy to Ignore until its service runs: kubectl delete \
        validatingwebhookconfiguration NAME, or mutatingwebhookconfiguration.",
    ),
    title: "A webhook served by pods must answer before core objects change",
    cause: "An admission webhook has failurePolicy Fail and is asked about pods, nodes, secrets or the like.",
    consequence: "Right after a restore its pods do not run, so the API server refuses the changes that would start \
        them.",
    remedy: "If pods cannot be created after the restore (failed calling webhook), delete the configuration or set its \
        failurePolicy to Ignore until its service runs: oc delete validatingwebhookconfiguration NAME, or \
        mutatingwebhookconfiguration.",
    source: "Kubernetes: admission webhook good practices, avoiding deadlocks in self-hosted webhooks",
};

/// Deletions were under way.
pub static DELETION_UNDER_WAY: Entry = Entry {
    id: "HAZ-020",
    name: "deletion-under-way",
    severity: Low,
    platforms: KUBERNETES,
    title: "Objects were being deleted",
    cause: "Their deletion was asked for and finalizers held it back, or a namespace was being emptied.",
    consequence: "The restored cluster goes on deleting, also what was made again under the same name since; a deleted \
        volume claim takes a volume with reclaim policy Delete along.",
    remedy: "Look at what is listed. What must not be deleted is re-created afterwards; set volumes to reclaim policy \
        Retain before the restore, in the storage system if need be.",
    source: "Kubernetes: metadata.deletionTimestamp and finalizers",
};

/// A redeployment had been forced before.
pub static FORCED_REDEPLOYMENT: Entry = Entry {
    id: "HAZ-021",
    name: "forced-redeployment",
    severity: Info,
    platforms: OPERATORS,
    title: "A redeployment of static pods has been forced before",
    cause: "forceRedeploymentReason of an operator is set, by an earlier recovery or a rotation of certificates.",
    consequence: "Setting the same reason again does nothing: the pods are not redeployed.",
    remedy: "If the procedure asks to force a redeployment, give a reason that was not used, such as \
        recovery-\"$(date --rfc-3339=ns)\": oc patch etcd cluster --type=merge -p \
        '{\"spec\":{\"forceRedeploymentReason\":\"...\"}}', likewise kubeapiserver, kubecontrollermanager, kubescheduler.",
    source: DOCS,
};

/// The network's own databases are not in the backup.
pub static OVN_DATABASES: Entry = Entry {
    id: "HAZ-022",
    name: "ovn-databases",
    severity: Info,
    platforms: OPERATORS,
    title: "The databases of OVN-Kubernetes are of today",
    cause: "The network type is OVNKubernetes: its northbound and southbound databases lie on the nodes, not in etcd.",
    consequence: "They may hold ports and policies that the restored cluster does not know, and pods lack network.",
    remedy: "Where the procedure of the release asks for it (4.14 and neighbours), on every node: remove \
        /var/lib/ovn-ic/etc/*.db (before 4.14 the databases of the masters), restart ovs-vswitchd and ovsdb-server, then \
        delete the node's ovnkube-node pod.",
    source: DOCS,
};

/// The backup was made before the first rotation of certificates.
pub static BEFORE_FIRST_ROTATION: Entry = Entry {
    id: "HAZ-023",
    name: "before-first-rotation",
    severity: Medium,
    platforms: OPERATORS,
    title: "The backup was made within 24 hours of the installation",
    cause: "Certificates of a new cluster last 24 hours and are rotated before that for the first time.",
    consequence: "The backup brings back certificates that have expired.",
    remedy: "Take another backup once the cluster is older than a day.",
    source: "OpenShift documentation: backing up etcd, do not take a backup before the first certificate rotation",
};

/// A certificate of the tarball ends before the planned restore.
pub static CERTIFICATE_ENDS: Entry = Entry {
    id: "HAZ-024",
    name: "certificate-ends-before-restore",
    severity: Low,
    platforms: OPERATORS,
    title: "A certificate of the tarball ends before the planned restore",
    cause: "The backup is older than its certificates last.",
    consequence: "Operators renew most certificates by themselves once etcd and API server run; those of etcd must be \
        valid for that. Until then components do not talk to each other.",
    remedy: "Take a newer backup before that day. If there is none: after the restore, follow \"recovering from expired \
        control plane certificates\" and approve pending requests.",
    source: "X.509 notAfter of the tarball's certificates; --restore-date",
};

/// The authority of etcd ends.
pub static ETCD_SIGNER_ENDS: Entry = Entry {
    id: "HAZ-025",
    name: "etcd-signer-ends",
    severity: Medium,
    platforms: OPERATORS,
    title: "The certificate authority of etcd ends",
    cause: "It lasts five years in newer releases, and is not always rotated in time.",
    consequence: "With an authority that has ended, etcd's members and API servers refuse each other: a restore does not \
        come up. OpenShift warns from two years before, and calls one year critical.",
    remedy: "Rotate the signer (openshift-etcd/etcd-signer) as the documentation describes, then back up again.",
    source: "cluster-etcd-operator alerts etcdSignerCAExpirationWarning (730 days) and Critical (365 days)",
};

/// Another authority has ended.
pub static SIGNER_ENDED: Entry = Entry {
    id: "HAZ-026",
    name: "signer-ended",
    severity: Low,
    platforms: OPERATORS,
    title: "A signer in the backup has ended by the time of the restore",
    cause: "The backup is older than the authority lasts.",
    consequence: "Operators make a new one after the restore, and everything that it signed is renewed; kubelets need \
        their requests approved.",
    remedy: "Expect the control plane to take longer to settle; approve pending requests (oc get csr) until no more come.",
    source: "library-go certrotation; OpenShift documentation: recovering from expired control plane certificates",
};

/// The operator will not defragment.
pub static DEFRAG_OFF: Entry = Entry {
    id: "HAZ-027",
    name: "defrag-off",
    severity: Low,
    platforms: OPERATORS,
    title: "The database is due for defragmentation, and nothing will do it",
    cause: "45 % of it and more are free pages and it is 100 MiB or larger, the rule of the etcd operator; but its \
        controller is disabled by ConfigMap etcd-disable-defrag, or leaves a single control-plane node alone.",
    consequence: "A restore keeps free pages: the restored database is as large, and stays so.",
    remedy: "Defragment by hand, after the restore or better before the next backup: etcdctl defrag on each member, the \
        leader last, a minute between them. Remove the ConfigMap if it is not meant.",
    source: "cluster-etcd-operator pkg/operator/defragcontroller",
};

/// The database is larger than the default quota.
pub static ABOVE_DEFAULT_QUOTA: Entry = Entry {
    id: "HAZ-028",
    name: "above-default-quota",
    severity: Medium,
    platforms: OPERATORS,
    title: "The database is larger than the quota that a release sets",
    cause: "The cluster's quota was raised (backendQuotaGiB), and the database has outgrown the default.",
    consequence: "A control plane that comes up with the default quota raises NOSPACE at the first write after a \
        restore.",
    remedy: "Make sure that the quota is raised where the backup is restored, or compact and defragment before the next \
        backup (etcdctl compact, etcdctl defrag, etcdctl alarm disarm).",
    source: "etcd server/storage/quota.go; operator.openshift.io Etcd spec.backendQuotaGiB",
};

/// Members and control-plane nodes are not as many.
pub static MEMBERS_NOT_NODES: Entry = Entry {
    id: "HAZ-029",
    name: "members-not-nodes",
    severity: Low,
    platforms: OPERATORS,
    title: "etcd had not as many voters as control-plane nodes",
    cause: "A member was being replaced, or had been removed and not added again.",
    consequence: "None for the restore itself, which begins with one member. The cluster was closer to losing quorum \
        than it should be, and the etcd operator goes on scaling afterwards.",
    remedy: "Check etcdctl member list and oc get nodes in the running cluster; back up again when all members are \
        there.",
    source: "etcd bucket members; nodes with label node-role.kubernetes.io/master or control-plane",
};

/// Some objects could not be looked at.
pub static HAZARDS_UNREAD: Entry = Entry {
    id: "HAZ-030",
    name: "hazards-unread",
    severity: Info,
    platforms: KUBERNETES.elsewhere(
        "Give the keys with --keys. What does not open with them either is damaged: assay keys check and \
        assay verify name it.",
    ),
    title: "Hazards were not looked for in all objects",
    cause: "Objects are encrypted and no key at hand opens them, or they are damaged, larger than any such object, or more \
        than is ever decoded.",
    consequence: "The list of hazards may lack what they would have told: when an authority in a Secret ends, and which \
        encrypted objects were being deleted.",
    remedy: "Give the keys (the tarball of the same backup, --keys or --escrow). What does not open with them either is \
        damaged: assay keys check and assay verify name it.",
    source: "assay opens Secrets with the keys at hand, and decodes objects up to 1 MiB, 256 MiB in all",
};

/// A certificate beside the snapshot has ended by the time of the restore.
pub static PKI_ENDS: Entry = Entry {
    id: "HAZ-031",
    name: "pki-ends",
    severity: Medium,
    platforms: KUBERNETES,
    title: "A certificate beside the snapshot has ended by the time of the restore",
    cause: "Certificates that kubeadm makes last a year, its authorities ten. A copy of pki/, of k3s' and RKE2's server/tls, of \
        RKE's or MicroShift's certificates, or of Talos' secrets is as old as the backup. What k3s, RKE2, MicroShift and Talos \
        renew as they start is left out: of theirs, authorities alone are told.",
    consequence: "API server, etcd and their clients do not trust each other with it: a control plane that is brought up \
        with this directory does not come up.",
    remedy: "Take the certificates of today's nodes, where they are there. Else renew them before the control plane is \
        started (kubeadm certs renew all, rke cert rotate); an authority that has ended must be made anew, with all that it \
        signed (k3s certificate rotate-ca).",
    source: "X.509 notAfter of the files beside the snapshot; kubeadm certs: leaves 8760h, authorities 87600h; k3s certificate; \
        --restore-date",
};
