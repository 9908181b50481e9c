//! Kubernetes as kubeadm sets it up: every member restores the same snapshot, as the documentation of etcd has it.

use super::servers::{PLACE, Server, Servers, path_word, shown};
use crate::draft::Draft;
use crate::known::Known;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

/// Where manifests go meanwhile.
const ASIDE: &str = "/root/manifests-stopped";
const MANIFESTS: &str = "/etc/kubernetes/manifests";
const DATA: &str = "/var/lib/etcd";

pub(super) fn write(known: &Known<'_>, servers: &Servers, draft: &mut Draft) {
    let snapshot = Snapshot::of(known);
    draft.add("K-00", at_hand(known, servers, &snapshot));
    draft.add("K-01", stop(servers));
    draft.add("K-02", data_away(servers));
    draft.add("K-03", restore(known, servers, &snapshot));
    draft.add("K-04", etcd_back(servers));
    draft.add("K-05", api_back(servers));
    draft.add("K-06", rest(servers));
    draft.add("K-07", lost(servers));
}

/// The snapshot on the hosts.
pub(super) struct Snapshot {
    /// As it was given.
    path: String,
    /// As it is copied.
    copied: String,
    /// Its SHA-256.
    sha256: String,
    /// What unpacks it, and its path then.
    unpacked: Option<String>,
    /// Its path on a host, ready to be restored.
    pub(super) ready: String,
}

/// Programs that unpack a file, by the end of its name.
const PACKED: [(&str, &str); 4] =
    [(".gz", "gzip -dk"), (".zst", "zstd -dk"), (".bz2", "bzip2 -dk"), (".lz4", "lz4 -dk")];

impl Snapshot {
    pub(super) fn of(known: &Known<'_>) -> Self {
        let file = known.snapshot.clone().unwrap_or_default();
        let name = if file.name.is_empty() { "<snapshot>".to_owned() } else { file.name };
        let copied = format!("{PLACE}/{name}");
        let packed = PACKED.iter().find_map(|(end, program)| Some((copied.strip_suffix(end)?, program)));
        Self {
            path: if file.path.is_empty() { "<snapshot>".to_owned() } else { file.path },
            sha256: file.sha256,
            unpacked: packed.map(|(_, program)| format!("sudo {program} {}", word(&copied))),
            ready: packed.map_or_else(|| copied.clone(), |(ready, _)| ready.to_owned()),
            copied,
        }
    }

    /// Copied to a host, and seen to be whole there.
    pub(super) fn parts(&self, server: &Server) -> [Part; 2] {
        let copy =
            Part::whole().titled(format!("Copy the snapshot to {}", shown(&server.node))).run(server.copy(&self.path));
        let mut look = Part::whole().titled("See that it is whole").on_node(&server.node);
        if !self.sha256.is_empty() {
            let sum = word(&format!("{}  {}", self.sha256, self.copied));
            look = look.run(format!("printf '%s\\n' {sum} | sha256sum -c")).shows(format!("`{}: OK`", self.copied));
        }
        if let Some(unpack) = &self.unpacked {
            look = look.run(unpack);
        }
        [copy, look]
    }

    /// Whether it has to be unpacked, by its name.
    pub(super) fn is_packed(&self) -> bool {
        self.unpacked.is_some()
    }

    /// The snapshot as it lies on the workstation.
    pub(super) fn here(&self) -> String {
        path_word(&self.path)
    }
}

/// What restores a snapshot, by the version of etcd: the old tool, the newer one, and whether that raises revisions.
pub(super) fn tool(known: &Known<'_>) -> (&'static str, bool) {
    match minor(&known.site.etcd_version) {
        Some(version) if version < (3, 5) => ("ETCDCTL_API=3 etcdctl", false),
        Some(version) => ("etcdutl", version >= (3, 6)),
        None => ("etcdutl", false),
    }
}

