//! `assay keys split`: a keyless tarball, a sealed escrow, and a manifest.

use artifact::{Contents, Reading};
use assay::custody;
use assay::documents::escrow;
use assay::key_material::{self, KeyMaterial};
use checks::Verdict;
use document::WrittenFile;
use encryption_config::ParseError;
use jiff::Timestamp;
use key_escrow::{SplitOptions, SplitOutcome};
use static_resources::Class;
use wording::escape;

use super::files;
use super::{limits, ls, phases, seal, write};
use crate::args::{ClassArg, KeysSplitArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::failure;
use crate::output::keys_split::Split;
use crate::ui::Ui;

/// What is written into manifests as the tool.
pub(super) const TOOL: &str = concat!("assay ", env!("CARGO_PKG_VERSION"));

/// So many keys are looked for in what is left in clear: a search for more would be slow wherever it looks.
const KEYS: usize = 1024;

pub(super) fn run(args: KeysSplitArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    if args.tarball.as_os_str() == "-" {
        return Err(Error::Usage(
            "a split reads the tarball several times: give a file, not standard input".to_owned(),
        ));
    }
    let by_passphrase = args.passphrase || args.passphrase_file.is_some();
    seal::check(&args.to, by_passphrase)?;
    let mut raw = Contents::open(&args.tarball)?;
    let key_material = KeyMaterial::read(&mut raw, reading, &ui.watcher())?;
    ls::judge(&raw, &key_material, ui);
    expect_known(&raw, &key_material)?;
    let policy = custody::policy(&key_material, |class| asked(class, &args.classes))?;
    for member in custody::odd_places(&key_material, &policy) {
        ui.warn(&format!(
            "encryption keys stand in `{}`, where none belong: the whole member goes into the escrow",
            escape(member.as_bytes())
        ));
    }
    let snapshot =
        args.snapshot.as_deref().map(|path| files::snapshot(path, &args.tarball, reading, ui)).transpose()?;
    let passphrase = seal::passphrase(args.passphrase, args.passphrase_file.as_ref(), ui)?;
    let seal_to = seal::seal_to(&args.to, passphrase)?;
    let mut finder = key_material::finder(&mut raw, reading, &ui.watcher())?;
    let mut search = custody::KeySearch(&mut finder);
    let options = SplitOptions {
        tarball: &args.tarball,
        out_dir: &args.out,
        policy: &policy,
        seal_to,
        armor: args.to.armor,
        snapshot,
        created: whole_seconds(ui.now()),
        tool: TOOL,
        force: args.force,
        seal_original: false,
        limits: limits(reading),
        search: Some(&mut search),
    };
    raw.check_unchanged()?;
    let mut progress = phases::shown(ui);
    let outcome = key_escrow::split(options, &mut progress).map_err(|error| failure::of(&error))?;
    drop(progress);
    let seen = &key_material.resources.archive;
    if outcome.manifest.original.digest.sha256 != seen.compressed_sha256.to_string() {
        return Err(failure::told(
            format!(
                "{} changed between the inventory and the split: what left was chosen for another file",
                raw.display()
            ),
            Some("remove the outputs, and split again when the file is at rest"),
        ));
    }
    let report = Split {
        tarball: &args.tarball,
        folder: &args.out,
        key_material: &key_material,
        outcome: &outcome,
        files: written(&outcome)?,
    };
    if args.output.format() == ReportFormat::Json {
        let verdict = if ui.ending() == Ending::Clean { Verdict::Pass } else { Verdict::Fail };
        write("keys split", report.artifact(), &[], verdict, ui)?
    } else {
        report.write(ui)?
    }
    Ok(ui.ending())
}

/// Refuses what nobody can say of which keys are in it, or that they are out of what is left in clear.
fn expect_known(raw: &Contents, key_material: &KeyMaterial) -> Result<(), Error> {
    if !key_material.resources.complete {
        return Err(failure::told(
            format!("{}: the archive cannot be read to its end, so nobody knows what it holds", raw.display()),
            Some("fetch the tarball again from its source; nothing was written"),
        ));
    }
    if key_material.configs.iter().any(|config| matches!(config.facts, Err(ParseError::TooMany { .. }))) {
        return Err(failure::told(
            format!(
                "{}: not all of its encryption configurations were read, so nobody knows which keys leave",
                raw.display()
            ),
            Some("inspect the tarball before going on: a real one has one of them; nothing was written"),
        ));
    }
    let facts = key_material.configs.iter().filter_map(|config| config.facts.as_ref().ok());
    let keys: usize = facts.map(|facts| facts.real_keys().count()).sum();
    if keys > KEYS {
        return Err(failure::told(
            format!(
                "{}: holds {keys} encryption keys, and what is left in clear is searched for {KEYS}",
                raw.display()
            ),
            Some("inspect the tarball before going on: a real one has a dozen at most; nothing was written"),
        ));
    }
    Ok(())
}

/// Whole seconds are exact enough for a manifest.
fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Whether a class was asked for.
fn asked(class: Class, classes: &[ClassArg]) -> bool {
    let arg = match class {
        Class::SigningKey => ClassArg::SigningKey,
        Class::TlsKey => ClassArg::TlsKey,
        Class::PrivateKey => ClassArg::PrivateKey,
        Class::Token => ClassArg::Token,
        Class::KubeconfigCredential => ClassArg::KubeconfigCredential,
        Class::OtherSecret => ClassArg::OtherSecret,
        _ => return false,
    };
    classes.contains(&arg) || classes.contains(&ClassArg::All)
}

fn written(outcome: &SplitOutcome) -> Result<Vec<WrittenFile>, Error> {
    let manifest = &outcome.manifest;
    let mut list = vec![escrow::file("keyless", &outcome.keyless, &manifest.keyless.file.digest)];
    list.extend(files::sealed(&outcome.escrow, manifest.escrow.as_ref(), &outcome.shares, &outcome.manifest_path)?);
    Ok(list)
}
