//! Progress and remarks, for those who want to hear of them.

use std::path::{Path, PathBuf};

use wording::{count, escape, escape_path};

/// Hears of progress. Every method has an empty body; [`Silent`] hears of nothing.
pub trait Watch: Sync {
    /// Something long begins; `total` are its bytes, where they are known.
    fn phase(&self, phase: Phase, total: Option<u64>) {
        let _ = (phase, total);
    }

    /// So many bytes of it are done, since the last call.
    fn advance(&self, bytes: u64) {
        let _ = bytes;
    }

    /// What was begun has ended.
    fn done(&self) {}

    /// Something that ought to be known, and is no finding.
    fn note(&self, note: &Note) {
        let _ = note;
    }

    /// Whether no further backup is to be begun. What was begun is finished.
    fn stop(&self) -> bool {
        false
    }

    /// Called before the first byte is read of a file that may hold keys: a program forbids core dumps here.
    fn before_keys(&self) {}
}

/// What takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// A file is read.
    Reading,
    /// A snapshot is hashed and walked.
    Checking,
    /// Encrypted values are opened.
    Opening,
}

impl Phase {
    /// What is done, in a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Checking => "checking",
            Self::Opening => "opening",
        }
    }
}

/// Something that ought to be known, and is no finding: about the place, the keys at hand, or what could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A save that was never finished lies beside the backups.
    Unfinished {
        /// Its name.
        name: String,
        /// Where.
        folder: PathBuf,
    },
    /// A directory of backups lies in one that is itself of backups, and was not looked at.
    NotLookedAt(PathBuf),
    /// Delta snapshots go on from a full one without a break.
    Chain {
        /// The full snapshot.
        full: PathBuf,
        /// How many deltas.
        deltas: usize,
        /// The newest revision that a restore comes to.
        newest: u64,
    },
    /// Snapshots of several members of one cluster hold the same.
    Agree(checks::pair::Members),
    /// The write-ahead log of a data directory cannot be read: why.
    NoLog(String),
    /// An archive lies in a directory of backups, and was not looked into.
    NotLookedInto(PathBuf),
    /// Members of an archive that are passed over.
    Ignored {
        /// The first of them, as stored.
        name: Vec<u8>,
        /// Why.
        why: artifact::Ignored,
        /// How many others.
        others: usize,
        /// The archive.
        folder: PathBuf,
    },
    /// Standard input was named with files, and makes up no backup with them.
    StdinAlone,
    /// Not every key was given a fingerprint.
    FewFingerprints {
        /// The tarball's name for messages.
        display: String,
        /// How many, in words.
        words: String,
    },
    /// Pages or records of a snapshot are lost: what is told is not all of it.
    Damaged {
        /// The snapshot's name for messages.
        display: String,
        /// Structural faults.
        faults: u64,
        /// Records that cannot be read.
        records: u64,
    },
    /// The keys of a tarball are kept elsewhere.
    HeldApart {
        /// The tarball's name for messages.
        display: String,
    },
    /// A tarball does not tell which keys are in force.
    KeysUnknown {
        /// The tarball's name for messages.
        display: String,
        /// Why not.
        why: backup_facts::configuration::Why,
    },
    /// A tarball holds keys that its kube-apiserver is not told to use.
    NotNamed {
        /// The tarball's name for messages.
        display: String,
    },
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use backup_facts::configuration::Why;
        let shown = |path: &Path| escape_path(path);
        match self {
            Self::Unfinished { name, folder } => {
                let (name, folder) = (escape(name.as_bytes()), shown(folder));
                write!(f, "`{name}` in `{folder}` is a save that was interrupted; it is no backup")
            }
            Self::NotLookedAt(path) => {
                write!(f, "`{}` holds backups, too, and was not looked at: name it", shown(path))
            }
            Self::Chain { full, deltas, newest } => write!(
                f,
                "{} without a break: the newest restorable revision is {newest}, from `{}` on",
                wording::count(*deltas as u64, "delta snapshot"),
                shown(full)
            ),
            Self::Agree(members) => f.write_str(&agreed_in_words(members)),
            Self::NoLog(why) => write!(f, "the write-ahead log was not read: {why}"),
            Self::NotLookedInto(path) => {
                write!(f, "`{}` is an archive and was not looked into: name it if it holds a backup", shown(path))
            }
            Self::Ignored { name, why, others, folder } => {
                let (name, folder) = (escape(name), shown(folder));
                write!(f, "`{name}` in `{folder}` is passed over: {}", ignored(*why))?;
                if *others > 0 { write!(f, "; and {}", count(*others as u64, "other")) } else { Ok(()) }
            }
            Self::StdinAlone => {
                f.write_str("standard input is judged by itself: name its file for a verdict on it and the others")
            }
            Self::FewFingerprints { display, words } => write!(f, "{display}: {words}"),
            Self::Damaged { display, faults, records } => write!(
                f,
                "{display} is damaged ({}, {}): what follows may not be all of it; `assay verify` tells more",
                count(*faults, "structural fault"),
                count(*records, "unreadable record"),
            ),
            Self::HeldApart { display } => {
                write!(f, "the keys of {display} are held apart: give them with `--escrow`")
            }
            Self::KeysUnknown { display, why: Why::BreaksOff } => write!(f, "{display} breaks off before any keys"),
            Self::KeysUnknown { display, why } => write!(f, "{display}: {why}"),
            Self::NotNamed { display } => write!(
                f,
                "{display} holds an encryption configuration that its kube-apiserver is not told to use: \
                 a restored cluster reads without it, and so does this; to read with it, take it out and name it with \
                 `--keys`"
            ),
        }
    }
}

fn agreed_in_words(members: &checks::pair::Members) -> String {
    let all = count(members.members.len() as u64, "snapshot");
    let at = match members.at {
        checks::pair::At::Revision { revision, .. } => format!("at revision {revision}"),
        checks::pair::At::Index(index) => format!("at raft index {index}"),
    };
    let newest = members.best().map(|best| format!("; the newest sound one is `{}`", escape(best.name.as_bytes())));
    format!("{all} of one cluster of several members hold the same {at}{}", newest.unwrap_or_default())
}

fn ignored(why: artifact::Ignored) -> &'static str {
    use artifact::Ignored;
    match why {
        Ignored::Escapes => "its name leads out of the archive",
        Ignored::Absolute => "its name begins at the root of the file system",
        Ignored::Link => "it is a link",
        Ignored::Special => "it is neither a file nor a folder",
        Ignored::Companion => "macOS put it beside a file",
    }
}

/// Hears of nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Watch for Silent {}
