//! Revisions and records: what the walk noted, and the compaction marks.

use backup_facts::snapshot::SnapshotFacts;
use etcd_snapshot::Scan;
use etcd_snapshot::mvcc::{MvccFault, MvccFaultKind};

use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    BAD_RECORD, BAD_REVISION_FIELDS, BUMP_MARKER, COMPACTION_LEFTOVER, COMPACTION_ORDER, COMPACTION_PENDING,
    DUPLICATE_REVISION, Entry, FOREIGN_ENCODING, MISSING_BASE, ODD_TOMBSTONE, REVISION_BEHIND_COMPACTION, REVISION_GAP,
    STORE_EMPTY, VERSION_CHAIN,
};
use crate::severity::Severity;

pub(super) fn check(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let faults = &facts.scan.faults;
    for fault in faults.kept() {
        findings.push_with(entry(&fault.kind), || finding(fault));
    }
    if let Some(last) = faults.kept().last() {
        findings.add_unlisted(entry(&last.kind), faults.dropped());
    }
    check_compaction(facts, findings);
    check_empty(facts, findings);
    if let Some(marker) = facts.scan.bump_marker {
        let message = format!("revision {marker} is the marker of a restore that raised the revision");
        findings.push(Finding::new(&BUMP_MARKER, message).with("revision", marker.main));
    }
}

/// Records that cannot be read. Not all of them are kept one by one; the rest is counted.
pub(super) fn losses(scan: &Scan<'_>, findings: &mut Findings) {
    let unread = scan.faults.kept().iter().filter(|fault| matches!(fault.kind, MvccFaultKind::Record(_)));
    let mut listed = 0;
    for fault in unread {
        findings.push_with(&BAD_RECORD, || finding(fault));
        listed += 1;
    }
    findings.add_unlisted(&BAD_RECORD, scan.counts.damaged.saturating_sub(listed));
}

fn finding(fault: &MvccFault) -> Finding {
    let place = fault.place;
    let revision = fault.revision.map_or_else(String::new, |revision| format!("revision {revision}: "));
    let message = format!("{revision}{} (page {}, element {})", fault.kind, place.page, place.element);
    let location =
        Location { page: Some(place.page.0), offset: Some(place.offset), key: fault.key.clone(), member: None };
    let mut finding = Finding::new(entry(&fault.kind), message).at(location);
    finding = finding.with("element", i64::from(place.element));
    match fault.revision {
        Some(revision) => finding.with("revision", revision.main).with("sub", revision.sub),
        None => finding,
    }
}

fn entry(kind: &MvccFaultKind) -> &'static Entry {
    use MvccFaultKind as K;
    match kind {
        K::Record(_) => &BAD_RECORD,
        K::Oddity(_) => &FOREIGN_ENCODING,
        K::BelowFirst { .. }
        | K::ModRevision { .. }
        | K::CreateRevision { .. }
        | K::Version { .. }
        | K::FullTombstone { .. } => &BAD_REVISION_FIELDS,
        K::Chain { .. } | K::DoublePut => &VERSION_CHAIN,
        K::Base { .. } => &MISSING_BASE,
        K::MainGap { .. } | K::SubGap { .. } | K::LostToCompaction { .. } => &REVISION_GAP,
        K::Duplicate => &DUPLICATE_REVISION,
        K::LoneTombstone | K::DoubleTombstone { .. } => &ODD_TOMBSTONE,
        K::Leftover { .. } => &COMPACTION_LEFTOVER,
    }
}

/// A store that was compacted had something to compact.
fn check_empty(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let (scan, counts) = (&facts.scan, facts.scan.counts);
    let compacted = scan.state.compacted();
    if let Some(compacted) = compacted.filter(|_| counts.records == 0 && counts.unreadable == 0) {
        let message = format!("bucket `key` holds nothing, and was compacted at {compacted}");
        findings.push(Finding::new(&STORE_EMPTY, message).with("compacted", compacted));
    }
}

fn check_compaction(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let state = &facts.scan.state;
    let main = |revision: Option<etcd_snapshot::Revision>| revision.map(|revision| revision.main);
    let (scheduled, finished) = (main(state.scheduled_compaction), main(state.finished_compaction));
    let last = facts.scan.last.map_or(0, |last| last.main);
    let order = |message: String| {
        Finding::new(&COMPACTION_ORDER, message)
            .with("scheduled", scheduled.unwrap_or(-1))
            .with("finished", finished.unwrap_or(-1))
            .with("lastRecord", last)
    };
    if finished > scheduled {
        findings.push(order(format!(
            "compaction finished at {}, but only scheduled at {}",
            shown(finished),
            shown(scheduled)
        )));
        return;
    }
    if scheduled > finished {
        let message =
            format!("compaction at {} was scheduled, the last one finished is {}", shown(scheduled), shown(finished));
        findings.push(Finding::new(&COMPACTION_PENDING, message));
    }
    // A compaction at the newest revision removes the newest record where that is a tombstone: the mark is then the only
    // trace of the revision.
    if let Some(compacted) = scheduled.max(finished).filter(|&compacted| compacted > last) {
        let message = format!("the last record is of revision {last}, the compaction mark of {compacted}");
        let mut finding = Finding::new(&REVISION_BEHIND_COMPACTION, message);
        // each write takes an entry of raft's log, so no more revisions can follow than that has
        let index = state.consistent_index.and_then(|index| i64::try_from(index).ok()).unwrap_or(i64::MAX);
        if compacted > last.saturating_add(index) {
            finding = Finding { severity: Severity::Medium, ..finding };
        }
        findings.push(finding.with("lastRecord", last).with("compacted", compacted));
    }
}

fn shown(revision: Option<i64>) -> String {
    revision.map_or_else(|| "none".into(), |revision| revision.to_string())
}
