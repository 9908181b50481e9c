//! What the manifest of an escrow proves, and what commands about escrows wrote.

use std::path::Path;

use document::{Artifact, Check, Custodian, Drill, Error, Escrow, Fields, Said, Word, Written, WrittenFile};
use jiff::Timestamp;
use key_escrow::{Attestation, Digest, Manifest, Proof};

/// A backup held against the manifest of an escrow: its path, whether nothing failed, and each check.
#[must_use]
pub fn of(manifest: String, matches: bool, checks: &[key_escrow::Check]) -> Escrow {
    Escrow { manifest, matches, checks: checks.iter().map(check).collect() }
}

/// One check.
pub fn check(check: &key_escrow::Check) -> Check {
    let (outcome, message) = proof_words(&check.proof);
    Check { name: Word::Borrowed(check.name), outcome: Word::Borrowed(outcome), message: message.to_owned() }
}

/// The word for a proof, and what it says.
#[must_use]
pub fn proof_words(proof: &Proof) -> (&'static str, &str) {
    match proof {
        Proof::Proven(what) => ("proven", what),
        Proof::Failed(what) => ("failed", what),
        Proof::NotOpened(what) => ("not-opened", what),
        Proof::NotChecked(what) => ("not-checked", what),
    }
}

/// Whose keys are among these recipients: who took part in a drill.
#[must_use]
pub fn custodians(manifest: &Manifest, given: &[String]) -> Vec<Custodian> {
    // an ssh key may have a comment behind it, which is no part of it
    let key = |text: &str| text.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
    let is_given = |recipient: &str| !recipient.is_empty() && given.iter().any(|one| key(one) == key(recipient));
    let shares = manifest.threshold.iter().flat_map(|threshold| &threshold.shares);
    let shares = shares.map(|share| (&share.recipient, Some(share.index)));
    let alone = manifest.recipients.iter().filter(|_| manifest.threshold.is_none()).map(|recipient| (recipient, None));
    let named = alone.chain(shares).filter(|(recipient, _)| is_given(&recipient.recipient));
    named.map(|(recipient, share)| Custodian { recipient: recipient.recipient.clone(), share }).collect()
}

/// What took place in a drill, and when.
pub struct Drilled<'d> {
    /// The escrow's file.
    pub path: &'d Path,
    /// What it was held against.
    pub manifest: &'d Manifest,
    /// The digest of the manifest's file.
    pub digest: &'d Digest,
    /// What was proven.
    pub checks: &'d [key_escrow::Check],
    /// Public halves of what was given.
    pub given: &'d [String],
    /// When.
    pub at: Timestamp,
    /// What was said of it.
    pub said: &'d [Attestation],
}

/// A drill of an escrow.
///
/// # Errors
/// A manifest that is no JSON object; `key_escrow` has none such.
pub fn drill(drilled: &Drilled<'_>) -> Result<Artifact, Error> {
    let Drilled { path, manifest, digest, checks, given, at, said } = *drilled;
    let text = |one: &Attestation| String::from_utf8_lossy(&one.bytes).into_owned();
    let told = |one: &Attestation| Said { statement: text(one), signature: one.signature.clone() };
    Ok(Artifact::Drill(Box::new(Drill {
        path: path.to_string_lossy().into_owned(),
        kind: Drill::KIND,
        manifest_sha256: Some(digest.sha256.clone()),
        manifest: Fields::of(manifest)?,
        at: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        by: custodians(manifest, given),
        statements: said.iter().map(told).collect(),
        complete: !checks.iter().any(|check| matches!(check.proof, Proof::NotChecked(_) | Proof::NotOpened(_))),
        checks: checks.iter().map(check).collect(),
        ..Drill::default()
    })))
}

/// What a split or a join of the tarball `path` wrote, or a rewrap of the escrow `path`, which is then its `kind`.
///
/// # Errors
/// As [`drill`].
pub fn written(path: &Path, kind: Word, files: Vec<WrittenFile>, manifest: &Manifest) -> Result<Written, Error> {
    let (path, manifest) = (path.to_string_lossy().into_owned(), Fields::of(manifest)?);
    Ok(Written { path, kind, files, manifest, ..Written::default() })
}

/// A file that was written, by what it is for.
#[must_use]
pub fn file(role: &'static str, path: &Path, digest: &Digest) -> WrittenFile {
    let path = path.to_string_lossy().into_owned();
    WrittenFile { role: Word::Borrowed(role), path, size: digest.size, sha256: digest.sha256.clone() }
}
