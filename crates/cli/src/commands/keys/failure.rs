//! Why keys could not be worked on, with a next step.

use std::io;
use std::path::Path;

use key_escrow::Error as EscrowError;

use crate::exit::Error;
use wording::inert;

/// The program's error for one of the library's, with the option or command that helps.
pub(in crate::commands) fn of(error: &EscrowError) -> Error {
    // Names in it come from files and arguments, and must have no power over the terminal.
    Error::Keys { what: inert(&error.to_string()).into_owned(), hint: hint(error) }
}

/// A failure of this program's own part, in the same form.
pub(super) fn told(what: impl Into<String>, hint: Option<&str>) -> Error {
    Error::Keys { what: what.into(), hint: hint.map(str::to_owned) }
}

/// A file that could not be read or looked at.
pub(super) fn reading(path: &Path, source: &io::Error) -> Error {
    told(format!("cannot read `{}`: {source}", wording::escape_path(path)), None)
}

fn hint(error: &EscrowError) -> Option<String> {
    let fixed = match error {
        EscrowError::Io { source, .. } => return io_hint(source.kind()).map(str::to_owned),
        EscrowError::Exists { .. } => "give another place, or add `--force` to replace it",
        EscrowError::OutputIsInput { .. } => "give another `--out`",
        EscrowError::Busy { .. } => "wait for that run to end; the lock goes with it, however it ends",
        EscrowError::LooseDirectory { .. } => "give a directory that does not exist yet, or take the rights away",
        EscrowError::NoMatchingIdentity { .. } => {
            "the manifest beside it names the recipients; for a threshold escrow give shares with `--share`"
        }
        EscrowError::TooFewShares { .. } => "give more shares with `--share`, and with `-i` the keys that open them",
        EscrowError::InputChanged { .. } => "run it again when the file is complete and at rest",
        EscrowError::Gzip { .. } | EscrowError::Tar { .. } | EscrowError::UnsafeMember { .. } => {
            "`assay keys ls` names every fault of the archive"
        }
        EscrowError::Recipient { .. } => "a recipient is age1..., ssh-ed25519 ..., ssh-rsa ... or a plugin's",
        EscrowError::WrongKeyless { .. } => "the manifest names the keyless tarball that belongs to this escrow",
        EscrowError::Payload { .. } => "`age -d` shows what is in it",
        _ => return None,
    };
    Some(fixed.to_owned())
}

fn io_hint(kind: io::ErrorKind) -> Option<&'static str> {
    Some(match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space or give another `--out`; nothing was lost and nothing half-written is left"
        }
        io::ErrorKind::ReadOnlyFilesystem => "give an `--out` on a file system that can be written to",
        io::ErrorKind::PermissionDenied => "run assay as the user that owns it, or give another `--out`",
        _ => return None,
    })
}
