//! The signatures of a file: one, or several blocks one after the other.

use minisign_verify::Signature as MinisignSignature;
use ssh_key::{LineEnding, SshSig};

use crate::key::{KeyName, key_id};

/// Larger files of signatures are refused, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// More signatures than this are refused.
const MAX_BLOCKS: usize = 64;
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const UNTRUSTED: &str = "untrusted comment:";

/// A signature, read and not yet held against anything.
pub struct Signature(pub(crate) Kind);

pub(crate) enum Kind {
    Ssh(Box<SshSig>),
    Minisign { signature: Box<MinisignSignature>, id: [u8; 8] },
}

impl Signature {
    /// The key that it says it was made with.
    #[must_use]
    pub fn key(&self) -> KeyName {
        match &self.0 {
            Kind::Ssh(signature) => KeyName::ssh(signature.public_key()),
            Kind::Minisign { id, .. } => KeyName::minisign(*id),
        }
    }
}

/// What cannot be read as signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Nothing in it looks like one.
    #[error("it holds no signature")]
    None,
    /// Longer than any such file is.
    #[error("it is longer than 1 MiB, or holds more than 64 signatures")]
    TooLong,
    /// Not text.
    #[error("it is not text")]
    NotText,
    /// Text that belongs to no signature: a block that lost its first line, or something else altogether.
    #[error("there is text outside of the signatures")]
    Stray,
    /// A block that is cut off or damaged.
    #[error("a signature is cut off or damaged")]
    Damaged,
    /// Made by minisign's old way, over the bytes and not their digest.
    #[error("a minisign signature of the old form: sign anew without -l")]
    Legacy,
}

/// Reads a file of signatures, block after block: SSHSIG armour, or the four lines of minisign. Each block is read for itself, so
/// that one that is damaged does not take the others with it; only where that cannot be told is the file refused.
///
/// # Errors
/// What keeps all of it from being read.
pub fn signatures(bytes: &[u8]) -> Result<Vec<Result<Signature, Unreadable>>, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotText)?;
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let mut found = Vec::new();
    while let Some(first) = lines.next() {
        if found.len() >= MAX_BLOCKS {
            return Err(Unreadable::TooLong);
        }
        found.push(if first == BEGIN {
            ssh(&mut lines)
        } else if first.starts_with(UNTRUSTED) {
            minisign(first, &mut lines)
        } else {
            return Err(Unreadable::Stray);
        });
    }
    if found.is_empty() { Err(Unreadable::None) } else { Ok(found) }
}

fn ssh<'t>(lines: &mut impl Iterator<Item = &'t str>) -> Result<Signature, Unreadable> {
    let mut block = format!("{BEGIN}\n");
    for line in lines {
        block.push_str(line);
        block.push('\n');
        if line == END {
            let signature = SshSig::from_pem(&block).ok().filter(|read| is_exact(read, &block));
            return signature.map(|it| Signature(Kind::Ssh(Box::new(it)))).ok_or(Unreadable::Damaged);
        }
    }
    Err(Unreadable::Damaged)
}

/// Whether this is what the block says, to the last byte. The reader takes versions that it does not know, and lengths that
/// are not those of what follows.
fn is_exact(read: &SshSig, block: &str) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    read.version() == SshSig::VERSION && read.to_pem(LineEnding::LF).is_ok_and(|again| bare(&again) == bare(block))
}

fn minisign<'t>(first: &str, lines: &mut impl Iterator<Item = &'t str>) -> Result<Signature, Unreadable> {
    let mut next = || lines.next().ok_or(Unreadable::Damaged);
    let (signature, comment, global) = (next()?, next()?, next()?);
    let id = key_id(signature).ok_or(Unreadable::Damaged)?;
    if signature.starts_with("RW") {
        return Err(Unreadable::Legacy);
    }
    let block = format!("{first}\n{signature}\n{comment}\n{global}\n");
    let signature = MinisignSignature::decode(&block).map_err(|_| Unreadable::Damaged)?;
    Ok(Signature(Kind::Minisign { signature: Box::new(signature), id }))
}
