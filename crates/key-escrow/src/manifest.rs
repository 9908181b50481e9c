//! The manifest: what a split did, without secrets.
//!
//! The same document lies beside the files and, without what is only known after sealing, inside the escrow.
//! Members' digests are keyed (HMAC-SHA256, the key lies in the escrow): a plain digest of a low-entropy secret could
//! be used to test guesses. The digests of the original and of its tar are plain, as `sha256sum` must reproduce them;
//! who holds the keyless tarball and the manifest can test a *complete* guess of everything removed against them,
//! which 256-bit keys withstand and a short password among the removed members would not.
//!
//! # The bytes that are signed, and whose digest is kept elsewhere
//! Those of the file, as they lie there: nobody reads a manifest and writes it again to check a digest or a signature.
//! This crate writes UTF-8 without a byte order mark; JSON with an indent of two spaces and a space behind each colon; the
//! fields in the order of the types below, those that are absent left out, maps in the order of their keys; in strings
//! only quotes, backslashes and controls escaped; line feeds between lines, and one at the end. Whoever copies a manifest
//! copies it as bytes. Other bytes, be it the same JSON, are another manifest.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, HashingReader, Sha256Sum};
use crate::error::{Error, Result};
use crate::infile;
use crate::recipients::RecipientInfo;

/// The value of [`Manifest::schema`] that is written.
pub const SCHEMA: &str = "assay-escrow/2";
/// Its value in escrows without drill seeds; they are read for ever.
pub const SCHEMA_1: &str = "assay-escrow/1";
/// Larger manifests are refused; 65 536 removed members need less.
pub(crate) const MAX_MANIFEST: u64 = 64 * 1024 * 1024;

/// What a split did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`SCHEMA`], or [`SCHEMA_1`].
    pub schema: String,
    /// The tool and its version.
    pub tool: String,
    /// When, RFC 3339 UTC, as given by the caller.
    pub created: String,
    /// The tarball that was split.
    pub original: NamedDigest,
    /// The tar inside it.
    pub inner_tar: Digest,
    /// The tarball without the removed members.
    pub keyless: KeylessInfo,
    /// The sealed part; absent in the copy inside the escrow, which cannot know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escrow: Option<EscrowInfo>,
    /// The snapshot of the same backup, if the caller named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<SnapshotDigest>,
    /// Whether the tarball had encryption keys.
    pub encryption: EncryptionState,
    /// The members that left, in the order of the tar.
    pub removed: Vec<RemovedMember>,
    /// How many members of which class stay secret in the keyless tarball, as the caller counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub remaining: BTreeMap<String, u64>,
    /// Names of the encryption keys removed, never their material.
    pub key_names: Vec<String>,
    /// How the gzip bytes are re-created.
    pub rejoin: RejoinInfo,
    /// Whom the escrow is sealed to; with a threshold, the one-time identity that was split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<RecipientInfo>,
    /// The key shares, if the escrow opens by a threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<ThresholdInfo>,
}

/// A file by name and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedDigest {
    /// The file name, without directories.
    pub name: String,
    /// Its bytes.
    #[serde(flatten)]
    pub digest: Digest,
}

/// The snapshot of the same backup: the file as it was stored, and what was in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotDigest {
    /// The file.
    #[serde(flatten)]
    pub file: NamedDigest,
    /// The snapshot in it, where the file is compressed or an archive: unpacking it changes the file and not this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Digest>,
}

impl SnapshotDigest {
    /// The snapshot itself, however it was stored.
    #[must_use]
    pub fn content(&self) -> &Digest {
        self.content.as_ref().unwrap_or(&self.file.digest)
    }
}

/// The keyless tarball.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeylessInfo {
    /// The file.
    #[serde(flatten)]
    pub file: NamedDigest,
    /// The tar inside; what a join needs, however it is compressed.
    pub inner_tar: Digest,
}

/// The escrow file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscrowInfo {
    /// The file.
    #[serde(flatten)]
    pub file: NamedDigest,
    /// What is sealed in it. Each sealing puts a drill seed of its own in, so a rewrap has another one; in
    /// `assay-escrow/1` it did not change when the recipients did.
    pub payload: Digest,
    /// Whether the file is ASCII-armored.
    pub armored: bool,
    /// The public key of the drill seed that is sealed in it, as OpenSSH writes it; absent in `assay-escrow/1`.
    #[serde(default, rename = "drillKey", skip_serializing_if = "Option::is_none")]
    pub drill_key: Option<String>,
}

/// Whether there was anything to keep apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncryptionState {
    /// An encryption configuration was in the tarball and is now in the escrow.
    KeysRemoved,
    /// There was none: no encryption keys in this backup; the snapshot is plaintext.
    NoKeys,
    /// There was one and the policy left it in the keyless tarball.
    KeysRemain,
}

