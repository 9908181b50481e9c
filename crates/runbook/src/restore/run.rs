//! on the recovery host.

use crate::plan::Plan;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

///
pub(super) fn go(plan: &Plan<'_>) -> Written {
    if plan.is_single() {
        return Err("there is one control-plane host: the session of R-05 is on it".to_owned());
    }
    if plan.is_manual() {
        return Err("every host restores its own member".to_owned());
    }
    let rec = &plan.recovery;
    let step = Step::new("R-08")
        .at(Place::RecoveryHost)
        .say("Go to its terminal of R-05, and make sure that it is the right one.")
        .part(Part::whole().on(rec).run("hostname").shows(rec.node.clone()));
    let vips = &plan.known.site.infrastructure.api_vips;
    if !plan.is_long() || !plan.since(4, 11) || vips.is_empty() {
        return Ok(step);
    }
    let find = Part::whole().titled("Is the address of the API here?").on(rec);
    let find = find.run(format!("ip -o address | grep -w -E {}", word(&vips.join("|"))));
    Ok(step.part(find.shows("a line. Nothing: another host holds it; settle that first, with R-07g on that host")))
}

///
pub(super) fn proxy(plan: &Plan<'_>) -> Written {
    if plan.is_manual() {
        return Err("the image of etcd is on the hosts already".to_owned());
    }
    let lines = exports(plan).ok_or("the backup has no cluster-wide proxy")?;
    let hidden = plan.known.site.proxy.as_ref().is_some_and(|proxy| proxy.had_credentials);
    let part = lines.into_iter().fold(Part::whole().on(&plan.recovery), Part::run);
    Ok(Step::new("R-09")
        .at(Place::RecoveryHost)
        .say("The script may have to pull an image. These are the values of the backup: look whether they are today's.")
        .say_if(hidden, "User and password of the proxy are left out here: put them in.")
        .part(part))
}

/// Exports for the proxy; `None` without one.
pub(crate) fn exports(plan: &Plan<'_>) -> Option<Vec<String>> {
    let proxy = plan.known.site.proxy.as_ref()?;
    let named = [("HTTP_PROXY", &proxy.http), ("HTTPS_PROXY", &proxy.https), ("NO_PROXY", &proxy.no_proxy)];
    let set = named.into_iter().filter(|(_, value)| !value.is_empty());
    let lines: Vec<String> = set.map(|(name, value)| format!("export {name}={}", word(value))).collect();
    (!lines.is_empty()).then_some(lines)
}

///
pub(super) fn restore(plan: &Plan<'_>) -> Written {
    if plan.is_manual() {
        return Err("M-03 to M-08 do it, host by host".to_owned());
    }
    let run = Part::whole().on(&plan.recovery).run("sudo -E /usr/local/bin/cluster-restore.sh /home/core/backup");
    let mut step = Step::new("R-10").at(Place::RecoveryHost);
    if let Some(revision) = plan.known.revision {
        step = step.say(format!(
            "It first prints what it finds: {{\"hash\":...,\"revision\":{revision},...}}. Another revision is another \
             file: stop it with Ctrl-C.",
        ));
    }
    step = said(plan, step.part(run));
    step = step
        .trouble("`etcd snapshot ... does not exist`: the folder of R-06 is empty, or the name does not begin with snapshot.")
        .trouble(
            "Do not run it a second time without need: that deletes /var/lib/etcd-backup/member, the data from before \
             the first run.",
        );
    step = fails(plan, step);
    Ok(direct(plan, step))
}

