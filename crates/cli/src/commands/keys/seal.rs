//! Whom to seal to, as the command line says it.

use std::ffi::OsString;
use std::path::Path;

use key_escrow::{Recipients, SealTo, SecretString};

use super::super::unlock::secret_input::{self, Terminal};
use crate::args::RecipientArgs;
use crate::exit::Error;
use crate::failure;
use crate::ui::Ui;
use wording::{count, escape_path};

/// A new passphrase to seal to, if one is asked for.
pub(super) fn passphrase(asked: bool, file: Option<&OsString>, ui: &mut Ui) -> Result<Option<SecretString>, Error> {
    let passphrase = match file {
        Some(file) => secret_input::passphrase_file(file)?,
        None if asked => secret_input::new_passphrase()?,
        None => return Ok(None),
    };
    secret_input::warn_if_short(&passphrase, ui);
    Ok(Some(passphrase))
}

/// Makes sure, before any secret is asked for, that there is somebody to seal to.
pub(super) fn check(args: &RecipientArgs, passphrase: bool) -> Result<(), Error> {
    let none = args.recipients.is_empty() && args.recipients_files.is_empty();
    match (none, passphrase) {
        (true, false) => Err(Error::Usage(
            "nobody to seal to: give a recipient with `-r`, a file of them with `-R`, or a passphrase".to_owned(),
        )),
        (true, true) if args.shares.is_some() => {
            Err(Error::Usage("shares are sealed to custodians' recipients, not to a passphrase".to_owned()))
        }
        _ => Ok(()),
    }
}

/// The recipients, or the passphrase in their place.
pub(super) fn seal_to(args: &RecipientArgs, passphrase: Option<SecretString>) -> Result<SealTo, Error> {
    if let Some(passphrase) = passphrase {
        let recipients = Recipients::passphrase(passphrase, None).map_err(|error| failure::of(&error))?;
        return Ok(SealTo::Recipients(recipients));
    }
    let mut recipients = Recipients::new();
    for recipient in &args.recipients {
        recipients.add(recipient, Terminal::default()).map_err(|error| failure::of(&error))?;
    }
    for file in &args.recipients_files {
        let shown = escape_path(Path::new(file));
        let bytes = secret_input::read_file(file)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| failure::told(format!("the recipients file `{shown}` is not text"), None))?;
        let before = recipients.len();
        recipients.add_file(text, Terminal::default()).map_err(|error| failure::of(&error))?;
        if recipients.len() == before {
            return Err(failure::told(format!("there is no recipient in `{shown}`"), None));
        }
    }
    let (Some(shares), Some(threshold)) = (args.shares, args.threshold) else {
        return Ok(SealTo::Recipients(recipients));
    };
    if recipients.len() != usize::from(shares) {
        return Err(Error::Usage(format!(
            "{} for {}: each share is sealed to one custodian, so give one recipient for each",
            count(recipients.len() as u64, "recipient"),
            count(shares, "share"),
        )));
    }
    Ok(SealTo::Threshold { threshold, custodians: recipients })
}
