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
    /// OpenShift to 4.20, member by member by hand: hosts kept, user-provisioned.
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
        let minor = asked.target.as_ref().map(version_compat::Version::minor).or_else(|| known.minor());
        match known.platform {
            Platform::OpenShift if minor.is_some_and(|minor| minor < (4, 18)) => {
                (Self::Long, "several control-plane nodes, and a release before 4.18".to_owned())
            }
            Platform::OpenShift => (Self::Short, "several control-plane nodes, and release 4.18 or later".to_owned()),
            Platform::SingleNode => (Self::SingleNode, "one control-plane node".to_owned()),
            Platform::Fenced => (Self::Fenced, "two nodes with fencing".to_owned()),
            other => (Self::Elsewhere(other), format!("the backup is of {}", other.title())),
        }
    }
}