/// Major and minor of `3.5.0`.
fn minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn at_hand(known: &Known<'_>, servers: &Servers, snapshot: &Snapshot) -> Written {
    let (tool, _) = tool(known);
    let program = tool.rsplit(' ').next().unwrap_or(tool);
    let version = &known.site.etcd_version;
    let of =
        if version.is_empty() { String::new() } else { format!(" of etcd {version}, which the backup was made with,") };
    let step = Step::new("K-00")
        .say("This brings the whole cluster back to the moment of the backup: what was written since is gone.")
        .say(format!(
            "On every host: `{program}`{of} or of the etcd that runs now. It is in etcd's image, too."
        ))
        .say(
            "The certificates are not in the snapshot: `/etc/kubernetes/pki` must be on every host as it was, or out of your own copy.",
        )
        .say_if(
            known.encrypted,
            "Values are encrypted: the file that `--encryption-provider-config` of kube-apiserver names must be on every host, with the keys of the time of the backup.",
        );
    Ok(step.parts(servers.alive().flat_map(|server| {
        let [copy, look] = snapshot.parts(server);
        [
            Part::whole()
                .titled(format!("Open a session to {}, and keep it open", shown(&server.node)))
                .run(server.ssh()),
            copy,
            look,
        ]
    })))
}

/// A manifest out of the kubelet's sight.
fn aside(name: &str) -> String {
    format!("sudo mv -v {MANIFESTS}/{name}.yaml {ASIDE}/")
}

fn back(name: &str) -> String {
    format!("sudo mv -v {ASIDE}/{name}.yaml {MANIFESTS}/")
}

fn stop(servers: &Servers) -> Written {
    let api = servers.alive().map(|server| {
        let part = Part::new("K-01a").on_node(&server.node);
        part.run(format!("sudo mkdir -p {ASIDE}")).run(aside("kube-apiserver"))
    });
    let etcd = servers.alive().map(|server| Part::new("K-01b").on_node(&server.node).run(aside("etcd")));
    let poll = "sudo crictl ps --name '^(kube-apiserver|etcd)$'";
    let gone = servers.alive().map(|server| Part::new("K-01c").on_node(&server.node).run(poll));
    Ok(Step::new("K-01")
        .at(Place::EveryHost)
        .say("All API servers first, then all members of etcd: nothing may write while a member is stopped.")
        .parts(api)
        .parts(etcd)
        .parts(gone)
        .shows("no container in the list, on any host")
        .wait("some seconds, up to a minute", "the list is empty on every host", ""))
}

fn data_away(servers: &Servers) -> Written {
    let part =
        |server: &Server| Part::whole().on_node(&server.node).run(format!("sudo mv -vT {DATA} {DATA}.before-restore"));
    Ok(Step::new("K-02")
        .at(Place::EveryHost)
        .say("Keep it until the cluster is well again: it is the only way back.")
        .parts(servers.alive().map(part))
        .trouble(format!(
            "`Directory not empty`: one of an earlier attempt lies there. Move `{DATA}.before-restore` to another name first."
        ))
        .trouble(format!(
            "`Device or resource busy`: `{DATA}` is a file system of its own. Move `{DATA}/member` out of it; in K-03 take `--data-dir {DATA}/restored`, and then move `{DATA}/restored/member` up."
        )))
}

fn restore(known: &Known<'_>, servers: &Servers, snapshot: &Snapshot) -> Written {
    let (tool, bumps) = tool(known);
    let cluster = servers.initial_cluster();
    let part = |server: &Server| {
        let mut lines = vec![
            format!("sudo {tool} snapshot restore {} \\", word(&snapshot.ready)),
            format!("  --name {} \\", word(&server.member)),
            format!("  --initial-cluster {} \\", word(&cluster)),
            "  --initial-cluster-token '<uuid>' \\".to_owned(),
            format!("  --initial-advertise-peer-urls {} \\", word(&server.peer_url)),
        ];
        if bumps {
            lines.push("  --bump-revision 1000000000 --mark-compacted \\".to_owned());
        }
        lines.push(format!("  --data-dir {DATA}"));
        Part::whole().on_node(&server.node).run_all(lines)
    };
    let skip = known.findings.iter().any(|finding| finding.entry().id == "SNAP-002");
    Ok(Step::new("K-03")
        .at(Place::EveryHost)
        .say("The same snapshot and the same token on every host; names and addresses are those of the backup.")
        .say_if(
            servers.lost().next().is_some(),
            "Hosts that are lost are not members of the restored cluster; K-07 joins them again.",
        )
        .say_if(skip, "The snapshot has no integrity hash: add `--skip-hash-check`.")
        .say_if(
            !bumps,
            "Where `snapshot restore --help` names `--bump-revision`, add `--bump-revision 1000000000 --mark-compacted`: then no client sees revisions go back.",
        )
        .parts(servers.alive().map(part))
        .shows("`restored snapshot`, and `added member` with the same ids on every host")
        .trouble(format!("`data-dir \"{DATA}\" not empty or could not be read`: K-02 was not done on this host.")))
}

