//! What a copy or a transfer did to the file.

use backup_facts::snapshot::SnapshotFacts;
use bbolt_page::Pgid;
use mend::{Diagnosis, Proof};

use crate::finding::{Finding, Findings, Location};
use crate::findings::{HOLES, TRANSFER_CHANGED, TRANSFER_LOST};

pub(super) fn check(facts: &SnapshotFacts<'_>, findings: &mut Findings) {
    if let Some(damage) = &facts.transfer.damage {
        findings.push(changed(damage));
    }
    if let [(first, count), others @ ..] = facts.transfer.holes.as_slice() {
        let pages = others.iter().fold(*count, |pages, (_, count)| pages.saturating_add(*count));
        findings.push(holes(*first, *count, pages, others.len() as u64, facts));
    }
}

fn changed(damage: &Diagnosis) -> Finding {
    let told = damage.steps().iter().map(ToString::to_string).chain(damage.loss().map(|loss| loss.to_string()));
    let told = told.collect::<Vec<_>>().join("; ");
    let names = damage.steps().iter().map(mend::Step::name).chain(damage.loss().map(mend::Loss::name));
    let names = names.collect::<Vec<_>>().join(", ");
    let (entry, proof, message) = match damage {
        Diagnosis::Mendable(mend) if mend.proof == Proof::Places => {
            let hint = "that can be undone: `assay mend FILE --out NEW --without-hash`; it has no SHA-256 to prove it";
            (&TRANSFER_CHANGED, "none", format!("{told}; {hint}"))
        }
        Diagnosis::Mendable(_) => {
            let hint = "that can be undone, and its SHA-256 is right then: `assay mend FILE --out NEW`";
            (&TRANSFER_CHANGED, "hash", format!("{told}; {hint}"))
        }
        Diagnosis::Wrong(_) => {
            let hint = "undone, its SHA-256 is not that of its bytes: something else changed, too";
            (&TRANSFER_LOST, "none", format!("{told}; {hint}"))
        }
        _ => (&TRANSFER_LOST, "none", format!("{told}; what was there cannot be had back")),
    };
    Finding::new(entry, message).with("damage", names).with("proof", proof)
}

fn holes(first: Pgid, count: u64, pages: u64, others: u64, facts: &SnapshotFacts<'_>) -> Finding {
    let last = first.0.saturating_add(count.saturating_sub(1));
    let run = if count == 1 { format!("page {first}") } else { format!("pages {first} to {last}") };
    let what = if pages == 1 {
        "a page that is in use is zero throughout".to_owned()
    } else {
        format!("{pages} pages that are in use are zero throughout")
    };
    let more = match others {
        0 => String::new(),
        1 => ", and another run of them".to_owned(),
        runs => format!(", and {runs} more runs of them"),
    };
    let offset = first.0.checked_mul(facts.scan.walked.db.meta().page_size.into());
    let finding = Finding::new(&HOLES, format!("{what}: {run}{more}")).with("pages", pages);
    finding.at(Location { page: Some(first.0), offset, ..Location::default() })
}
