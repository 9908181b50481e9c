//! What Kubernetes keeps beside its objects.

use backup_facts::snapshot::{Endless, SnapshotFacts};

use crate::finding::{Finding, Findings, Location};
use crate::findings::{COMPACTION_NOT_DONE, MISFILED, NO_LEASE, OBJECT_NOT_READABLE};
use crate::severity::Severity;

/// The key in which the API server notes where it compacts.
const KEY: &[u8] = b"compact_rev_key";

/// Names that a message lists.
const SHOWN: usize = 4;

pub(super) fn check(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    check_compaction(facts, findings);
    check_endless(facts, findings);
    check_misfiled(facts, findings);
    for broken in &facts.values.unreadable {
        let (count, live, name) = (broken.count, broken.live, &broken.resource);
        let which = match live {
            1 => "the only object".to_owned(),
            _ if count == live => format!("all {live} objects"),
            _ => format!("{count} of {live} objects"),
        };
        let message = format!("{which} of {name} cannot be decoded; the first: {}", broken.reason);
        let location = Location { key: Some(broken.example.clone()), ..Location::default() };
        let finding = Finding::new(&OBJECT_NOT_READABLE, message).with("resource", name.as_str());
        findings.push(finding.with("count", count).with("live", live).at(location));
    }
}

fn check_endless(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    for endless in &facts.endless {
        let (count, live, name) = (endless.count, endless.live, endless.resource.as_str());
        let named = shown(endless);
        let message = match name {
            "masterleases" => format!(
                "{count} of {live} {name} have no lease and will not end: {named} stay endpoints of the Service \
                 `kubernetes`, whether an API server answers there or not"
            ),
            _ => format!("{count} of {live} {name} have no lease and will not end: {named}"),
        };
        // of events nothing comes but clutter
        let severity = if name == "events" { Severity::Low } else { NO_LEASE.severity };
        let location = Location { key: Some(endless.example.clone()), ..Location::default() };
        let finding = Finding::new(&NO_LEASE, message).with("resource", name).with("count", count).with("live", live);
        let names = endless.names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        findings.push(Finding { severity, ..finding.with("names", names).at(location) });
    }
}

/// "`a`, `b` and 7 more"
fn shown(endless: &Endless) -> String {
    let few: Vec<_> = endless.names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match endless.count.saturating_sub(few.len() as u64) {
        0 => few.join(", "),
        more => format!("{} and {more} more", few.join(", ")),
    }
}

fn check_misfiled(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let values = &facts.values;
    for misfiled in &values.misfiled {
        let (field, location) = (misfiled.field, Location { key: Some(misfiled.key.clone()), ..Location::default() });
        let said = misfiled.said.as_ref().map_or_else(String::new, |said| format!(", but `{said}`"));
        let message = format!("`{field}` of the object is not that of its key{said}");
        let finding = Finding::new(&MISFILED, message).with("field", field).at(location);
        findings.push(match &misfiled.said {
            Some(said) => finding.with("said", said.as_str()),
            None => finding,
        });
    }
    findings.add_unlisted(&MISFILED, values.misfiled_in_all.saturating_sub(values.misfiled.len() as u64));
}

fn check_compaction(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let Some(asked) = facts.inventory.compaction() else { return };
    let done = facts.scan.state.compacted().unwrap_or(0);
    if asked > done {
        let message = format!("compaction at {asked} was asked for, the last one that etcd began is {done}");
        let location = Location { key: Some(KEY.to_vec()), ..Location::default() };
        findings.push(Finding::new(&COMPACTION_NOT_DONE, message).with("asked", asked).with("done", done).at(location));
    }
}
