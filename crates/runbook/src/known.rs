//! What is known of a backup and its cluster.

use backup_facts::hazards::Hazards;
use backup_facts::platform::Platform;
use backup_facts::site::Site;
use checks::{Finding, Verdict};
use document::Boot;
use static_resources::StaticPods;
use version_compat::{Backup, Judgement};

/// A file of the backup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupFile {
    /// Its path, as it was given or found.
    pub path: String,
    /// Its name alone.
    pub name: String,
    /// Its size as it is stored, in bytes.
    pub bytes: u64,
    /// SHA-256 of it as it is stored, hex.
    pub sha256: String,
}

/// What is known of a backup and its cluster.
pub struct Known<'a> {
    /// The backup's path, as it was given.
    pub path: &'a str,
    /// What findings about it call it.
    pub name: &'a str,
    /// Its snapshot.
    pub snapshot: Option<BackupFile>,
    /// Its tarball.
    pub tarball: Option<BackupFile>,
    /// What the tarball's static pods say: their revisions, the host that made the backup, the nodes of etcd.
    pub static_pods: Option<&'a StaticPods>,
    /// Which platform it is of.
    pub platform: Platform,
    /// Its release, in words; empty where nothing tells.
    pub release: String,
    /// Its release, to be reckoned with.
    pub backup: Option<Backup>,
    /// Whether it is that of the target; `None` without one.
    pub judgement: Option<Judgement>,
    /// Whether the target is known to be another cluster.
    pub other_cluster: bool,
    /// The newest revision of the snapshot; `None` without one.
    pub revision: Option<i64>,
    /// What a restore will run into.
    pub hazards: &'a Hazards,
    /// What else the cluster says.
    pub site: &'a Site,
    /// Everything that was found, worst first.
    pub findings: &'a [Finding],
    /// What that adds up to.
    pub verdict: Verdict,
    /// Whether the tarball is without its keys, and the snapshot needs some.
    pub keys_apart: bool,
    /// Whether any value of the snapshot is encrypted.
    pub encrypted: bool,
    /// What an etcd did that was started on it, restored; `None` where none was.
    pub rehearsal: Option<&'a Boot>,
}

impl Known<'_> {
    /// Major and minor of its release; `None` where nothing tells.
    #[must_use]
    pub fn minor(&self) -> Option<(u64, u64)> {
        match self.backup.as_ref()? {
            Backup::Exact(version) | Backup::Updating { to: version, .. } => Some(version.minor()),
            Backup::Minor(major, minor) => Some((*major, *minor)),
            Backup::Unknown => None,
        }
    }
}
