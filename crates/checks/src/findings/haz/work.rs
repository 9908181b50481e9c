//! Work that a restored cluster does at once, and what holds its work up.

use crate::findings::Entry;
use crate::findings::platforms::KUBERNETES;
use crate::severity::Severity::{Info, Low};

/// CronJobs are due.
pub static CRON_JOBS_DUE: Entry = Entry {
    id: "HAZ-035",
    name: "cron-jobs-due",
    severity: Info,
    platforms: KUBERNETES,
    title: "CronJobs are due when the cluster comes up",
    cause: "The backup says when each ran last, and a time of its schedule has passed since: it may have run then, which the \
        restored cluster does not know. The cluster's own, in namespaces openshift-* and kube-*, are left out.",
    consequence: "Each runs once as soon as its controller does, at whatever hour that is, a second time where it ran after \
        the backup: reports are sent, payments made, data cleaned up again.",
    remedy: "Suspend those that must not run twice before the controllers start, or right after (kubectl patch cronjob NAME -n \
        NAMESPACE -p '{\"spec\":{\"suspend\":true}}'), and let them go on when the workload has been looked at.",
    source: "kubernetes pkg/controller/cronjob: the last missed time is made up for, within startingDeadlineSeconds",
};

/// Jobs were not finished.
pub static JOBS_UNFINISHED: Entry = Entry {
    id: "HAZ-036",
    name: "jobs-unfinished",
    severity: Low,
    platforms: KUBERNETES,
    title: "Jobs were not finished when the backup was made",
    cause: "They were running, or waiting. Since the backup they may have come to their end. The cluster's own, in namespaces \
        openshift-* and kube-*, are left out.",
    consequence: "The restored cluster runs their pods again, from the beginning: what such a job has done already, a \
        migration of a database or an upload, is done a second time.",
    remedy: "Look at each: delete a Job that is done or must not run twice, before the controllers start or right after \
        (kubectl delete job NAME -n NAMESPACE --cascade=orphan), or suspend it (spec.suspend).",
    source: "kubernetes pkg/controller/job: pods are made until completions are counted in the status",
};

/// Nodes were cordoned.
pub static NODES_CORDONED: Entry = Entry {
    id: "HAZ-037",
    name: "nodes-cordoned",
    severity: Low,
    platforms: KUBERNETES,
    title: "Nodes were cordoned when the backup was made",
    cause: "They were being drained, or kept free: spec.unschedulable is set. Nodes that a machine configuration was being \
        rolled out to are told of by HAZ-017.",
    consequence: "The restored cluster schedules no pod to them, although the work that they were drained for is done by now; \
        with the others gone, there may be no place for the workload.",
    remedy: "When the nodes are back, uncordon those that are to work: kubectl uncordon NODE.",
    source: "kubernetes: kubectl cordon and drain set spec.unschedulable of the Node",
};

/// No pod may be evicted.
pub static EVICTIONS_CLOSED: Entry = Entry {
    id: "HAZ-038",
    name: "evictions-closed",
    severity: Info,
    platforms: KUBERNETES,
    title: "PodDisruptionBudgets let no pod be evicted",
    cause: "No disruption was allowed (disruptionsAllowed 0), of budgets that cover pods; or evictions that were allowed had \
        not been seen through (disruptedPods). The budgets of namespaces openshift-* and kube-* that allow none are left out.",
    consequence: "A drain waits until the budget allows an eviction: nodes that are drained after the restore, to be updated \
        or replaced, do not come to an end before those workloads are whole.",
    remedy: "Bring those workloads up first. Where a node has to be emptied before, delete their pods by hand: that asks no \
        budget.",
    source: "kubernetes policy/v1: PodDisruptionBudget status, and the eviction API that goes by it",
};

/// Machines are marked to go first.
pub static MACHINES_MARKED: Entry = Entry {
    id: "HAZ-039",
    name: "machines-marked",
    severity: Low,
    platforms: KUBERNETES,
    title: "Machines are marked to go first",
    cause: "An annotation says so (machine.openshift.io/delete-machine, cluster.x-k8s.io/delete-machine), by hand or by an \
        autoscaler. Their MachineSets had no machine too many when the backup was made; one that has is told of by HAZ-034.",
    consequence: "The next time that such a MachineSet is scaled down, which an autoscaler may do at once, those machines are \
        deleted first, with what runs there.",
    remedy: "Take the annotations off machines that are to stay, before the controllers run: oc annotate machine NAME -n \
        NAMESPACE machine.openshift.io/delete-machine-.",
    source: "openshift/machine-api-operator and kubernetes-sigs/cluster-api: delete policy of machine sets",
};

/// Leaders are waited for.
pub static LEADERS_LONG: Entry = Entry {
    id: "HAZ-040",
    name: "leaders-long",
    severity: Info,
    platforms: KUBERNETES,
    title: "Leases of leaders bind for five minutes or longer",
    cause: "Leaders of controllers hold a Lease, and others wait leaseDurationSeconds for one that does not renew it. The \
        restored Leases name the holders of the backup, which may be gone.",
    consequence: "After the restore, nothing that such a leader does is done before that time has passed; whoever waits counts \
        it from when it first sees the Lease.",
    remedy: "Wait, or delete the Lease of a holder that is gone: kubectl delete lease NAME -n NAMESPACE.",
    source: "kubernetes client-go tools/leaderelection",
};
