//! The pages: faults of the walk, buckets that should be there, what free pages hold.

use backup_facts::snapshot::SnapshotFacts;
use bbolt_page::{Check, Fault, FaultKind, Faults, Residue};
use etcd_snapshot::state::bucket;
use wording::Size;

use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    BAD_BUCKET, BAD_ELEMENT, BAD_FREELIST, BAD_REFERENCE, CYCLE, ELEMENT_GAP, EMPTY_PAGE, Entry, INLINE_SIZE,
    KEY_ORDER, LOST_ELEMENTS, META_INVALID, META_ODD, MISSING_BUCKET, RESIDUE, ROOT_VALUE, SHARED_PAGE, TRUNCATED,
    UNEVEN_DEPTH, UNKNOWN_BUCKET, WRONG_PAGE,
};
use crate::severity::Severity;

pub(super) fn check(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    faults(&facts.scan.walked.faults, findings);
    check_buckets(facts, findings);
    check_residue(facts, findings);
}

/// Turns the faults of a walk into findings.
fn faults(faults: &Faults, findings: &mut Findings) {
    raise(faults, |_| true, findings);
}

/// Those of the faults by which something may be missing.
pub(super) fn losses(faults: &Faults, findings: &mut Findings) {
    raise(faults, |kind| !kind.is_harmless(), findings);
}

fn raise(faults: &Faults, wanted: impl Fn(&FaultKind) -> bool, findings: &mut Findings) {
    let wanted = faults.kept().iter().filter(|fault| wanted(&fault.kind));
    let (of_list, of_pages): (Vec<&Fault>, Vec<&Fault>) =
        wanted.partition(|fault| fault.kind.check() == Check::Freelist);
    for fault in of_pages {
        findings.push_with(entry(&fault.kind), || finding(fault));
    }
    if let Some(last) = faults.kept().last() {
        findings.add_unlisted(entry(&last.kind), faults.dropped());
    }
    findings.extend(free_list(&of_list));
}

/// One finding about the list, however much is wrong with it: the worst is told, the rest counted.
fn free_list(faults: &[&Fault]) -> Option<Finding> {
    // the first of the worst
    let worst = faults.iter().rev().max_by_key(|fault| ListFate::of(&fault.kind))?;
    let (severity, ends) = match ListFate::of(&worst.kind) {
        ListFate::Wastes => (Severity::Medium, ""),
        ListFate::Overwrites => (BAD_FREELIST.severity, ""),
        ListFate::EndsDefrag => (BAD_FREELIST.severity, "; etcd ends on it in defrag"),
        ListFate::EndsRestore => (Severity::Critical, "; etcd ends on it in restore"),
        ListFate::EndsAll => (Severity::Critical, "; etcd ends on it, in restore and in defrag"),
    };
    let others = match faults.len() - 1 {
        0 => String::new(),
        others => format!(" (and {others} other fault{} of the list)", if others == 1 { "" } else { "s" }),
    };
    let told = finding(worst);
    Some(Finding { severity, message: format!("{}{ends}{others}", told.message), ..told })
}

/// What etcd does with a list, as asked of etcd 3.5; the worst is the last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ListFate {
    /// It sorts the list, or never uses a page again.
    Wastes,
    /// It gives out a page that is in use, with the restore or later.
    Overwrites,
    /// It gives out the page that it takes back with the same write: a restore lives with that for a while.
    EndsDefrag,
    /// It ends where it first gives out a page.
    EndsRestore,
    /// It ends where it reads the list, or frees it.
    EndsAll,
}

impl ListFate {
    fn of(kind: &FaultKind) -> Self {
        use FaultKind as K;
        match kind {
            K::FreelistOwn { first: true, .. } => Self::EndsDefrag,
            K::FreelistPage { .. } | K::FreelistCount { .. } | K::FreelistOwn { .. } => Self::EndsAll,
            K::FreelistRange { id, .. } if id.0 < 2 => Self::EndsRestore,
            K::FreelistOrder { .. } | K::FreelistIncomplete { .. } => Self::Wastes,
            _ => Self::Overwrites,
        }
    }
}

fn finding(fault: &Fault) -> Finding {
    let location = Location { page: fault.page.map(|page| page.0), offset: fault.offset, ..Location::default() };
    let message = format!("{fault}{}", buffer(&fault.kind).unwrap_or_default());
    let mut finding = Finding::new(entry(&fault.kind), message).at(location);
    if matches!(fault.kind, FaultKind::MetaField { field: FaultKind::TRANSACTION_ID, .. }) {
        // etcd starts, and its first write is not to be found again
        finding.severity = Severity::High;
    }
    if let Some(element) = fault.element {
        finding = finding.with("element", i64::from(element));
    }
    if fault.path != bbolt_page::Path::default() {
        finding = finding.with("path", fault.path.to_string());
    }
    finding
}

