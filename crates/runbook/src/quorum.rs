//! quorum is lost, a member is alive, and no backup is used.

use crate::draft::Draft;
use crate::hosts::Host;
use crate::plan::Plan;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

const IDS: [&str; 6] = ["Q-01", "Q-02", "Q-03", "Q-04", "Q-05", "Q-06"];
const ONLY_IF: &str = "quorum is lost, and etcd is alive on one host";

/// Writes the part, or why it is left out.
pub(crate) fn write(plan: &Plan<'_>, draft: &mut Draft) {
    draft.section("A member is alive: no backup needed");
    for id in IDS {
        draft.add(id, step(plan, id));
    }
}

fn step(plan: &Plan<'_>, id: &str) -> Written {
    if plan.is_single() {
        return Err("a single node has no quorum to lose".to_owned());
    }
    if plan.is_fenced() {
        return Err("with fencing Pacemaker decides which node goes on".to_owned());
    }
    if !plan.since(4, 18) {
        return Err("the script came with 4.18".to_owned());
    }
    Ok(match id {
        "Q-01" => choose(plan),
        "Q-02" => run(),
        "Q-03" => leave(plan),
        "Q-04" => recreate(plan),
        "Q-05" => machines(),
        _ => wait(),
    })
}

fn choose(plan: &Plan<'_>) -> Step {
    let look = |host: &Host| {
        Part::whole()
            .titled(format!("Does it run on {}?", host.node))
            .run(format!("{} sudo crictl ps --name '^etcd$'", host.ssh()))
    };
    let all = plan.control_plane().count();
    let step = Step::new("Q-01")
        .only_if(ONLY_IF)
        .say("No backup is used, and least is lost: try this before a restore.")
        .say(format!("Of {all} members {} are down: then there is no quorum.", all.div_ceil(2)))
        .say(
            "Take a host where etcd runs. If the API still reads: one that is no learner, with the highest raft index.",
        )
        .parts(plan.reachable().map(look))
        .shows("a line with Running, on the host to take");
    let pod = plan.reachable().next().map(|host| word(&host.etcd_pod()));
    step.parts(pod.map(|pod| {
        Part::whole()
            .titled("If the API still reads: the raft index")
            .run(format!("oc exec -n openshift-etcd {pod} -c etcdctl -- etcdctl endpoint status -w table"))
            .shows("a line for each member that answers; no answer at all: ask the pod of another host")
    }))
}

fn run() -> Step {
    Step::new("Q-02")
        .at(Place::RecoveryHost)
        .only_if("Q-01 found a host")
        .say("On the host that Q-01 found, and on no other. What it had not got from the others is lost.")
        .part(Part::whole().run("sudo -E /usr/local/bin/quorum-restore.sh").on_node("<live-host>"))
        .shows(
            "`...stopping etcd-pod.yaml`, `Waiting for container ... to stop`, then `starting restore-etcd static pod`",
        )
        .trouble("`required dependencies not found`: no static pod of etcd ever ran on this host. Take another.")
}

fn leave(plan: &Plan<'_>) -> Step {
    let pods = plan.reachable().map(Host::etcd_pod).collect::<Vec<_>>().join(", ");
    Step::new("Q-03")
        .only_if("Q-02 was run")
        .say("End the SSH session. Members that are alive join the new cluster by themselves.")
        .part(
            Part::whole()
                .run("oc -n openshift-etcd get pods -l k8s-app=etcd")
                .shows(format!("Running, of the hosts that are alive: {pods}")),
        )
        .wait("some minutes", "the pods of all hosts that are alive are Running", "")
}

fn recreate(plan: &Plan<'_>) -> Step {
    Step::new("Q-04")
        .only_if("Q-02 was run, and a host stays offline")
        .say("As in R-17, host by host, and never the host of Q-02.")
        .say_if(
            plan.others.iter().any(|host| host.lost) || plan.proposed,
            "R-17 was written for the recovery host that it names: if Q-02 was run on another, mind its Machine.",
        )
}

fn machines() -> Step {
    Step::new("Q-05")
        .only_if("Q-04 re-created a Machine")
        .part(Part::whole().run("oc get machines -n openshift-machine-api -o wide").shows("every Machine Running"))
        .wait("some minutes for each Machine", "every Machine is Running", "")
}

fn wait() -> Step {
    Step::new("Q-06")
        .only_if("Q-02 was run")
        .part(Part::whole().run("oc adm wait-for-stable-cluster").shows("all clusteroperators are stable"))
        .wait("up to 15 minutes", "the command ends", "")
        .trouble("No progress: R-20.")
        .shows("Done: leave the restore alone. Make a new backup, B-01 to B-05")
}
