//! From facts to the document assay/1: each shape from what was found, and nothing decided on the way.
//!
//! Nothing here knows arguments, streams or screens.

pub mod backup;
pub mod compat;
pub mod encryption;
pub mod escrow;
pub mod etcd;
pub mod hashes;
pub mod inventory;
pub mod snapshot;
pub mod tarball;

use checks::Verdict;
use document::{Artifact, Document, Finding};

/// What a command says of artifacts.
#[must_use]
pub fn document(command: &'static str, artifacts: Vec<Artifact>, findings: Vec<Finding>, verdict: Verdict) -> Document {
    Document::new(command, env!("CARGO_PKG_VERSION"), artifacts, findings, verdict)
}

/// Findings about the artifact of that name.
pub fn findings<'f>(findings: &'f [checks::Finding], artifact: &'f str) -> impl Iterator<Item = Finding> + 'f {
    findings.iter().map(move |finding| Finding::of(finding, artifact))
}
