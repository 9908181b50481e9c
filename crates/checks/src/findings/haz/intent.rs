//! What the restored cluster goes on with, and what goes on without it.

use crate::findings::Entry;
use crate::findings::platforms::{EVERY, KUBERNETES};
use crate::severity::Severity::{Low, Medium};

/// The revision goes back.
pub static REVISION_BACK: Entry = Entry {
    id: "HAZ-032",
    name: "revision-back",
    severity: Medium,
    platforms: EVERY,
    title: "The revision goes back",
    cause: "A restore goes on with the revision of the backup, and gives numbers out a second time. Whatever watches the \
        cluster remembers later ones.",
    consequence: "Clients that were not restarted hold what they remember for newer than what is there: controllers, \
        kubelets and operators miss changes, or act on objects that are gone, until the revision has passed where it was.",
    remedy: "Raise the revision as you restore: --bump-revision N --mark-compacted of etcdutl snapshot restore, with N no \
        less than what was written since (etcdctl endpoint status -w json tells how far the cluster is; --live-revision). \
        Where the restore has no such option, stop all API servers before it and restart all that watches after it: \
        controller managers, schedulers, kubelets and the pods that talk to the API.",
    source: "etcd issue 16028, etcdutl 3.6, 3.5.10 and etcdctl 3.4.27; cluster-etcd-operator cluster-restore.sh; \
        kubernetes issue 95958",
};

/// A server's removal from etcd was asked for.
pub static REMOVAL_ASKED: Entry = Entry {
    id: "HAZ-033",
    name: "removal-asked",
    severity: Medium,
    platforms: KUBERNETES,
    title: "A server was to be removed from etcd",
    cause: "Its Node has the annotation etcd.k3s.cattle.io/remove or etcd.rke2.cattle.io/remove, and nothing says that it \
        was done.",
    consequence: "The restored cluster removes the server from etcd as soon as it has joined, although it may be one that \
        is wanted by now; with two servers, that is half of etcd.",
    remedy: "Let the server join only if it is to stay, and take the annotation off before: kubectl annotate node NAME \
        etcd.k3s.cattle.io/remove- (etcd.rke2.cattle.io/remove-). Delete the Node of a server that is gone.",
    source: "k3s-io/k3s pkg/etcd/member_controller.go",
};

/// A MachineSet has another number of machines than it should.
pub static SET_SCALING: Entry = Entry {
    id: "HAZ-034",
    name: "set-scaling",
    severity: Low,
    platforms: KUBERNETES,
    title: "A MachineSet had another number of machines than it should",
    cause: "It was being scaled, by hand or by an autoscaler, or a machine was being replaced.",
    consequence: "Its controller goes on as soon as it runs: it deletes machines that are too many, those with a delete \
        annotation first, and their instances with all that runs there; or it makes new ones, also for machines that were \
        made after the backup and that it no longer knows.",
    remedy: "Compare with the machines that run now before the restore. After it, before the controllers run, set replicas to \
        what is wanted (oc scale machineset NAME -n NAMESPACE --replicas N), and take delete annotations off what is to stay.",
    source: "openshift/machine-api-operator pkg/controller/machineset; kubernetes-sigs/cluster-api \
        internal/controllers/machineset",
};