/// Where a file was cut off, if that is where a piece of a copy ended.
fn buffer(kind: &FaultKind) -> Option<String> {
    const LEAST: u64 = 32 << 10;
    let FaultKind::Truncated { got, .. } = kind else { return None };
    let piece = 1_u64.checked_shl(got.trailing_zeros()).filter(|piece| *piece >= LEAST)?;
    Some(format!(
        "; it ends at a multiple of {}, as a copy does of which the last pieces were not written",
        Size(piece)
    ))
}

fn entry(kind: &FaultKind) -> &'static Entry {
    use FaultKind as K;
    match kind {
        K::Meta { .. } => &META_INVALID,
        K::MetaHeader { .. } | K::MetaField { .. } => &META_ODD,
        K::Truncated { .. } => &TRUNCATED,
        K::OutOfRange { .. } | K::Missing { .. } | K::RunPastHighWater { .. } => &BAD_REFERENCE,
        K::SelfId { .. } | K::Flags { .. } | K::Kind { .. } => &WRONG_PAGE,
        K::DoubleReference { .. } => &SHARED_PAGE,
        K::Cycle { .. } | K::Depth { .. } => &CYCLE,
        K::ElementArray { .. }
        | K::ElementBounds { .. }
        | K::ElementOverlap { .. }
        | K::KeySize { .. }
        | K::ElementFlags { .. } => &BAD_ELEMENT,
        K::ElementCount { .. } => &LOST_ELEMENTS,
        K::ElementGap { .. } | K::Slack { .. } | K::Continuation { .. } => &ELEMENT_GAP,
        K::KeyOrder | K::BelowBound | K::AboveBound => &KEY_ORDER,
        K::UnevenDepth { .. } => &UNEVEN_DEPTH,
        K::EmptyLeaf | K::EmptyBranch => &EMPTY_PAGE,
        K::BucketValue { .. }
        | K::InlineLength { .. }
        | K::TooManyBuckets { .. }
        | K::InlineHeader { .. }
        | K::InlineSubBucket
        | K::BucketDepth { .. } => &BAD_BUCKET,
        K::InlineSize { .. } => &INLINE_SIZE,
        K::RootValue => &ROOT_VALUE,
        K::FreelistPage { .. }
        | K::FreelistHeader { .. }
        | K::FreelistCount { .. }
        | K::FreelistOrder { .. }
        | K::FreelistTwice { .. }
        | K::FreelistOwn { .. }
        | K::FreelistRange { .. }
        | K::FreelistReachable { .. }
        | K::FreelistIncomplete { .. } => &BAD_FREELIST,
    }
}

/// Buckets without which a server does not come up with its data.
const NEEDED: [&[u8]; 2] = [bucket::KEY, bucket::META];
/// Buckets that every etcd since 3.1 creates when it starts.
const USUAL: [&[u8]; 7] = [
    bucket::ALARM,
    bucket::AUTH,
    bucket::AUTH_ROLES,
    bucket::AUTH_USERS,
    bucket::LEASE,
    bucket::MEMBERS,
    bucket::MEMBERS_REMOVED,
];

fn check_buckets(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let scan = &facts.scan;
    for (names, severity) in [(&NEEDED[..], Severity::Critical), (&USUAL[..], Severity::High)] {
        for name in names.iter().filter(|name| scan.bucket(name).is_none()) {
            let message = format!("bucket `{}` is not there", name.escape_ascii());
            findings.push(Finding { severity, ..Finding::new(&MISSING_BUCKET, message) });
        }
    }
    for bucket in scan.buckets.iter().filter(|bucket| !bucket::ALL.contains(&bucket.name())) {
        let name = bucket.name();
        let name = name.get(..name.len().min(64)).unwrap_or_default();
        findings.push(Finding::new(&UNKNOWN_BUCKET, format!("bucket `{}`", name.escape_ascii())));
    }
}

fn check_residue(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let walked = &facts.scan.walked;
    let (mut stale, mut other) = (0_u64, 0_u64);
    for page in walked.unreachable() {
        match page.residue {
            Residue::Zero => {}
            Residue::Leaf => stale += 1,
            Residue::Branch | Residue::Overflow | Residue::Other => other += 1,
        }
    }
    if stale > 0 {
        let free = walked.pages_free;
        let message =
            format!("{stale} of {free} free pages are leaves of earlier transactions, {other} hold other remains");
        findings.push(Finding::new(&RESIDUE, message).with("staleLeaves", stale).with("freePages", free));
    }
}
