//! What the manifest of an escrow proves, and what commands about escrows wrote.

use std::path::Path;

use document::{Artifact, Check, Drill, Error, Escrow, Fields, Word, Written, WrittenFile};
use key_escrow::{Digest, Manifest, Proof};

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
        Proof::NotChecked(what) => ("not-checked", what),
    }
}

/// A drill of the escrow in the file `path`, held against its manifest, whose file has this digest.
///
/// # Errors
/// A manifest that is no JSON object; `key_escrow` has none such.
pub fn drill(
    path: &Path,
    manifest: &Manifest,
    digest: &Digest,
    checks: &[key_escrow::Check],
) -> Result<Artifact, Error> {
    Ok(Artifact::Drill(Box::new(Drill {
        path: path.to_string_lossy().into_owned(),
        kind: Drill::KIND,
        manifest_sha256: Some(digest.sha256.clone()),
        manifest: Fields::of(manifest)?,
        complete: !checks.iter().any(|check| matches!(check.proof, Proof::NotChecked(_))),
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
