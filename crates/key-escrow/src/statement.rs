//! The statement of a drill, and what it proves. Pure: bytes in, a verdict out.
//!
//! A statement says that somebody opened an escrow, or a share of it. Bare, it proves that its signer said so. So each sealing
//! puts the seed of an ed25519 key into the escrow and one into each share, and their public keys into the manifest: whoever
//! signs a challenge with that key has opened the file. A challenge is used once, so no statement counts twice. Which custodian
//! it was, a share's seed tells, as no other has it; the escrow's own seed every recipient has: there it is the custodian's own
//! signature beside it (`ssh-keygen -Y sign -n assay-drill@1`) that tells.
//!
//! The bytes that are signed are those of the file: JSON as a manifest's, with the fields in the order of [`Statement`], absent
//! ones as `null`.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use signatures::{Namespace, Signature, check_key, signatures};
use wording::inert;

use crate::manifest::{EscrowInfo, Manifest, ShareInfo};

/// The value of [`Statement::schema`].
pub const STATEMENT_SCHEMA: &str = "assay-drill/1";
/// Longer statements are refused, in bytes.
const MAX_STATEMENT: usize = 64 * 1024;
/// A challenge has so many characters at least: fewer could be had twice.
const LEAST_CHALLENGE: usize = 32;
const MOST_CHALLENGE: usize = 128;

/// What somebody says who opened an escrow, or a share of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// [`STATEMENT_SCHEMA`].
    pub schema: String,
    /// The tool and its version.
    pub tool: String,
    /// When, RFC 3339 UTC, by the custodian's clock.
    pub at: String,
    /// The cluster whose backup it is of, where the catalog that asked named one.
    pub cluster: Option<String>,
    /// The escrow.
    pub escrow: StatedEscrow,
    /// SHA-256 of the manifest's bytes, hex.
    pub manifest_sha256: String,
    /// What was opened.
    pub role: Role,
    /// Which share.
    pub index: Option<u8>,
    /// Of which set.
    pub set: Option<String>,
    /// The public key that it is sealed to; empty for a passphrase.
    pub recipient: String,
    /// What came of it.
    pub result: Opened,
    /// What the catalog asked to be signed, in hex.
    pub challenge: Option<String>,
    /// The head of the catalog's log as it asked, `SEQ:HASH`.
    pub catalog_head: Option<String>,
}

/// An escrow by its digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedEscrow {
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// SHA-256 of what is sealed in it, hex.
    pub payload: String,
}

/// What was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The escrow, with an identity, a passphrase, or enough shares.
    Identity,
    /// One share of it.
    Share,
}

/// What came of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opened {
    /// It opened, and holds what the manifest says.
    Opened,
    /// It did not.
    Failed,
}

/// A statement that belongs to the manifest and is not contradicted by anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// What it says.
    pub statement: Statement,
    /// What that is worth.
    pub standing: Standing,
}

/// What a statement is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Whoever made it had opened the file, after the challenge was given.
    Proven,
    /// It was said.
    Stated(Why),
}

/// Why something is stated and not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// Sealed before there were drill seeds.
    #[error("the escrow is of the first format and holds no drill seed; `assay keys rewrap` gives it one")]
    OldFormat,
    /// Nobody asked for a challenge to be signed.
    #[error("it answers no challenge")]
    NoChallenge,
    /// No signature of the seed.
    #[error("it is not signed with the seed that is sealed in the file")]
    NotSigned,
    /// It says that it did not open.
    #[error("it says that it did not open")]
    Failed,
}

/// Why a statement counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// Not a statement.
    #[error("not a statement of a drill: {}", inert(.0))]
    NotRead(String),
    /// The manifest cannot be read, or names no escrow.
    #[error("the manifest: {}", inert(.0))]
    Manifest(String),
    /// It is about another manifest.
    #[error("it is about a manifest of sha256 {}, not {expected}", inert(got))]
    OtherManifest {
        /// That of the manifest at hand.
        expected: String,
        /// What it says.
        got: String,
    },
    /// It is about another escrow file than its manifest.
    #[error("it is about an escrow of sha256 {}, and the manifest names {expected}", inert(got))]
    OtherEscrow {
        /// What the manifest says.
        expected: String,
        /// What it says.
        got: String,
    },
    /// The manifest knows no such recipient.
    #[error("the manifest has no recipient {}", inert(.0))]
    OtherRecipient(String),
    /// The manifest knows no such share.
    #[error("the manifest has no such share")]
    OtherShare,
    /// It answers another challenge: an older statement, or somebody else's.
    #[error("it answers another challenge than the one that was given")]
    OtherChallenge,
    /// The signatures beside it cannot be read.
    #[error("its signature: {0}")]
    Unreadable(signatures::Unreadable),
    /// The seed's signature is not of these bytes.
    #[error("its signature is not of these bytes: the statement was changed")]
    Changed,
}

