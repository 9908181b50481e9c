//! `assay keys join`: the original tarball again, byte for byte.

use std::path::Path;

use assay::documents::escrow;
use document::{Artifact, Tarball, Written};
use key_escrow::{JoinOptions, JoinOutcome};

use super::super::{unlock, vouching};
use super::{files, phases, write};
use crate::args::{KeysJoinArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::failure;
use crate::output::human::Fields;
use crate::ui::{Ui, style};
use wording::{Size, escape, inert, shell_word};

pub(super) fn run(args: &KeysJoinArgs, ui: &mut Ui) -> Result<Ending, Error> {
    if args.out.is_dir() {
        return Err(Error::Usage(format!("`{}` is a directory: name the file to write", files::shown(&args.out))));
    }
    let manifest = unlock::manifest(args.manifest.as_ref(), &args.escrow)?;
    unlock::expected(manifest.as_ref(), args.vouch.expect.as_ref(), &args.escrow)?;
    let json = args.output.format() == ReportFormat::Json;
    let held = vouching::hold(&vouching::of(&args.vouch)?, manifest.as_ref(), &args.escrow, ui)?;
    if let (Some((path, _)), Some(held)) = (&manifest, held.as_ref().filter(|held| !held.holds())) {
        return vouching::refuse("keys join", path, held, json, ui);
    }
    let threshold = manifest.as_ref().and_then(|(_, manifest)| manifest.threshold.clone());
    let identities = unlock::escrow(&args.open, &args.escrow, threshold, ui.voice())?;
    let options = JoinOptions {
        keyless: &args.keyless,
        escrow: &args.escrow,
        manifest: manifest.as_ref().map(|(path, _)| path.as_path()),
        expect_manifest: held.as_ref().map(|held| &held.sum),
        identities: &identities,
        out: &args.out,
        force: args.force,
    };
    let mut progress = phases::shown(ui);
    let outcome = key_escrow::join(&options, &mut progress).map_err(|error| failure::of(&error))?;
    drop(progress);
    if !outcome.manifest_agrees {
        ui.warn("no manifest lies beside the escrow: that this is the original, the escrow alone says");
    }
    if let Some(mode) = outcome.shared {
        warn_of_place(&args.out, mode, ui);
    }
    match &outcome.plain_tar {
        None => warn_of_name(&args.out, &outcome, ui),
        Some(why) => {
            ui.warn(&format!("the gzip layer does not come back ({}): the tar inside is written", inert(why)));
            ui.settle(Ending::Findings);
        }
    }
    let findings = held.map_or_else(Vec::new, |held| held.findings);
    if json {
        let role = if outcome.plain_tar.is_some() { "tar" } else { "original" };
        let files = vec![escrow::file(role, &outcome.out, &outcome.digest)];
        let written = escrow::written(&args.keyless, Tarball::KIND, files, &outcome.manifest);
        let manifest_agrees = Some(outcome.manifest_agrees);
        let written = written.map(|written| Artifact::Written(Box::new(Written { manifest_agrees, ..written })));
        write("keys join", written, &findings, ui.ending().verdict(), ui)?;
    } else {
        print(&outcome, ui)?;
        vouching::notes(&findings, ui)?;
    }
    Ok(ui.ending())
}

/// Others cannot read what is written there, but they can do what its directory lets them do.
fn warn_of_place(out: &Path, mode: u32, ui: &mut Ui) {
    let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let can = if mode & 0o1000 == 0 {
        "put another file in the place of this one"
    } else {
        "put a file beside this one that looks like it"
    };
    ui.warn(&format!(
        "others can write to `{}` (mode {mode:04o}): they cannot read the tarball, but can {can}; restore from a \
         directory of mode 0700, or hold the sum below against the file first",
        files::shown(folder)
    ));
}

/// `cluster-restore.sh` goes by names.
fn warn_of_name(out: &Path, outcome: &JoinOutcome, ui: &mut Ui) {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    if !(name.starts_with("static_kuberesources") && name.ends_with(".tar.gz")) {
        ui.warn(&format!(
            "cluster-restore.sh does not find a tarball of this name; the original was called `{}`",
            escape(outcome.original_name.as_bytes())
        ));
    }
}

fn print(outcome: &JoinOutcome, ui: &mut Ui) -> Result<(), Error> {
    let look = ui.look();
    let title = ui.paint(style::HEAD, files::shown(&outcome.out)).to_string();
    let good = ui.paint(style::GOOD, "proven").to_string();
    let created = escape(outcome.manifest.created.as_bytes());
    let (name, what) = match outcome.plain_tar {
        None => ("original", format!("{good}: byte for byte what was split on {created}")),
        Some(_) => ("tar", format!("{good}: byte for byte what is inside the tarball that was split on {created}")),
    };
    let fields = Fields::new()
        .field(name, what)
        .field("sha256", &outcome.digest.sha256)
        .field("size", Size(outcome.digest.size).exact());
    writeln!(ui.out(), "{title}")?;
    fields.write(ui.out(), look)?;
    if outcome.plain_tar.is_some() {
        let name = escape(outcome.original_name.as_bytes()).into_owned();
        writeln!(
            ui.out(),
            "\n  To restore from it, compress it under the original's name:\n    gzip -n < {} > {}",
            shell_word(&files::shown(&outcome.out)),
            shell_word(&name)
        )?;
    }
    writeln!(ui.out(), "\n  It holds the keys again: remove it when it has done its work.")?;
    Ok(())
}
