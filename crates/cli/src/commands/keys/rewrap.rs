//! `assay keys rewrap`: the same escrow for other recipients.

use assay::documents::escrow;
use checks::Verdict;
use document::{Artifact, Drill, Written, WrittenFile};
use key_escrow::{RewrapOptions, RewrapOutcome};

use super::super::{unlock, vouching};
use super::{files, phases, seal, write};
use crate::args::{KeysRewrapArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::failure;
use crate::output::escrow::{manifest_words, opens_words, sign_words};
use crate::output::human::Fields;
use crate::ui::{Ui, style};
use wording::escape;

pub(super) fn run(args: KeysRewrapArgs, ui: &mut Ui) -> Result<Ending, Error> {
    seal::check(&args.to, args.new_passphrase || args.new_passphrase_file.is_some())?;
    let manifest = unlock::manifest(args.manifest.as_ref(), &args.escrow)?;
    unlock::expected(manifest.as_ref(), args.vouch.expect.as_ref(), &args.escrow)?;
    let json = args.output.format() == ReportFormat::Json;
    let held = vouching::hold(&vouching::of(&args.vouch)?, manifest.as_ref(), &args.escrow, ui)?;
    if let (Some((path, _)), Some(held)) = (&manifest, held.as_ref().filter(|held| !held.holds())) {
        return vouching::refuse("keys rewrap", path, held, json, ui);
    }
    let threshold = manifest.as_ref().and_then(|(_, manifest)| manifest.threshold.clone());
    let identities = unlock::escrow(&args.open, &args.escrow, threshold, ui.voice())?;
    let passphrase = seal::passphrase(args.new_passphrase, args.new_passphrase_file.as_ref(), ui)?;
    let options = RewrapOptions {
        escrow: &args.escrow,
        manifest: manifest.as_ref().map(|(path, _)| path.as_path()),
        expect_manifest: held.as_ref().map(|held| &held.sum),
        identities: &identities,
        seal_to: seal::seal_to(&args.to, passphrase)?,
        armor: args.to.armor,
        out_dir: &args.out,
        force: args.force,
    };
    let mut progress = phases::shown(ui);
    let outcome = key_escrow::rewrap(options, &mut progress).map_err(|error| failure::of(&error))?;
    drop(progress);
    let info = outcome.manifest.escrow.as_ref();
    let written = files::sealed(&outcome.escrow, info, &outcome.shares, &outcome.manifest_path)?;
    let findings = held.map_or_else(Vec::new, |held| held.findings);
    if json {
        let written = escrow::written(&args.escrow, Drill::KIND, written, &outcome.manifest);
        let manifest_agrees = Some(manifest.is_some());
        let written = written.map(|written| Artifact::Written(Box::new(Written { manifest_agrees, ..written })));
        write("keys rewrap", written, &findings, Verdict::Pass, ui)?;
    } else {
        print(&args, &outcome, &written, ui)?;
        vouching::notes(&findings, ui)?;
    }
    Ok(ui.ending())
}

fn print(args: &KeysRewrapArgs, outcome: &RewrapOutcome, written: &[WrittenFile], ui: &mut Ui) -> Result<(), Error> {
    let look = ui.look();
    let title = ui.paint(style::HEAD, files::shown(&outcome.escrow)).to_string();
    let paths: Vec<String> = written.iter().map(|file| escape(file.path.as_bytes()).into_owned()).collect();
    let fields = Fields::new()
        .field("opens with", opens_words(&outcome.manifest))
        .field("content", "proven: the same as that of the old escrow, read back")
        .field("written", paths.join("\n"))
        .maybe("manifest", manifest_words(written));
    let out = ui.out();
    writeln!(out, "{title}")?;
    fields.write(out, look)?;
    if let Some(words) = sign_words(written) {
        writeln!(out, "\n  {words}")?;
    }
    writeln!(
        out,
        "\n  `{}` still opens for its old recipients: remove every copy of it if they are to lose access,\n  \
         and rotate the encryption keys if one of them is not to be trusted any more.",
        files::shown(&args.escrow)
    )?;
    Ok(())
}
