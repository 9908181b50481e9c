//! The file as a whole: integrity hash, length, how it came to be.

use backup_facts::snapshot::{Opened, SnapshotFacts, damage};
use bbolt_page::{Check, Db};
use etcd_snapshot::Provenance;
use etcd_snapshot::trailer::{TRAILER_LEN, Trailer, is_present};

use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    NO_META, PREVIOUS_ROOT, RAW_COPY, TORN_COPY, TRAILER_MISMATCH, TRAILER_MISSING, UNEXPECTED_TAIL,
};
use crate::severity::Severity;

pub(super) fn check(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    check_trailer(facts, findings);
    check_tail(facts, findings);
    check_provenance(facts, findings);
    check_previous_root(facts, findings);
}

/// Told last: what the walk found in what is left comes first.
pub(super) fn check_opened(opened: Opened, findings: &mut Findings) {
    let message = match opened {
        Opened::Meta => return,
        Opened::FoundRoot(root) => {
            format!("neither meta is valid; what follows was read from page {root}, which looks most like the root")
        }
        Opened::PagesAlone => "neither meta is valid, and no page looks like the root".to_owned(),
    };
    findings.push(Finding::new(&NO_META, message));
}

fn check_trailer(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let Some(trailer) = facts.trailer.as_ref().filter(|_| facts.appended.is_none()) else { return };
    let len = file_len(facts);
    match trailer {
        Trailer { stored: None, .. } => {
            let cut = if cut_before_hash(facts) { CUT_BEFORE_HASH } else { "" };
            let message =
                format!("no integrity hash behind the pages: the file has {len} bytes, {}{cut}", expected_len(facts));
            findings.push(Finding::new(&TRAILER_MISSING, message).with("size", len));
        }
        Trailer { stored: Some(_), .. } => {
            if let Some(finding) = bad_trailer(trailer, len) {
                findings.push(finding);
            }
        }
    }
}

pub(super) fn bad_trailer(trailer: &Trailer, len: u64) -> Option<Finding> {
    let stored = trailer.stored.as_ref().filter(|stored| **stored != trailer.computed)?;
    let (stored, computed) = (wording::hex(stored), wording::hex(&trailer.computed));
    let message = if trailer.stored == Some([0; TRAILER_LEN]) {
        format!("integrity hash is `{computed}`, and zeros stand in its place: none was ever written there")
    } else {
        format!("integrity hash is `{computed}`, the file says `{stored}`: a byte has changed since etcd wrote it")
    };
    let offset = len.checked_sub(TRAILER_LEN as u64);
    let finding = Finding::new(&TRAILER_MISMATCH, message).with("stored", stored).with("computed", computed);
    Some(finding.at(Location { offset, ..Location::default() }))
}

fn check_tail(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let Some(tail) = facts.scan.walked.db.tail() else { return };
    let (got, size) = (tail.len() as u64, facts.scan.walked.db.size());
    if got == 0 || got == TRAILER_LEN as u64 {
        return;
    }
    if let Some(appended) = facts.appended {
        let message = format!(
            "{appended} bytes were appended to a sound snapshot{}: its integrity hash is right; cut the file to {} bytes, \
             as `assay mend FILE --out NEW` does",
            if is_earlier_end(facts, tail) { ", the end of an earlier and longer file" } else { "" },
            size.saturating_add(TRAILER_LEN as u64)
        );
        let finding = Finding::new(&UNEXPECTED_TAIL, message).with("appended", appended);
        findings.push(Finding { severity: Severity::High, ..finding });
        return;
    }
    let body =
        if is_present(file_len(facts)) { tail.get(..tail.len() - TRAILER_LEN).unwrap_or_default() } else { tail };
    let zero = body.iter().all(|&byte| byte == 0);
    let what = if zero { "all zero" } else { "not zero" };
    let message = format!("{got} bytes behind the last page ({what}); {}", expected_len(facts));
    let finding = Finding::new(&UNEXPECTED_TAIL, message).with("tail", got);
    findings.push(finding.at(Location { offset: Some(size), ..Location::default() }));
}

