//! Why an input could not be read: one line saying what and where, one saying what to do.

use std::io;
use std::path::{Path, PathBuf};

use mend::{Diagnosis, Proof};
use wording::{Size, count, escape_path};

use crate::Compression;
use crate::fault::{self, Fault};
use crate::listing::Listing;
use crate::sniff::Looks;

/// An input that cannot be worked on. All of these end in exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// No such file.
    #[error("`{}`: no such file", escape_path(.path))]
    Missing {
        /// The path as given.
        path: PathBuf,
        /// An interrupted save that stands where the file should.
        part: Option<PathBuf>,
    },
    /// The file exists and may not be read.
    #[error("`{}`: permission denied", escape_path(.path))]
    Denied {
        /// The path as given.
        path: PathBuf,
    },
    /// A directory where one file is expected.
    #[error("`{}` is a directory{}", escape_path(.path), .listing.what())]
    Directory {
        /// The path as given.
        path: PathBuf,
        /// What the directory holds.
        listing: Listing,
    },
    /// A directory with more files than any directory of backups has.
    #[error("`{}` is a directory of more than {limit} files", escape_path(.path))]
    Crowded {
        /// The path as given.
        path: PathBuf,
        /// So many are looked at.
        limit: usize,
    },
    /// A device, a socket: nothing that holds a backup, and some of them never end.
    #[error("`{}` is {kind}, not a file", escape_path(.path))]
    Special {
        /// The path as given.
        path: PathBuf,
        /// What stands there, with its article.
        kind: &'static str,
    },
    /// The name says that the save was never finished.
    #[error("`{}` is an unfinished snapshot: `etcdctl snapshot save` gives a file its real name when it is complete", escape_path(.path))]
    Unfinished {
        /// The path as given.
        path: PathBuf,
    },
    /// Nothing in it.
    #[error("{display} is empty")]
    Empty {
        /// The input's name for messages.
        display: String,
    },
    /// Less than one page of a database.
    #[error("{display} is too small to be an etcd snapshot: {} (the least is four pages)", Size(*.size).exact())]
    TooSmall {
        /// The input's name for messages.
        display: String,
        /// Bytes, after decompression.
        size: u64,
    },
    /// Something else altogether.
    #[error("{display} is not an etcd snapshot: it looks like {}{}", describe(.looks, *.compression), said(.says))]
    NotASnapshot {
        /// The input's name for messages.
        display: String,
        /// What it is instead.
        looks: Looks,
        /// What it was wrapped in.
        compression: Compression,
        /// What it says went wrong, escaped, where it is an error message.
        says: Vec<String>,
    },
    /// A snapshot that something took for text, or wrapped, or put something into.
    #[error("{display} is an etcd snapshot that a transfer changed: {}", told(.damage))]
    Transferred {
        /// The input's name for messages.
        display: String,
        /// What happened to it.
        damage: Box<Diagnosis>,
    },
    /// The system would not read on.
    #[error("{display}: cannot {action}{}: {source}", at(*.offset))]
    Io {
        /// The input's name for messages.
        display: String,
        /// What was tried.
        action: &'static str,
        /// How far reading came.
        offset: Option<u64>,
        /// What the system said.
        source: io::Error,
    },
    /// A mapped page could not be had.
    #[error("{display}: the file shrank or failed to read at offset {offset:#x} while assay was reading it")]
    Failed {
        /// The input's name for messages.
        display: String,
        /// Least offset that failed, at a page of memory.
        offset: u64,
    },
    /// The file is not what it was when it was opened.
    #[error("{display} changed while assay was reading it: {what}")]
    Changed {
        /// The input's name for messages.
        display: String,
        /// Which property changed, from what to what.
        what: String,
    },
    /// A compressed stream that ends too soon.
    #[error("{display}: the {compression} stream is cut off after {} of content", Size(*.expanded).exact())]
    CutOff {
        /// The input's name for messages.
        display: String,
        /// Kind of stream.
        compression: Compression,
        /// Bytes that came out before the end.
        expanded: u64,
    },
    /// A compressed stream that does not decode.
    #[error("{display}: the {compression} stream is damaged after {} of content: {reason}", Size(*.expanded).exact())]
    Damaged {
        /// The input's name for messages.
        display: String,
        /// Kind of stream.
        compression: Compression,
        /// Bytes that came out before the damage.
        expanded: u64,
        /// What the decoder said.
        reason: String,
    },
    /// An archive, or a member of one, that is not what it should be.
    #[error("{display}: {fault}")]
    Archive {
        /// The name for messages, of the archive or of its member.
        display: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// An archive with several snapshots, where one is wanted.
    #[error("{display} holds {}", count(.snapshots.len() as u64, "snapshot"))]
    Several {
        /// The archive's name for messages.
        display: String,
        /// Their paths, in the archive's.
        snapshots: Vec<PathBuf>,
    },
    /// More content than `--max-expanded` allows.
    #[error("{display} holds more than {} once read into memory", Size(*.cap))]
    OverCap {
        /// The input's name for messages.
        display: String,
        /// The cap in bytes.
        cap: u64,
    },
    /// More content than memory.
    #[error("{display} does not fit in memory: {} needed, {} available", Size(*.needed), Size(*.available))]
    Memory {
        /// The input's name for messages.
        display: String,
        /// Bytes wanted at this point.
        needed: u64,
        /// Bytes to be had.
        available: u64,
    },
    /// Standard input is a keyboard.
    #[error("`-` reads standard input, which is a terminal")]
    Terminal,
}

