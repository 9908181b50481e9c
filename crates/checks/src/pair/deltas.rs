//! What follows a full snapshot: the deltas of etcd-backup-restore.

use backup_facts::delta::{Before, DeltaFault, Deltas, Foreign, Misfit};
use kube_objects::ShownKey;
use wording::{clip, count, escape};

use super::LONGEST;
use crate::finding::{Finding, Findings, Location};
use crate::findings::{DELTA_DAMAGED, DELTA_UNREAD, DELTAS_BROKEN, DELTAS_FOREIGN};

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
            Misfit::Foreign(foreign) => foreign_to(name, foreign),
        };
        let breaks_at = newest.saturating_add(1);
        let message = format!("the chain breaks at revision {breaks_at}: {why}; {restorable}");
        let entry = if matches!(misfit, Misfit::Foreign(_)) { &DELTAS_FOREIGN } else { &DELTAS_BROKEN };
        let finding = Finding::new(entry, message).at(in_file(name));
        findings.push(finding.with("breaksAt", breaks_at).with("newestRestorable", newest));
    }
    for (name, fault) in &chain.faults {
        let entry = if matches!(fault, DeltaFault::Unread(_)) { &DELTA_UNREAD } else { &DELTA_DAMAGED };
        let message = format!("{}: {}; {restorable}", clip(name, LONGEST), clip(&fault.to_string(), LONGEST));
        findings.push(Finding::new(entry, message).at(in_file(name)).with("newestRestorable", newest));
    }
    findings
}

/// What a change says of its key, and what is so.
fn foreign_to(name: &str, Foreign { key, revision, said, was }: &Foreign) -> String {
    let said = match said {
        Before::Some => "deletes it".to_owned(),
        Before::Put { version: 0, .. } => "creates it".to_owned(),
        Before::Put { created, version } => {
            format!("goes on from {} since revision {created}", count(*version, "put"))
        }
        Before::At(revision) => format!("goes on from revision {revision}"),
    };
    let was = match was {
        None => "it is not there".to_owned(),
        Some(was) => {
            let puts = count(was.version, "put");
            format!("it had {puts} since revision {}, the last at {}", was.created, was.modified)
        }
    };
    let key = clip(&escape(ShownKey::of(key).key()), LONGEST);
    format!("of `{key}`, {} {said} at revision {revision}, and before that {was}", clip(name, LONGEST))
}

fn in_file(name: &str) -> Location {
    Location { member: Some(clip(name, LONGEST)), ..Location::default() }
}
