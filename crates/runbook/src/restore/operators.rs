//! R-18 to R-25: operators of the static pods.

use crate::plan::Plan;
use crate::step::{Part, Place, Step, Written};

/// Where the recovery host keeps a kubeconfig that needs no login.
const RECOVERY_KUBECONFIG: &str =
    "/etc/kubernetes/static-pod-resources/kube-apiserver-certs/secrets/node-kubeconfigs/localhost-recovery.kubeconfig";
const GUARD: &str = "useUnsupportedUnsafeNonHANonProductionUnstableEtcd";

/// R-18.
pub(super) fn credentials(plan: &Plan<'_>) -> Written {
    if plan.is_manual() {
        return Err("the kubeconfig of R-03 does it".to_owned());
    }
    if !plan.is_long() {
        return Err("not documented since 4.18: the kubeconfig of R-03 does it".to_owned());
    }
    Ok(Step::new("R-18")
        .say("In a new terminal. One of the two is enough.")
        .part(Part::whole().titled("A login, once the pods of OAuth run").run("oc login -u '<cluster_admin>'"))
        .part(
            Part::whole()
                .titled("Before that, as root")
                .on(&plan.recovery)
                .run(format!("export KUBECONFIG={RECOVERY_KUBECONFIG}"))
                .run("oc whoami")
                .shows("system:admin, or another user of the group system:masters"),
        ))
}

/// R-19.
pub(super) fn guard_off(plan: &Plan<'_>) -> Written {
    no_guard(plan)?;
    let others: Vec<&str> = overrides(plan).filter(|name| *name != GUARD).collect();
    Ok(Step::new("R-19")
        .say_if(!plan.is_long(), "End the sessions of SSH. Go on when the API answers again: `oc get --raw /readyz`.")
        .say("With one member the operator of etcd would wait for a quorum before every change. R-21 takes this back.")
        .say_if(
            !others.is_empty(),
            format!("The backup has other overrides: {}. R-21 removes them, too; note their values.", others.join(", ")),
        )
        .part(Part::whole().run(format!(
            "oc patch etcd/cluster --type=merge -p '{{\"spec\": {{\"unsupportedConfigOverrides\": {{\"{GUARD}\": true}}}}}}'",
        )))
        .trouble("The operator says `can't evaluate whether quorum is safe`: this step has not been done."))
}

/// Why the guard is none of this procedure's business.
fn no_guard(plan: &Plan<'_>) -> Result<(), String> {
    if plan.is_single() {
        return Err("a single node has no quorum guard".to_owned());
    }
    if plan.is_fenced() {
        return Err("never with fencing: Pacemaker guards etcd".to_owned());
    }
    if plan.is_manual() {
        return Err("all members start at once: there is a quorum".to_owned());
    }
    if !plan.since(4, 11) {
        return Err("not documented before 4.11".to_owned());
    }
    Ok(())
}

fn overrides<'p>(plan: &'p Plan<'_>) -> impl Iterator<Item = &'p str> {
    let etcd = plan.known.site.operators.iter().filter(|operator| operator.resource == "etcds");
    etcd.flat_map(|operator| &operator.overrides).map(String::as_str)
}

/// A patch that makes an operator roll out anew.
fn force(resource: &str) -> Part {
    let name =
        if resource == "etcd" { "oc patch etcd cluster".to_owned() } else { format!("oc patch {resource} cluster") };
    Part::whole().run(format!(
        "{name} -p='{{\"spec\": {{\"forceRedeploymentReason\": \"recovery-'\"$( date --rfc-3339=ns )\"'\"}}}}' --type=merge",
    ))
}

/// What asks an operator whether all nodes are at one revision.
fn installed(resource: &str) -> Part {
    let condition =
        r#"{range .items[0].status.conditions[?(@.type=="NodeInstallerProgressing")]}{.reason}{"\n"}{.message}{"\n"}"#;
    Part::whole()
        .titled("Ask until all nodes are at one revision")
        .run(format!("oc get {resource} -o=jsonpath='{condition}'"))
}

fn at_one_revision(plan: &Plan<'_>, resource: &str) -> Step {
    let nodes = plan.control_plane().count();
    let latest = plan.known.site.operators.iter().find(|one| one.resource == format!("{resource}s"));
    let latest = latest.and_then(|operator| operator.latest_revision);
    let above = latest.map_or_else(String::new, |revision| format!(", N above {revision}, that of the backup"));
    Step::new("").shows(format!("`AllNodesAtLatestRevision`, `{nodes} nodes are at revision N`{above}")).wait(
        "some minutes for each node",
        "one revision, and not two",
        "",
    )
}

/// R-20.
pub(super) fn redeploy(plan: &Plan<'_>) -> Written {
    if plan.is_manual() {
        return Err("all members start at once: nothing is to be deployed anew".to_owned());
    }
    let reasons = &plan.known.hazards.control_plane.forced_redeployments;
    let before = reasons.iter().any(|(operator, _)| operator.contains("etcd"));
    let step = Step::new("R-20");
    let step = if plan.is_long() { step } else { step.only_if("R-28 shows no progress") };
    Ok(step
        .say("The operator brings a member to every control-plane node.")
        .say_if(before, "The backup has a reason from an earlier time: the date in the command makes this one another.")
        .part(force("etcd"))
        .trouble("The same reason a second time does nothing: run the command as it stands, with the date."))
}

/// R-21.
pub(super) fn guard_on(plan: &Plan<'_>) -> Written {
    no_guard(plan)?;
    Ok(Step::new("R-21")
        .say("It takes R-19 back. Do not leave it out.")
        .part(
            Part::whole()
                .run("oc patch etcd/cluster --type=merge -p '{\"spec\": {\"unsupportedConfigOverrides\": null}}'"),
        )
        .part(
            Part::whole()
                .titled("See that it is gone")
                .run("oc get etcd/cluster -o yaml | grep -A 2 unsupportedConfigOverrides")
                .shows("nothing, or `null`"),
        ))
}

/// R-22.
pub(super) fn etcd_settled(plan: &Plan<'_>) -> Written {
    if plan.is_manual() {
        return Err("nothing was deployed anew: M-08 looks at the members".to_owned());
    }
    if !plan.is_long() {
        return Err("not documented since 4.18: R-28 waits for it".to_owned());
    }
    Ok(named("R-22", at_one_revision(plan, "etcd")).part(installed("etcd").titled("")))
}

fn named(id: &str, step: Step) -> Step {
    let title = Step::new(id);
    let mut step = step;
    step.step.id.clone_from(&title.step.id);
    step.step.title.clone_from(&title.step.title);
    step
}

/// R-23, R-24, R-25.
pub(super) fn roll_out(plan: &Plan<'_>, id: &str, resource: &str) -> Written {
    if plan.is_manual() {
        return Err("the pods of the hosts were never replaced".to_owned());
    }
    if !plan.is_long() {
        return Err("since 4.18 the restore leaves this pod alone".to_owned());
    }
    let step = named(id, at_one_revision(plan, resource)).at(Place::Workstation);
    let step = match id {
        "R-23" => {
            step.say("Not before R-22 is done. This one, then R-24, then R-25: each is finished before the next.")
        }
        _ => step,
    };
    Ok(step.part(force(resource)).part(installed(resource)))
}
