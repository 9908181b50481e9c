//! A backup whose keys are kept elsewhere, held against the manifest of their escrow. Opens nothing.

use std::path::Path;

use checks::Finding;
use checks::pair::EscrowFacts;
use key_escrow::{Check, Digest, Outcome, VerifyOptions, verify_escrow};

use super::Rules;
use crate::commands::keys::{failure, files, limits};
use crate::documents;
use crate::exit::Error;
use crate::input::Backup;
use wording::escape;

/// What the manifest proves of a backup, and the finding that it comes to; `None` where no manifest was given.
pub(super) fn hold(
    backup: &Backup,
    keyless: bool,
    rules: Rules<'_>,
    others: &mut [Finding],
) -> Result<Option<(document::Escrow, Finding)>, Error> {
    let Some(manifest) = rules.escrow_manifest else { return Ok(None) };
    let options = VerifyOptions {
        manifest,
        escrow: rules.keys.escrow.as_deref(),
        keyless: backup.tarball.as_deref().filter(|_| keyless),
        shares: &[],
        identities: None,
        limits: limits(rules.reading),
    };
    let report = verify_escrow(&options, &mut |_, _, _| {}).map_err(|error| failure::of(&error))?;
    let told = &report.manifest;
    let mut checks = report.checks;
    checks.retain(|check| !matches!(check.outcome, Outcome::NotChecked(_)));
    if let Some(tarball) = backup.tarball.as_deref().filter(|_| !keyless) {
        checks.push(same("original-digest", &told.original.digest, tarball)?);
    }
    match (&told.snapshot, backup.snapshot.as_deref()) {
        (Some(named), Some(snapshot)) => checks.push(same("snapshot-digest", &named.digest, snapshot)?),
        (None, _) => checks.push(missing("snapshot-digest", "the manifest names no snapshot: split with --snapshot")),
        (Some(_), None) => checks.push(missing("snapshot-digest", "there is no snapshot")),
    }
    if backup.tarball.is_none() {
        checks.push(Check { name: "keyless-digest", outcome: Outcome::Failed("there is no tarball".to_owned()) });
    }
    let failed = |check: &Check| match &check.outcome {
        Outcome::Failed(why) => Some(format!("{}: {}", check.name, escape(why.as_bytes()))),
        Outcome::Proven(_) | Outcome::NotChecked(_) => None,
    };
    let name = manifest.file_name().unwrap_or(manifest.as_os_str()).to_string_lossy().into_owned();
    let facts = EscrowFacts {
        manifest: &name,
        failed: checks.iter().filter_map(failed).collect(),
        snapshot_proven: checks
            .iter()
            .any(|check| check.name == "snapshot-digest" && matches!(check.outcome, Outcome::Proven(_))),
        key_names: told.key_names.iter().map(String::as_str).collect(),
    };
    let finding = checks::pair::check_escrow(&facts, others);
    let json = documents::escrow::of(manifest.to_string_lossy().into_owned(), facts.failed.is_empty(), &checks);
    Ok(Some((json, finding)))
}

fn same(name: &'static str, expected: &Digest, path: &Path) -> Result<Check, Error> {
    let found = files::digest(path, 0)?.0.digest;
    let outcome = if found == *expected {
        Outcome::Proven(format!("sha256 {}", found.sha256))
    } else {
        Outcome::Failed(format!("sha256 {} in the manifest, {} of the file", expected.sha256, found.sha256))
    };
    Ok(Check { name, outcome })
}

fn missing(name: &'static str, what: &'static str) -> Check {
    Check { name, outcome: Outcome::NotChecked(what) }
}

/// In a few words.
pub(super) fn in_words(escrow: &document::Escrow) -> String {
    match escrow.matches {
        true => "the files are those of the manifest; the keys are kept there".to_owned(),
        false => "the files are NOT those of the manifest".to_owned(),
    }
}
