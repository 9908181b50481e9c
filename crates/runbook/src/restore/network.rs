//! what stands between pods and the API.

use crate::hosts::Host;
use crate::plan::Plan;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

///
pub(super) fn ovn(plan: &Plan<'_>) -> Written {
    let kind = plan.known.hazards.control_plane.network_type.as_str();
    if plan.has_ovn() == Some(false) {
        return Err(format!("the network is {kind}: nothing to do"));
    }
    if plan.is_manual() {
        return Err("M-10 does it".to_owned());
    }
    if plan.is_single() {
        return Err("not documented for a single node".to_owned());
    }
    if !plan.is_long() {
        return Err("no longer documented since 4.18: clients of the API read anew by themselves".to_owned());
    }
    if !plan.since(4, 9) {
        return Err("not documented before 4.9".to_owned());
    }
    let step = Step::new("R-15")
        .at(Place::EveryHost)
        .say("Its databases are of today, the cluster is of the backup: they are thrown away and made anew.")
        .say("In this order: the recovery host, the other control-plane hosts, the other nodes.");
    let step = if plan.has_ovn().is_none() { step.only_if("the network is OVNKubernetes") } else { step };
    Ok(if plan.since(4, 14) { per_node(plan, step) } else { central(plan, step) })
}

/// 4.9 to 4.13: one pair of databases on the control plane.
fn central(plan: &Plan<'_>, mut step: Step) -> Step {
    let pods = |app: &str, verb: &str| format!("oc -n openshift-ovn-kubernetes {verb} pod -l app={app}");
    if plan.since(4, 11) && !plan.others.is_empty() {
        let delete = plan.others.iter().map(|host| format!("oc delete node {}", word(&host.node)));
        let part = Part::new("R-15a").titled("Delete the Nodes of the other control-plane hosts").run_all(delete);
        step = step
            .part(part.shows("they must stay deleted until R-15b is done; after a restart a kubelet registers anew"));
        let pattern = word(&plan.others.iter().map(Host::address).collect::<Vec<_>>().join("|"));
        let look = format!("oc -n openshift-ovn-kubernetes get ds/ovnkube-master -o yaml | grep -w -E {pattern}");
        step = step.part(Part::new("R-15b").run(look).shows("nothing; 5 to 10 minutes"));
    } else {
        step = step
            .without("R-15a", "documented since 4.11, for the other control-plane hosts")
            .without("R-15b", "documented since 4.11, for the other control-plane hosts");
    }
    let remove =
        plan.reachable().map(|host| Part::new("R-15c").on(host).run("sudo sh -c 'rm -f /var/lib/ovn/etc/*.db'"));
    let step = step
        .parts(remove)
        .part(
            Part::new("R-15d")
                .titled("Renew the pods of its control plane")
                .run(pods("ovnkube-master", "delete"))
                .run(pods("ovnkube-master", "get"))
                .shows("all Running, after some minutes"),
        )
        .part(
            Part::new("R-15e")
                .titled("Renew its pods on every node")
                .run(pods("ovnkube-node", "delete"))
                .run(pods("ovnkube-node", "get"))
                .shows("all Running, after some minutes"),
        )
        .wait("5 to 10 minutes for R-15b, some more for the pods", "all its pods are Running", "");
    if plan.since(4, 12) { hanging(step) } else { step.without("R-15f", "documented since 4.12") }
}

/// 4.14 to 4.17: databases on every node.
fn per_node(plan: &Plan<'_>, step: Step) -> Step {
    let app = "oc -n openshift-ovn-kubernetes";
    let step = step.part(
        Part::new("R-15a")
            .run(format!("{app} delete pod -l app=ovnkube-control-plane"))
            .run(format!("{app} get pod -l app=ovnkube-control-plane"))
            .shows("all Running, after some minutes"),
    );
    let step = plan.reachable().fold(step, |step, host| step.parts(on_host(host)));
    let step = match loop_over(&plan.workers()) {
        Some(lines) => step.part(Part::new("R-15e").titled("The same on every other node, one by one").run(lines)),
        None => step,
    };
    hanging(step).wait("some minutes for each node", "its pod is Running", "")
}

fn hanging(step: Step) -> Step {
    step.part(
        Part::new("R-15f")
            .titled("Only where a pod hangs in Terminating, and not for the recovery host")
            .run("oc delete node '<node>'")
            .shows("then on that node R-11b, R-12, R-13: it registers anew"),
    )
}

fn on_host(host: &Host) -> [Part; 4] {
    let node = word(&host.node);
    let pods = |verb: &str| {
        format!("oc -n openshift-ovn-kubernetes {verb} pod -l app=ovnkube-node --field-selector=spec.nodeName=={node}")
    };
    [
        Part::new("R-15b")
            .titled("Remove the old databases")
            .on(host)
            .run("sudo sh -c 'rm -f /var/lib/ovn-ic/etc/*.db'"),
        Part::new("R-15c")
            .titled("Restart Open vSwitch")
            .on(host)
            .run("sudo systemctl restart ovs-vswitchd ovsdb-server"),
        Part::new("R-15d").titled(format!("Renew the pod of {}", host.node)).run(pods("delete")),
        Part::new("R-15e")
            .titled(format!("See the pod of {} Running", host.node))
            .run(pods("get"))
            .shows("Running, after some minutes"),
    ]
}

/// The same for nodes without control plane: a loop, since there may be hundreds.
pub(crate) fn loop_over(nodes: &[&str]) -> Option<String> {
    if nodes.is_empty() {
        return None;
    }
    let list: Vec<String> = nodes.iter().map(|node| word(node)).collect();
    let lines = [
        format!("for node in {}; do", list.join(" ")),
        "    oc debug node/\"$node\" -- chroot /host sh -c \\".to_owned(),
        "        'rm -f /var/lib/ovn-ic/etc/*.db && systemctl restart ovs-vswitchd ovsdb-server'".to_owned(),
        "    oc -n openshift-ovn-kubernetes delete pod -l app=ovnkube-node --field-selector=spec.nodeName==\"$node\""
            .to_owned(),
        "    oc -n openshift-ovn-kubernetes wait pod -l app=ovnkube-node --field-selector=spec.nodeName==\"$node\" \\"
            .to_owned(),
        "        --for condition=ContainersReady --timeout=600s".to_owned(),
        "done".to_owned(),
    ];
    Some(lines.join("\n"))
}

/// Both kinds of webhooks: which of them it is, is looked up by name.
const KINDS: &str = "validatingwebhookconfiguration,mutatingwebhookconfiguration";

///
pub(super) fn webhooks(plan: &Plan<'_>) -> Written {
    let webhooks = &plan.known.hazards.webhooks;
    if webhooks.is_empty() {
        return Err("no webhook of the backup is served by pods and must answer".to_owned());
    }
    let mut configurations: Vec<&str> = webhooks.items.iter().map(|hook| hook.configuration.as_str()).collect();
    configurations.dedup();
    let parts = configurations.into_iter().map(|name| {
        let (file, name) = (word(&format!("webhook-{name}.yaml")), word(name));
        Part::whole()
            .titled(format!("The configuration {name}"))
            .run(format!("oc get {KINDS} {name} --ignore-not-found -o yaml > {file}"))
            .run(format!("oc delete {KINDS} {name} --ignore-not-found"))
            .shows(format!("at the end of all put it back: `oc create -f {file}`, without resourceVersion and uid"))
    });
    Ok(Step::new("R-16")
        .only_if("creating something fails with `failed calling webhook`")
        .say("The pods that answer it do not run yet. Save it, delete it, and put it back when they do.")
        .parts(parts))
}
