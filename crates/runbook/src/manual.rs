//! M-01 to M-10: every member restored by hand, on hosts that are kept.

use crate::draft::Draft;
use crate::hosts::Host;
use crate::plan::Plan;
use crate::restore::{copy, network};
use crate::shell::word;
use crate::step::{Part, Place, Step, Written, omitted, until_nothing};

const IDS: [&str; 10] = ["M-01", "M-02", "M-03", "M-04", "M-05", "M-06", "M-07", "M-08", "M-09", "M-10"];
const MANIFESTS: &str = "/etc/kubernetes/manifests";
const KEPT: &str = "/root/manifests-backup";
const BACKUP: &str = "/home/core/assets/backup";

/// Writes the part.
pub(crate) fn write(plan: &Plan<'_>, draft: &mut Draft) {
    draft.section("Restore every member by hand");
    for id in IDS {
        draft.add(id, step(plan, id));
    }
}

/// Notes why the part is left out.
pub(crate) fn leave_out(plan: &Plan<'_>, draft: &mut Draft) {
    let because = if plan.is_single() {
        "there is one member: R-10 restores it"
    } else if plan.is_fenced() {
        "with fencing Pacemaker runs etcd: R-10"
    } else if plan.is_long() {
        "for hosts that were made by hand and are all kept"
    } else {
        "since 4.18 R-07x and R-10 need no host to be re-created"
    };
    draft.omitted.extend(IDS.map(|id| omitted(id, because.to_owned())));
}

fn step(plan: &Plan<'_>, id: &str) -> Written {
    match id {
        "M-01" => Ok(sessions(plan)),
        "M-02" => Ok(plan.control_plane().fold(Step::new(id), |step, host| copy::files(plan, step, host, BACKUP))),
        "M-03" => Ok(stop(plan)),
        "M-04" => Ok(keep(plan)),
        "M-05" => Ok(values(plan)),
        "M-06" => Ok(restore(plan)),
        "M-07" => Ok(move_in(plan)),
        "M-08" => Ok(start_etcd(plan)),
        "M-09" => Ok(start_rest(plan)),
        _ => ovn(plan),
    }
}

fn sessions(plan: &Plan<'_>) -> Step {
    let session = |host: &Host| Part::whole().titled(format!("To {}", host.node)).run(host.ssh());
    Step::new("M-01")
        .say("One terminal for each host, kept open: once the API is gone, they are the only way in.")
        .say("In each of them become root, with `sudo -i`. All that follows is done as root.")
        .say("Every host is needed. If one does not answer: stop here, and write the book anew with --lost.")
        .parts(plan.control_plane().map(session))
}

/// Waits for the containers of one static pod.
fn left(name: &str) -> String {
    format!("crictl ps | grep {name} | grep -E -v 'operator|guard'")
}

fn stop(plan: &Plan<'_>) -> Step {
    let parts = plan.control_plane().map(|host| {
        let part = Part::whole().titled(format!("Stop the static pods of {}", host.node)).on(host);
        let part = part.run(format!("mkdir -p {KEPT}"));
        let pods = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"];
        let part = pods.into_iter().fold(part, |part, pod| {
            part.run(format!("mv {MANIFESTS}/{pod}-pod.yaml {KEPT}/")).run(until_nothing(&left(pod)))
        });
        part.shows("the prompt is back; it waits for each pod")
    });
    Step::new("M-03")
        .at(Place::EveryHost)
        .say("One host after the other; on each of them etcd last.")
        .parts(parts)
        .wait("some minutes for each pod", "its containers are gone", "")
        .trouble("A container does not stop: `crictl stop ID`, with the ID that `crictl ps` shows first.")
}

fn keep(plan: &Plan<'_>) -> Step {
    let keep = |host: &Host| {
        Part::whole()
            .on(host)
            .run("mkdir -p /home/core/assets/old-member-data")
            .run("mv /var/lib/etcd/member /home/core/assets/old-member-data")
            .run("ls -A /var/lib/etcd")
            .shows("the last line: nothing. What else is there: move it, too")
    };
    Step::new("M-04")
        .at(Place::EveryHost)
        .say("It is the only way back to the state of today.")
        .parts(plan.control_plane().map(keep))
}

