//! What a single snapshot shows.

mod file;
mod records;
mod state;
mod structure;

use etcd_snapshot::trailer::Trailer;
use etcd_snapshot::{Provenance, Scan};

use crate::finding::Findings;

/// The quota that OpenShift sets where nothing else is known: 8 GiB, since 4.9.
pub const DEFAULT_QUOTA: u64 = 8 << 30;

/// What the checks of a snapshot look at.
#[derive(Debug)]
pub struct Facts<'s, 'a> {
    /// The walk, of the latest view.
    pub scan: &'s Scan<'a>,
    /// The integrity hash; `None` where the file was not hashed.
    pub trailer: Option<&'s Trailer>,
    /// How the file came to be.
    pub provenance: Provenance,
    /// Faults of the state that the losing meta leads to; `None` where it leads to no other.
    pub previous_root_faults: Option<usize>,
    /// Space quota in bytes.
    pub quota: u64,
}

/// Runs every check that one snapshot allows.
#[must_use]
pub fn check(facts: &Facts<'_, '_>) -> Findings {
    let mut findings = Findings::default();
    file::check(facts, &mut findings);
    structure::check(facts, &mut findings);
    records::check(facts, &mut findings);
    state::check(facts, &mut findings);
    findings
}
