//! What lies in a directory, and what `cluster-restore.sh` would take of it.

use backup_facts::directory::PACKED;
use backup_facts::picks::{self, Picks};
use backup_facts::platform::{Halves as Needed, Platform, rules};
use wording::clip;

use super::{LONGEST, list};
use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    DIRTY_TWIN, FILE_UNREADABLE, PICKS_MIXED, RAW_COPY, SCRIPT_FINDS_NOTHING, SEVERAL_BACKUPS, SNAPSHOT_MISSING,
    TARBALL_MISSING, TRAILER_MISSING, UNFINISHED_SAVE,
};
use crate::severity::Severity;

/// Judges a file of a backup that could not be read.
pub fn check_unread(name: &str, reason: &str) -> Finding {
    let location = Location { member: Some(clip(name, LONGEST)), ..Location::default() };
    Finding::new(&FILE_UNREADABLE, format!("{}: {}", clip(name, LONGEST), clip(reason, LONGEST))).at(location)
}

/// What a directory holds.
#[derive(Debug, Clone, Copy)]
pub struct InDirectory<'d> {
    /// What the script would take.
    pub picks: &'d Picks,
    /// Names of saves that were never finished.
    pub unfinished: &'d [String],
    /// Backups in it.
    pub backups: usize,
    /// Whether the two files that the script would take are of one backup; `None` where it takes not both.
    pub picks_agree: Option<bool>,
    /// Timestamps that a forced and an ordinary backup share.
    pub twins: &'d [String],
    /// A snapshot and a tarball in it, by name, whatever the script makes of them.
    pub files: [Option<&'d str>; 2],
}

/// The same findings of a snapshot, as bad as they are for who made it: a member that is stopped by fencing, or
/// MicroShift, is copied and not streamed, so nothing appends a hash.
#[must_use]
pub fn as_made_by(platform: Platform, findings: Vec<Finding>) -> Vec<Finding> {
    let what = match platform {
        Platform::Fenced => "two nodes with fencing",
        Platform::MicroShift => "MicroShift",
        _ => return findings,
    };
    let of_a_copy = [&TRAILER_MISSING, &RAW_COPY];
    let mut findings: Vec<Finding> = findings
        .into_iter()
        .map(|finding| match of_a_copy.contains(&finding.entry) {
            true => Finding {
                severity: finding.severity.min(Severity::Info),
                message: format!("{} (as is usual for {what})", finding.message),
                ..finding
            },
            false => finding,
        })
        .collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// Which halves of a backup there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halves<'d> {
    /// The snapshot.
    pub snapshot: bool,
    /// The tarball.
    pub tarball: bool,
    /// Which platform the backup is of.
    pub kind: Platform,
    /// The name of the half that is there.
    pub name: &'d str,
}

/// Judges a directory beside what each backup in it is worth.
#[must_use]
pub fn check_directory(there: &InDirectory<'_>) -> Findings {
    let mut findings = Findings::default();
    let picks = there.picks;
    let name = |pick: &Option<String>| pick.as_deref().map_or_else(|| "nothing".to_owned(), |name| clip(name, LONGEST));
    if there.picks_agree == Some(false) {
        let message = format!(
            "cluster-restore.sh takes {} and {}, which are of different backups",
            name(&picks.snapshot),
            name(&picks.tarball)
        );
        let finding = Finding::new(&PICKS_MIXED, message).with("snapshot", name(&picks.snapshot));
        findings.push(finding.with("tarball", name(&picks.tarball)));
    } else if there.backups > 1 {
        let message = format!(
            "{} backups in one directory: cluster-restore.sh takes {} and {}",
            there.backups,
            name(&picks.snapshot),
            name(&picks.tarball)
        );
        findings.push(Finding::new(&SEVERAL_BACKUPS, message).with("backups", there.backups as u64));
    }
    check_names(there, &mut findings);
    if !there.twins.is_empty() {
        let which = list(there.twins.iter().map(String::as_str));
        let message = format!("{which}: an ordinary backup and a forced one; cluster-restore.sh takes the forced one");
        findings.push(Finding::new(&DIRTY_TWIN, message));
    }
    if !there.unfinished.is_empty() {
        let message = list(there.unfinished.iter().map(String::as_str));
        findings.push(Finding::new(&UNFINISHED_SAVE, message));
    }
    findings
}

/// Files that are there under names that the script does not look for. That a file is not there at all is told of its
/// backup.
fn check_names(there: &InDirectory<'_>, findings: &mut Findings) {
    let wanted = [
        (&there.picks.snapshot, "snapshot*.db", "snapshot_<time>.db"),
        (&there.picks.tarball, "static_kuberesources*.tar.gz", "static_kuberesources_<time>.tar.gz"),
    ];
    for ((pick, pattern, model), file) in wanted.into_iter().zip(there.files) {
        let Some(file) = file.filter(|_| pick.is_none()) else { continue };
        // what is stored compressed is unpacked for a restore anyway, and has its name then
        let unpacked = PACKED.iter().find_map(|end| file.strip_suffix(end));
        let (severity, what) = match unpacked.filter(|name| picks::matches(name).is_some()) {
            Some(_) => (Severity::Low, "unpack".to_owned()),
            None => (Severity::Medium, format!("to {model}, say, rename")),
        };
        let message = format!(
            "no file is called {pattern}, which is what cluster-restore.sh looks for: {what} {}",
            clip(file, LONGEST)
        );
        let finding = Finding::new(&SCRIPT_FINDS_NOTHING, message).with("pattern", pattern);
        findings.push(Finding { severity, ..finding.with("file", clip(file, LONGEST)) });
    }
}

/// Judges whether a backup has the halves that its kind must have.
#[must_use]
pub fn check_halves(halves: &Halves<'_>) -> Findings {
    let mut findings = Findings::default();
    let of = clip(halves.name, LONGEST);
    if !halves.snapshot {
        let message = format!("{of} has no snapshot beside it: there is nothing to restore");
        findings.push(Finding::new(&SNAPSHOT_MISSING, message));
    }
    if halves.tarball || !halves.snapshot {
        return findings;
    }
    let (severity, why) = match rules(halves.kind).halves {
        Needed::TarballUnused => (Severity::Info, "which a restore of two nodes with fencing does not use"),
        Needed::Pair => (Severity::High, "cluster-restore.sh stops half way without one"),
        Needed::SnapshotAlone => return findings,
    };
    let message = format!("{of} has no tarball beside it: {why}");
    findings.push(Finding { severity, ..Finding::new(&TARBALL_MISSING, message) });
    findings
}
