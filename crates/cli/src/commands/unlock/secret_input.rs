//! Passphrases and identities: from the terminal, a descriptor or a file, never from the command line
//! or the environment.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use artifact::open_regular;
use key_escrow::{Callbacks, ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::exit::Error;
use crate::failure;
use crate::ui::Ui;
use wording::{escape_path, inert};

/// No identity, recipients or passphrase file is larger.
const LARGEST: usize = 1 << 20;
/// A passphrase shorter than this is worth a warning: an escrow can be guessed at, offline, for ever.
const SHORT: usize = 16;

/// What a secret file holds. Wiped on drop.
#[expect(clippy::disallowed_methods, reason = "no artifact: a secret, from a pipe or descriptor too, and wiped")]
pub(in crate::commands) fn read_file(name: &OsStr) -> Result<Zeroizing<Vec<u8>>, Error> {
    let path = Path::new(name);
    let failed = |error: io::Error| failure::reading(path, &error);
    // One allocation that never grows: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST + 1));
    if name == "-" {
        io::stdin().lock().take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let regular = std::fs::metadata(path).is_ok_and(|file| file.is_file());
        let file = if regular { open_regular(path) } else { std::fs::File::open(path) }.map_err(failed)?;
        file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    if bytes.len() > LARGEST {
        return Err(failure::told(format!("`{}` is too large for a file of this kind", escape_path(path)), None));
    }
    Ok(bytes)
}

/// The first line of a passphrase file.
pub(in crate::commands) fn passphrase_file(name: &OsStr) -> Result<SecretString, Error> {
    let bytes = read_file(name)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let shown = || escape_path(Path::new(name));
    match std::str::from_utf8(line) {
        Ok("") => Err(failure::told(format!("the first line of `{}` is empty: no passphrase", shown()), None)),
        Ok(text) => Ok(SecretString::from(text.to_owned())),
        Err(_) => Err(failure::told(format!("the passphrase in `{}` is not UTF-8 text", shown()), None)),
    }
}

/// A new passphrase, typed twice.
pub(in crate::commands) fn new_passphrase() -> Result<SecretString, Error> {
    let first = ask("New passphrase for the escrow: ")?;
    let again = ask("The same again: ")?;
    if first.is_empty() {
        return Err(failure::told("an empty passphrase protects nothing", None));
    }
    if *first != *again {
        return Err(failure::told("the two passphrases differ; nothing was written", None));
    }
    Ok(secret(first))
}

/// The passphrase of an escrow.
pub(in crate::commands) fn known_passphrase(escrow: &Path) -> Result<SecretString, Error> {
    ask(&format!("Passphrase of {}: ", escape_path(escrow))).map(secret)
}

/// Says so if a passphrase is short.
pub(in crate::commands) fn warn_if_short(passphrase: &SecretString, ui: &mut Ui) {
    if passphrase.expose_secret().chars().count() < SHORT {
        ui.warn(&format!(
            "the passphrase has fewer than {SHORT} characters: whoever has the escrow can guess at it offline, for ever"
        ));
    }
}

fn secret(mut text: Zeroizing<String>) -> SecretString {
    SecretString::from(std::mem::take(&mut *text))
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Error> {
    // the one place where a question goes to the terminal
    rpassword::prompt_password(inert(prompt)).map(Zeroizing::new).map_err(|error| {
        failure::told(
            format!("cannot ask for the passphrase on the terminal: {error}"),
            Some("without a terminal, give it by `--passphrase-file FILE`; /dev/fd/N names a descriptor"),
        )
    })
}

/// Answers what age and its plugins ask, on the terminal of the process; passphrases of identity files
/// from a file if one was given.
#[derive(Clone, Default)]
pub(in crate::commands) struct Terminal {
    passphrase: Option<SecretString>,
    /// What was typed, by the question: a file that is used again is not asked for again.
    typed: Arc<Mutex<HashMap<String, SecretString>>>,
}

impl Terminal {
    /// With a passphrase that answers every question for one.
    pub(in crate::commands) fn with(passphrase: Option<SecretString>) -> Self {
        Self { passphrase, typed: Arc::default() }
    }
}

/// Shows a line on the terminal and, if wanted, takes one from it.
fn converse(text: &str, answer: bool) -> Option<String> {
    let mut tty = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    let end = if answer { " " } else { "\n" };
    write!(tty, "{}{end}", inert(text)).ok()?;
    let mut line = String::new();
    if answer {
        BufReader::new(tty.take(4096)).read_line(&mut line).ok()?;
    }
    Some(line.trim().to_owned())
}

impl Callbacks for Terminal {
    fn display_message(&self, message: &str) {
        let _ = converse(message, false);
    }

    fn confirm(&self, message: &str, yes_string: &str, no_string: Option<&str>) -> Option<bool> {
        let no = no_string.unwrap_or("no");
        let answer = converse(&format!("{message} [y: {yes_string}, n: {no}]"), true)?;
        Some(answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
    }

    fn request_public_string(&self, description: &str) -> Option<String> {
        converse(description, true)
    }

    fn request_passphrase(&self, description: &str) -> Option<SecretString> {
        if let Some(known) = &self.passphrase {
            return Some(known.clone());
        }
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = typed.get(description) {
            return Some(known.clone());
        }
        let answer = ask(&format!("{description}: ")).ok().map(secret)?;
        typed.insert(description.to_owned(), answer.clone());
        Some(answer)
    }
}
