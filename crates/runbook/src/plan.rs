//! What the steps are filled in with: hosts, machines, releases, as one backup and one question tell them.

use crate::asked::Asked;
use crate::hosts::{self, Host};
use crate::known::Known;
use crate::procedure::{Procedure, release};

/// Everything that a step may ask for. Made once for a book.
pub(crate) struct Plan<'a> {
    /// What is known of the backup.
    pub(crate) known: &'a Known<'a>,
    /// What is asked for.
    pub(crate) asked: &'a Asked,
    /// The procedure that is followed.
    pub(crate) procedure: Procedure,
    /// Major and minor of the release; `None` where nothing tells: then the newest forms are taken.
    pub(crate) minor: Option<(u64, u64)>,
    /// The host that is restored on.
    pub(crate) recovery: Host,
    /// Why it is that one.
    pub(crate) recovery_because: String,
    /// Whether it is proposed here, and was not asked for.
    pub(crate) proposed: bool,
    /// Every other host of the control plane, by name; those known to be lost, too.
    pub(crate) others: Vec<Host>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(known: &'a Known<'a>, asked: &'a Asked, procedure: Procedure) -> Self {
        let minor = release(known, asked);
        let hosts = hosts::control_plane(known, asked);
        let (recovery, recovery_because, proposed) = hosts::recovery(known, asked, &hosts);
        let others = hosts.into_iter().filter(|host| host.node != recovery.node).collect();
        Self { known, asked, procedure, minor, recovery, recovery_because, proposed, others }
    }

    /// Whether the release is this one or a later one.
    pub(crate) fn since(&self, major: u64, minor: u64) -> bool {
        self.minor.is_none_or(|release| release >= (major, minor))
    }

    /// Whether the release lies in this range, both ends included.
    pub(crate) fn within(&self, first: (u64, u64), last: (u64, u64)) -> bool {
        self.since(first.0, first.1) && self.minor.is_some_and(|release| release <= last)
    }

    /// Whether the script also stops, and brings back from the tarball, the other three static pods.
    pub(crate) fn is_long(&self) -> bool {
        !self.since(4, 18)
    }

    pub(crate) fn is_single(&self) -> bool {
        self.procedure == Procedure::SingleNode
    }

    pub(crate) fn is_fenced(&self) -> bool {
        self.procedure == Procedure::Fenced
    }

    pub(crate) fn is_manual(&self) -> bool {
        self.procedure == Procedure::Manual
    }

    /// Hosts of the control plane, the recovery host first.
    pub(crate) fn control_plane(&self) -> impl Iterator<Item = &Host> {
        std::iter::once(&self.recovery).chain(&self.others)
    }

    /// Hosts of the control plane that are not known to be lost, the recovery host first.
    pub(crate) fn reachable(&self) -> impl Iterator<Item = &Host> {
        self.control_plane().filter(|host| !host.lost)
    }

    /// The same without the recovery host.
    pub(crate) fn others_reachable(&self) -> impl Iterator<Item = &Host> {
        self.others.iter().filter(|host| !host.lost)
    }

    /// Names of the nodes without control plane.
    pub(crate) fn workers(&self) -> Vec<&str> {
        let nodes = &self.known.hazards.nodes.nodes.items;
        let workers = nodes.iter().filter(|node| !node.control_plane && !hosts::has_member(self.known, &node.name));
        workers.map(|node| node.name.as_str()).collect()
    }

    /// Name of the backup's snapshot, or its blank.
    pub(crate) fn snapshot(&self) -> &str {
        self.known.snapshot.as_ref().map_or("<snapshot>", |file| &file.name)
    }

    /// Name of the backup's tarball, or its blank.
    pub(crate) fn tarball(&self) -> &str {
        self.known.tarball.as_ref().map_or("<tarball>", |file| &file.name)
    }

    /// Revision of a static pod that the tarball has: the only one, or the newest.
    pub(crate) fn tarball_revision(&self, pod: &str) -> Option<u64> {
        let pods = &self.known.static_pods?.pods;
        pods.iter().filter(|one| one.name == pod).map(|one| one.revision).max()
    }

    /// Whether the network is OVN-Kubernetes; `None` where nothing tells.
    pub(crate) fn has_ovn(&self) -> Option<bool> {
        let kind = self.known.hazards.control_plane.network_type.as_str();
        (!kind.is_empty()).then_some(kind == "OVNKubernetes")
    }
}
