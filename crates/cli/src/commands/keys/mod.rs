//! `assay keys`: the keys of a backup, held apart from its data.

mod check;
mod drill;
mod files;
mod join;
mod ls;
mod phases;
mod rewrap;
mod seal;
mod sign;
mod split;
mod statement;

use artifact::Reading;
use assay::documents;
use checks::{Finding, Verdict};
use document::Artifact;

use crate::args::{KeysArgs, KeysCommand};
use crate::exit::{Ending, Error};
use crate::failure;
use crate::ui::{Ui, forbid_dumps};

pub(super) fn run(args: KeysArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    forbid_dumps(ui.voice());
    // The library that describes gzip layers prints to standard output where a guess of its fails.
    ui.own_stdout()?;
    match args.command {
        KeysCommand::Ls(args) => ls::run(&args, reading, ui),
        KeysCommand::Split(args) => split::run(*args, reading, ui),
        KeysCommand::Join(args) => join::run(&args, ui),
        KeysCommand::VerifyEscrow(args) => drill::run(&args, reading, ui),
        KeysCommand::Check(args) => check::run(&args, reading, ui),
        KeysCommand::Rewrap(args) => rewrap::run(*args, ui),
        KeysCommand::Sign(args) => sign::run(&args, ui),
    }
}

/// Writes the document of a command about one escrow.
pub(super) fn write(
    command: &'static str,
    artifact: Result<Artifact, document::Error>,
    findings: &[Finding],
    verdict: Verdict,
    ui: &mut Ui,
) -> Result<(), Error> {
    let artifact = artifact.map_err(|error| failure::told(error.to_string(), None))?;
    let findings = documents::findings(findings, artifact.path()).collect();
    Ok(documents::document(command, vec![artifact], findings, verdict).write(ui.out())?)
}

/// What a tarball may make us do, by `--max-expanded`.
pub(super) fn limits(reading: &Reading) -> key_escrow::Limits {
    key_escrow::Limits { tar_bytes: reading.max_expanded, ..key_escrow::Limits::default() }
}
