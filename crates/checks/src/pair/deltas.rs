//! What follows a full snapshot: the deltas of etcd-backup-restore.

use backup_facts::delta::{DeltaFault, Deltas, Misfit};
use wording::clip;

use super::LONGEST;
use crate::finding::{Finding, Findings, Location};
use crate::findings::{DELTA_DAMAGED, DELTA_UNREAD, DELTAS_BROKEN};

/// Judges the deltas beside a full snapshot.
#[must_use]
pub fn check_deltas(chain: &Deltas) -> Findings {
    let mut findings = Findings::default();
    let newest = chain.newest;
    let restorable = format!("the newest restorable revision is {newest}");
    if let Some((name, misfit)) = &chain.misfit {
        let why = match misfit {
            Misfit::Gap { first } => {
                format!("what is before it ends at {newest}, and {} begins at {first}", clip(name, LONGEST))
            }
            Misfit::Overlap { first } => {
                format!("{} begins at {first}, and what is before it ends at {newest}", clip(name, LONGEST))
            }
            Misfit::Inside { last } => {
                let name = clip(name, LONGEST);
                format!("{name} ends at {last}, within the full snapshot: a restore would put back its older values")
            }
            Misfit::Misnamed { last } => {
                format!("{} ends at {last}, and its name says otherwise", clip(name, LONGEST))
            }
        };
        let breaks_at = newest.saturating_add(1);
        let message = format!("the chain breaks at revision {breaks_at}: {why}; {restorable}");
        let finding = Finding::new(&DELTAS_BROKEN, message).at(in_file(name));
        findings.push(finding.with("breaksAt", breaks_at).with("newestRestorable", newest));
    }
    for (name, fault) in &chain.faults {
        let entry = if matches!(fault, DeltaFault::Compressed(_)) { &DELTA_UNREAD } else { &DELTA_DAMAGED };
        let message = format!("{}: {}; {restorable}", clip(name, LONGEST), clip(&fault.to_string(), LONGEST));
        findings.push(Finding::new(entry, message).at(in_file(name)).with("newestRestorable", newest));
    }
    findings
}

fn in_file(name: &str) -> Location {
    Location { member: Some(clip(name, LONGEST)), ..Location::default() }
}
