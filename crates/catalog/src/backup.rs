//! A backup as the catalog knows it.

use checks::Verdict;
use jiff::Timestamp;
use version_compat::{Backup as Release, Starts};

/// By which clock a backup was taken where nothing in it or in its name tells.
pub(crate) const NOTHING_TELLS: &str = "added";

/// A snapshot and what belongs to it, wherever it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Backup {
    /// What it is called: the beginning of a digest of what is in it.
    pub id: String,
    /// The cluster, by an ID that stands in the snapshot; `None` where none does.
    pub cluster: Option<String>,
    /// How the cluster calls itself.
    pub cluster_name: Option<String>,
    /// When it was taken.
    pub taken: Timestamp,
    /// By which clock: `data`, `name`; `added`: nothing tells, and it was seen then.
    pub taken_by: String,
    /// SHA-256 of the snapshot, unpacked; the last thing that two backups are told apart by.
    pub digest: [u8; 32],
    /// The newest revision of etcd in it.
    pub revision: i64,
    /// The release that it is of.
    pub release: Release,
    /// Which releases may start on it.
    pub starts: Starts,
    /// Name of the platform.
    pub platform: String,
    /// Of the control plane: `HighlyAvailable`.
    pub topology: Option<String>,
    /// What a restore needs and is not there.
    pub missing: Option<Half>,
    /// Who can open what is encrypted in it.
    pub keys: Keys,
    /// Whether an update of the cluster was under way.
    pub updating: bool,
    /// Whether values were being encrypted anew.
    pub migrating: bool,
    /// What the newest judgement says, but for what it says of keys.
    pub verdict: Verdict,
    /// IDs of the findings that made it fail.
    pub failed_by: Vec<String>,
    /// What a real etcd said to it.
    pub rehearsed: Rehearsed,
    /// Where it lies.
    pub places: Vec<Place>,
    /// Why it is to stay, whatever the rules say.
    pub pinned: Option<String>,
}

/// A half of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The snapshot.
    Snapshot,
    /// The tarball of static pod resources.
    Resources,
}

impl Half {
    const ALL: [Self; 2] = [Self::Snapshot, Self::Resources];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Resources => "resources",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// The same, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Snapshot => "the snapshot",
            Self::Resources => "the tarball of static pod resources",
        }
    }
}

/// Who can open what is encrypted in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// Nothing is encrypted.
    NotNeeded,
    /// They lie beside it, and open it.
    AtHand,
    /// They are in an escrow that was made for it.
    Escrow {
        /// When so many custodians as it takes had last proven that they open it; `None` if never.
        proven: Option<Timestamp>,
    },
    /// They are nowhere that is known of.
    Missing,
    /// What there is does not open it.
    Wrong,
}

/// What a real etcd said to a backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rehearsed {
    /// It was never asked.
    #[default]
    Never,
    /// It served what is in the backup.
    Served,
    /// It did not come up, or served something else.
    Failed,
}

/// Where a backup lies: a folder on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The host's name.
    pub host: String,
    /// Path of the snapshot there.
    pub path: String,
    /// What was found when it was last looked at.
    pub state: State,
    /// When its bytes were last read.
    pub checked: Timestamp,
}

/// What a look at a place found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// What was there before.
    Unchanged,
    /// Other bytes, size and time as before.
    Rotten,
    /// Other bytes, written since.
    Replaced,
    /// Nothing.
    Missing,
    /// Something that cannot be read.
    Unreadable,
    /// It lies elsewhere on the same host now.
    Moved,
}

impl Backup {
    /// Places where it is as it was.
    pub fn whole(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.state == State::Unchanged)
    }

    /// Whether anything tells when it was taken: else it is when it was added, and it may be as old as can be.
    #[must_use]
    pub fn tells_time(&self) -> bool {
        self.taken_by != NOTHING_TELLS
    }

    /// Whether it had a snapshot, which was let go, and of it there is but the other half.
    pub(crate) fn snapshot_is_let_go(&self) -> bool {
        self.missing == Some(Half::Snapshot) && self.digest != [0; 32]
    }

    /// When its bytes were last read anywhere where they are whole.
    #[must_use]
    pub fn checked(&self) -> Option<Timestamp> {
        self.whole().map(|place| place.checked).max()
    }
}
