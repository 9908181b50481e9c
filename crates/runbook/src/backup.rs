//! B-01 to B-05: a new backup.

use crate::draft::Draft;
use crate::plan::Plan;
use crate::restore::exports;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

/// Writes the part.
pub(crate) fn write(plan: &Plan<'_>, draft: &mut Draft) {
    draft.section("A new backup");
    draft.add("B-01", Ok(access()));
    draft.add("B-02", Ok(onto_host(plan)));
    draft.add("B-03", Ok(change_root(plan)));
    draft.add("B-04", proxy(plan));
    draft.add("B-05", Ok(make(plan)));
}

fn access() -> Step {
    Step::new("B-01")
        .say("As cluster-admin. Not while etcd is being encrypted or decrypted: such a backup may not restore.")
        .part(
            Part::whole()
                .run("oc get proxy cluster -o yaml")
                .shows("httpProxy, httpsProxy, noProxy under status: for B-04"),
        )
}

fn onto_host(plan: &Plan<'_>) -> Step {
    Step::new("B-02").say("One host, once. Not one backup of each host.").part(
        Part::whole()
            .run(format!("oc debug --as-root node/{}", word(&plan.recovery.node)))
            .shows("a shell on the host"),
    )
}

fn change_root(plan: &Plan<'_>) -> Step {
    Step::new("B-03").at(Place::Node).part(Part::whole().on(&plan.recovery).run("chroot /host"))
}

fn proxy(plan: &Plan<'_>) -> Written {
    let lines = exports(plan).ok_or("the backup has no cluster-wide proxy")?;
    Ok(Step::new("B-04").at(Place::Node).part(Part::whole().on(&plan.recovery).run_all(lines)))
}

fn make(plan: &Plan<'_>) -> Step {
    Step::new("B-05")
        .at(Place::Node)
        .part(Part::whole().on(&plan.recovery).run("/usr/local/bin/cluster-backup.sh /home/core/assets/backup"))
        .shows("two files, `snapshot_<time>.db` and `static_kuberesources_<time>.tar.gz`, and at the end `snapshot db and kube resources are successfully saved`")
        .say_if(plan.known.encrypted, "The tarball has the encryption keys: keep it apart from the snapshot. Both are needed.")
        .say("Copy both off the host, and have `assay verify` look at them.")
}
