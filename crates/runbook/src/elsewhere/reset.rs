//! k3s and RKE2: one server restores by a reset of the cluster, the others join it again.

use super::kubeadm::Snapshot;
use super::servers::{Servers, shown};
use crate::draft::Draft;
use crate::known::Known;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

/// What differs between the two.
pub(super) struct Names {
    /// The program.
    program: &'static str,
    /// Its service on a server.
    service: &'static str,
    /// Its data.
    data: &'static str,
    /// What asks the API on a server.
    kubectl: &'static str,
}

pub(super) const K3S: Names =
    Names { program: "k3s", service: "k3s", data: "/var/lib/rancher/k3s", kubectl: "sudo k3s kubectl" };
pub(super) const RKE2: Names = Names {
    program: "rke2",
    service: "rke2-server",
    data: "/var/lib/rancher/rke2",
    kubectl: "sudo /var/lib/rancher/rke2/bin/kubectl --kubeconfig /etc/rancher/rke2/rke2.yaml",
};

pub(super) fn write(known: &Known<'_>, servers: &Servers, names: &Names, draft: &mut Draft) {
    draft.add("C-01", at_hand(known, servers, names));
    draft.add("C-02", stop(servers, names));
    draft.add("C-03", reset(known, servers, names));
    draft.add("C-04", start(servers, names));
    draft.add("C-05", others(servers, names));
    draft.add("C-06", look(known));
}

fn at_hand(known: &Known<'_>, servers: &Servers, names: &Names) -> Written {
    let first = servers.first();
    let token = format!("{}/server/token", names.data);
    // it unpacks by itself what it packed itself, but how a copy was packed is not its own
    let [copy, look] = Snapshot::of(known).parts(&first);
    Ok(Step::new("C-01")
        .say("This brings the whole cluster back to the moment of the backup: what was written since is gone.")
        .say(format!(
            "The server token of the time of the backup must be at hand: the certificates and keys in the snapshot are sealed with it. On a server that stays it lies in `{token}`; nothing in this book shows it."
        ))
        .say(format!("`{} --version`: the release of the backup, or a newer one.", names.program))
        .part(Part::whole().titled(format!("Open a session to {}", shown(&first.node))).run(first.ssh()))
        .parts([copy, look])
        .part(
            Part::whole()
                .titled("See that the token is there; what it is is not shown")
                .on_node(&first.node)
                .run(format!("sudo test -s {token} && echo there")),
        )
        .parts(servers.others().map(|server| {
            Part::whole().titled(format!("Open a session to {}", shown(&server.node))).run(server.ssh())
        })))
}

fn stop(servers: &Servers, names: &Names) -> Written {
    let part = |node: &str| Part::whole().on_node(node).run(format!("sudo systemctl stop {}", names.service));
    Ok(Step::new("C-02")
        .at(Place::EveryHost)
        .say("On every server, before anything is restored: a server that still runs keeps the old cluster alive.")
        .parts(servers.alive().map(|server| part(&server.node)))
        .say_if(servers.lost().next().is_some(), "Servers that are lost: make sure that they stay off."))
}

fn reset(known: &Known<'_>, servers: &Servers, names: &Names) -> Written {
    let first = servers.first();
    let snapshot = Snapshot::of(known);
    let lines = [
        format!("sudo {} server \\", names.program),
        "  --cluster-reset \\".to_owned(),
        format!("  --cluster-reset-restore-path={}", word(&snapshot.ready)),
    ];
    Ok(Step::new("C-03")
        .at(Place::RecoveryHost)
        .say(format!("Only on {}. The old data go to `{}/server/db/etcd-old-...`.", shown(&first.node), names.data))
        .say("A new host, that never was a server of this cluster: add `--token=...` with the token of the old one.")
        .say("Snapshots kept in S3 by the configuration: add `--etcd-s3=false`, else the file is looked for there.")
        .part(Part::whole().on_node(&first.node).run_all(lines))
        .shows("`Managed etcd cluster membership has been reset, restart without --cluster-reset flag now`, and it ends")
        .wait("one to some minutes", "it ends by itself", "")
        .trouble(format!(
            "It refuses because a reset was done before: `sudo rm {}/server/db/reset-flag`, and again.",
            names.data
        ))
        .trouble(format!(
            "`cannot perform cluster-reset while server URL is set`: take the line `server:` out of `/etc/rancher/{}/config.yaml` of this server.",
            names.program
        )))
}

fn start(servers: &Servers, names: &Names) -> Written {
    let first = servers.first();
    Ok(Step::new("C-04")
        .at(Place::RecoveryHost)
        .part(
            Part::whole()
                .on_node(&first.node)
                .run(format!("sudo systemctl start {}", names.service))
                .run(format!("{} get nodes", names.kubectl)),
        )
        .shows("the nodes of the time of the backup; this one `Ready`")
        .wait("one or two minutes", "this server is Ready", ""))
}

fn others(servers: &Servers, names: &Names) -> Written {
    if servers.others().next().is_none() {
        return Err("the backup has one server, or the others are said to be lost".to_owned());
    }
    let part = |node: &str| {
        Part::whole()
            .on_node(node)
            .run(format!("sudo mv -vT {0}/server/db {0}/server/db.before-restore", names.data))
            .run(format!("sudo systemctl start {}", names.service))
    };
    Ok(Step::new("C-05")
        .at(Place::OtherHosts)
        .say(format!(
            "One after the other. Never on {}: its data are the restored cluster. The documentation deletes the directory; moved away, it can still be looked at.",
            shown(&servers.first().node)
        ))
        .parts(servers.others().map(|server| part(&server.node)))
        .wait("one or two minutes each", "the server is Ready", &format!("{} get nodes", names.kubectl)))
}

fn look(known: &Known<'_>) -> Written {
    let listed = &known.hazards.nodes.nodes;
    let nodes: Vec<String> = listed.items.iter().take(20).map(|node| shown(&node.name)).collect();
    let more = if listed.total > nodes.len() as u64 { ", ..." } else { "" };
    Ok(Step::new("C-06")
        .part(Part::whole().run("kubectl get nodes").run("kubectl get pods -A"))
        .say_if(!nodes.is_empty(), format!("Nodes of the backup: {}{more}.", nodes.join(", ")))
        .say("A node that is no more: `kubectl delete node NAME`. Agents come back by themselves; where one does not, restart its service."))
}
