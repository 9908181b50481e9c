//! A shoot of Gardener: the sidecar of its etcd restores by itself, from the newest full and delta snapshots.

use crate::draft::Draft;
use crate::known::Known;
use crate::step::{Part, Place, Step, Written};

const ETCD: &str = "'<etcd-name>'";

pub(super) fn write(known: &Known<'_>, draft: &mut Draft) {
    draft.add("G-01", needed(known));
    draft.add("G-02", alone());
    draft.add("G-03", clear());
    draft.add("G-04", one_member());
    draft.add("G-05", start());
    draft.add("G-06", hand_back());
}

/// `kubectl` in the shoot's namespace.
fn kubectl(rest: &str) -> String {
    format!("kubectl -n '<shoot-namespace>' {rest}")
}

fn needed(known: &Known<'_>) -> Written {
    let revision = known.revision.map(|revision| format!(" It is at revision {revision}.")).unwrap_or_default();
    Ok(Step::new("G-01")
        .at(Place::ManagementCluster)
        .say(format!(
            "The sidecar restores by itself what it finds in its store: the newest full snapshot, and every delta snapshot after it. This file is one of the full ones; what came after it is in the deltas.{revision}"
        ))
        .say("What follows is for an etcd that lost its quorum for good. One member that fails is replaced by itself; a loss that passes heals by itself.")
        .part(Part::whole().run(kubectl("get etcds,statefulsets,pods -l app.kubernetes.io/managed-by=etcd-druid")))
        .shows("which pods of etcd run; the documentation calls it the last resort"))
}

fn alone() -> Written {
    Ok(Step::new("G-02")
        .at(Place::ManagementCluster)
        .say("The operator must not put back what is changed by hand.")
        .part(
            Part::whole()
                .run(kubectl(&format!("annotate etcd {ETCD} druid.gardener.cloud/suspend-etcd-spec-reconcile=")))
                .run(kubectl(&format!("annotate etcd {ETCD} druid.gardener.cloud/disable-etcd-component-protection="))),
        ))
}

fn clear() -> Written {
    Ok(Step::new("G-03")
        .at(Place::ManagementCluster)
        .say("The data of every member go: what comes back is what the store has. Look at the store first.")
        .part(
            Part::whole()
                .run(kubectl(&format!("scale statefulset {ETCD} --replicas=0")))
                .run(kubectl("wait --for=delete pod -l instance='<etcd-name>' --timeout=5m"))
                .run(kubectl("delete pvc -l instance='<etcd-name>'"))
                .run(kubectl(
                    "delete lease -l 'app.kubernetes.io/component=etcd-member-lease,app.kubernetes.io/part-of=<etcd-name>'",
                )),
        ))
}

fn one_member() -> Written {
    let name = "jsonpath='{.spec.template.spec.volumes[?(@.name==\"etcd-config-file\")].configMap.name}'";
    Ok(Step::new("G-04")
        .at(Place::ManagementCluster)
        .say("Of the three lists `initial-cluster`, `initial-advertise-peer-urls` and `advertise-client-urls` leave the first member only, the one that ends with `-0`.")
        .part(
            Part::whole()
                .run(format!("name=$({})", kubectl(&format!("get statefulset {ETCD} -o {name}"))))
                .run(kubectl("edit configmap \"$name\"")),
        ))
}

fn start() -> Written {
    Ok(Step::new("G-05")
        .at(Place::ManagementCluster)
        .part(Part::whole().run(kubectl(&format!("scale statefulset {ETCD} --replicas=1"))))
        .shows(
            "the pod is 2/2 Running; the log of its container `backup-restore` tells from which snapshots it restored",
        )
        .wait(
            "minutes, by the size of the data and the number of deltas",
            "2/2 Running",
            &kubectl("get pods -l instance='<etcd-name>'"),
        ))
}

fn hand_back() -> Written {
    let annotate = |rest: &str| kubectl(&format!("annotate etcd {ETCD} {rest}"));
    Ok(Step::new("G-06")
        .at(Place::ManagementCluster)
        .part(
            Part::new("G-06a")
                .run(annotate("druid.gardener.cloud/suspend-etcd-spec-reconcile-"))
                .run(annotate("gardener.cloud/operation=reconcile")),
        )
        .part(
            Part::new("G-06b")
                .run(kubectl(&format!("get etcd {ETCD}")))
                .run(kubectl("get pods,leases -l app.kubernetes.io/part-of='<etcd-name>'")),
        )
        .part(Part::new("G-06c").run(annotate("druid.gardener.cloud/disable-etcd-component-protection-")))
        .shows("all members 2/2 Running, every lease held by a `Member` or the `Leader`, the Etcd ready"))
}