/// `node=https://ip:2380` of all hosts.
fn initial_cluster(plan: &Plan<'_>) -> String {
    plan.control_plane().map(|host| format!("{}={}", host.node, peer_url(host))).collect::<Vec<_>>().join(",")
}

fn peer_url(host: &Host) -> String {
    format!("https://{}:2380", host.url_host())
}

fn values(plan: &Plan<'_>) -> Step {
    let step = Step::new("M-05")
        .at(Place::EveryHost)
        .say("The names and addresses are those of the backup: look whether they are today's.")
        .say("Make the token once, on one host, and use the same one everywhere.");
    let once = plan.control_plane().next().map(|host| {
        Part::whole()
            .titled("The token, once")
            .on(host)
            .run("uuidgen")
            .shows("write it down: it is <uuid> in what follows")
    });
    step.parts(once).parts(plan.control_plane().map(|host| variables(plan, host)))
}

fn variables(plan: &Plan<'_>, host: &Host) -> Part {
    Part::whole()
        .titled(format!("The values of {}", host.node))
        .on(host)
        .run("export UUID='<uuid>'")
        .run(format!("export ETCD_NAME={}", word(&host.node)))
        .run(format!("export ETCD_NODE_PEER_URL={}", word(&peer_url(host))))
        .run(format!("export ETCD_INITIAL_CLUSTER={}", word(&initial_cluster(plan))))
        .run("grep -E '_(ETCD_NAME|IP)=' /etc/kubernetes/static-pod-resources/etcd-certs/configmaps/etcd-scripts/etcd.env")
        .shows("the last line shows names and addresses of today: the same")
}

/// Name of the snapshot as it lies on the hosts.
fn snapshot(plan: &Plan<'_>) -> String {
    copy::of(plan).into_iter().next().map(|file| file.there).unwrap_or_default()
}

/// Whether the snapshot ends in a hash that etcdctl can check.
fn has_trailer(plan: &Plan<'_>) -> bool {
    !plan.known.findings.iter().any(|finding| matches!(finding.entry().id, "SNAP-002" | "SNAP-003" | "SNAP-008"))
}

fn restore(plan: &Plan<'_>) -> Step {
    let step = Step::new("M-06")
        .at(Place::EveryHost)
        .say("In the terminal of M-05, where the values are set.")
        .shows("`added member` for each host, with the same `added-peer-id`s on every host. Other ids: stop, compare the values of M-05");
    step.parts(plan.control_plane().map(|host| restore_on(plan, host)))
}

fn restore_on(plan: &Plan<'_>, host: &Host) -> Part {
    let name = snapshot(plan);
    let inner = word(&format!("/var/lib/etcd/{name}"));
    let skip = if has_trailer(plan) { "" } else { " --skip-hash-check=true" };
    let lines = [
        "podman run --rm --entrypoint etcdctl -e ETCDCTL_API=3 -v /var/lib/etcd:/var/lib/etcd:z \\".to_owned(),
        "    \"$(jq -r '.spec.containers[]|select(.name==\"etcdctl\")|.image' /root/manifests-backup/etcd-pod.yaml)\" \\".to_owned(),
        format!("    snapshot restore {inner} \\"),
        "    --name \"$ETCD_NAME\" --initial-cluster=\"$ETCD_INITIAL_CLUSTER\" \\".to_owned(),
        "    --initial-cluster-token \"openshift-etcd-$UUID\" \\".to_owned(),
        "    --initial-advertise-peer-urls \"$ETCD_NODE_PEER_URL\" \\".to_owned(),
        format!("    --data-dir=\"/var/lib/etcd/restore-$UUID\"{skip}"),
    ];
    Part::whole()
        .titled(format!("Restore on {}", host.node))
        .on(host)
        .run(format!("cp {} /var/lib/etcd/", word(&format!("{BACKUP}/{name}"))))
        .run(lines.join("\n"))
}

fn move_in(plan: &Plan<'_>) -> Step {
    let inner = word(&format!("/var/lib/etcd/{}", snapshot(plan)));
    let parts = plan.control_plane().map(|host| {
        Part::whole()
            .on(host)
            .run("mv \"/var/lib/etcd/restore-$UUID/member\" /var/lib/etcd")
            .run("rm -rf \"/var/lib/etcd/restore-${UUID:?}\"")
            .run(format!("rm {inner}"))
            .run("restorecon -vR /var/lib/etcd/")
            .run("ls -A /var/lib/etcd")
            .shows("the last line: member, and nothing else")
    });
    Step::new("M-07").at(Place::EveryHost).parts(parts)
}

