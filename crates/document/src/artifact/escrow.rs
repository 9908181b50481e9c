//! Keys held apart: `keys split`, `keys join`, `keys rewrap` and `keys verify-escrow`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::Word;

/// What a command wrote: `keys split`, `keys join`, `keys rewrap`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Written {
    /// The input.
    pub path: String,
    /// Its kind: `static-kuberesources` or `key-escrow`.
    pub kind: Word,
    /// What was written.
    pub files: Vec<WrittenFile>,
    /// What the manifest holds: a document of a schema of its own, kept as it is.
    pub manifest: Fields,
    /// Whether a manifest outside the escrow vouches for the result too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_agrees: Option<bool>,
    /// The command that joins the files again, with `IDENTITY` where a private key's file goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_command: Option<Vec<String>>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// A file that was written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenFile {
    /// `keyless`, `escrow`, `share`, `manifest`, `original`, or `tar` where the gzip layer did not come back.
    pub role: Word,
    /// Where.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// The result of a drill: `keys verify-escrow`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Drill {
    /// The escrow.
    pub path: String,
    /// [`Drill::KIND`].
    pub kind: Word,
    /// SHA-256 of the manifest's file, hex: what binds all files of a split, where it is kept elsewhere.
    #[serde(rename = "manifestSha256", skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<String>,
    /// What the manifest holds: a document of a schema of its own, kept as it is.
    pub manifest: Fields,
    /// When the drill was made: `2026-11-29T18:07:13Z`; empty of an older assay.
    pub at: String,
    /// Whose keys were brought: recipients that the manifest names, and that what was given is the private half of. Of a
    /// passphrase and of plugins nothing is told here.
    pub by: Vec<Custodian>,
    /// What the custodian says of it, signed where the escrow has seeds for that; empty unless it was asked for.
    pub statements: Vec<Said>,
    /// Whether every check could be made.
    pub complete: bool,
    /// Every check.
    pub checks: Vec<Check>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Drill {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("key-escrow");
}

/// A statement of a drill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Said {
    /// Its text, byte for byte what was signed: a document of `assay-drill/1`.
    pub statement: String,
    /// SSHSIG, armoured, by the seed that was sealed in the file; `None` where there is none, in escrows of the first format.
    pub signature: Option<String>,
}

/// Whose key was brought to a drill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Custodian {
    /// The recipient, as the manifest has it.
    pub recipient: String,
    /// The number of the share that is sealed to it; `None` where it opens the escrow alone.
    pub share: Option<u8>,
}

/// One check of an escrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Check {
    /// Its name, which stays: `escrow-digest`.
    pub name: Word,
    /// `proven`, `failed`, `not-opened` (what was given does not open it, and it is as it was sealed) or `not-checked`.
    pub outcome: Word,
    /// What was proven, how it failed, or what was missing.
    pub message: String,
}
