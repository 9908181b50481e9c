//! What is asked of a backup.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use backup_facts::platform::Platform;
use backup_facts::version::TargetCluster;
use checks::Severity;
use jiff::Timestamp;
use policy::Policy;

use crate::expectation::Expectation;
use crate::keys::{Keys, Unlock};
use crate::rehearse::Rehearse;
use crate::vouch::Vouch;

/// What is asked. `default()`: whether it will restore, with the backup's own keys, failing on high, now.
///
/// `default()` reads the clock, once; set [`Question::now`] for another time.
#[derive(Clone)]
#[non_exhaustive]
pub struct Question {
    /// What is asked.
    pub asks: Asks,
    /// Which keys to use.
    pub keys: Keys,
    /// What opens an escrow: the one that is named, or one beside a tarball without its keys.
    pub unlock: Option<Arc<dyn Unlock>>,
    /// The cluster to restore onto.
    pub target: Option<TargetCluster>,
    /// When the restore is planned; now, where it is not said.
    pub restore_on: Option<Timestamp>,
    /// The revision that the cluster to restore was at when last seen.
    pub live_revision: Option<u64>,
    /// The manifest of the split that took the keys out of the tarball.
    pub escrow_manifest: Option<PathBuf>,
    /// What has to vouch for the manifest of an escrow; where nothing is asked for, it is said that nothing does.
    pub vouch: Arc<Vouch>,
    /// What an organisation asks of its backups, and where that was read.
    pub policy: Option<(Arc<Policy>, PathBuf)>,
    /// What was said of it when it was made.
    pub expected: Option<Arc<Expectation>>,
    /// What restores a snapshot and starts an etcd on it.
    pub rehearse: Option<Arc<dyn Rehearse>>,
    /// How old the newest good backup of each cluster may be, in seconds.
    pub max_age: Option<i64>,
    /// The least severity that fails; `None` never fails.
    pub fail_on: Option<Severity>,
    /// Opens at most so many values of each resource under each key.
    pub sample: Option<u64>,
    /// Which platform the backup is of, whatever its data say.
    pub platform: Option<Platform>,
    /// What etcd may use, in bytes, whatever the backup says.
    pub quota: Option<u64>,
    /// Names of backups that are not judged: older ones, where [`Backups::but_newest`](crate::Backups::but_newest) says so.
    pub pass_over: BTreeSet<String>,
    /// Whether the judgement keeps what its document is made of; who shows each backup as it comes need not.
    pub document: bool,
    /// The one time that all goes by.
    pub now: Timestamp,
}

impl Question {
    /// A question at a time, with nothing else said.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            asks: Asks::Restore,
            keys: Keys::OfTheBackup,
            unlock: None,
            target: None,
            restore_on: None,
            live_revision: None,
            escrow_manifest: None,
            vouch: Arc::default(),
            policy: None,
            expected: None,
            rehearse: None,
            max_age: None,
            fail_on: Some(Severity::High),
            sample: None,
            platform: None,
            quota: None,
            pass_over: BTreeSet::new(),
            document: true,
            now,
        }
    }
}

impl Default for Question {
    #[expect(clippy::disallowed_methods, reason = "the one clock of a question, where none is given")]
    fn default() -> Self {
        Self::at(Timestamp::now())
    }
}

/// What is asked of a backup; what an answer does not need is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Asks {
    /// Will it restore? Everything: `assay verify`.
    #[default]
    Restore,
    /// What is it? No value is opened and no restore spoken of: `assay inspect`.
    Contents,
    /// Do the keys open every encrypted value? `assay keys check`.
    Keys,
    /// Is it of the target's release? `assay compat`.
    Release,
}

impl Asks {
    /// The command that asks so, as the document names it.
    #[must_use]
    pub const fn command(self) -> &'static str {
        match self {
            Self::Restore => "verify",
            Self::Contents => "inspect",
            Self::Keys => "keys check",
            Self::Release => "compat",
        }
    }

    /// Whether a snapshot is read as a whole, with its hashes; else only its records are walked.
    pub(crate) const fn reads_all(self) -> bool {
        matches!(self, Self::Restore | Self::Contents)
    }
}
