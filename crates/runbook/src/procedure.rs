//! Which procedure is the one for this backup.

use backup_facts::platform::Platform;

use crate::asked::Asked;
use crate::known::Known;

/// A documented procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Procedure {
    /// OpenShift to 4.17, several control-plane nodes.
    Long,
    /// OpenShift from 4.18, several control-plane nodes.
    Short,
    /// OpenShift on a single node.
    SingleNode,
    /// OpenShift on two nodes with fencing.
    Fenced,
    /// OpenShift to 4.17, member by member by hand: hosts kept, user-provisioned.
    Manual,
    /// Another platform's own.
    Elsewhere(Platform),
}

impl Procedure {
    /// The word that reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
            Self::SingleNode => "single-node",
            Self::Fenced => "fenced",
            Self::Manual => "manual",
            Self::Elsewhere(platform) => platform.name(),
        }
    }

    /// The procedure for a backup, and why it is that one.
    #[must_use]
    pub fn of(known: &Known<'_>, asked: &Asked) -> (Self, String) {
        match known.platform {
            Platform::OpenShift => of_openshift(known, asked),
            Platform::SingleNode => (Self::SingleNode, "there is one control-plane node".to_owned()),
            Platform::Fenced => (Self::Fenced, "there are two nodes with fencing: Pacemaker runs etcd".to_owned()),
            other => (Self::Elsewhere(other), format!("the backup is of {}", other.title())),
        }
    }
}

/// Several control-plane nodes.
fn of_openshift(known: &Known<'_>, asked: &Asked) -> (Procedure, String) {
    let Some(minor) = release(known, asked) else {
        let because = "several control-plane nodes, and nothing tells the release: as since 4.18";
        return (Procedure::Short, because.to_owned());
    };
    let release = format!("{}.{}", minor.0, minor.1);
    if minor >= (4, 18) {
        let because = format!("several control-plane nodes, and {release}: since 4.18 scripts do most of it");
        return (Procedure::Short, because);
    }
    let made_by_hand = why_no_machines(known).filter(|_| asked.lost.is_empty() && addresses_known(known));
    match made_by_hand {
        Some(reason) => {
            let because = format!(
                "{reason}, and the release is {release}: every host is kept, and all members start at once. \
                 For a host that is lost name it with --lost: then it is the procedure that re-creates hosts",
            );
            (Procedure::Manual, because)
        }
        None => (Procedure::Long, format!("several control-plane nodes, and {release}: before 4.18")),
    }
}

/// Major and minor that the steps are for: those of the cluster, else those of the backup.
pub(crate) fn release(known: &Known<'_>, asked: &Asked) -> Option<(u64, u64)> {
    asked.target.as_ref().map(version_compat::Version::minor).or_else(|| known.minor())
}

/// Why no Machine is there to be re-created; `None` where there are some.
pub(crate) fn why_no_machines(known: &Known<'_>) -> Option<&'static str> {
    if known.site.infrastructure.platform == "None" {
        return Some("platform None: the hosts were made by hand");
    }
    let machines = &known.hazards.nodes.machines.items;
    let none = !machines.iter().any(|machine| machine.control_plane) && known.site.machines.is_empty();
    none.then_some("the control plane has no Machines: its hosts were made by hand")
}

/// Whether the backup tells the hosts that all members are to be started on.
fn addresses_known(known: &Known<'_>) -> bool {
    known.hazards.nodes.nodes.items.iter().any(|node| node.control_plane)
}
