//! What has to vouch for the manifest of an escrow, before anything is made of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay::documents;
use assay::vouch::{Held, VouchError};
use assay::{Finding, Severity, Vouch};
use checks::Verdict;
use jiff::tz::TimeZone;
use key_escrow::Manifest;
use wording::{escape_path, inert};

use crate::args::{KeysInput, VouchArgs};
use crate::exit::{Ending, Error};
use crate::failure;
use crate::output::finding;
use crate::ui::{Ui, style};

/// What the arguments ask for.
pub(super) fn of(args: &VouchArgs) -> Result<Vouch, Error> {
    let mut vouch = Vouch::read(&args.signers, &args.revoked, &TimeZone::system()).map_err(|error| told(&error))?;
    vouch.need = args.require_signers.map_or(1, usize::from);
    vouch.expect.clone_from(&args.expect);
    Ok(vouch)
}

/// What has to vouch for the manifest that a backup is held against, or for the one beside the escrow that gives the keys.
pub(super) fn of_backup(args: &VouchArgs, manifest: Option<&PathBuf>, keys: &KeysInput) -> Result<Arc<Vouch>, Error> {
    let vouch = of(args)?;
    if vouch.asks() && manifest.is_none() && keys.escrow.is_none() {
        let what = "somebody was to vouch for the manifest of an escrow, and none is named: give `--escrow-manifest` or `--escrow`";
        return Err(Error::Usage(what.to_owned()));
    }
    Ok(Arc::new(vouch))
}

/// Holds the manifest of an escrow; `None` where there is none and nobody asks for one.
///
/// # Errors
/// If something has to vouch for it and there is none, or it cannot be read.
pub(super) fn hold(
    vouch: &Vouch,
    manifest: Option<&(PathBuf, Manifest)>,
    escrow: &Path,
    ui: &Ui,
) -> Result<Option<Held>, Error> {
    match manifest {
        Some((path, _)) => vouch.hold(path, ui.now()).map(Some).map_err(|error| told(&error)),
        None if vouch.asks() => Err(Error::Usage(format!(
            "no manifest lies beside `{}`, and somebody was to vouch for it: name it with `--manifest`",
            escape_path(escrow)
        ))),
        None => Ok(None),
    }
}

/// Says that nothing is done with an escrow that nobody vouches for.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub(super) fn refuse(
    command: &'static str,
    manifest: &Path,
    held: &Held,
    json: bool,
    ui: &mut Ui,
) -> Result<Ending, Error> {
    ui.settle(Ending::Findings);
    if json {
        let findings = documents::findings(&held.findings, &manifest.to_string_lossy()).collect();
        documents::document(command, Vec::new(), findings, Verdict::Fail).write(ui.out())?;
    } else {
        let title = ui.paint(style::HEAD, escape_path(manifest)).to_string();
        writeln!(ui.out(), "{title}")?;
        finding::write(&held.findings, ui)?;
        writeln!(ui.out(), "\n  Nothing was opened and nothing was written.")?;
    }
    Ok(ui.ending())
}

/// What is only to be known, in a line each, as notes.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub(super) fn notes(findings: &[Finding], ui: &mut Ui) -> Result<(), Error> {
    for finding in findings.iter().filter(|finding| finding.severity() <= Severity::Low) {
        finding::wrap(&format!("note {}: {}", finding.entry().id, inert(finding.message())), 2, ui)?;
    }
    Ok(())
}

fn told(error: &VouchError) -> Error {
    failure::told(error.to_string(), error.hint())
}