impl Statement {
    /// The bytes that are signed.
    pub(crate) fn to_json(&self) -> crate::Result<Vec<u8>> {
        let fault = |e: serde_json::Error| crate::Error::Manifest { what: e.to_string() };
        let mut bytes = serde_json::to_vec_pretty(self).map_err(fault)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a statement, and judges nothing.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, Contradiction> {
        if bytes.len() > MAX_STATEMENT {
            return Err(Contradiction::NotRead(format!("longer than {MAX_STATEMENT} bytes")));
        }
        let statement: Self =
            serde_json::from_slice(bytes).map_err(|error| Contradiction::NotRead(error.to_string()))?;
        match statement.schema.as_str() {
            STATEMENT_SCHEMA => Ok(statement),
            other => Err(Contradiction::NotRead(format!("schema `{other}` is not `{STATEMENT_SCHEMA}`"))),
        }
    }
}

/// Whether a text can be a challenge: 32 to 128 digits of lower-case hex.
#[must_use]
pub fn is_challenge(text: &str) -> bool {
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    digits && (LEAST_CHALLENGE..=MOST_CHALLENGE).contains(&text.len())
}

/// What the bytes of a statement, and of the signatures beside it, prove of the escrow that the bytes of a manifest tell of.
///
/// `challenge` is the one that was given out and not used yet; without one, nothing is proven. Whether the manifest itself is the
/// right one, a digest kept elsewhere or its own signatures tell.
///
/// # Errors
/// If the statement contradicts the manifest, the challenge, or its own signature.
pub fn prove(
    manifest: &[u8],
    statement: &[u8],
    signature: Option<&[u8]>,
    challenge: Option<&str>,
) -> Result<Attested, Contradiction> {
    let told = Statement::parse(statement)?;
    let digest = wording::hex(&Sha256::digest(manifest));
    if told.manifest_sha256 != digest {
        return Err(Contradiction::OtherManifest { expected: digest, got: told.manifest_sha256 });
    }
    let manifest = Manifest::parse(manifest).map_err(|error| Contradiction::Manifest(error.to_string()))?;
    let info = manifest.escrow.as_ref().ok_or_else(|| Contradiction::Manifest("names no escrow".to_owned()))?;
    if told.escrow.sha256 != info.file.digest.sha256 || told.escrow.payload != info.payload.sha256 {
        return Err(Contradiction::OtherEscrow { expected: info.file.digest.sha256.clone(), got: told.escrow.sha256 });
    }
    let key = key_of(&told, &manifest, info)?;
    if let (Some(given), Some(answered)) = (challenge, &told.challenge)
        && given != answered
    {
        return Err(Contradiction::OtherChallenge);
    }
    let signed = match (key, signature) {
        (Some(key), Some(signature)) => is_signed(statement, signature, key)?,
        _ => false,
    };
    let answers = challenge.is_some_and(|given| is_challenge(given) && told.challenge.as_deref() == Some(given));
    let standing = if told.result == Opened::Failed {
        Standing::Stated(Why::Failed)
    } else if key.is_none() {
        Standing::Stated(Why::OldFormat)
    } else if !answers {
        Standing::Stated(Why::NoChallenge)
    } else if !signed {
        Standing::Stated(Why::NotSigned)
    } else {
        Standing::Proven
    };
    Ok(Attested { statement: told, standing })
}

/// The public key of what was opened, if it has one.
fn key_of<'m>(
    told: &Statement,
    manifest: &'m Manifest,
    info: &'m EscrowInfo,
) -> Result<Option<&'m str>, Contradiction> {
    match told.role {
        Role::Identity => {
            let known = manifest.recipients.iter().any(|one| one.recipient == told.recipient);
            if !known {
                return Err(Contradiction::OtherRecipient(told.recipient.clone()));
            }
            Ok(info.drill_key.as_deref())
        }
        Role::Share => {
            let threshold = manifest.threshold.as_ref().filter(|it| told.set.as_ref() == Some(&it.set));
            let is_it =
                |share: &&ShareInfo| Some(share.index) == told.index && share.recipient.recipient == told.recipient;
            let share = threshold.and_then(|it| it.shares.iter().find(is_it)).ok_or(Contradiction::OtherShare)?;
            Ok(share.drill_key.as_deref())
        }
    }
}

/// Whether one of the signatures is by this key. Others, of custodians, may lie beside it.
fn is_signed(statement: &[u8], signature: &[u8], key: &str) -> Result<bool, Contradiction> {
    let read = signatures(signature).map_err(Contradiction::Unreadable)?;
    let read = read.into_iter().collect::<Result<Vec<Signature>, _>>().map_err(Contradiction::Unreadable)?;
    let bad = |fault: signatures::ListFault| Contradiction::Manifest(format!("its drill key: {fault}"));
    match check_key(statement, &read, key, Namespace::Drill).map_err(bad)? {
        Ok(_) => Ok(true),
        Err(Some(refused)) if refused.is_changed() => Err(Contradiction::Changed),
        Err(_) => Ok(false),
    }
}