impl InputError {
    /// What to do about it, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        let fixed = match self {
            Self::Missing { part: Some(part), .. } => {
                return Some(format!(
                    "`{}` stands there: a save that was interrupted; take the snapshot again",
                    escape_path(part)
                ));
            }
            Self::Missing { part: None, .. } | Self::Io { .. } => return None,
            Self::Denied { .. } => "run assay as the user that owns the backup, or copy the file",
            Self::Directory { path, listing } => return listing.hint(path),
            Self::Crowded { .. } => "pass the files themselves",
            Self::Special { .. } => "pass a file, a pipe, or `-` for standard input",
            Self::Unfinished { .. } => {
                "take the snapshot again; to look at what is there, copy it to a name without `.part`"
            }
            Self::Empty { .. } => "the save or the copy failed, often for want of disk space; take it again",
            Self::TooSmall { .. } => "the save or the copy was interrupted; fetch the file again",
            Self::Transferred { display, damage } => return Some(transferred_hint(display, damage)),
            Self::NotASnapshot { looks, compression, .. } => return not_a_snapshot_hint(looks, *compression),
            Self::Archive { fault, .. } => fault.hint(),
            Self::Several { snapshots, .. } => return several_hint(snapshots),
            Self::Failed { .. } => {
                "nothing was proved; when the file is complete and at rest, run assay again, on a failing disk with `--no-mmap`"
            }
            Self::Changed { .. } => "nothing was proved; run assay again when the file is complete, or on a copy",
            Self::Damaged { .. } => "fetch the file again from its source and compare checksums",
            Self::OverCap { .. } => "if you trust the file, raise the limit with `--max-expanded SIZE`",
            Self::Memory { .. } => {
                "decompress the file to disk and pass it without `--no-mmap`: a mapped file needs no memory"
            }
            Self::Terminal => "pass a path, or pipe a snapshot in: `ssh host cat snapshot.db | assay inspect -`",
            Self::CutOff { .. } => "the copy or the compression was interrupted; fetch the file again from its source",
        };
        Some(fixed.to_owned())
    }

    /// The error for a read that failed, or for what a reader of an archive found.
    pub(crate) fn reading(display: &str, source: io::Error, offset: Option<u64>) -> Self {
        let display = display.to_owned();
        match fault::of(&source) {
            Some(Fault::OverCap { cap }) => Self::OverCap { display, cap: *cap },
            Some(fault) => Self::Archive { display, fault: fault.clone() },
            None => Self::Io { display, action: "read it", offset, source },
        }
    }

    /// The error for a path that could not be opened or looked at.
    pub(crate) fn opening(path: &Path, source: io::Error) -> Self {
        let path_buf = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::NotFound => {
                let mut part = path.as_os_str().to_owned();
                part.push(".part");
                let part = PathBuf::from(part);
                Self::Missing { path: path_buf, part: part.exists().then_some(part) }
            }
            io::ErrorKind::PermissionDenied => Self::Denied { path: path_buf },
            _ => Self::Io { display: format!("`{}`", escape_path(path)), action: "open it", offset: None, source },
        }
    }
}

/// How many snapshots a hint names.
const NAMED: usize = 3;

fn several_hint(snapshots: &[PathBuf]) -> Option<String> {
    let names: Vec<_> = snapshots.iter().take(NAMED).map(|path| format!("`{}`", escape_path(path))).collect();
    let more = snapshots.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    Some(format!("name one of them: {}{more}; `assay verify` judges all", names.join(", ")))
}

/// `a gzip-compressed tarball`, with its article.
fn describe(looks: &Looks, compression: Compression) -> String {
    let noun = match compression {
        Compression::None => looks.to_string(),
        packed => format!("{packed}-compressed {looks}"),
    };
    // By sound: an SQLite, an ELF, an HTML, an XML, an xz, an lz4, but a Zstandard.
    let spelled = ["SQLite", "HTML", "XML", "xz", "lz4"].iter().any(|word| noun.starts_with(word));
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'E']);
    let article = if spelled || vowel { "an" } else { "a" };
    format!("{article} {noun}")
}

/// What an error message says, each part in backticks.
fn said(says: &[String]) -> String {
    let parts: Vec<String> = says.iter().map(|part| format!("`{part}`")).collect();
    if parts.is_empty() { String::new() } else { format!(" that says {}", parts.join(": ")) }
}

