//! The revision goes back.

use backup_facts::hazards::{Hazards, Revisions};
use backup_facts::platform::Raises;
use wording::group_digits;

use crate::finding::{Finding, Findings};
use crate::findings::REVISION_BACK;
use crate::severity::Severity;

/// More than a cluster writes in months, and far from the end of the numbers: what OpenShift's script adds, too.
const ENOUGH: u64 = 1_000_000_000;

pub(super) fn check(hazards: &Hazards, findings: &mut Findings) {
    let Some(revision) = &hazards.revision else { return };
    let ahead = revision.live.map(|live| live.saturating_sub(revision.newest));
    let told = match (ahead, revision.raised) {
        // as far as the snapshot, or another cluster; or the restore sees to it, and nobody asked
        (Some(0), _) | (None, Some(_)) => return,
        (Some(ahead), _) => format!(
            "the snapshot ends at revision {}, the cluster was at {}: {} are undone",
            group_digits(revision.newest),
            group_digits(revision.newest.saturating_add(ahead)),
            group_digits(ahead)
        ),
        (None, None) => not_told(hazards, revision),
    };
    let severity = if revision.behind().is_some() { REVISION_BACK.severity } else { Severity::Info };
    let finding = Finding::new(&REVISION_BACK, format!("{told}; {}", what_to_do(revision)));
    let finding = finding.with("newest", revision.newest);
    let finding = match revision.live {
        Some(live) => finding.with("live", live).with("undone", live.saturating_sub(revision.newest)),
        None => finding,
    };
    findings.push(Finding { severity, ..finding });
}

/// How far the cluster has gone is a guess at best.
fn not_told(hazards: &Hazards, revision: &Revisions) -> String {
    let newest = group_digits(revision.newest);
    let days = hazards.age_days().and_then(|days| u64::try_from(days).ok()).unwrap_or(0);
    match revision.per_day.map(|day| (day, day.saturating_mul(days))) {
        Some((day, since)) if since > 0 => format!(
            "the snapshot ends at revision {newest}, and the cluster has gone on since, by {} or so at {} a day",
            group_digits(since),
            group_digits(day)
        ),
        _ => format!("the snapshot ends at revision {newest}, and the cluster has gone on since"),
    }
}

fn what_to_do(revision: &Revisions) -> String {
    let least = match revision.behind() {
        Some(behind) => format!(", {behind} at the least"),
        None => String::new(),
    };
    match (revision.raises, revision.raised, revision.behind()) {
        (_, Some(by), Some(_)) => format!("{} adds only {}", revision.by, group_digits(by)),
        (_, Some(by), None) => format!("{} adds {} to it", revision.by, group_digits(by)),
        (Raises::Options, ..) => format!("restore with --bump-revision {ENOUGH} --mark-compacted{least}"),
        (Raises::Script, ..) => format!(
            "{} adds {ENOUGH} from release 4.18 on, from 4.11 with ETCD_ETCDCTL_RESTORE_ENABLE_BUMP=true",
            revision.by
        ),
        (Raises::Never, ..) => format!("`{}` cannot raise it: restart all that watches", revision.by),
    }
}