/// The finding of a file that ends within its integrity hash: a copy did not come to its end.
pub(super) fn cut_short(db: &Db<'_>) -> Option<Finding> {
    let tail = db.tail().filter(|tail| (1..TRAILER_LEN).contains(&tail.len()))?;
    let message = format!("the file ends within its integrity hash: {} of {TRAILER_LEN} bytes are there", tail.len());
    Some(Finding::new(&UNEXPECTED_TAIL, message).at(Location { offset: Some(db.size()), ..Location::default() }))
}

/// Whether the file ends with its pages, and its metas are those of a stream, which has a hash behind them.
fn cut_before_hash(facts: &SnapshotFacts<'_>) -> bool {
    facts.provenance == Provenance::Stream && file_len(facts) == facts.scan.walked.db.size()
}

/// Whether pages stand in what follows a snapshot, at places of pages: they were there before it was written over them.
fn is_earlier_end(facts: &SnapshotFacts<'_>, tail: &[u8]) -> bool {
    let db = &facts.scan.walked.db;
    let size = u64::from(db.meta().page_size);
    let first = db.size().checked_div(size).unwrap_or(0);
    (first + 1..).map_while(|page| Some((page, usize::try_from((page - first).checked_mul(size)?).ok()?))).take(64).any(
        |(page, at)| {
            let id = tail.get(at..).and_then(|page| page.first_chunk::<8>());
            id.is_some_and(|id| u64::from_le_bytes(*id) == page)
        },
    )
}

fn check_provenance(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let scan = &facts.scan;
    let mixed = |check| matches!(check, Check::Reference | Check::Order | Check::Root | Check::Sharing);
    let kinds = scan.walked.faults.kept().iter().map(|fault| fault.kind.check());
    let broken = kinds.filter(|&check| mixed(check)).count();
    let [first, second] = scan.walked.db.slots();
    let live_metas = matches!(facts.provenance, Provenance::RawCopy)
        && first.valid().map(|meta| meta.root) != second.valid().map(|meta| meta.root);
    if broken > 0 && live_metas && facts.trailer.as_ref().is_none_or(|trailer| !trailer.present) {
        let message = format!("{broken} places do not fit together, and the metas are those of a live database file");
        findings.push(Finding::new(&TORN_COPY, message).with("places", broken as u64));
    } else if !matches!(facts.provenance, Provenance::Stream | Provenance::Packed)
        && first.valid().is_some()
        && second.valid().is_some()
    {
        let message = format!(
            "the metas have transactions {} and {}: not the pattern of a snapshot stream",
            txid(first),
            txid(second)
        );
        findings.push(Finding::new(&RAW_COPY, message).with("provenance", facts.provenance.name()));
    }
}

/// What is said where nothing but the hash is missing.
const CUT_BEFORE_HASH: &str = "; its metas are those of a snapshot stream: it was cut off exactly before its hash";

fn txid(slot: &bbolt_page::MetaSlot) -> u64 {
    slot.valid().map_or(0, |meta| meta.txid.0)
}

fn check_previous_root(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    let Some(faults) = facts.previous_root_faults else { return };
    let state = |faults: usize| if faults == 0 { "intact".to_owned() } else { format!("damaged in {faults} places") };
    let newest = damage(&facts.scan.walked.faults);
    let message = format!("the newest state is {}, the one before it {}", state(newest), state(faults));
    findings.push(Finding::new(&PREVIOUS_ROOT, message).with("faults", faults as u64));
}

fn file_len(facts: &SnapshotFacts<'_>) -> u64 {
    facts.scan.walked.db.bytes().len() as u64
}

fn expected_len(facts: &SnapshotFacts<'_>) -> String {
    let size = facts.scan.walked.db.size();
    format!("a snapshot of these pages has {}", size.saturating_add(TRAILER_LEN as u64))
}
