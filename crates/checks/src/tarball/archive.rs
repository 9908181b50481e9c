//! Faults of the file, the archive and its members, each under its entry.

use std::collections::HashSet;

use static_resources::{Fault, FaultKind};
use wording::clip;

use super::{LONGEST, TarballAsked, at_member};
use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    AMBIGUOUS_SIZE, ARCHIVE_IRREGULAR, ARCHIVE_TRUNCATED, CERTIFICATE_UNREADABLE, CONFIGURATION_UNREADABLE,
    DUPLICATE_MEMBER, END_UNMARKED, Entry, GZIP_DAMAGED, GZIP_MEMBERS, GZIP_TRAILING, GZIP_TRUNCATED, HEADER_DAMAGED,
    HIDDEN_DATA, HOLLOW_CONFIGURATION, MEMBER_NOT_EXAMINED, NOT_A_FILE, NOT_GZIP, NOT_READ_WHOLE, OUTSIDE_ROOT,
    PATH_ESCAPES, PATH_NOT_PLAIN, PATH_UNPRINTABLE,
};
use crate::severity::Severity;

pub(super) fn check(asked: &TarballAsked<'_>, findings: &mut Findings) {
    let faults = &asked.resources().faults;
    let escaping = |fault: &&Fault| std::ptr::eq(entry(&fault.kind), &PATH_ESCAPES);
    let escapes: HashSet<u64> = faults.iter().filter(escaping).map(|fault| fault.offset).collect();
    for fault in faults {
        // a path that leads out of everything leads out of the one directory, too
        if fault.kind == FaultKind::OutsideRoot && escapes.contains(&fault.offset) {
            continue;
        }
        let mut finding = Finding::new(entry(&fault.kind), clip(&fault.to_string(), LONGEST));
        finding.severity = severity(asked, fault).unwrap_or(finding.severity);
        let layer = if fault.kind.is_of_gzip() { "file" } else { "inner tar" };
        finding = finding.with("offset", fault.offset).with("offsetIn", layer);
        if fault.kind.stops() {
            finding = finding.with("membersRead", asked.resources().members.len() as u64);
        }
        let place = fault.member.as_ref().map(at_member).unwrap_or_default();
        findings.push(finding.at(Location { offset: Some(fault.offset), ..place }));
    }
}

fn entry(kind: &FaultKind) -> &'static Entry {
    use FaultKind::*;
    match kind {
        NotGzip => &NOT_GZIP,
        GzipTruncated => &GZIP_TRUNCATED,
        GzipDamaged => &GZIP_DAMAGED,
        GzipConcatenated => &GZIP_MEMBERS,
        GzipTrailing { .. } => &GZIP_TRAILING,
        Checksum { .. } | Field { .. } => &HEADER_DAMAGED,
        Truncated { .. } | NoMembers => &ARCHIVE_TRUNCATED,
        NoEnd | LoneZeroBlock => &END_UNMARKED,
        TrailingData { .. } => &HIDDEN_DATA,
        SizeConflict { .. } | DataWithoutFile { .. } => &AMBIGUOUS_SIZE,
        Limit { .. } => &NOT_READ_WHOLE,
        PathEmpty | PathAbsolute | PathEscapes => &PATH_ESCAPES,
        PathNotPlain => &PATH_NOT_PLAIN,
        PathControl | PathNotText => &PATH_UNPRINTABLE,
        OutsideRoot => &OUTSIDE_ROOT,
        Duplicate { .. } => &DUPLICATE_MEMBER,
        Link { .. } | Special | SparseFile(_) | UnknownType { .. } => &NOT_A_FILE,
        NotExamined { .. } => &MEMBER_NOT_EXAMINED,
        BadCertificate { .. } => &CERTIFICATE_UNREADABLE,
        Unreadable => &CONFIGURATION_UNREADABLE,
        Hollow => &HOLLOW_CONFIGURATION,
        // orphaned, malformed and global extension headers, and whatever kind the reader learns next
        _ => &ARCHIVE_IRREGULAR,
    }
}

/// Where the circumstances say otherwise than the entry.
fn severity(asked: &TarballAsked<'_>, fault: &Fault) -> Option<Severity> {
    let yaml = || fault.member.as_ref().is_some_and(|path| path.as_bytes().ends_with(b".yaml"));
    match fault.kind {
        // the restore script would take it, and tar refuse it
        FaultKind::NotGzip if asked.name.restorable => Some(Severity::High),
        FaultKind::GzipTrailing { zero: true, .. } | FaultKind::LoneZeroBlock => Some(Severity::Low),
        FaultKind::Unreadable if !yaml() => Some(Severity::Medium),
        _ => None,
    }
}