/// A member that left the tarball.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovedMember {
    /// Its path; bytes that are not UTF-8 are replaced.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// The class of key material.
    pub class: String,
    /// The inventory's fingerprint, if given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// HMAC-SHA256 of its content, hex, under a key that lies in the escrow.
    pub hmac_sha256: String,
}

/// How the original .tar.gz comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejoinInfo {
    /// The way taken.
    pub method: RejoinMethod,
    /// The library that wrote the corrections, with the version a join needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Why corrections were not possible, if they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the way means for the separation of duties, in one sentence.
    pub separation: String,
}

/// The ways back to the original gzip bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejoinMethod {
    /// The escrow holds corrections that turn the joined tar into the original gzip file.
    Corrections,
    /// The escrow holds the original, encrypted under a key derived from the content of the keyless tarball.
    SealedOriginal,
}

impl RejoinMethod {
    pub(crate) fn separation(self) -> &'static str {
        match self {
            Self::Corrections => {
                "Both files are needed: the escrow holds the removed members and corrections to the gzip layer, and nothing of the members that stay."
            }
            Self::SealedOriginal => {
                "Both files are needed: the escrow holds the original encrypted under a key that is computed from a secret in the escrow and every byte of the keyless tar; neither file alone gives that key."
            }
        }
    }
}

/// The shares of a threshold escrow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThresholdInfo {
    /// Identifies the set, hex.
    pub set: String,
    /// How many shares open the escrow.
    pub threshold: u8,
    /// The public key of the identity that was split.
    pub recipient: String,
    /// One entry per custodian.
    pub shares: Vec<ShareInfo>,
}

/// One custodian's share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShareInfo {
    /// 1-based index in the set.
    pub index: u8,
    /// Whom it is sealed to.
    pub recipient: RecipientInfo,
    /// The sealed file.
    #[serde(flatten)]
    pub file: NamedDigest,
    /// The share's check value: SHA-256 over the set's facts and the share, hex.
    pub check: String,
    /// The public key of the drill seed that is sealed with the share; absent in `assay-escrow/1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill_key: Option<String>,
}

/// The bytes of a manifest file, and their digest.
fn bytes(path: &Path) -> Result<(Vec<u8>, Digest)> {
    let mut bytes = Vec::new();
    let mut reader = HashingReader::new(infile::open(path)?.take(MAX_MANIFEST + 1));
    reader.read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() as u64 > MAX_MANIFEST {
        return Err(Error::Limit { what: "the manifest, in bytes", limit: MAX_MANIFEST });
    }
    Ok((bytes, reader.finish().1))
}

/// A manifest that is not the one whose sum was kept.
pub(crate) fn other(expected: &Sha256Sum, got: &Digest) -> Error {
    let hint = "; it is another one than that whose digest was kept: damaged, of a later rewrap, or forged";
    Error::Mismatch {
        what: "the SHA-256 of the manifest",
        expected: expected.to_string(),
        got: got.sha256.clone(),
        hint,
    }
}

impl Manifest {
    /// Reads a manifest file.
    ///
    /// # Errors
    /// If it cannot be read, is too large, or is not a manifest of a known schema.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_expected(path, None)
    }

    /// Reads a manifest file and makes sure that it is the one whose sum was kept elsewhere, if there is one.
    ///
    /// # Errors
    /// As [`Manifest::read`]; and if its bytes have another sum, before anything is made of them.
    pub fn read_expected(path: &Path, expected: Option<&Sha256Sum>) -> Result<Self> {
        let (bytes, digest) = bytes(path)?;
        match expected {
            Some(expected) if !expected.is_of(&digest) => Err(other(expected, &digest)),
            _ => Self::parse(&bytes),
        }
    }

    /// Reads a manifest file, and gives the digest of the very bytes that were read.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn read_with_digest(path: &Path) -> Result<(Self, Digest)> {
        let (bytes, digest) = bytes(path)?;
        Ok((Self::parse(&bytes)?, digest))
    }

    /// Reads the bytes of a manifest.
    ///
    /// # Errors
    /// If they are not a manifest of a known schema.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| Error::Manifest { what: e.to_string() })?;
        if ![SCHEMA, SCHEMA_1].contains(&manifest.schema.as_str()) {
            let what = format!("schema `{}` is neither `{SCHEMA}` nor `{SCHEMA_1}`", manifest.schema);
            return Err(Error::Manifest { what });
        }
        Ok(manifest)
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| Error::Manifest { what: e.to_string() })?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The part that is fixed by the split, as the escrow holds it.
    pub(crate) fn sealed_part(&self) -> Self {
        Self { escrow: None, recipients: Vec::new(), threshold: None, ..self.clone() }
    }
}