/// etcd asked by itself, with the certificate that kubeadm makes for that.
const HEALTH: &str = "sudo crictl exec \"$(sudo crictl ps -q --name '^etcd$')\" etcdctl --endpoints https://127.0.0.1:2379 \
                      --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt \
                      --key /etc/kubernetes/pki/etcd/healthcheck-client.key endpoint health --cluster";

fn etcd_back(servers: &Servers) -> Written {
    let part = |server: &Server| Part::new("K-04a").on_node(&server.node).run(back("etcd"));
    Ok(Step::new("K-04")
        .at(Place::EveryHost)
        .say("On all hosts within a minute or two: a member alone waits for the others.")
        .parts(servers.alive().map(part))
        .part(Part::new("K-04b").on_node(&servers.first().node).run(HEALTH))
        .shows("every endpoint `is healthy`")
        .wait("up to a minute", "every member answers", ""))
}

fn api_back(servers: &Servers) -> Written {
    let part = |server: &Server| Part::new("K-05a").on_node(&server.node).run(back("kube-apiserver"));
    let ask = "sudo kubectl --kubeconfig /etc/kubernetes/admin.conf";
    Ok(Step::new("K-05")
        .at(Place::EveryHost)
        .parts(servers.alive().map(part))
        .part(
            Part::new("K-05b")
                .on_node(&servers.first().node)
                .run(format!("{ask} get --raw '/readyz?verbose'"))
                .run(format!("{ask} get nodes")),
        )
        .shows("`readyz check passed`, and the nodes of the time of the backup")
        .wait("one or two minutes", "the API server is ready", "")
        .trouble(
            "`super-admin.conf` lies beside `admin.conf` since Kubernetes 1.29, for the case that roles are damaged.",
        ))
}

fn rest(servers: &Servers) -> Written {
    let part = |server: &Server| {
        let stop = |name: &str| format!("sudo crictl ps -q --name '^{name}$' | xargs -r sudo crictl stop");
        Part::whole()
            .on_node(&server.node)
            .run(stop("kube-controller-manager"))
            .run(stop("kube-scheduler"))
            .run("sudo systemctl restart kubelet")
    };
    Ok(Step::new("K-06")
        .at(Place::EveryHost)
        .say("They remember the time before the restore. The kubelet starts the two containers again by itself; restart it on the workers, too, and whatever else watches the API: network, DNS, operators.")
        .parts(servers.alive().map(part))
        .shows("all nodes `Ready`, and pods come to rest"))
}

fn lost(servers: &Servers) -> Written {
    if servers.lost().next().is_none() {
        return Err("no host is said to be lost (`--lost NODE`)".to_owned());
    }
    let part = |server: &Server| {
        Part::whole()
            .titled(format!("Forget {}", shown(&server.node)))
            .run(format!("kubectl delete node {}", word(&server.node)))
    };
    Ok(Step::new("K-07")
        .parts(servers.lost().map(part))
        .part(
            Part::whole()
                .titled("What a host that was set up anew joins with: the second command's key goes with the first's")
                .on_node(&servers.first().node)
                .run("sudo kubeadm token create --print-join-command")
                .run("sudo kubeadm init phase upload-certs --upload-certs"),
        )
        .say("One after the other: `kubeadm join ... --control-plane --certificate-key ...` on each."))
}
