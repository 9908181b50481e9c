//! What a split, join, drill or rewrap did, as scripts read it.

use document::Check;
use key_escrow::Manifest;
use serde::Serialize;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileJson {
    /// `keyless`, `escrow`, `share`, `manifest` or `original`.
    pub role: &'static str,
    /// Where.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// The result of a command that writes files.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WrittenJson<'a> {
    /// The input.
    pub path: String,
    /// Its kind: `static-kuberesources` or `key-escrow`.
    pub kind: &'static str,
    /// What was written.
    pub files: Vec<FileJson>,
    /// The manifest that says what was done.
    pub manifest: &'a Manifest,
    /// Whether a manifest outside the escrow vouches for the result too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_agrees: Option<bool>,
    /// The command that joins the files again, with `IDENTITY` where a private key's file goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_command: Option<Vec<String>>,
}

/// The result of a drill.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DrillJson<'a> {
    /// The escrow.
    pub path: String,
    /// `key-escrow`.
    pub kind: &'static str,
    /// What is known of it.
    pub manifest: &'a Manifest,
    /// Whether every check could be made.
    pub complete: bool,
    /// Every check.
    pub checks: Vec<Check>,
}