fn start_etcd(plan: &Plan<'_>) -> Step {
    let start = |host: &Host| {
        Part::whole()
            .titled(format!("Start etcd on {}", host.node))
            .on(host)
            .run(format!("mv {KEPT}/etcd-pod.yaml {MANIFESTS}"))
            .run("until crictl ps --name '^etcd$' | grep Running; do sleep 5; done")
            .shows("a line with Running")
    };
    let status = plan.control_plane().next().map(|host| {
        Part::whole()
            .titled("When all are started: the members")
            .on(host)
            .run("crictl exec \"$(crictl ps --name '^etcdctl$' -q)\" etcdctl endpoint status -w table")
            .shows("a line for each host, one leader, no learner, no error")
    });
    Step::new("M-08")
        .at(Place::EveryHost)
        .say("One host after the other. The first ones wait for the rest.")
        .parts(plan.control_plane().map(start))
        .parts(status)
        .wait("some minutes", "every member is there, and one of them leads", "")
}

fn start_rest(plan: &Plan<'_>) -> Step {
    let start = |host: &Host| {
        Part::whole()
            .titled(format!("Start the others on {}", host.node))
            .on(host)
            .run(format!("mv {KEPT}/kube-apiserver-pod.yaml {MANIFESTS}"))
            .run("until crictl ps --name '^kube-apiserver$' | grep Running; do sleep 5; done")
            .run("systemctl restart kubelet")
            .run(format!("mv {KEPT}/kube-controller-manager-pod.yaml {KEPT}/kube-scheduler-pod.yaml {MANIFESTS}"))
            .run("crictl ps | grep -E 'kube-(apiserver|scheduler|controller-manager)' | grep -v -E 'operator|guard'")
            .shows("the last line: all three, Running")
    };
    let step = Step::new("M-09")
        .at(Place::EveryHost)
        .say("One host after the other. Then the kubelets of all other nodes.")
        .parts(plan.control_plane().map(start));
    let workers: Vec<String> = plan.workers().iter().map(|node| word(node)).collect();
    if workers.is_empty() {
        return step;
    }
    let lines = format!(
        "for node in {}; do\n    ssh -i '<ssh-key-path>' core@\"$node\" sudo systemctl restart kubelet\ndone",
        workers.join(" ")
    );
    step.part(
        Part::whole().titled("On every other node").run(lines).shows("by name or address, as your network has it"),
    )
}

fn ovn(plan: &Plan<'_>) -> Written {
    let kind = &plan.known.hazards.control_plane.network_type;
    if plan.has_ovn() == Some(false) {
        return Err(format!("the network is {kind}: nothing to do"));
    }
    if !plan.since(4, 14) {
        return central(plan);
    }
    let names: Vec<&str> = plan.control_plane().map(|host| host.node.as_str()).chain(plan.workers()).collect();
    let step = Step::new("M-10")
        .say("Its databases are of today, the cluster is of the backup: node by node they are made anew.");
    Ok(step.parts(network::loop_over(&names).map(|lines| Part::whole().run(lines))))
}

/// 4.9 to 4.13: the databases lie on the control plane alone.
fn central(plan: &Plan<'_>) -> Written {
    if !plan.since(4, 9) {
        return Err("not documented before 4.9".to_owned());
    }
    let remove = |host: &Host| Part::whole().on(host).run("sh -c 'rm -f /var/lib/ovn/etc/*.db'");
    let pods = |app: &str| {
        let app = format!("pod -l app={app}");
        let delete = format!("oc -n openshift-ovn-kubernetes delete {app}");
        Part::whole().titled("Renew its pods").run(delete).run(format!("oc -n openshift-ovn-kubernetes get {app}"))
    };
    Ok(Step::new("M-10")
        .parts(plan.control_plane().map(remove))
        .part(pods("ovnkube-master"))
        .part(pods("ovnkube-node"))
        .wait("some minutes", "all pods are Running", ""))
}
