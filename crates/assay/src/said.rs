//! A backup held against what was said of it when it was made.

use artifact::{Compression, Contents};
use backup_facts::directory::PACKED;
use backup_facts::said::{Claim, base};
use checks::Finding;
use checks::said::{AgainstSaid, Outcome};
use document::{Check, Expected, Word};
use etcd_snapshot::trailer::Sha256Digest;

use crate::error::Error;
use crate::escrow;
use crate::expectation::Expectation;
use crate::judged::Judged;
use crate::watch::Watch;

/// A backup held against what was said of it.
pub(crate) fn hold(
    judged: &Judged<'_>,
    expected: &Expectation,
    watch: &dyn Watch,
) -> Result<(Expected, Vec<Finding>), Error> {
    let (backup, facts) = (judged.backup, &judged.facts);
    let snapshot = facts.snapshot.as_ref();
    let mut digests: Vec<(String, Sha256Digest)> = Vec::new();
    if let (Some(source), Some(facts)) = (&backup.snapshot, snapshot) {
        let name = source.name();
        let hashed = facts.trailer.as_ref().map(|trailer| trailer.file);
        digests.extend(stored(source, expected, watch)?.map(|digest| (base(&name).to_owned(), digest)));
        let bare = PACKED.iter().find_map(|end| base(&name).strip_suffix(end)).unwrap_or(base(&name));
        digests.extend(hashed.map(|digest| (bare.to_owned(), digest)));
    }
    if let Some(tarball) = &backup.tarball {
        digests.push((base(&tarball.path).to_owned(), tarball.resources().archive.compressed_sha256.0));
    }
    let named: Vec<(&str, Sha256Digest)> = digests.iter().map(|(name, digest)| (name.as_str(), *digest)).collect();
    let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
    let files = usize::from(backup.snapshot.is_some()) + usize::from(backup.tarball.is_some());
    let sole = match backup.directory() {
        Some(directory) => expected.given == 1 && directory.backups.len() == 1,
        None => expected.given <= files,
    };
    let statements = expected.said.about(&names, sole);
    let source = expected.source.as_str();
    let against = AgainstSaid {
        source: if source == "-" { "standard input" } else { base(source) },
        statements: &statements,
        status: snapshot.map(|facts| &facts.scan.status),
        file_size: backup.snapshot.as_ref().map(|source| source.bytes().len() as u64),
        digests: &named,
        pods: backup.tarball.as_ref().map(|tarball| tarball.resources().static_pods.pods.as_slice()),
    };
    let (outcomes, findings) = checks::said::check(&against);
    let told = Expected {
        source: expected.source.clone(),
        matches: findings.is_empty(),
        checks: outcomes.into_iter().map(check).collect(),
    };
    Ok((told, findings))
}

/// The digest of a compressed snapshot's file as it is stored, if digests are spoken of.
fn stored(source: &Contents, expected: &Expectation, watch: &dyn Watch) -> Result<Option<Sha256Digest>, Error> {
    let spoken_of = expected.said.statements().iter().any(|it| matches!(it.claim, Claim::Digest { .. }));
    match source.path() {
        Some(path) if spoken_of && source.compression() != Compression::None => escrow::sha256(path, watch).map(Some),
        _ => Ok(None),
    }
}

fn check(outcome: Outcome) -> Check {
    let word = match outcome.holds {
        Some(true) => "proven",
        Some(false) => "failed",
        None => "not-checked",
    };
    Check { name: Word::Borrowed(outcome.name), outcome: Word::Borrowed(word), message: outcome.message }
}