/// All that happened to a snapshot, the last of it first.
fn told(damage: &Diagnosis) -> String {
    let words = damage.steps().iter().map(ToString::to_string).chain(damage.loss().map(|loss| loss.to_string()));
    let end = match damage {
        Diagnosis::Mendable(_) => "`assay mend` undoes that",
        Diagnosis::Wrong(_) => "and something else changed, too",
        _ => "that is lost for good",
    };
    words.chain([end.to_owned()]).collect::<Vec<_>>().join("; ")
}

fn transferred_hint(display: &str, damage: &Diagnosis) -> String {
    let file = display.strip_prefix('`').and_then(|path| path.strip_suffix('`')).unwrap_or("-");
    let file =
        wording::unescape(file.as_bytes()).map_or_else(|_| file.to_owned(), |bytes| wording::shell_bytes(&bytes));
    let command = format!("assay mend {file} --out NEW");
    match damage {
        Diagnosis::Mendable(mend) if mend.proof == Proof::Places => {
            format!("it has no SHA-256 to prove what comes out: `{command} --without-hash`")
        }
        Diagnosis::Mendable(_) => format!("its SHA-256 is right then: `{command}`"),
        Diagnosis::Wrong(_) => {
            "undone, its SHA-256 is not that of its bytes: something else changed, too; fetch the file again".to_owned()
        }
        _ => "what was lost cannot be had back: fetch the file again, in binary mode, and compare SHA-256".to_owned(),
    }
}

fn at(offset: Option<u64>) -> String {
    offset.map_or(String::new(), |offset| format!(" at offset {offset:#x}"))
}

fn not_a_snapshot_hint(looks: &Looks, compression: Compression) -> Option<String> {
    let program = match looks {
        Looks::Gzip => Some("gzip"),
        Looks::Zstd => Some("zstd"),
        Looks::Xz => Some("xz"),
        Looks::Bzip2 => Some("bzip2"),
        Looks::Lz4 => Some("lz4"),
        _ => None,
    };
    if let Some(program) = program.filter(|_| compression != Compression::None) {
        return Some(format!("it is compressed twice; undo one layer: `{program} -dc FILE | assay inspect -`"));
    }
    let hint = match looks {
        Looks::Tar { static_resources: true, .. } if compression == Compression::Zstd => {
            "decompress it first: `zstd -dk FILE`; as the backup wrote it, it is compressed by gzip"
        }
        Looks::Tar { static_resources: true, .. } => {
            "this is the other half of a backup; pass the `snapshot_<timestamp>.db` beside it"
        }
        Looks::Tar { .. } => "unpack it (`tar -xf`) and pass the snapshot (`*.db`) it holds",
        Looks::Zip => "unpack it (`unzip`) and pass the snapshot (`*.db`) it holds",
        Looks::WriteAheadLog => {
            "the database of that member is `snap/db`, in the folder beside this one: pass it, or the data directory"
        }
        Looks::RaftSnapshot => {
            "it holds no keys; the database of that member is `db`, in the folder of this file: pass that, or the data \
             directory"
        }
        Looks::Delta => {
            "it holds what was written since a full snapshot: pass the directory that it lies in with its `Full-...`"
        }
        Looks::Sqlite => {
            "k3s keeps its state in such a file where it runs without etcd: its backup is a copy of the file, and no etcd \
             is restored"
        }
        Looks::Age => "decrypt it first: `age -d -i IDENTITY FILE | assay inspect -`",
        Looks::Html | Looks::Xml | Looks::Json | Looks::Yaml | Looks::Text => {
            "a download may have stored an error message instead of the snapshot; read it"
        }
        Looks::Zeros => "space was reserved and never written, or the disk lost it; take another copy",
        Looks::Random => "if the backup tool encrypts what it stores, decrypt it first",
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_looks_like_reads_as_a_sentence() {
        let tar = Looks::Tar { member: "static-pod-resources/".into(), static_resources: true };
        for (looks, compression, text) in [
            (tar, Compression::Gzip, "a gzip-compressed tarball of static pod resources"),
            (Looks::Delta, Compression::Gzip, "a gzip-compressed delta snapshot of etcd-backup-restore"),
            (Looks::Sqlite, Compression::None, "an SQLite database"),
            (Looks::Elf, Compression::None, "an ELF program"),
            (Looks::Age, Compression::None, "an age-encrypted file"),
            (Looks::Xz, Compression::None, "an xz stream"),
            (Looks::Html, Compression::None, "an HTML page"),
            (Looks::Zstd, Compression::Gzip, "a gzip-compressed Zstandard stream"),
            (Looks::Zstd, Compression::None, "a Zstandard stream"),
            (Looks::Json, Compression::Zstd, "a Zstandard-compressed JSON document"),
            (Looks::Unknown, Compression::None, "a file of an unknown kind"),
        ] {
            assert_eq!(describe(&looks, compression), text);
        }
    }

    #[test]
    fn a_name_in_a_message_cannot_speak_to_the_terminal() {
        let error = InputError::opening(Path::new("a\x1b[2Jb\n"), io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(error.to_string(), "`a\\u{1b}[2Jb\\n`: no such file");
    }
}
