//! Hosts of the control plane, and the one to restore on.

use std::collections::BTreeSet;

use backup_facts::site::host;

use crate::asked::Asked;
use crate::known::Known;
use crate::shell::word;

/// A host of the control plane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Host {
    /// Name of its Node, or a blank.
    pub(crate) node: String,
    /// Its first internal address; `None` where the backup names none.
    pub(crate) ip: Option<String>,
    /// Whether it is known to be lost.
    pub(crate) lost: bool,
    /// Whether it was Ready in the backup.
    pub(crate) ready: bool,
    /// Whether it holds a member of etcd alone: an arbiter.
    pub(crate) arbiter: bool,
}

impl Host {
    /// Its address, or a blank.
    pub(crate) fn address(&self) -> String {
        self.ip.clone().unwrap_or_else(|| format!("<ip-of-{}>", self.node.trim_matches(['<', '>'])))
    }

    /// Its address in a URL.
    pub(crate) fn url_host(&self) -> String {
        let address = self.address();
        if address.contains(':') { format!("[{address}]") } else { address }
    }

    /// The beginning of every command that goes to it by SSH.
    pub(crate) fn ssh(&self) -> String {
        format!("ssh -i '<ssh-key-path>' core@{}", word(&self.address()))
    }

    /// Name of its pod of etcd.
    pub(crate) fn etcd_pod(&self) -> String {
        format!("etcd-{}", self.node)
    }
}

/// Every host of the control plane that the backup tells of, by name.
pub(crate) fn control_plane(known: &Known<'_>, asked: &Asked) -> Vec<Host> {
    let nodes = known.hazards.nodes.nodes.items.iter();
    let nodes = nodes.filter(|node| node.control_plane || has_member(known, &node.name));
    let mut hosts: Vec<Host> = nodes
        .map(|node| Host {
            node: node.name.clone(),
            ip: address(known, &node.name),
            lost: asked.lost.contains(&node.name),
            ready: node.ready == "True",
            arbiter: !node.control_plane,
        })
        .collect();
    if hosts.is_empty() {
        hosts = certified(known).into_iter().map(|node| of_tarball(known, asked, node)).collect();
    }
    hosts.sort_by(|a, b| a.node.cmp(&b.node));
    hosts
}

fn of_tarball(known: &Known<'_>, asked: &Asked, node: &str) -> Host {
    Host {
        node: node.to_owned(),
        ip: address(known, node),
        lost: asked.lost.iter().any(|lost| lost == node),
        ready: false,
        arbiter: false,
    }
}

/// Whether a node holds a member of etcd; an arbiter has no other part of the control plane.
pub(crate) fn has_member(known: &Known<'_>, node: &str) -> bool {
    known.site.members.iter().any(|member| member.name == node)
}

/// Nodes that the tarball has certificates of etcd for.
fn certified<'k>(known: &'k Known<'_>) -> BTreeSet<&'k str> {
    known.static_pods.iter().flat_map(|pods| &pods.etcd.certificate_nodes).map(String::as_str).collect()
}

/// The address of a node: its own, else as its member of etcd has it, else as the tarball does.
fn address(known: &Known<'_>, node: &str) -> Option<String> {
    let own = known.hazards.nodes.nodes.items.iter().find(|one| one.name == node);
    if let Some(address) = own.and_then(|one| one.addresses.first()) {
        return Some(address.clone());
    }
    let member = known.site.members.iter().find(|member| member.name == node);
    let peer = member.and_then(|member| member.peer_urls.first()).and_then(|url| host(url)).map(str::to_owned);
    let said = || known.static_pods.and_then(|pods| pods.etcd.nodes.get(node)).and_then(Clone::clone);
    peer.or_else(said)
}

/// The host to restore on, why, and whether it is proposed here.
pub(crate) fn recovery(known: &Known<'_>, asked: &Asked, hosts: &[Host]) -> (Host, String, bool) {
    let asked_for = asked.recovery_host.as_deref();
    if let Some(host) = asked_for.and_then(|name| hosts.iter().find(|host| host.node == name && !host.arbiter)) {
        return (host.clone(), against(known, host), false);
    }
    let maker = maker(known);
    let rank =
        |host: &&Host| (host.arbiter, host.lost, !host.ready, Some(host.node.as_str()) != maker, host.node.clone());
    match hosts.iter().min_by_key(rank) {
        Some(host) => (host.clone(), reasons(known, host, hosts.len() == 1), true),
        None => {
            let blank = Host { node: "<recovery-host>".to_owned(), ..Host::default() };
            (blank, "the backup names no control-plane node".to_owned(), true)
        }
    }
}

/// The host that made the backup, as the tarball says.
fn maker<'k>(known: &'k Known<'_>) -> Option<&'k str> {
    known.static_pods.and_then(|pods| pods.node.as_ref()).map(|node| node.value.as_str())
}

fn reasons(known: &Known<'_>, host: &Host, only: bool) -> String {
    if only {
        return "it is the only one".to_owned();
    }
    let certified = certified(known).contains(host.node.as_str());
    let said = [
        (host.ready, "it was Ready in the backup"),
        (maker(known) == Some(&host.node), "it made the backup"),
        (certified, "the tarball has certificates of etcd for it"),
    ];
    let said: Vec<&str> = said.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text).collect();
    let rule = "Look whether it is alive today; else name another with --recovery-host";
    if said.is_empty() { format!("first by name. {rule}") } else { format!("{}. {rule}", said.join(", ")) }
}

/// What speaks against a host that was asked for.
fn against(known: &Known<'_>, host: &Host) -> String {
    let certified = certified(known);
    let unknown = !certified.is_empty() && !certified.contains(host.node.as_str());
    let against = [
        (host.lost, "it is said to be lost"),
        (!host.ready, "it was not Ready in the backup"),
        (unknown, "the tarball has no certificate of etcd for it"),
    ];
    let against: Vec<&str> = against.into_iter().filter(|(holds, _)| *holds).map(|(_, text)| text).collect();
    if against.is_empty() { "asked for".to_owned() } else { format!("asked for; but {}", against.join(", ")) }
}
