//! What a custodian says of a drill, for the catalog that asked.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use assay::documents::escrow::custodians;
use key_escrow::{Attest, Attestation, Identities, Manifest, VerifyReport};
use wording::escape_path;

use super::split::TOOL;
use crate::args::StatementArgs;
use crate::exit::Error;
use crate::failure;
use crate::output::keys_drill::Outcome;
use crate::ui::Ui;

/// What was opened, and with what.
pub(super) struct Drilled<'d> {
    pub(super) escrow: &'d Path,
    pub(super) report: &'d VerifyReport,
    /// What opens the escrow itself.
    pub(super) identities: Option<&'d Identities>,
    /// Shares that opened, and what they were opened with.
    pub(super) shares: &'d [PathBuf],
    pub(super) own: &'d Identities,
    /// Public halves of what was given.
    pub(super) given: &'d [String],
}

/// Whether a statement is wanted.
pub(super) fn wanted(args: &StatementArgs) -> bool {
    args.challenge.is_some() || args.statement.is_some()
}

/// A statement of each share that opened; else one of the escrow. Written to the file that was named.
///
/// # Errors
/// If a file holds one statement and there are several, or it cannot be written.
pub(super) fn made(
    args: &StatementArgs,
    drilled: &Drilled<'_>,
    outcome: Outcome,
    ui: &mut Ui,
) -> Result<Vec<Attestation>, Error> {
    if !wanted(args) {
        return Ok(Vec::new());
    }
    if matches!(outcome, Outcome::Failed | Outcome::Closed | Outcome::Outside) {
        ui.warn("no statement was made: nothing was opened, or something is not as it was sealed");
        return Ok(Vec::new());
    }
    let manifest = &drilled.report.manifest;
    let attest = Attest {
        tool: TOOL,
        at: ui.now(),
        manifest,
        digest: &drilled.report.digest,
        challenge: args.challenge.as_deref(),
        cluster: args.cluster.as_deref(),
        catalog_head: args.catalog_head.as_deref(),
    };
    let said: Result<Vec<Attestation>, key_escrow::Error> = if drilled.shares.is_empty() {
        let Some(identities) = drilled.identities else { return Ok(Vec::new()) };
        let recipient = opener(manifest, drilled.given)?;
        attest.identity(drilled.escrow, identities, &recipient).map(|one| vec![one])
    } else {
        drilled.shares.iter().map(|share| attest.share(share, drilled.own)).collect()
    };
    let said = said.map_err(|error| failure::of(&error))?;
    if let Some(path) = &args.statement {
        write(path, &said)?;
    }
    if said.iter().any(|one| one.signature.is_none()) {
        ui.warn("the escrow is of the first format and holds no drill seed: the drill is stated and not proven; `assay keys rewrap` gives it one");
    }
    Ok(said)
}

/// The recipient that it was opened by, as far as that can be told.
fn opener(manifest: &Manifest, given: &[String]) -> Result<String, Error> {
    if let [one] = &manifest.recipients[..] {
        return Ok(one.recipient.clone());
    }
    let mut own = custodians(manifest, given).into_iter();
    own.next().map(|one| one.recipient).ok_or_else(|| {
        let what = "which of the recipients opened it cannot be told of a plugin: no statement was made";
        failure::told(what, Some("a share of a threshold escrow says whose it is"))
    })
}

fn write(path: &Path, said: &[Attestation]) -> Result<(), Error> {
    let [one] = said else {
        let what = format!("{} shares were given, and a statement is of one: give one share at a time", said.len());
        return Err(Error::Usage(what));
    };
    create(path, &one.bytes)?;
    if let Some(signature) = &one.signature {
        let mut name = path.as_os_str().to_owned();
        name.push(".sig");
        create(Path::new(&name), signature.as_bytes())?;
    }
    Ok(())
}

fn create(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all())).map_err(|error| {
        let hint = (error.kind() == std::io::ErrorKind::AlreadyExists)
            .then_some("give another name: no statement is replaced");
        failure::told(format!("cannot write `{}`: {error}", escape_path(path)), hint)
    })
}
