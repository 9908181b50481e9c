//! nodes come back, and one member of etcd runs.

use crate::plan::Plan;
use crate::procedure::why_no_machines;
use crate::step::{Part, Place, Step, Written};

/// What `oc` lists of etcd's pods.
pub(crate) const ETCD_PODS: &str = "oc -n openshift-etcd get pods -l k8s-app=etcd";
/// When steps of the long form are to be done where the short one is followed.
const ON_DEMAND: &str = "a node stays NotReady";

///
pub(super) fn look(plan: &Plan<'_>) -> Written {
    let total = plan.known.hazards.nodes.nodes.total;
    let step = Step::new("R-11").wait("some minutes", "every node is Ready", "oc get nodes");
    let step = if plan.is_long() && !plan.is_manual() { step } else { step.only_if(ON_DEMAND) };
    let list = Part::new("R-11a").run("oc get nodes -w").shows(format!("{total} nodes: {}", names(plan)));
    let renew = Part::new("R-11b").run("sudo sh -c 'rm -f /var/lib/kubelet/pki/*.pem'").on_node("<node>");
    let step = step.part(list).trouble(
        "`oc` gets no answer: the API server needs some minutes. If it goes on, use the kubeconfig of the recovery host, as \
         root: /etc/kubernetes/static-pod-resources/kube-apiserver-certs/secrets/node-kubeconfigs/localhost-recovery.kubeconfig.",
    );
    if !plan.since(4, 6) {
        return Ok(step.without("R-11b", "not documented before 4.6"));
    }
    Ok(step
        .say("A node whose certificates were renewed since the backup stays NotReady until it asks for new ones.")
        .part(renew.shows("go there by SSH. Then R-12 and R-13 for this node")))
}

/// Names of all nodes, the first of them.
fn names(plan: &Plan<'_>) -> String {
    const SHOWN: usize = 12;
    let nodes = &plan.known.hazards.nodes.nodes;
    let shown: Vec<&str> = nodes.items.iter().take(SHOWN).map(|node| node.name.as_str()).collect();
    if shown.is_empty() {
        return "the backup names none".to_owned();
    }
    let more = nodes.total.saturating_sub(shown.len() as u64);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

///
pub(super) fn kubelet(plan: &Plan<'_>) -> Written {
    if plan.is_manual() {
        return Err("M-09 does it".to_owned());
    }
    let restart = "sudo systemctl restart kubelet.service";
    let step = Step::new("R-12").at(Place::EveryHost);
    let step = if plan.is_long() { step } else { step.only_if(ON_DEMAND) };
    let step = step.part(Part::new("R-12a").on(&plan.recovery).run(restart));
    let others: Vec<Part> =
        plan.others_reachable().map(|host| Part::new("R-12b").titled("").on(host).run(restart)).collect();
    if others.is_empty() {
        return Ok(step.without("R-12b", no_other(plan)));
    }
    Ok(step.parts(others))
}

fn no_other(plan: &Plan<'_>) -> &'static str {
    if plan.others.is_empty() { "there is no other control-plane host" } else { "every other host is said to be lost" }
}

///
pub(super) fn requests(plan: &Plan<'_>) -> Written {
    let pending = plan.known.hazards.nodes.pending_csrs.total;
    let step =
        Step::new("R-13").say("One by one, never all at once: a request that nobody expects may be an intruder's.");
    let step = if plan.is_long() && !plan.is_manual() {
        step
    } else {
        step.only_if("a node stays NotReady, or `oc get csr` shows requests that are Pending")
    };
    let step = step
        .say_if(plan.workers().is_empty(), "There are no workers: as a rule no request comes.")
        .say_if(pending > 0, format!("{pending} were Pending in the backup already: old ones, a note only."))
        .part(Part::new("R-13a").run("oc get csr"))
        .part(Part::new("R-13b").run("oc describe csr '<csr_name>'"))
        .part(
            Part::new("R-13c")
                .run("oc adm certificate approve '<csr_name>'")
                .shows("signer kubernetes.io/kube-apiserver-client-kubelet, requestor node-bootstrapper"),
        );
    match why_no_machines(plan.known) {
        Some(_) => Ok(step.part(Part::new("R-13d").run("oc adm certificate approve '<csr_name>'").shows(
            "signer kubernetes.io/kubelet-serving. They come a minute later: list again until none is Pending",
        ))),
        None => Ok(step.without("R-13d", "the Machine API approves them in this cluster")),
    }
}

///
pub(super) fn single_member(plan: &Plan<'_>) -> Written {
    if plan.is_manual() {
        return Err("all members start at once: M-08 looks at them".to_owned());
    }
    if !plan.is_long() {
        return Err("not documented since 4.18: R-26 looks at the members".to_owned());
    }
    if plan.is_single() {
        return Err("not documented for a single node: R-28 waits for it".to_owned());
    }
    let pod = plan.recovery.etcd_pod();
    Ok(Step::new("R-14")
        .at(Place::RecoveryHost)
        .part(
            Part::new("R-14a")
                .on(&plan.recovery)
                .run("sudo crictl ps | grep etcd | grep -E -v 'operator|etcd-guard'")
                .shows("one line: Running, etcd"),
        )
        .part(Part::new("R-14b").run(ETCD_PODS).shows(format!("{pod} 1/1 Running, and no other")))
        .without("R-14c", "dropped by the documentation: a lost host has no pod")
        .wait("some minutes", format!("{pod} is Running, and no other pod is"), ETCD_PODS)
        .trouble("Pending, or several are Running: wait some minutes, and ask again.")
        .trouble("`Unable to connect to the server: EOF`: authentication is still starting. Ask again."))
}
