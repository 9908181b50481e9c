//! Why a question cannot be answered.

use std::path::PathBuf;

use artifact::InputError;
use backup_facts::configuration::Why;
use backup_facts::opening;
use bbolt_page::OpenError;
use encryption_config::ParseError;
use wording::{escape, escape_path, inert};

use crate::vouch::VouchError;

/// Why a question cannot be answered. What is wrong with a backup is no error: it is a finding.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A file that can be read, and holds no database that can be judged.
    #[error("{display}: {error}")]
    NoDatabase {
        /// The file's name for messages.
        display: String,
        /// Why not.
        error: OpenError,
        /// Whether pages may be left in it that can be salvaged.
        pages: bool,
    },
    /// A directory of tarballs alone, where values were to be opened.
    #[error("no snapshot in `{}`: there are no values to open", escape_path(path))]
    NoSnapshot {
        /// The directory.
        path: PathBuf,
    },
    /// Keys that were given for several backups: they belong to one.
    #[error("`{}` holds {backups} backups, and keys belong to one: name its snapshot", escape_path(path))]
    KeysOfOne {
        /// The directory.
        path: PathBuf,
        /// How many backups there are in it.
        backups: usize,
    },
    /// Several backups, where one is asked for.
    #[error("there are several backups, `{}` and `{}` among them: name one", inert(&names[0]), inert(&names[1]))]
    NotOne {
        /// Two of them.
        names: [String; 2],
    },
    /// The manifest of an escrow was given, and no tarball that it could vouch for.
    #[error("the manifest of an escrow vouches for a tarball, and none is given")]
    NoTarball,
    /// A stream, where places are asked for.
    #[error("standard input is no place that a backup could be found at again: name files or directories")]
    NoPlace,
    /// What is to vouch for the manifest of an escrow cannot be used.
    #[error(transparent)]
    Vouch(#[from] VouchError),
    /// A file that should be a tarball, and is none.
    #[error("{reason}")]
    NoArchive {
        /// Which, and what it is instead.
        reason: String,
    },
    /// A member that holds keys and cannot be taken out, since its path is no text.
    #[error("`{member}` holds a secret and its path is not UTF-8: it cannot be taken out safely")]
    Unnameable {
        /// The member's path, escaped.
        member: String,
    },
    /// Keys that were given, and cannot be had.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// What was said of a backup cannot be read, or says nothing.
    #[error("{display}: {reason}")]
    Said {
        /// The text's name for messages.
        display: String,
        /// Why not.
        reason: String,
    },
    /// A rehearsal that could not be tried.
    #[error(transparent)]
    Rehearsal(Box<dyn std::error::Error + Send + Sync>),
    /// A host that was named, and that the backup does not know.
    #[error("the control plane has no node `{}`: the backup names {}", escape(name.as_bytes()), escape(known.join(", ").as_bytes()))]
    UnknownHost {
        /// What it was called.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A file about the target that cannot be understood.
    #[error("{display}: {reason}")]
    Target {
        /// The file's name for messages.
        display: String,
        /// Why not.
        reason: String,
    },
}

/// Why keys cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// A snapshot was given for keys.
    #[error(
        "{display} is a snapshot, and none of its Secrets holds keys of a hosted cluster: keys come with the tarball of the same backup"
    )]
    Snapshot {
        /// The file's name for messages.
        display: String,
    },
    /// The file holds none.
    #[error("no keys in {display}: {}", inert(&error.to_string()))]
    NoKeys {
        /// The file's name for messages.
        display: String,
        /// What is wrong with it.
        error: opening::KeysError,
    },
    /// None of the files of a directory holds any.
    #[error("no keys in `{}`: none of its files holds a configuration or a key", escape_path(path))]
    NoneIn {
        /// The directory.
        path: PathBuf,
    },
    /// The file of a token holds none.
    #[error("no server token in {display}: it must be one line, `K10<hash>::server:<password>` or the password")]
    NoToken {
        /// The file's name for messages.
        display: String,
    },
    /// The tarball is one from which they were taken.
    #[error("{display} holds no keys: they were split off")]
    HeldApart {
        /// The tarball's name for messages.
        display: String,
    },
    /// The tarball does not tell which are in force.
    #[error("{}", unknown(display, why))]
    Unknown {
        /// The tarball's name for messages.
        display: String,
        /// Why not.
        why: Why,
    },
    /// An escrow was named, and nothing to open it with.
    #[error("nothing to open `{}` with", escape_path(path))]
    NoUnlock {
        /// The escrow.
        path: PathBuf,
    },
    /// The escrow holds none.
    #[error("`{}` holds no encryption configuration", escape_path(path))]
    Empty {
        /// The escrow.
        path: PathBuf,
    },
    /// The configuration in an escrow cannot be read.
    #[error("`{}`, `{}`: {error}", escape_path(path), escape(member.as_bytes()))]
    Config {
        /// The escrow.
        path: PathBuf,
        /// The member that it is.
        member: String,
        /// What is wrong with it.
        error: ParseError,
    },
    /// The manifest beside an escrow cannot be read.
    #[error("`{}`: {}", escape_path(path), inert(&error.to_string()))]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        error: key_escrow::Error,
    },
    /// The escrow, or the files of a split, cannot be read or opened.
    #[error("{}", inert(&.0.to_string()))]
    Escrow(#[from] key_escrow::Error),
    /// What opens the escrow cannot be had.
    #[error("{0}")]
    Unlock(Box<dyn std::error::Error + Send + Sync>),
}

fn unknown(display: &str, why: &Why) -> String {
    match why {
        Why::BreaksOff => format!("{display} breaks off before any keys"),
        why => format!("{display}: {why}"),
    }
}
