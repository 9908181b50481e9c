//! What a restore of a backup will run into, on the day that is asked for.

use backup_facts::hazards::{self, Hazards, Revisions, open_with};
use backup_facts::opening::Unlocked;
use backup_facts::platform::renews_certificates;
use backup_facts::snapshot::SnapshotFacts;
use checks::{Finding, Findings};
use jiff::Timestamp;
use static_resources::StaticResources;

use crate::backup::Backup;
use crate::question::Question;

/// What a restore of a snapshot, and of its tarball where it is at hand, will run into on the day that is asked for, or right
/// now. Encrypted objects are read as far as the keys open them; certificates that lie beside it go by the name of their file.
pub(crate) fn read(
    backup: &Backup,
    snapshot: &SnapshotFacts<'_>,
    tarball: Option<&StaticResources>,
    keys: &Unlocked,
    question: &Question,
) -> Hazards {
    let platform = snapshot.platform.platform;
    let (now, on) = (question.now, question.restore_on.unwrap_or(question.now));
    let mut hazards = hazards::read(&snapshot.scan, &open_with(keys), tarball, platform, now, on);
    if question.restore_on.is_some() || question.live_revision.is_some() {
        let target = question.target.as_ref().map(|onto| onto.target.version().minor());
        let told = (hazards.taken, &hazards.control_plane);
        hazards.revision = Some(Revisions::of(&snapshot.scan, told, question.live_revision, target, platform));
    }
    // operators renew those of OpenShift, as the authorities in its Secrets tell
    if let Some(directory) = backup.directory().filter(|_| !platform.has_operators()) {
        let beside = directory.certificates(&backup.reading);
        hazards.certificates.add_beside(beside, on, renews_certificates(platform));
    }
    hazards
}

/// What is found of that.
pub(crate) fn of_snapshot(
    backup: &Backup,
    snapshot: &SnapshotFacts<'_>,
    tarball: Option<&StaticResources>,
    keys: &Unlocked,
    question: &Question,
) -> Vec<Finding> {
    found(&read(backup, snapshot, tarball, keys, question))
}

/// The hazards of a tarball by itself: what will have ended by that day. Right now nothing can have that is not a fault
/// of the tarball already.
pub(crate) fn of_tarball(tarball: &StaticResources, restore: Option<Timestamp>, now: Timestamp) -> Vec<Finding> {
    restore.map(|restore| found(&hazards::of_tarball(tarball, now, restore))).unwrap_or_default()
}

fn found(hazards: &Hazards) -> Vec<Finding> {
    let mut findings = Findings::default();
    checks::hazards::check(hazards, &mut findings);
    findings.into_sorted()
}
