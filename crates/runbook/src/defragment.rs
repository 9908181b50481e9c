//! D-00 to D-08: give etcd's free pages back to the disk, member by member.

use backup_facts::hazards::DefragOff;
use backup_facts::platform::rules;
use wording::Size;

use crate::draft::Draft;
use crate::hosts::Host;
use crate::plan::Plan;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

/// Writes the part.
pub(crate) fn write(plan: &Plan<'_>, draft: &mut Draft) {
    draft.section("Defragment etcd");
    draft.add("D-00", Ok(needed(plan)));
    if !plan.known.platform.has_operators() {
        draft.add("D-09", elsewhere(plan));
        return;
    }
    draft.add("D-01", Ok(access()));
    draft.add("D-02", Ok(pods(plan)));
    draft.add("D-03", leader(plan));
    draft.add("D-04", Ok(enter(plan)));
    draft.add("D-05", Ok(alone()));
    draft.add("D-06", Ok(defragment(plan)));
    draft.add("D-07", Ok(shrunk(plan)));
    draft.add("D-08", Ok(alarms(plan)));
}

/// What the backup says of its space, and who defragments by themselves.
fn needed(plan: &Plan<'_>) -> Step {
    let space = &plan.known.hazards.space;
    let (won, used) = (space.size.saturating_sub(space.in_use), hundredths(space.free_share));
    let mut step = Step::new("D-00").at(Place::Site);
    if space.size > 0 {
        step = step.say(format!(
            "At the time of the backup the database took {}, {} of it in use: {used} % or {} to win. It took {} % of its quota of {}.",
            Size(space.size),
            Size(space.in_use),
            Size(won),
            hundredths(space.quota_share),
            Size(space.quota),
        ));
    }
    step = step
        .say("Compaction, every five minutes, frees pages inside the file; the file shrinks by defragmentation alone.");
    if !plan.known.platform.has_operators() {
        return step.say(format!("{}.", sentence(rules(plan.known.platform).habits)));
    }
    let by_itself = match space.defrag_off {
        Some(DefragOff::SingleReplica) => {
            "The operator does not defragment a single node: the API would stop meanwhile. It is done by hand."
        }
        Some(DefragOff::ConfigMap) => {
            "The operator would do it by itself, and was told not to: the ConfigMap `openshift-etcd-operator/etcd-disable-defrag` is there."
        }
        None if plan.since(4, 9) => {
            "The operator does it by itself from 45 % of free pages and 100 MiB on; by hand it is done where that did not come about, or room is short now."
        }
        None => "Before 4.9 nothing does it by itself.",
    };
    step.say(by_itself).say(
        "Of the cluster as it is now, in its metrics: quota `etcd_server_quota_backend_bytes`; to win, in MB, `(etcd_mvcc_db_total_size_in_bytes - etcd_mvcc_db_total_size_in_use_in_bytes)/1024/1024`.",
    )
}

/// `45.07` of 4507 hundredths.
fn hundredths(share: u64) -> String {
    format!("{}.{:02}", share / 100, share % 100)
}

/// The first letter as a sentence has it.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn access() -> Step {
    Step::new("D-01").part(Part::whole().run("oc whoami").shows("a user with the role cluster-admin"))
}

/// Pods of etcd, by the nodes of the backup.
const PODS: &str = "oc -n openshift-etcd get pods -l k8s-app=etcd -o wide";

fn pods(plan: &Plan<'_>) -> Step {
    let pods = plan.control_plane().map(|host| format!("`{}` on {}", host.etcd_pod(), host.address()));
    let pods: Vec<String> = pods.collect();
    Step::new("D-02").part(Part::whole().run(PODS)).shows(format!("Running: {}", pods.join(", ")))
}

fn rsh(host: &Host) -> String {
    format!("oc rsh -n openshift-etcd {}", word(&host.etcd_pod()))
}

fn leader(plan: &Plan<'_>) -> Written {
    if plan.is_single() {
        return Err("one member: it is the leader".to_owned());
    }
    let command = format!("{} etcdctl endpoint status --cluster -w table", rsh(&plan.recovery));
    Ok(Step::new("D-03").say("Any pod that runs will do.").part(Part::whole().run(command)).shows(
        "one line each; IS LEADER is true in one. Note its address: that member comes last. IS LEARNER true in none",
    ))
}

