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

/// One check of an escrow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Check {
    /// Its name, which stays: `escrow-digest`.
    pub name: Word,
    /// `proven`, `failed` or `not-checked`.
    pub outcome: Word,
    /// What was proven, how it failed, or what was missing.
    pub message: String,
}
