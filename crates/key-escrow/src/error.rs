//! What can go wrong, with the place and a next step; never with key bytes.

use std::io;
use std::path::{Path, PathBuf};

use wording::{escape_path, inert, number_of};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a split, join, drill or rewrap could not be done.
///
/// No variant holds secret bytes; paths, member names, offsets, sizes and public strings only.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {action} `{}`: {source}", escape_path(path))]
    Io {
        /// What was tried, as an infinitive.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The gzip container is damaged or not gzip.
    #[error("not a sound gzip file: {what} (compressed offset {offset})")]
    Gzip {
        /// What is wrong.
        what: &'static str,
        /// Byte offset in the compressed file.
        offset: u64,
    },
    /// The tar inside is damaged, ambiguous or hostile; a split would not be safe.
    #[error("cannot split this tar safely: {what} (tar offset {offset})")]
    Tar {
        /// What is wrong.
        what: &'static str,
        /// Byte offset in the uncompressed tar.
        offset: u64,
    },
    /// A member's name would leave the extraction directory.
    #[error("member `{}` has an unsafe path (tar offset {offset}); inspect the tarball before going on", inert(member))]
    UnsafeMember {
        /// The name, with bytes that are not UTF-8 replaced.
        member: String,
        /// Byte offset of its header.
        offset: u64,
    },
    /// A member to remove is a hard link to one that stays, so its content would stay too.
    #[error(
        "`{}` is a hard link to `{}`, which the policy keeps: the key would stay behind; add `{}` to the policy",
        inert(member),
        inert(target),
        inert(target)
    )]
    LinkKeepsContent {
        /// The link.
        member: String,
        /// What it points at.
        target: String,
    },
    /// What would stay still holds a secret that was to leave.
    #[error(
        "the keyless tarball would still hold {}, {form}: in `{}`, at offset {offset} of its tar",
        inert(what),
        inert(member)
    )]
    SecretStays {
        /// Which secret, in words.
        what: String,
        /// In which form.
        form: &'static str,
        /// The member, or what else holds it.
        member: String,
        /// Where it begins, in bytes from the beginning of the tar that would stay.
        offset: u64,
    },
    /// The manifest would hold a secret that was to leave: it stands in a name.
    #[error(
        "the manifest would hold {}, {form}: it stands in a name of the tarball or of a member that leaves",
        inert(what)
    )]
    SecretInManifest {
        /// Which secret, in words.
        what: String,
        /// In which form.
        form: &'static str,
    },
    /// The policy names a member that the tarball does not have.
    #[error("the removal policy names `{}`, which is not in the tarball", inert(member))]
    MemberNotFound {
        /// The name.
        member: String,
    },
    /// A limit set by the caller or by this crate was reached.
    #[error("{what} exceeds the limit of {limit}")]
    Limit {
        /// What grew too large.
        what: &'static str,
        /// The limit, in the unit of `what`.
        limit: u64,
    },
    /// A recipient string is not one.
    #[error("recipient {position}: {}", inert(what))]
    Recipient {
        /// 1-based position among the recipients given.
        position: usize,
        /// What is wrong; the string itself is not repeated, it may be a private key pasted by mistake.
        what: String,
    },
    /// The set of recipients cannot be used together.
    #[error("cannot seal to these recipients: {}", inert(what))]
    Recipients {
        /// Why not.
        what: String,
    },
    /// An identity file could not be used.
    #[error("identity `{}`: {}", inert(name), inert(what))]
    Identity {
        /// The name the caller gave.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// The file is not an age file, or its header is malformed.
    #[error("`{}` is not a sound age file: {}", escape_path(path), inert(what))]
    Age {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// None of the identities opens the file.
    #[error("none of the given identities opens `{}`", escape_path(path))]
    NoMatchingIdentity {
        /// The file.
        path: PathBuf,
    },
    /// The decrypted payload is not what this crate writes.
    #[error("the escrow opens, but its payload is not an assay escrow: {what}")]
    Payload {
        /// What is wrong.
        what: &'static str,
    },
    /// The manifest cannot be read.
    #[error("manifest: {}", inert(what))]
    Manifest {
        /// What is wrong.
        what: String,
    },
    /// Two digests or sizes that must agree do not.
    #[error("{what} differs: expected {}, got {}{hint}", inert(expected), inert(got))]
    Mismatch {
        /// What was compared.
        what: &'static str,
        /// What the manifest says.
        expected: String,
        /// What the bytes say.
        got: String,
        /// A next step, starting with a separator, or empty.
        hint: &'static str,
    },
    /// Keyless tarball and escrow do not come from one split.
    #[error("`{}` does not belong to this escrow: {what}", escape_path(path))]
    WrongKeyless {
        /// The keyless tarball.
        path: PathBuf,
        /// What gave it away.
        what: &'static str,
    },
    /// The gzip layer could not be re-created; the keys themselves are not at risk.
    #[error(
        "the gzip layer could not be re-created ({}); the removed members are intact, and the tar inside comes back byte for byte, as a join writes it, or by hand as README.txt in the escrow shows",
        inert(what)
    )]
    Recreate {
        /// What failed.
        what: String,
    },
    /// A key share is unusable.
    #[error("share {}: {}", inert(share), inert(what))]
    Share {
        /// Which share: the name the caller gave.
        share: String,
        /// What is wrong.
        what: String,
    },
    /// Not enough good shares.
    #[error("{} of {need} needed{}", number_of(*.have as u64, "good share", "good shares"), refusals(*.refused, .why))]
    TooFewShares {
        /// Usable shares.
        have: usize,
        /// The threshold.
        need: usize,
        /// Refused shares.
        refused: usize,
        /// Why each one was refused.
        why: String,
    },
    /// An output exists and `force` was not given.
    #[error("`{}` exists and is not overwritten without force", escape_path(path))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// An output is one of the inputs.
    #[error("`{}` is an input; an output never replaces its input", escape_path(path))]
    OutputIsInput {
        /// The file.
        path: PathBuf,
    },
    /// Another run is writing the same outputs.
    #[error("another run is writing to `{}` (lock file `{}`)", escape_path(dir), escape_path(lock))]
    Busy {
        /// The directory.
        dir: PathBuf,
        /// The lock.
        lock: PathBuf,
    },
    /// The output directory lets others change it.
    #[error("`{}` is writable by others (mode {mode:04o}); use a directory of mode 0700", escape_path(path))]
    LooseDirectory {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// On the way to an output lies a directory in which others can replace what is there.
    #[error(
        "others can replace what lies in `{}` (mode {mode:04o}), so an output below it could go astray",
        escape_path(path)
    )]
    LooseParent {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A directory for outputs, or one on the way to it that others could have made, is another user's.
    #[error(
        "`{}` belongs to another user (user ID {owner}): what is written there is theirs to read or replace",
        escape_path(path)
    )]
    ForeignDirectory {
        /// The directory, or the link.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// An output would go through a symbolic link.
    #[error("`{}` is a symbolic link, and outputs go through none", escape_path(path))]
    OutputLink {
        /// The link.
        path: PathBuf,
    },
    /// The lock file was made by another user, or is no file.
    #[error("the lock file `{}` was put there by another user (user ID {owner})", escape_path(path))]
    ForeignLock {
        /// The lock file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// The input changed while it was read.
    #[error("`{}` changed while it was read; nothing was written", escape_path(path))]
    InputChanged {
        /// The file.
        path: PathBuf,
    },
    /// The options contradict each other or are out of range.
    #[error("{}", inert(what))]
    Usage {
        /// What is wrong.
        what: String,
    },
}

fn refusals(refused: usize, why: &str) -> String {
    if refused == 0 { String::new() } else { format!("; {refused} refused: {}", inert(why)) }
}

impl Error {
    /// Wraps an I/O error, or takes this crate's own error out of one that carried it through a reader.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match source.downcast::<Self>() {
            Ok(own) => own,
            Err(source) => Self::Io { action, path, source },
        }
    }

    /// Whether the disk or the network failed, which says nothing about the file: its content was not had.
    pub(crate) fn is_of_medium(&self) -> bool {
        let told = |kind| {
            matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::IsADirectory)
        };
        matches!(self, Self::Io { source, .. } if source.raw_os_error().is_some() && !told(source.kind()))
    }

    /// Makes this error pass through an `io::Read` or `io::Write`; [`Error::io`] takes it out again.
    pub(crate) fn into_io(self) -> io::Error {
        match self {
            Self::Io { source, .. } => source,
            own => io::Error::other(own),
        }
    }
}
