//! `assay keys verify-escrow`: the custodians' drill.

use std::path::{Path, PathBuf};

use artifact::Reading;
use assay::documents::escrow;
use checks::Verdict;
use key_escrow::{
    Check, Error as EscrowError, Identities, Manifest, Proof, RecipientKind, ShareSet, ThresholdInfo, VerifyOptions,
    lists_share, read_age_header, verify_escrow,
};

use super::super::unlock::{self, secret_input};
use super::super::vouching;
use super::{files, limits, phases, statement, write};
use crate::args::{KeysDrillArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::failure;
use crate::output::keys_drill::{self, Outcome};
use crate::ui::Ui;

pub(super) fn run(args: &KeysDrillArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let Some((manifest_path, manifest)) = unlock::manifest(args.manifest.as_ref(), &args.escrow)? else {
        return Err(Error::Usage(format!(
            "no manifest lies beside `{}`: name it with `--manifest`, it is what the escrow is held against",
            files::shown(&args.escrow)
        )));
    };
    let named = (manifest_path, manifest);
    let held = vouching::hold(&vouching::of(&args.vouch)?, Some(&named), &args.escrow, ui)?;
    let (manifest_path, manifest) = named;
    let keyless = args.keyless.clone().or_else(|| files::beside(&args.escrow, "keyless.tar.gz"));
    let opening = Opening::of(args, &manifest)?;
    let options = VerifyOptions {
        manifest: &manifest_path,
        expect_manifest: args.vouch.expect.as_ref().or(held.as_ref().map(|held| &held.sum)),
        escrow: Some(&args.escrow),
        keyless: keyless.as_deref(),
        shares: &args.open.share_files,
        identities: opening.identities.as_ref(),
        limits: limits(reading),
    };
    let mut progress = phases::shown(ui);
    let report = verify_escrow(&options, &mut progress).map_err(|error| failure::of(&error))?;
    drop(progress);
    let mut checks = report.checks.clone();
    if args.vouch.expect.is_none() {
        // the bytes are those that were vouched for, which nobody asked about
        checks.retain(|check| check.name != "manifest-digest" || !matches!(check.proof, Proof::Proven(_)));
    }
    let (vouched, findings) = held.map_or((None, Vec::new()), |held| (held.check, held.findings));
    checks.splice(..0, vouched.filter(|_| !args.vouch.signers.is_empty()));
    if manifest.threshold.is_none() && args.open.share_files.is_empty() {
        checks.retain(|check| check.name != "shares"); // there are none to check
    }
    checks.extend(opening.checks);
    if manifest.threshold.is_some() && opening.identities.is_none() {
        let content = checks.iter_mut().filter(|check| matches!(check.name, "escrow-content" | "join"));
        content.for_each(|check| check.proof = Proof::NotChecked("that takes more shares than were given"));
    }
    let outcome = Outcome::of(&checks, opening.shares.filter(|_| opening.identities.is_none()));
    if outcome == Outcome::Failed {
        ui.settle(Ending::Findings);
    }
    let drilled = statement::Drilled {
        escrow: &args.escrow,
        report: &report,
        identities: opening.identities.as_ref(),
        shares: &opening.whole,
        own: &opening.own,
        given: &opening.given,
    };
    let said = statement::made(&args.statement, &drilled, outcome, ui)?;
    if args.output.format() == ReportFormat::Json {
        let passed = !matches!(outcome, Outcome::Failed | Outcome::Closed);
        let drilled = escrow::Drilled {
            path: &args.escrow,
            manifest: &report.manifest,
            digest: &report.digest,
            checks: &checks,
            given: &opening.given,
            at: ui.now(),
            said: &said,
        };
        let verdict = if passed { Verdict::Pass } else { Verdict::Fail };
        write("keys verify-escrow", escrow::drill(&drilled), &findings, verdict, ui)?;
    } else {
        let manifest = keys_drill::Held { path: &manifest_path, manifest: &report.manifest, digest: &report.digest };
        keys_drill::write(&args.escrow, &manifest, &checks, &outcome, ui)?;
        keys_drill::write_statements(&said, args.statement.statement.as_deref(), ui)?;
        vouching::notes(&findings, ui)?;
    }
    if outcome == Outcome::Closed { Err(closed(&args.escrow, &report.manifest)) } else { Ok(ui.ending()) }
}

/// What was given does not open it: that proves nothing, neither of the escrow nor against it.
fn closed(path: &Path, manifest: &Manifest) -> Error {
    let what =
        format!("nothing that was given opens `{}`, and its bytes are those that were sealed", files::shown(path));
    let hint = match &manifest.threshold {
        Some(_) => "each share opens with the key of its own custodian: give that with `-i`",
        None if manifest.recipients.iter().any(|one| one.kind == RecipientKind::Passphrase) => {
            "another passphrase opens it"
        }
        None => "it opens with the private key of a recipient that stands above and in the manifest",
    };
    failure::told(what, Some(hint))
}

/// What the custodians brought, and what it comes to.
#[derive(Default)]
struct Opening {
    identities: Option<Identities>,
    checks: Vec<Check>,
    /// Public halves of what was given.
    given: Vec<String>,
    /// Shares that are whole, and how many open the escrow; `None` where it has none.
    shares: Option<(u64, u64)>,
    /// The files of shares that are whole.
    whole: Vec<PathBuf>,
    /// What those were opened with.
    own: Identities,
}

impl Opening {
    fn of(args: &KeysDrillArgs, manifest: &Manifest) -> Result<Self, Error> {
        let (mut identities, passphrase) = unlock::identities(&args.open)?;
        let given = identities.recipients().to_vec();
        if let Some(threshold) = &manifest.threshold {
            let opening = Self::by_shares(threshold, &args.open.share_files, &identities);
            return Ok(Self { given, own: identities, ..opening });
        }
        // An escrow that is no age file at all is a failed check, not a reason to stop.
        if read_age_header(&args.escrow).is_ok_and(|header| header.is_passphrase()) {
            // nothing is proven of what only a passphrase opens by looking at it from outside
            identities.add_passphrase(match passphrase {
                Some(passphrase) => passphrase,
                None => secret_input::known_passphrase(&args.escrow)?,
            });
        }
        let identities = (!identities.is_empty()).then_some(identities);
        Ok(Self { identities, given, ..Self::default() })
    }

    /// Every share for itself, and together if they are enough.
    fn by_shares(threshold: &ThresholdInfo, shares: &[PathBuf], identities: &Identities) -> Self {
        let mut set = ShareSet::new(Some(threshold.clone()));
        let mut checks = Vec::new();
        let mut whole = Vec::new();
        for share in shares {
            let shown = files::shown(share);
            let proof = match set.add_file(share, identities) {
                Ok(()) => {
                    whole.push(share.clone());
                    Proof::Proven(format!("`{shown}` opens and is the one that the manifest lists"))
                }
                // as it was sealed: the key is another's
                Err(error @ EscrowError::NoMatchingIdentity { .. })
                    if lists_share(threshold, share).unwrap_or(false) =>
                {
                    Proof::NotOpened(error.to_string())
                }
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
        let shares = (!whole.is_empty()).then_some((whole.len() as u64, u64::from(threshold.threshold)));
        Self { identities, checks, shares, whole, ..Self::default() }
    }
}
