//! What platforms other than OpenShift restore with.

use crate::cluster::Flags;

/// A member of the cluster that a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer<'p> {
    /// Its name.
    pub name: &'p str,
    /// Its URL for its peers.
    pub url: &'p str,
}

/// What begins the token of a restore of kubeadm's; a random UUID follows.
pub const KUBEADM_TOKEN: &str = "etcd-cluster-";
/// The token of hosted control planes.
pub const HYPERSHIFT_TOKEN: &str = "etcd-cluster";

/// The URL of a member for its peers, by its address, in brackets if it is one of IPv6: all of these platforms have one port.
#[must_use]
pub fn url(host: &str) -> String {
    format!("https://{host}:2380")
}

/// Of kubeadm, and of a hosted control plane: every member is made from the same snapshot, with all of them as the cluster
/// to be. `node` is one of `peers`.
#[must_use]
pub fn of_all(node: Peer<'_>, peers: &[Peer<'_>], token: &str) -> Flags {
    let all: Vec<_> = peers.iter().map(|peer| format!("{}={}", peer.name, peer.url)).collect();
    Flags {
        name: node.name.to_owned(),
        initial_cluster: all.join(","),
        token: token.to_owned(),
        peer_urls: node.url.to_owned(),
    }
}

/// Of k3s and RKE2: the server that resets the cluster is its only member, and there is no token.
#[must_use]
pub fn of_reset(node: Peer<'_>) -> Flags {
    of_all(node, &[node], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;

    const A: Peer<'_> = Peer { name: "a", url: "https://10.0.0.1:2380" };
    const B: Peer<'_> = Peer { name: "b", url: "https://[fd00::2]:2380" };

    #[test]
    fn all_members_are_told_or_one() {
        assert_eq!(url("10.0.0.1"), A.url);
        let all = of_all(B, &[A, B], "t");
        assert_eq!(all.initial_cluster, "a=https://10.0.0.1:2380,b=https://[fd00::2]:2380");
        assert_eq!((all.name.as_str(), all.peer_urls.as_str()), ("b", "https://[fd00::2]:2380"));
        assert_eq!(Cluster::plan(&all).map(|cluster| cluster.members.len()), Ok(2));
        let reset = of_reset(A);
        assert_eq!((reset.initial_cluster.as_str(), reset.token.as_str()), ("a=https://10.0.0.1:2380", ""));
        assert_eq!(Cluster::plan(&reset).map(|cluster| cluster.members.len()), Ok(1));
    }
}
