//! R-01 to R-06: before anything is stopped.

use super::copy::whole;
use crate::plan::Plan;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

/// R-01.
pub(super) fn same_release(plan: &Plan<'_>) -> Written {
    let of = if plan.known.release.is_empty() { "a release that nothing tells" } else { &plan.known.release };
    let target = match &plan.asked.target {
        Some(target) => format!("The cluster is said to run {target}."),
        None => "Which release the cluster runs was not said.".to_owned(),
    };
    Ok(Step::new("R-01")
        .say(format!("The backup is of {of}. {target} A restore needs the very same release, the third number too."))
        .part(
            Part::whole()
                .run(r#"oc get clusterversion version -o jsonpath='{.status.desired.version}{"\n"}'"#)
                .shows(format!("the release of the backup: {of}")),
        )
        .trouble("The API does not answer: ask whoever updated the cluster last. Do not guess."))
}

/// R-02.
pub(super) fn is_it_needed(plan: &Plan<'_>) -> Written {
    let step = Step::new("R-02")
        .at(Place::Site)
        .say("A restore is the last resort: everything that was written since the backup is lost.")
        .say("While the API answers, etcd is there.")
        .say_if(!plan.is_single(), "A single lost host is no reason: replace its member.");
    let quorum = plan.since(4, 18) && !plan.is_single() && !plan.is_fenced();
    let step = step
        .say_if(
            quorum,
            "If quorum is lost and etcd is alive on one host, go by Q-01 to Q-06 instead: they need no backup.",
        )
        .say("If the API answers and you go on all the same: make a new backup first, B-01 to B-05.");
    Ok(step
        .part(Part::whole().titled("Does the API answer?").run("oc get --raw /readyz"))
        .shows("`ok` means that etcd answers. An error, or no answer within a minute, is what this book is for."))
}

/// R-03.
pub(super) fn have_at_hand(plan: &Plan<'_>) -> Written {
    let mut step = Step::new("R-03")
        .say(
            "Access as cluster-admin by a kubeconfig with a certificate, such as auth/kubeconfig of the installation. \
             Logins with a password do not work until late in the restore.",
        )
        .say("The private key for SSH to the control-plane hosts. The user is core on RHCOS.")
        .say(match plan.is_fenced() || plan.is_manual() {
            true => format!("The snapshot: {}. The tarball is not read.", plan.snapshot()),
            false => format!("Both files of one backup: {} and {}.", plan.snapshot(), plan.tarball()),
        })
        .say_if(plan.since(4, 16), "Every node must be reachable or at least able to boot.")
        .say("Today's nodes, Machines and volumes, written down if the API still answers: the backup knows those of its day.")
        .part(
            Part::whole()
                .titled("Use the kubeconfig with a certificate")
                .run("export KUBECONFIG='<installation_directory>/auth/kubeconfig'"),
        );
    if plan.known.keys_apart {
        step = step
            .say("The tarball is without its keys. Put them back first; go on with the whole tarball only.")
            .part(Part::whole().titled("Put the keys back").run(join_keys(plan)));
    }
    Ok(step)
}

fn join_keys(plan: &Plan<'_>) -> String {
    let tarball = plan.known.tarball.as_ref().map_or("<tarball>", |file| file.path.as_str());
    let whole =
        plan.known.tarball.as_ref().map_or_else(|| "'<whole-tarball>'".to_owned(), |file| word(&whole(&file.name)));
    format!("assay keys join {} --escrow '<escrow>' -i '<identity>' --out {whole}", word(tarball))
}

/// R-04.
pub(super) fn recovery_host(plan: &Plan<'_>) -> Written {
    if plan.is_single() {
        return Err("there is one control-plane host, and no choice".to_owned());
    }
    if plan.is_manual() {
        return Err("every host restores its own member".to_owned());
    }
    let rec = &plan.recovery;
    let how = if plan.proposed { "Proposed" } else { "Named" };
    Ok(Step::new("R-04")
        .at(Place::Site)
        .say(format!("{how}: {}, {}. {}.", rec.node, rec.address(), sentence(&plan.recovery_because)))
        .say("It must be a healthy control-plane host of this very cluster: a freshly installed one will not do.")
        .trouble(
            "The scripts say `required dependencies not found`: no static pod of etcd ever ran on this host. \
             Take another.",
        ))
}

/// The same text with a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// R-05.
pub(super) fn ssh(plan: &Plan<'_>) -> Written {
    if plan.is_manual() {
        return Err("M-01 does it".to_owned());
    }
    let sessions = plan.reachable().map(|host| Part::whole().titled(format!("To {}", host.node)).run(host.ssh()));
    let lost: Vec<&str> = plan.others.iter().filter(|host| host.lost).map(|host| host.node.as_str()).collect();
    let several = plan.others_reachable().next().is_some();
    Ok(Step::new("R-05")
        .say_if(
            several,
            "One terminal for each host; the recovery host first. A host that does not answer is lost: it needs none.",
        )
        .say("Keep them open: once the API is gone, they are the only way in.")
        .say_if(!lost.is_empty(), format!("Lost, so left out: {}.", lost.join(", ")))
        .parts(sessions))
}

/// R-06.
pub(super) fn copy(plan: &Plan<'_>) -> Written {
    if plan.is_manual() {
        return Err("M-02 does it".to_owned());
    }
    let step = Step::new("R-06")
        .say("This one pair and nothing else: the script takes the last file of each kind that it finds.")
        .say_if(!plan.is_fenced(), "The tarball holds keys. Delete the copy when all is done: R-29.");
    Ok(super::copy::files(plan, step, &plan.recovery, "/home/core/backup"))
}
