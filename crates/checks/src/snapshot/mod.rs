//! What a single snapshot shows.

pub(crate) mod file;
mod kubernetes;
mod log;
mod records;
mod state;
mod structure;
mod transfer;

pub use log::check_log;

use backup_facts::leased::LeasedKeys;
use backup_facts::platform::Platform;
use backup_facts::snapshot::{Quota, SnapshotFacts};
use etcd_snapshot::Scan;
use etcd_snapshot::trailer::Trailer;

use crate::finding::{Finding, Findings};
use crate::pair::as_made_by;
use crate::severity::Severity;

/// Runs every check that one snapshot allows.
#[must_use]
pub fn check(facts: &SnapshotFacts<'_>) -> Findings {
    let mut findings = Findings::default();
    file::check(facts, &mut findings);
    transfer::check(facts, &mut findings);
    structure::check(facts, &mut findings);
    records::check(facts, &mut findings);
    state::check(&facts.scan, &facts.leased, facts.quota, &mut findings);
    kubernetes::check(facts, &mut findings);
    file::check_opened(facts.opened, &mut findings);
    findings
}

/// The same, worst first, as bad as they are for who made the snapshot: see [`Platform`].
#[must_use]
pub fn check_of(facts: &SnapshotFacts<'_>, platform: Platform) -> Vec<Finding> {
    as_made_by(platform, check(facts).into_sorted())
}

/// What kept the walk from seeing everything: damaged pages, and records that cannot be read. A list of keys, or a hash
/// over them, is to be believed where there is none of these.
#[must_use]
pub fn losses(scan: &Scan<'_>) -> Findings {
    let mut findings = Findings::default();
    structure::losses(&scan.walked.faults, &mut findings);
    records::losses(scan, &mut findings);
    findings
}

/// Entries of the smaller buckets that cannot be read: what they would say of the cluster is not known.
pub fn bad_entries(scan: &Scan<'_>, findings: &mut Findings) {
    state::bad_entries(scan, findings);
}

/// The integrity hash, where it is not that of the file.
#[must_use]
pub fn bad_trailer(trailer: &Trailer, file_len: u64) -> Option<Finding> {
    file::bad_trailer(trailer, file_len)
}

/// The finding of a file that ends within its integrity hash: a copy did not come to its end.
#[must_use]
pub fn cut_short(scan: &Scan<'_>) -> Option<Finding> {
    file::cut_short(&scan.walked.db)
}

/// Findings that stand against an upgrade of etcd by this member's data, as far as one file shows them. What lies in the
/// log and in the older store, a snapshot does not hold.
#[must_use]
pub fn upgrade_blockers(scan: &Scan<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    state::check(scan, &LeasedKeys::of(scan), Quota::default(), &mut findings);
    let stands =
        |finding: &Finding| finding.severity > Severity::Info && state::BLOCKS_UPGRADE.contains(&finding.entry);
    findings.into_sorted().into_iter().filter(stands).collect()
}
