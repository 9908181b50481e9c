//! Why the libraries could not do their work, in the words of the program and with a next step.

use std::io;
use std::path::Path;

use artifact::Contents;
use backup_facts::configuration::Why;
use bbolt_page::OpenError;
use key_escrow::Error as EscrowError;

use crate::exit::Error;
use wording::inert;

/// The program's error for one of the library's, with the option or command that helps.
pub(crate) fn of(error: &EscrowError) -> Error {
    // Names in it come from files and arguments, and must have no power over the terminal.
    Error::Keys { what: inert(&error.to_string()).into_owned(), hint: hint(error) }
}

/// Why nothing can be written to a place.
pub(crate) fn of_place(path: &Path, error: &EscrowError) -> Error {
    let reason = match error {
        EscrowError::Io { source, .. } => source.to_string(),
        other => inert(&other.to_string()).into_owned(),
    };
    Error::Output { path: wording::escape_path(path), reason, hint: hint(error) }
}

/// A failure of this program's own part, in the same form.
pub(crate) fn told(what: impl Into<String>, hint: Option<&str>) -> Error {
    Error::Keys { what: what.into(), hint: hint.map(str::to_owned) }
}

/// A readable input of which the question asked cannot be answered.
pub(crate) fn unanswerable(source: &Contents, reason: &dyn std::fmt::Display, hint: Option<String>) -> Error {
    Error::Unanswerable { display: source.display().to_owned(), reason: reason.to_string(), hint }
}

/// A file that could not be read or looked at.
pub(crate) fn reading(path: &Path, source: &io::Error) -> Error {
    told(format!("cannot read `{}`: {source}", wording::escape_path(path)), None)
}

fn hint(error: &EscrowError) -> Option<String> {
    let fixed = match error {
        EscrowError::Io { source, .. } => return io_hint(source.kind()).map(str::to_owned),
        EscrowError::Exists { .. } => "give another place, or add `--force` to replace it",
        EscrowError::OutputIsInput { .. } => "give another `--out`",
        EscrowError::Busy { .. } => "wait for that run to end; the lock goes with it, however it ends",
        EscrowError::LooseDirectory { .. } => "give a directory that does not exist yet, or take the rights away",
        EscrowError::LooseParent { .. } => {
            "take that right away (`chmod go-w`), or give a place below a directory of your own"
        }
        EscrowError::ForeignDirectory { .. } => "give a place of your own",
        EscrowError::OutputLink { .. } => "give the place that it points at, or remove it",
        EscrowError::ForeignLock { .. } => "what it says is acted on: have it removed, or give another place",
        EscrowError::SecretStays { .. } | EscrowError::SecretInManifest { .. } => {
            "no such tarball comes from cluster-backup.sh: seal the whole of it (`age`), and find out who put the key there"
        }
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

impl From<assay::Error> for Error {
    fn from(error: assay::Error) -> Self {
        let what = error.to_string();
        match error {
            assay::Error::Input(error) => Self::Input(error),
            assay::Error::NoDatabase { display, error, pages } => unreadable(&display, &error, pages),
            assay::Error::NoSnapshot { .. } => told(what, None),
            assay::Error::KeysOfOne { .. } => Self::Usage(what),
            assay::Error::NoTarball => Self::Usage(
                "`--escrow-manifest` vouches for a tarball, and none is given: name it too, or the directory of both"
                    .to_owned(),
            ),
            assay::Error::Target { display, reason } => Self::Unanswerable {
                display,
                reason,
                hint: Some(
                    "write it with `oc get clusterversion version -o json` on the cluster to restore onto".to_owned(),
                ),
            },
            assay::Error::Said { display, reason } => Self::Unanswerable {
                display,
                reason,
                hint: Some(
                    "it may be the output of cluster-backup.sh, of `etcdctl` or `etcdutl snapshot status` in any form, of \
                     `sha256sum`, or a job's log with these in it"
                        .to_owned(),
                ),
            },
            assay::Error::NoArchive { .. } => {
                told(what, Some("give the `static_kuberesources_<timestamp>.tar.gz` of a backup"))
            }
            assay::Error::Unnameable { .. } => {
                told(what, Some("inspect the tarball before going on; `cluster-backup.sh` writes no such path"))
            }
            assay::Error::UnknownHost { .. } => told(what, Some("name one of them, as its Node is called")),
            assay::Error::Keys(error) => of_keys(what, error),
            assay::Error::Rehearsal(error) => error.downcast::<Self>().map_or_else(|_| told(what, None), |error| *error),
            _ => told(what, None),
        }
    }
}

/// Keys that cannot be had, with the option or command that helps.
fn of_keys(what: String, error: assay::KeysError) -> Error {
    use assay::KeysError;
    let hint = match error {
        KeysError::Snapshot { .. } => Some("name the tarball, or an EncryptionConfiguration"),
        KeysError::NoKeys { .. } => Some("name the tarball of the backup, or an EncryptionConfiguration"),
        KeysError::HeldApart { .. } => Some("give their escrow: `--escrow FILE` with `-i IDENTITY`"),
        KeysError::Unknown { why: Why::Unreadable(_), .. } => None,
        KeysError::Unknown { .. } => Some("`assay verify` tells what is wrong with it"),
        KeysError::Empty { .. } => Some("`assay keys verify-escrow` tells what it holds"),
        KeysError::Manifest { .. } => {
            Some("it lies beside the escrow; move it away, or name another with `--manifest`")
        }
        KeysError::Escrow(error) => return of(&error),
        KeysError::Unlock(error) => {
            return error.downcast::<Error>().map_or_else(|_| Error::Keys { what, hint: None }, |error| *error);
        }
        _ => None,
    };
    Error::Keys { what, hint: hint.map(str::to_owned) }
}

/// Why a database cannot be opened, and what to do; `pages` tells that some may be left to salvage.
fn unreadable(display: &str, error: &OpenError, pages: bool) -> Error {
    let hint = match error {
        OpenError::NoMeta { .. } if pages => "`assay ls --salvage` lists what its pages still hold",
        OpenError::NoMeta { .. } => "no page in it says what it is: this is no etcd database any more",
        OpenError::TooShort { .. } => "the copy was interrupted; fetch the file again",
        OpenError::BigEndian => "read it with etcd's own tools on a host of that byte order",
        OpenError::Version { .. } => "a newer etcd wrote it, or no etcd at all; look for a newer assay",
    };
    Error::Unanswerable { display: display.to_owned(), reason: error.to_string(), hint: Some(hint.to_owned()) }
}