fn enter(plan: &Plan<'_>) -> Step {
    let step = Step::new("D-04").parts(plan.control_plane().map(|host| {
        Part::whole().titled(format!("`{}`", host.etcd_pod())).run(rsh(host)).shows("a prompt in the pod")
    }));
    if plan.is_single() {
        return step.say("The API stands still while the only member is defragmented: some seconds to some minutes.");
    }
    step.say("D-04 to D-07 for one member, then for the next. Those that do not lead first, the leader last; never two at once.")
        .say("A member that is being defragmented answers nobody.")
}

fn alone() -> Step {
    Step::new("D-05")
        .say("In the pod. Else the next command goes to all members at once.")
        .part(Part::whole().titled("In the pod").run("unset ETCDCTL_ENDPOINTS"))
}

fn defragment(plan: &Plan<'_>) -> Step {
    let large = plan.known.hazards.space.size > 1 << 30;
    Step::new("D-06")
        .part(
            Part::whole()
                .titled("In the pod")
                .run("etcdctl --command-timeout=30s --endpoints=https://localhost:2379 defrag"),
        )
        .shows("`Finished defragmenting etcd member[https://localhost:2379]`")
        .trouble("`context deadline exceeded`: again with a longer `--command-timeout`, such as 300s.")
        .trouble_if(large, "The database of the backup is larger than a GiB: begin with 120s.")
}

fn shrunk(plan: &Plan<'_>) -> Step {
    let step = Step::new("D-07")
        .part(Part::whole().titled("In the pod").run("etcdctl endpoint status -w table --cluster"))
        .shows(
            "DB SIZE of this member has fallen; the leader is still the one of D-03, else it comes last all the same",
        );
    if plan.is_single() {
        return step;
    }
    step.wait("at least one minute before the next member", "etcd has settled, and this member has no lag", "")
}

fn alarms(plan: &Plan<'_>) -> Step {
    let etcdctl = |what: &str| format!("{} etcdctl {what}", rsh(&plan.recovery));
    Step::new("D-08")
        .say("After the last member. An alarm of full space stays until it is disarmed, and etcd takes no writes.")
        .part(Part::new("D-08a").run(etcdctl("alarm list")).shows("nothing, or `memberID:... alarm:NOSPACE`"))
        .part(Part::new("D-08b").run(etcdctl("alarm disarm")))
}

/// Off OpenShift.
fn elsewhere(plan: &Plan<'_>) -> Written {
    use backup_facts::platform::Platform;
    let certificates = match plan.known.platform {
        Platform::Kubeadm => "/etc/kubernetes/pki/etcd",
        Platform::K3s => "/var/lib/rancher/k3s/server/tls/etcd",
        Platform::Rke2 => "/var/lib/rancher/rke2/server/tls/etcd",
        other => return Err(format!("no commands of {} are written down here", other.title())),
    };
    let (ca, pair) = match plan.known.platform {
        Platform::Kubeadm => ("ca.crt", "healthcheck-client"),
        _ => ("server-ca.crt", "server-client"),
    };
    let etcdctl = format!(
        "sudo etcdctl --command-timeout=120s --endpoints https://127.0.0.1:2379 --cacert {certificates}/{ca} --cert {certificates}/{pair}.crt --key {certificates}/{pair}.key"
    );
    Ok(Step::new("D-09")
        .at(Place::EveryHost)
        .say("On one host after the other, those that do not lead first, the leader last, at least one minute between two.")
        .say("`etcdctl` is in the image of etcd; the certificate is one that its own health check uses.")
        .part(Part::whole().titled("Which one leads").run(format!("{etcdctl} endpoint status --cluster -w table")))
        .part(Part::whole().titled("On each host").run(format!("{etcdctl} defrag")))
        .part(Part::whole().titled("After the last: an alarm of full space is disarmed").run(format!("{etcdctl} alarm list")).run(format!("{etcdctl} alarm disarm"))))
}
