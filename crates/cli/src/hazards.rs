//! What a restore will run into, as findings on a snapshot.

use backup_facts::hazards;
use checks::{Finding, Findings};
use jiff::Timestamp;
use static_resources::StaticResources;

use crate::analysis::Analysis;

/// The hazards of a snapshot, and of its tarball where it is at hand, for a restore on that day; for one right now,
/// where none was given.
#[must_use]
pub fn findings(
    analysis: &Analysis<'_>,
    tarball: Option<&StaticResources>,
    restore: Option<Timestamp>,
) -> Vec<Finding> {
    let now = Timestamp::now();
    let hazards = hazards::read(&analysis.scan, &|_, _| None, tarball, now, restore.unwrap_or(now));
    let mut findings = Findings::default();
    checks::hazards::check(&hazards, &mut findings);
    findings.into_sorted()
}
