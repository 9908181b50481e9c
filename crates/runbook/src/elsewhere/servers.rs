//! The hosts that etcd runs on, by its members and by the Nodes of the control plane.

use backup_facts::site::host;

use crate::asked::Asked;
use crate::known::Known;
use crate::shell::word;

/// Where the snapshot is put on every host.
pub(super) const PLACE: &str = "/var/tmp";

/// A host of etcd.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Server {
    /// Name of its Node, or of its member where there is no such Node.
    pub(super) node: String,
    /// Name of its member of etcd.
    pub(super) member: String,
    /// URL of that for its peers.
    pub(super) peer_url: String,
    /// The host of that URL, for SSH; a blank where there is none.
    pub(super) address: String,
    /// Whether it is known to be lost.
    pub(super) lost: bool,
}

/// All of them, by name; the one to restore on first.
#[derive(Debug, Clone, Default)]
pub(super) struct Servers {
    all: Vec<Server>,
}

impl Servers {
    pub(super) fn of(known: &Known<'_>, asked: &Asked) -> Self {
        let listed = known.hazards.nodes.nodes.items.iter().filter(|node| node.control_plane);
        let nodes: Vec<(&str, Option<&String>)> =
            listed.map(|node| (node.name.as_str(), node.addresses.first())).collect();
        let names: Vec<&str> = nodes.iter().map(|(name, _)| *name).collect();
        let lost = |name: &str| asked.lost.iter().any(|lost| lost == name);
        let voting = known.site.members.iter().filter(|member| !member.is_learner && !member.name.is_empty());
        let mut all: Vec<Server> = voting
            .map(|member| {
                let node = node_of(&names, &member.name).unwrap_or(&member.name).to_owned();
                let peer_url = member.peer_urls.first().cloned().unwrap_or_default();
                let address = host(&peer_url).map(str::to_owned).unwrap_or_else(|| format!("<ip-of-{node}>"));
                let lost = lost(&node) || lost(&member.name);
                Server { member: member.name.clone(), peer_url, address, lost, node }
            })
            .collect();
        for (node, address) in nodes {
            if !all.iter().any(|server| server.node == node) {
                let address = address.cloned().unwrap_or_else(|| format!("<ip-of-{node}>"));
                let peer_url = format!("https://{}:2380", bracketed(&address));
                let (node, lost) = (node.to_owned(), lost(node));
                all.push(Server { member: node.clone(), node, peer_url, address, lost });
            }
        }
        let first = |server: &Server| Some(&server.node) != asked.recovery_host.as_ref();
        all.sort_by(|a, b| (first(a), &a.node).cmp(&(first(b), &b.node)));
        if all.is_empty() {
            all.push(Server {
                node: "<host-name>".to_owned(),
                member: "<host-name>".to_owned(),
                peer_url: "https://<host-address>:2380".to_owned(),
                address: "<host-address>".to_owned(),
                lost: false,
            });
        }
        Self { all }
    }

    /// Those that are not known to be lost, the one to restore on first.
    pub(super) fn alive(&self) -> impl Iterator<Item = &Server> {
        self.all.iter().filter(|server| !server.lost)
    }

    /// Those that are known to be lost.
    pub(super) fn lost(&self) -> impl Iterator<Item = &Server> {
        self.all.iter().filter(|server| server.lost)
    }

    /// The one to restore on, where only one is: the first that is not lost.
    pub(super) fn first(&self) -> Server {
        self.alive().next().cloned().unwrap_or_else(|| Server {
            node: "<host-name>".to_owned(),
            member: "<host-name>".to_owned(),
            address: "<host-address>".to_owned(),
            ..Server::default()
        })
    }

    /// Those that are not lost, without the first.
    pub(super) fn others(&self) -> impl Iterator<Item = &Server> {
        self.alive().skip(1)
    }

    /// `--initial-cluster` of those that are not lost.
    pub(super) fn initial_cluster(&self) -> String {
        let mut members: Vec<String> =
            self.alive().map(|server| format!("{}={}", server.member, server.peer_url)).collect();
        members.sort();
        members.join(",")
    }
}

impl Server {
    /// SSH to it, as the user that is a blank.
    pub(super) fn ssh(&self) -> String {
        format!("ssh '<ssh-user>'@{}", word(&self.address))
    }

    /// A file of the workstation, copied to it.
    pub(super) fn copy(&self, path: &str) -> String {
        // an address of IPv6 has colons, and so has the line of scp
        format!("scp {} '<ssh-user>'@{}:{PLACE}/", path_word(path), word(&bracketed(&self.address)))
    }
}

/// An address as it stands in a URL.
fn bracketed(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}

/// What a name stands as in a sentence.
pub(super) fn shown(name: &str) -> String {
    format!("`{name}`")
}

/// A path as a word for bash that no program takes for an option.
pub(super) fn path_word(path: &str) -> String {
    if path.starts_with('-') { word(&format!("./{path}")) } else { word(path) }
}

/// The Node of a member: of the same name, or the beginning of it, as k3s and RKE2 name their members.
fn node_of<'n>(nodes: &[&'n str], member: &str) -> Option<&'n str> {
    let same = nodes.iter().find(|node| **node == member);
    let begun = || nodes.iter().find(|node| is_named_after(member, node));
    same.or_else(begun).copied()
}

/// `server-0-1f3a9c02` is of `server-0`.
fn is_named_after(member: &str, node: &str) -> bool {
    let rest = member.strip_prefix(node).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_k3s_is_named_after_its_node() {
        let nodes = ["server-1", "server-10"];
        assert_eq!(node_of(&nodes, "server-1-1f3a9c02"), Some("server-1"));
        assert_eq!(node_of(&nodes, "server-10-1f3a9c02"), Some("server-10"));
        assert_eq!(node_of(&nodes, "server-10"), Some("server-10"));
        assert_eq!(node_of(&nodes, "server-1-x"), None);
    }

    #[test]
    fn a_path_is_no_option() {
        assert_eq!(path_word("-x"), "./-x");
        assert_eq!(path_word("a b"), "'a b'");
    }
}
