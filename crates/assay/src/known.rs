//! What a policy is held against, taken from facts.

use checks::required::{Known, Stored, Subject};
use jiff::Timestamp;

use crate::documents;
use crate::judged::{Judged, Part};
use crate::moment;
use crate::question::Question;

/// The part as the policy has it, where there is one.
pub(crate) fn apply(mut part: Part, judged: Option<&Judged<'_>>, question: &Question) -> Part {
    if let Some((policy, _)) = &question.policy {
        let known = known(&part, judged, question.now);
        part.findings = policy.apply(std::mem::take(&mut part.findings), &known);
    }
    part
}

/// What is known of the artifact that a part is about.
fn known(part: &Part, judged: Option<&Judged<'_>>, now: Timestamp) -> Known {
    let known = Known {
        alone: judged.is_some_and(|judged| judged.backup.is_alone()),
        taken: moment::of_path(&part.name),
        ..Known::unknown(part.about, &part.name, now)
    };
    match (part.about, judged) {
        (Subject::Snapshot, Some(judged)) => of_snapshot(judged, known),
        (Subject::Tarball, Some(judged)) => of_tarball(judged, known),
        (Subject::Backup, Some(judged)) => of_backup(judged, known),
        (Subject::Other, _) | (_, None) => known,
    }
}

fn of_backup(judged: &Judged<'_>, known: Known) -> Known {
    let timestamp = judged.backup.files().timestamp.as_deref();
    let proven = |check: &document::Check| check.name == "keyless-digest" && check.outcome == "proven";
    Known {
        taken: timestamp.and_then(moment::of_stamp).or(known.taken),
        keys_fit: judged.facts.encryption.as_ref().and_then(|found| found.keys_fit()),
        in_escrow: judged.escrow.as_ref().map(|escrow| escrow.matches),
        keyless: judged.escrow.as_ref().map(|escrow| escrow.checks.iter().any(proven)),
        ..known
    }
}

fn of_snapshot(judged: &Judged<'_>, known: Known) -> Known {
    let Some(facts) = &judged.facts.snapshot else { return known };
    let of_file = judged.facts.encryption.as_ref().filter(|_| judged.backup.is_alone());
    let stored = |resource: document::Resource| Stored {
        resource: resource.resource,
        group: resource.group,
        plain: resource.plain,
        encrypted: resource.encrypted.into_iter().map(|one| (one.provider, one.count)).collect(),
    };
    Known {
        fragmentation_percent: Some(documents::snapshot::space(&facts.scan, facts.quota.bytes).fragmentation_percent),
        trailer_valid: facts.trailer.as_ref().map(|trailer| trailer.valid() == Some(true)),
        stored: documents::snapshot::resources(&facts.inventory).into_iter().map(stored).collect(),
        keys_fit: of_file.and_then(|found| found.keys_fit()),
        ..known
    }
}

fn of_tarball(judged: &Judged<'_>, known: Known) -> Known {
    let Some(tarball) = judged.facts.tarball else { return known };
    let ends = |row: backup_facts::material::Row| {
        Some((String::from_utf8_lossy(row.path.as_bytes()).into_owned(), row.not_after?.parse().ok()?))
    };
    Known {
        taken: tarball.named.as_ref().and_then(|named| moment::of_stamp(&named.timestamp)).or(known.taken),
        certificates: tarball.rows().into_iter().filter_map(ends).collect(),
        ..known
    }
}
