//! the cluster comes to rest.

use backup_facts::site::{Role, Workload};

use super::nodes::ETCD_PODS;
use crate::plan::Plan;
use crate::shell::word;
use crate::step::{Part, Step, Written};

///
pub(super) fn joined(plan: &Plan<'_>) -> Written {
    let pods: Vec<String> = plan.control_plane().map(crate::hosts::Host::etcd_pod).collect();
    Ok(Step::new("R-26")
        .part(Part::whole().run(ETCD_PODS).shows(format!("Running, every container ready: {}", pods.join(", "))))
        .say_if(pods.len() > 1, "One for each control-plane host. A host that was re-created has its new name.")
        .wait("some minutes", "every pod is Running and ready", ETCD_PODS))
}

///
pub(super) fn restart(plan: &Plan<'_>) -> Written {
    if !plan.is_long() {
        return Err("not documented since 4.18: revisions jump, and every client reads anew".to_owned());
    }
    let groups =
        [(Role::Router, "Routers"), (Role::Operator, "Operators"), (Role::ThirdParty, "Third-party controllers")];
    let step = Step::new("R-27")
        .say("They keep data of the time before the restore: routers, operators, and third-party controllers.");
    Ok(groups.into_iter().fold(step, |step, (role, title)| step.part(group(plan, role, title))))
}

fn group(plan: &Plan<'_>, role: Role, title: &str) -> Part {
    let workloads = plan.known.site.workloads.items.iter().filter(|workload| workload.role == role);
    let lines: Vec<String> = workloads.map(restart_line).collect();
    let part = Part::whole().titled(title);
    if !lines.is_empty() {
        return part.run_all(lines);
    }
    match role {
        Role::Router => part.run("oc -n openshift-ingress rollout restart deployment"),
        Role::Operator => part
            .run("oc get deployments -A | grep -E '^openshift-[a-z0-9-]*-operator '")
            .run("oc -n '<namespace>' rollout restart deployment"),
        Role::ThirdParty => part.shows("the backup names none: restart those that you know of"),
    }
}

fn restart_line(workload: &Workload) -> String {
    let (kind, name) = (&workload.kind, &workload.name);
    format!("oc -n {} rollout restart {}", word(&name.namespace), word(&format!("{kind}/{}", name.name)))
}

///
pub(super) fn stable(plan: &Plan<'_>) -> Written {
    let step = Step::new("R-28").trouble("`oc login` fails for some minutes more: the pods of OAuth are restarting.");
    if plan.is_manual() || plan.is_long() && !plan.is_single() {
        return Ok(step
            .part(
                Part::whole().run("oc get clusteroperators").shows("AVAILABLE True, PROGRESSING False, DEGRADED False"),
            )
            .part(Part::whole().titled("And access").run("oc whoami"))
            .wait("up to 15 minutes, sometimes more", "all operators are available", "oc get clusteroperators"));
    }
    let operators = Part::whole().titled("Where oc does not know that command").run("oc get clusteroperators");
    let step = step
        .part(Part::whole().run("oc adm wait-for-stable-cluster").shows("all clusteroperators are stable"))
        .part(operators.shows("AVAILABLE True, PROGRESSING False, DEGRADED False"))
        .wait("up to 15 minutes", "the command ends", "")
        .trouble("No progress: R-20.");
    if !plan.since(4, 22) {
        return Ok(step);
    }
    let again = "sudo sh -c 'mv /etc/kubernetes/manifests/etcd-pod.yaml /tmp/ && sleep 30 && mv /tmp/etcd-pod.yaml /etc/kubernetes/manifests/'";
    Ok(step.part(
        Part::whole()
            .titled("Only where R-20 did not help and /var/lib/etcd/revision.json is not there")
            .on(&plan.recovery)
            .run(again),
    ))
}

///
pub(super) fn afterwards(plan: &Plan<'_>) -> Written {
    let pod = word(&plan.recovery.etcd_pod());
    let backup = word(plan.known.path);
    let alarm = plan.known.findings.iter().any(|finding| matches!(finding.entry().id, "ETCD-001" | "ETCD-015"));
    let mut step = Step::new("R-29")
        .part(
            Part::whole()
                .titled("Is an alarm on?")
                .run(format!("oc rsh -n openshift-etcd {pod} etcdctl alarm list"))
                .shows("nothing"),
        )
        .say_if(alarm, "The backup is at its quota: an alarm is to be expected. Defragment, then disarm it.")
        .part(Part::whole().titled("An alarm, or little room: the book for it").run(book(plan, &backup, "defragment")))
        .part(Part::whole().titled("Storage: the book for it").run(book(plan, &backup, "storage")));
    let folders = if plan.is_manual() {
        "/home/core/assets/backup /home/core/assets/old-member-data"
    } else {
        "/home/core/backup"
    };
    let with_copy: Vec<&crate::hosts::Host> =
        if plan.is_manual() { plan.reachable().collect() } else { vec![&plan.recovery] };
    for host in with_copy {
        let part = Part::whole().titled("When all is well: remove the copy").on(host);
        step = step.part(part.run(format!("sudo rm -r {folders}")));
    }
    if plan.is_long() && !plan.is_manual() {
        for host in plan.others_reachable() {
            let part = Part::whole().titled("When all is well: remove the old data of etcd").on(host);
            step = step.part(part.run("sudo rm -r /tmp/etcd"));
        }
    }
    Ok(step.say("Then a new backup: B-01 to B-05."))
}

fn book(plan: &Plan<'_>, backup: &str, task: &str) -> String {
    let target =
        plan.asked.target.as_ref().map_or_else(|| "'<release>'".to_owned(), |target| word(&target.to_string()));
    format!("assay runbook {backup} --target {target} --task {task}")
}
