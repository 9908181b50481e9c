//! What a restore will run into, as findings.

use backup_facts::hazards::{self, Hazards, open_with};
use backup_facts::opening::Unlocked;
use checks::{Finding, Findings};
use jiff::Timestamp;

use crate::analysis::Analysis;
use crate::tarball::Tarball;

/// The hazards of a snapshot, and of its tarball where it is at hand, for a restore on that day; for one right now,
/// where none was given. Encrypted objects are read as far as the keys open them.
#[must_use]
pub fn of_snapshot(
    analysis: &Analysis<'_>,
    tarball: Option<&Tarball>,
    keys: &Unlocked,
    restore: Option<Timestamp>,
    now: Timestamp,
) -> Vec<Finding> {
    let resources = tarball.map(|tarball| &tarball.resources);
    findings(&hazards::read(&analysis.scan, &open_with(keys), resources, now, restore.unwrap_or(now)))
}

/// The hazards of a tarball by itself: what will have ended by that day. Right now nothing can have that is not a fault
/// of the tarball already.
#[must_use]
pub fn of_tarball(tarball: &Tarball, restore: Option<Timestamp>, now: Timestamp) -> Vec<Finding> {
    let told = restore.map(|restore| findings(&hazards::of_tarball(&tarball.resources, now, restore)));
    told.unwrap_or_default()
}

fn findings(hazards: &Hazards) -> Vec<Finding> {
    let mut findings = Findings::default();
    checks::hazards::check(hazards, &mut findings);
    findings.into_sorted()
}
