//! Work that a restored cluster does at once, and what holds its work up.

use jiff::Timestamp;

use super::cron::Schedule;
use super::list::{Listed, ObjectName};
use super::object::Object;
use super::view::{CREATED, DELETED, Field, LABELS, METADATA, SPEC, STATUS, View};

/// Conditions of a Job for which nothing is done any more.
const FINISHED: [&str; 2] = ["Complete", "Failed"];
/// Seconds that a leader may be gone for before that is worth a word; operators of OpenShift wait up to 270.
const LONG: i64 = 300;
/// The label of the Leases by which API servers say that they run.
const IDENTITY: &str = "apiserver.kubernetes.io/identity";

/// Work that a restored cluster does at once, and what holds its work up. The jobs of the cluster itself are left out: they
/// may run at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// CronJobs, not suspended, that were due between the backup and the restore.
    pub due: Listed<Due>,
    /// Jobs, not suspended, that were not finished.
    pub unfinished: Listed<ObjectName>,
    /// PodDisruptionBudgets that let no pod be evicted, other than the cluster's own.
    pub closed: Listed<ObjectName>,
    /// PodDisruptionBudgets with evictions that were allowed and not seen through.
    pub evicting: Listed<ObjectName>,
    /// Leases of leaders that are waited for long.
    pub leaders: Listed<Leader>,
}

/// A CronJob that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Namespace and name.
    pub name: ObjectName,
    /// Its schedule, as it is written.
    pub schedule: String,
}

/// A Lease of a leader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// Namespace and name.
    pub name: ObjectName,
    /// Who held it.
    pub holder: String,
    /// Seconds that others wait for the holder.
    pub seconds: i64,
}

impl Work {
    /// A job is due where a time of its schedule has passed since it last ran, or since it was made, and it is not too late.
    pub(super) fn add_cron_job(&mut self, key: &Object<'_>, object: View<'_>, restore: Timestamp) {
        let Some(spec) = object.get(SPEC).filter(|_| !is_of_cluster(key) && !is_going(object)) else { return };
        if spec.flag(Field(4, "suspend")) {
            return;
        }
        let last = object.get(STATUS).and_then(|status| status.time(Field(4, "lastScheduleTime")));
        let last = last.or_else(|| object.get(METADATA).and_then(|metadata| metadata.time(CREATED)));
        let written = spec.text(Field(1, "schedule"));
        let (Some(last), Some(schedule)) = (last, Schedule::parse(&written)) else { return };
        let deadline = spec.number(Field(2, "startingDeadlineSeconds"));
        let in_time = deadline.map(|seconds| Timestamp::from_second(restore.as_second().saturating_sub(seconds)));
        let after = in_time.and_then(Result::ok).map_or(last, |in_time| in_time.max(last));
        if schedule.meets(after, restore) {
            self.due.push(Due { name: key.object_name(), schedule: written });
        }
    }

    pub(super) fn add_job(&mut self, key: &Object<'_>, object: View<'_>) {
        if is_of_cluster(key) || is_going(object) {
            return;
        }
        let suspended = object.get(SPEC).is_some_and(|spec| spec.flag(Field(10, "suspend")));
        let status = object.get(STATUS);
        let mut conditions = status.into_iter().flat_map(|status| status.all(Field(1, "conditions")));
        let is_true = |condition: View<'_>| condition.is(Field(2, "status"), "True");
        let finished = conditions
            .any(|condition| FINISHED.iter().any(|kind| condition.is(Field(1, "type"), kind)) && is_true(condition));
        let completed = status.is_some_and(|status| status.time(Field(3, "completionTime")).is_some());
        if !suspended && !finished && !completed {
            self.unfinished.push(key.object_name());
        }
    }

    pub(super) fn add_budget(&mut self, key: &Object<'_>, object: View<'_>) {
        let Some(status) = object.get(STATUS) else { return };
        let number = |field| status.number(field);
        if status.get(Field(2, "disruptedPods")).is_some() {
            self.evicting.push(key.object_name());
        }
        let (allowed, pods) = (number(Field(3, "disruptionsAllowed")), number(Field(6, "expectedPods")));
        if allowed == Some(0) && pods.is_some_and(|pods| pods > 0) && !is_of_cluster(key) {
            self.closed.push(key.object_name());
        }
    }

    /// Nobody leads before the holder, which may be gone, has been waited for.
    pub(super) fn add_lease(&mut self, key: &Object<'_>, object: View<'_>) {
        let own = object.get(METADATA).is_some_and(|metadata| metadata.entry(LABELS, IDENTITY).is_some());
        let Some(spec) = object.get(SPEC).filter(|_| !own && key.namespace_bytes() != b"kube-node-lease") else {
            return;
        };
        let (holder, seconds) = (spec.text(Field(1, "holderIdentity")), spec.number(Field(2, "leaseDurationSeconds")));
        if let Some(seconds) = seconds.filter(|seconds| *seconds >= LONG && !holder.is_empty()) {
            self.leaders.push(Leader { name: key.object_name(), holder, seconds });
        }
    }

    pub(super) fn sort(&mut self) {
        self.due.items.sort_by(|a, b| a.name.cmp(&b.name));
        self.leaders.items.sort_by(|a, b| a.name.cmp(&b.name));
        for list in [&mut self.unfinished, &mut self.closed, &mut self.evicting] {
            list.items.sort();
        }
    }
}

/// Whether an object lies in a namespace of the cluster's own.
fn is_of_cluster(key: &Object<'_>) -> bool {
    let namespace = key.namespace_bytes();
    namespace.starts_with(b"openshift-") || namespace.starts_with(b"kube-")
}

fn is_going(object: View<'_>) -> bool {
    object.get(METADATA).is_some_and(|metadata| metadata.time(DELETED).is_some())
}