/// What it prints, in order.
fn said(plan: &Plan<'_>, step: Step) -> Step {
    if plan.is_fenced() {
        return step
            .say("It disables Pacemaker's resource for etcd, restores the snapshot alone, and enables it again.")
            .shows("`validating snapshot restorability...`, `etcd is stopped`, `Snapshot restore succeeded!`, `podman-etcd is started`")
            .shows("at the end `SNAPSHOT RESTORE COMPLETED`. The other node joins by itself")
            .trouble("`could not wait for etcd resources to restart`: it took longer than 5 minutes. Go on with R-28.")
            .wait("at most 2 minutes until etcd stops, and 5 until it is started", "the script ends", "");
    }
    let step = step
        .shows_if(plan.since(4, 22), "at the very end `SNAPSHOT RESTORE COMPLETED`, and what to look at next")
        .shows("`...stopping X`, then `Waiting for container X to stop`, dots, `complete`")
        .shows(format!("the containers: {}", containers(plan).join(", ")))
        .shows("`Moving etcd data-dir /var/lib/etcd/member to /var/lib/etcd-backup`, if there was any")
        .shows("`starting restore-etcd static pod`")
        .wait(
            if plan.is_long() { "minutes: the API server alone takes 90 to 130 seconds to stop" } else { "minutes" },
            "the prompt is back: there is no limit",
            "",
        );
    if !plan.is_long() {
        return step.say("Only etcd is stopped and restored; the API server runs on.");
    }
    let path = |pod: &str| {
        let revision = plan.tarball_revision(&format!("{pod}-pod")).or_else(|| plan.tarball_revision(pod));
        let number = revision.map_or_else(|| "N".to_owned(), |revision| revision.to_string());
        format!("`starting {pod}-pod.yaml`, `static-pod-resources/{pod}-pod-{number}/{pod}-pod.yaml`")
    };
    ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]
        .into_iter()
        .fold(step, |step, pod| step.shows(path(pod)))
}

/// Containers that the script waits for, by release.
fn containers(plan: &Plan<'_>) -> Vec<&'static str> {
    let mut names = vec!["etcd", "etcdctl", "etcd-metrics"];
    names.extend(plan.since(4, 11).then_some("etcd-readyz"));
    names.extend(plan.since(4, 18).then_some("etcd-rev"));
    names.extend(plan.within((4, 18), (4, 20)).then_some("etcd-backup-server"));
    if plan.is_long() {
        names.extend(["kube-controller-manager", "kube-apiserver", "kube-scheduler"]);
    }
    names
}

/// Containers of an ordinary pod of etcd, by release.
pub(crate) fn etcd_containers(plan: &Plan<'_>) -> Vec<&'static str> {
    let mut names = vec!["etcd", "etcdctl", "etcd-metrics"];
    names.extend(plan.since(4, 8).then_some("etcd-readyz"));
    names.extend(plan.within((4, 8), (4, 11)).then_some("etcd-health-monitor"));
    names.extend(plan.since(4, 18).then_some("etcd-rev"));
    names
}

fn fails(plan: &Plan<'_>, step: Step) -> Step {
    if plan.is_fenced() {
        return step;
    }
    let step = step.trouble(
        "tar fails: the tarball is missing or damaged, and the pods are stopped already. Copy the right one, run it again.",
    );
    let step = step.trouble_if(
        plan.is_long(),
        "`X does not exist in ...tar.gz`: the tarball has no manifest of X where the script looks for it.",
    );
    let step = step.trouble_if(
        plan.within((4, 18), (4, 22)),
        "`folder /var/lib/etcd is not empty`: etcd is stopped by then. Move what is left there away, and run it again.",
    );
    if plan.is_long() {
        step
    } else {
        step.say("Revisions go on far above those of the backup, so that every client reads anew.")
    }
}

/// The way for a single member, or a very large database.
fn direct(plan: &Plan<'_>, step: Step) -> Step {
    if !plan.is_single() || !plan.since(4, 11) {
        return step;
    }
    let tarball = if plan.is_long() { "The tarball is needed all the same." } else { "It does not read the tarball." };
    step.trouble(format!(
        "The pod of the restore does not come up on a single node: \
         `sudo -E ETCD_ETCDCTL_RESTORE=1 /usr/local/bin/cluster-restore.sh /home/core/backup` restores without it. \
         {tarball} Revisions are then those of the backup.",
    ))
}
