//! What is asked of a backup.

use std::sync::Arc;

use backup_facts::version::TargetCluster;
use checks::Severity;
use encryption_config::EncryptionConfig;
use jiff::Timestamp;

/// What is asked. `default()`: everything, with the backup's own keys, failing on high, now.
#[derive(Clone)]
#[non_exhaustive]
pub struct Question {
    /// Which keys to use.
    pub keys: Keys,
    /// The cluster to restore onto.
    pub target: Option<TargetCluster>,
    /// When the restore is planned; now, where it is not said.
    pub restore_on: Option<Timestamp>,
    /// The least severity that fails; `None` never fails.
    pub fail_on: Option<Severity>,
    /// Opens at most so many values of each resource under each key.
    pub sample: Option<u64>,
    /// What etcd may use, in bytes, whatever the backup says.
    pub quota: Option<u64>,
    /// The one time that all goes by.
    pub now: Timestamp,
}

impl Default for Question {
    #[expect(clippy::disallowed_methods, reason = "the one clock of a question, where none is given")]
    fn default() -> Self {
        Self {
            keys: Keys::OfTheBackup,
            target: None,
            restore_on: None,
            fail_on: Some(Severity::High),
            sample: None,
            quota: None,
            now: Timestamp::now(),
        }
    }
}

/// Which keys to use. Shared, not cloned; wiped when the last holder goes. No `Debug`.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Keys {
    /// Those that a restored cluster reads with: of the tarball, as its config.yaml names them, or beside the snapshot of a
    /// hosted control plane.
    #[default]
    OfTheBackup,
    /// These.
    Given(Arc<EncryptionConfig>),
    /// None: nothing is opened.
    None,
}
