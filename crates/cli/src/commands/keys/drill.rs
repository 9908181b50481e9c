//! `assay keys verify-escrow`: the custodians' drill.

use std::path::PathBuf;

use artifact::Reading;
use assay::documents::escrow;
use checks::Verdict;
use key_escrow::{
    Check, Error as EscrowError, Identities, Manifest, Proof, ShareSet, VerifyOptions, read_age_header, verify_escrow,
};

use super::super::unlock::{self, secret_input};
use super::{files, limits, phases, write};
use crate::args::{KeysDrillArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::failure;
use crate::output::keys_drill;
use crate::ui::Ui;

pub(super) fn run(args: &KeysDrillArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let Some((manifest_path, manifest)) = unlock::manifest(args.manifest.as_ref(), &args.escrow)? else {
        return Err(Error::Usage(format!(
            "no manifest lies beside `{}`: name it with `--manifest`, it is what the escrow is held against",
            files::shown(&args.escrow)
        )));
    };
    let keyless = args.keyless.clone().or_else(|| files::beside(&args.escrow, "keyless.tar.gz"));
    let opening = Opening::of(args, &manifest)?;
    let options = VerifyOptions {
        manifest: &manifest_path,
        expect_manifest: args.expect.as_ref(),
        escrow: Some(&args.escrow),
        keyless: keyless.as_deref(),
        shares: &args.open.share_files,
        identities: opening.identities.as_ref(),
        limits: limits(reading),
    };
    let mut progress = phases::shown(ui);
    let report = verify_escrow(&options, &mut progress).map_err(|error| failure::of(&error))?;
    drop(progress);
    let mut checks = report.checks;
    if manifest.threshold.is_none() && args.open.share_files.is_empty() {
        checks.retain(|check| check.name != "shares"); // there are none to check
    }
    checks.extend(opening.checks);
    if checks.iter().any(|check| matches!(check.proof, Proof::Failed(_))) {
        ui.settle(Ending::Findings);
    }
    if args.output.format() == ReportFormat::Json {
        let verdict = if ui.ending() == Ending::Clean { Verdict::Pass } else { Verdict::Fail };
        let drill = escrow::drill(&args.escrow, &report.manifest, &report.digest, &checks);
        write("keys verify-escrow", drill, verdict, ui)?;
    } else {
        let manifest = keys_drill::Held { path: &manifest_path, manifest: &report.manifest, digest: &report.digest };
        keys_drill::write(&args.escrow, &manifest, &checks, ui)?;
    }
    Ok(ui.ending())
}

/// What the custodians brought, and what it comes to.
#[derive(Default)]
struct Opening {
    identities: Option<Identities>,
    checks: Vec<Check>,
}

impl Opening {
    fn of(args: &KeysDrillArgs, manifest: &Manifest) -> Result<Self, Error> {
        let (mut identities, passphrase) = unlock::identities(&args.open)?;
        if let Some(threshold) = &manifest.threshold {
            return Ok(Self::by_shares(ShareSet::new(Some(threshold.clone())), &args.open.share_files, &identities));
        }
        // An escrow that is no age file at all is a failed check, not a reason to stop.
        let by_passphrase = read_age_header(&args.escrow).is_ok_and(|header| header.is_passphrase());
        if by_passphrase && let Some(passphrase) = passphrase {
            identities.add_passphrase(passphrase);
        } else if by_passphrase && !args.open.identities.is_empty() {
            identities.add_passphrase(secret_input::known_passphrase(&args.escrow)?);
        }
        let identities = (!identities.is_empty()).then_some(identities);
        Ok(Self { identities, checks: Vec::new() })
    }

    /// Every share for itself, and together if they are enough.
    fn by_shares(mut set: ShareSet, shares: &[PathBuf], identities: &Identities) -> Self {
        let mut checks = Vec::new();
        for share in shares {
            let shown = files::shown(share);
            let proof = match set.add_file(share, identities) {
                Ok(()) => Proof::Proven(format!("`{shown}` opens and is the one that the manifest lists")),
                Err(error) => Proof::Failed(format!("`{shown}`: {error}")),
            };
            checks.push(Check { name: "share", proof });
        }
        let identities = match set.combine() {
            Ok(identities) => Some(identities),
            // Fewer than the threshold is how a custodian tries a share alone.
            Err(EscrowError::TooFewShares { .. }) => None,
            Err(error) => {
                checks.push(Check { name: "share", proof: Proof::Failed(error.to_string()) });
                None
            }
        };
        Self { identities, checks }
    }
}
