//! What opens an escrow, as the command line says it.

use std::path::{Path, PathBuf};

use key_escrow::{Identities, Manifest, SecretString, ShareSet, ThresholdInfo, read_age_header};

use super::secret_input::{self, Terminal};
use super::{failure, files};
use crate::args::IdentityArgs;
use crate::exit::Error;
use crate::ui::Ui;
use wording::{escape_path, inert};

/// The identities of `-i`, and the passphrase for those that need one.
pub(super) fn identities(args: &IdentityArgs) -> Result<(Identities, Option<SecretString>), Error> {
    let passphrase = args.passphrase_file.as_deref().map(secret_input::passphrase_file).transpose()?;
    let mut identities = Identities::new();
    for file in &args.identities {
        let bytes = secret_input::read_file(file)?;
        let callbacks = Terminal::with(passphrase.clone());
        let name = escape_path(Path::new(file));
        identities.add_file(&name, &bytes, callbacks).map_err(|error| failure::of(&error))?;
    }
    Ok((identities, passphrase))
}

/// Everything that opens the escrow: identities, shares put together, or its passphrase.
pub(super) fn escrow(
    args: &IdentityArgs,
    escrow: &Path,
    threshold: Option<ThresholdInfo>,
    ui: &mut Ui,
) -> Result<Identities, Error> {
    let header = read_age_header(escrow).map_err(|error| failure::of(&error))?;
    if args.identities.is_empty() && args.share_files.is_empty() && !header.is_passphrase() {
        return Err(Error::Usage(format!(
            "nothing to open `{}` with: give an identity with `-i`, or shares with `--share`",
            escape_path(escrow)
        )));
    }
    let (mut identities, passphrase) = identities(args)?;
    if !args.share_files.is_empty() {
        let mut set = ShareSet::new(threshold);
        for share in &args.share_files {
            if let Err(error) = set.add_file(share, &identities) {
                ui.warn(&format!("`{}` was not used: {}", escape_path(share), inert(&error.to_string())));
            }
        }
        return set.combine().map_err(|error| failure::of(&error));
    }
    if header.is_passphrase() {
        identities.add_passphrase(match passphrase {
            Some(known) => known,
            None => secret_input::known_passphrase(escrow)?,
        });
    }
    Ok(identities)
}

/// The manifest that was named, or else the one beside the escrow, if there is one.
pub(super) fn manifest(given: Option<&PathBuf>, escrow: &Path) -> Result<Option<(PathBuf, Manifest)>, Error> {
    let Some(path) = given.cloned().or_else(|| files::beside(escrow, "manifest.json")) else {
        return Ok(None);
    };
    match Manifest::read(&path) {
        Ok(manifest) => Ok(Some((path, manifest))),
        Err(error) => Err(failure::told(
            format!("`{}`: {}", escape_path(&path), inert(&error.to_string())),
            given.is_none().then_some("it lies beside the escrow; move it away, or name another with `--manifest`"),
        )),
    }
}
