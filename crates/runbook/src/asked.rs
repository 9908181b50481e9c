//! What is asked for.

use jiff::Timestamp;
use version_compat::Version;

/// What is to be done at the cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Task {
    /// Bring the cluster back from the backup.
    #[default]
    Restore,
    /// Give etcd's free pages back to the disk.
    Defragment,
    /// Turn encryption at rest on or off, and see where it stands.
    Encryption,
    /// Put persistent storage right again after a restore.
    Storage,
}

impl Task {
    /// The word that arguments and reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Defragment => "defragment",
            Self::Encryption => "encryption",
            Self::Storage => "storage",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What is to be done.
    pub task: Task,
    /// The release that the cluster runs; `None` where it was not said.
    pub target: Option<Version>,
    /// The node to restore on; `None`: one is proposed.
    pub recovery_host: Option<String>,
    /// Nodes of the control plane that are known to be lost.
    pub lost: Vec<String>,
    /// When the restore is planned; `None`: now.
    pub restore_on: Option<Timestamp>,
    /// The step to go on at; `None` from the beginning.
    pub at_step: Option<String>,
}
