//! What opens an escrow, as the command line says it.

pub(in crate::commands) mod secret_input;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay::Unlock;
use key_escrow::{Identities, Manifest, SecretString, Sha256Sum, ShareSet, ThresholdInfo, read_age_header};

use self::secret_input::Terminal;
use crate::args::IdentityArgs;
use crate::exit::Error;
use crate::failure;
use crate::ui::{Voice, Watcher};
use wording::{escape_path, inert};

/// The identities of `-i`, and the passphrase for those that need one.
pub(in crate::commands) fn identities(args: &IdentityArgs) -> Result<(Identities, Option<SecretString>), Error> {
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
pub(in crate::commands) fn escrow(
    args: &IdentityArgs,
    escrow: &Path,
    threshold: Option<ThresholdInfo>,
    voice: &Voice,
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
                voice.warn(&format!("`{}` was not used: {}", escape_path(share), inert(&error.to_string())));
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
pub(in crate::commands) fn manifest(
    given: Option<&PathBuf>,
    escrow: &Path,
) -> Result<Option<(PathBuf, Manifest)>, Error> {
    let Some(path) = given else { return Ok(assay::keys::manifest_beside(escrow).map_err(assay::Error::from)?) };
    match Manifest::read(path) {
        Ok(manifest) => Ok(Some((path.clone(), manifest))),
        Err(error) => Err(failure::told(format!("`{}`: {}", escape_path(path), inert(&error.to_string())), None)),
    }
}

/// Makes sure, before anything is asked for or opened, that the manifest is the one whose digest was kept.
pub(in crate::commands) fn expected(
    manifest: Option<&(PathBuf, Manifest)>,
    sum: Option<&Sha256Sum>,
    escrow: &Path,
) -> Result<(), Error> {
    match (manifest, sum) {
        (_, None) => Ok(()),
        (Some((path, _)), Some(_)) => match Manifest::read_expected(path, sum) {
            Ok(_) => Ok(()),
            Err(error) => Err(failure::of(&error)),
        },
        (None, Some(_)) => Err(Error::Usage(format!(
            "no manifest lies beside `{}`, and its SHA-256 was to be checked: name it with `--manifest`",
            escape_path(escrow)
        ))),
    }
}

/// Opens escrows with what the command line gives, and asks on the terminal for what it does not.
pub(in crate::commands) struct Opener {
    args: IdentityArgs,
    voice: Arc<Voice>,
}

impl Opener {
    /// What the arguments give; `None` where they give nothing.
    pub(in crate::commands) fn of(args: &IdentityArgs, watcher: &Watcher) -> Self {
        Self { args: args.clone(), voice: Arc::clone(watcher.voice()) }
    }
}

impl Unlock for Opener {
    fn identities(
        &self,
        path: &Path,
        threshold: Option<ThresholdInfo>,
    ) -> Result<Identities, Box<dyn std::error::Error + Send + Sync>> {
        Ok(escrow(&self.args, path, threshold, &self.voice)?)
    }
}
