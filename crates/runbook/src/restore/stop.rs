//! R-07 and R-07x: the other members of etcd are stopped.

use crate::hosts::Host;
use crate::plan::Plan;
use crate::step::{Part, Place, Step, Written, until_nothing};

/// What is left of etcd's containers; guard pods and operators stay.
const ETCD_LEFT: &str = "sudo crictl ps | grep etcd | grep -E -v 'operator|etcd-guard'";

///
pub(super) fn others(plan: &Plan<'_>) -> Written {
    if plan.is_single() {
        return Err("there is no other control-plane host".to_owned());
    }
    if plan.is_manual() {
        return Err("M-03 stops all of them".to_owned());
    }
    if !plan.is_long() {
        return Err("since 4.18 a script of the hosts stops etcd: R-07x".to_owned());
    }
    let mut step = Step::new("R-07")
        .at(Place::OtherHosts)
        .say("One host after the other. Not on the recovery host: the script does it there.")
        .say("A host that is lost is left out. /tmp/etcd is the only way back: keep it until the end.")
        .wait("some minutes for each container", "its list is empty", "")
        .trouble("A container does not stop: `sudo crictl stop ID`, with the ID that `sudo crictl ps` shows first.");
    let late = plan.within((4, 14), (4, 17));
    let keepalived = plan.since(4, 11) && has_keepalived(plan);
    let last = plan.others_reachable().last().map(|host| host.node.clone());
    for host in plan.others_reachable() {
        step = step.parts(stop(plan, host));
        step = step.parts(late.then(|| stop_rest(host)));
        step = step.part(on("R-07f", host).run("sudo mv -v /var/lib/etcd/ /tmp"));
        step = step.parts(keepalived.then(|| take_addresses_off(plan, host)));
        if last.as_deref() != Some(&host.node) {
            step = step.part(on("R-07h", host).titled("Done here: go on with the next host"));
        }
    }
    if plan.others_reachable().next().is_none() {
        return Err("every other control-plane host is said to be lost".to_owned());
    }
    if !late {
        step = step.without("R-07e", "documented for 4.14 to 4.17 alone");
    }
    if !keepalived {
        step = step.without("R-07g", "keepalived holds no address in this cluster, or the release does not ask for it");
    }
    if plan.others_reachable().count() < 2 {
        step = step.without("R-07h", "there is one other host to stop");
    }
    Ok(step)
}

fn on(id: &str, host: &Host) -> Part {
    Part::new(id).on(host)
}

fn stop(plan: &Plan<'_>, host: &Host) -> [Part; 4] {
    let containers = super::run::etcd_containers(plan).join(", ");
    [
        on("R-07a", host).run("sudo mv -v /etc/kubernetes/manifests/etcd-pod.yaml /tmp"),
        on("R-07b", host).run(ETCD_LEFT).shows(format!("nothing; else wait and ask again. It had {containers}")),
        on("R-07c", host).run("sudo mv -v /etc/kubernetes/manifests/kube-apiserver-pod.yaml /tmp"),
        on("R-07d", host)
            .run("sudo crictl ps | grep kube-apiserver | grep -E -v 'operator|guard'")
            .shows("nothing; else wait and ask again"),
    ]
}

fn stop_rest(host: &Host) -> Part {
    let pods = ["kube-controller-manager", "kube-scheduler"];
    pods.into_iter().fold(on("R-07e", host), |part, pod| {
        part.run(format!("sudo mv -v /etc/kubernetes/manifests/{pod}-pod.yaml /tmp"))
            .run(until_nothing(&format!("sudo crictl ps | grep {pod} | grep -E -v 'operator|guard'")))
    })
}

/// Whether addresses of the API wander between the hosts.
pub(super) fn has_keepalived(plan: &Plan<'_>) -> bool {
    let provider = &plan.known.site.infrastructure;
    !provider.api_vips.is_empty() || !provider.ingress_vips.is_empty()
}

fn take_addresses_off(plan: &Plan<'_>, host: &Host) -> Part {
    let provider = &plan.known.site.infrastructure;
    let addresses: Vec<&str> = provider.api_vips.iter().chain(&provider.ingress_vips).map(String::as_str).collect();
    let pattern = crate::shell::word(&addresses.join("|"));
    on("R-07g", host)
        .titled("Only if this node will be deleted, and keepalived.yaml is there: stop keepalived")
        .run("sudo mv -v /etc/kubernetes/manifests/keepalived.yaml /tmp")
        .run("sudo crictl ps --name keepalived")
        .run(format!("ip -o address | grep -w -E {pattern}"))
        .run("sudo ip address del '<reported_vip>' dev '<device>'")
        .shows("the second line, at last: nothing. The fourth, once for each address that the third shows")
}

/// R-07x.
pub(super) fn etcd_everywhere(plan: &Plan<'_>) -> Written {
    if plan.is_single() {
        return Err("there is one member, and the restore stops it".to_owned());
    }
    if plan.is_manual() {
        return Err("M-03 stops etcd".to_owned());
    }
    if plan.is_long() {
        return Err("the script came with 4.18; R-07 stops the other hosts".to_owned());
    }
    let stop = |host: &Host| Part::whole().on(host).run("sudo -E /usr/local/bin/disable-etcd.sh");
    let step = Step::new("R-07x").at(Place::EveryHost).trouble(
        "`required dependencies not found`: no static pod of etcd ever ran on this host. It holds no member: leave it out.",
    );
    if plan.is_fenced() {
        let step = step
            .say("Pacemaker runs etcd here: the script disables its resource, for both nodes at once.")
            .wait("at most 120 seconds", "the script ends", "");
        return Ok(step.part(stop(&plan.recovery)));
    }
    let (all, down) = must_be_down(plan);
    Ok(step
        .say(format!(
            "At least {down} of the {all} members must be down, else the rest keeps a quorum and goes on without the \
             recovery host. A lost host counts as down.",
        ))
        .say("The manifest goes to /home/core/assets/manifests-stopped.")
        .wait("some minutes; the script has no limit of its own", "it says `complete` for each container", "")
        .parts(plan.reachable().map(stop)))
}

/// Members, and how many of them must be down.
pub(crate) fn must_be_down(plan: &Plan<'_>) -> (usize, usize) {
    let all = plan.control_plane().count();
    (all, all / 2 + 1)
}
