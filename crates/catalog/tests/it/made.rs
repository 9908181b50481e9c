//! Backups as a test wants them.

use catalog::{Backup, Keys, Place, Rehearsed, State};
use checks::Verdict;
use jiff::{SignedDuration, Timestamp};
use version_compat::{Backup as Release, Starts, Target};

pub(crate) const CLUSTER: &str = "3c9d4f0e-0000-4000-8000-000000000001";

/// The moment at which everything is asked.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub(crate) fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

pub(crate) fn release(text: &str) -> Release {
    Release::Exact(text.parse().unwrap())
}

pub(crate) fn target(text: &str) -> Target {
    Target::Runs(text.parse().unwrap())
}

pub(crate) fn place(state: State) -> Place {
    Place { host: "bastion".to_owned(), path: "/backups/1".to_owned(), state, checked: now() - hours(1) }
}

/// A sound backup of the cluster, with its keys, taken so many hours ago.
pub(crate) fn good(id: &str, hours_ago: i64) -> Backup {
    let mut digest = [0; 32];
    for (to, from) in digest.iter_mut().zip(id.bytes()) {
        *to = from;
    }
    Backup {
        id: id.to_owned(),
        cluster: Some(CLUSTER.to_owned()),
        cluster_name: None,
        taken: now() - hours(hours_ago),
        taken_by: "data".to_owned(),
        digest,
        revision: 100_000 - hours_ago,
        release: release("4.18.30"),
        starts: Starts::ZStream,
        platform: "openshift".to_owned(),
        topology: Some("HighlyAvailable".to_owned()),
        missing: None,
        keys: Keys::AtHand,
        updating: false,
        migrating: false,
        verdict: Verdict::Pass,
        failed_by: Vec::new(),
        rehearsed: Rehearsed::Never,
        places: vec![place(State::Unchanged)],
        pinned: None,
    }
}

/// The same, changed.
pub(crate) fn with(id: &str, hours_ago: i64, change: impl FnOnce(&mut Backup)) -> Backup {
    let mut backup = good(id, hours_ago);
    change(&mut backup);
    backup
}
