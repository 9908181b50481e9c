//! From facts to the document assay/1: each shape from what was found, and nothing decided on the way.

pub mod backup;
mod bytes;
mod cluster;
pub mod compat;
mod diff;
pub mod encryption;
mod entry;
pub mod escrow;
pub mod etcd;
pub mod hashes;
mod keys;
pub mod keys_ls;
pub mod material;
pub mod members;
pub mod policy;
pub mod snapshot;
mod steps;
pub mod tarball;
mod usage;

use checks::Verdict;
use checks::required::Subject;
use document::{Artifact, Check, Document, Finding, Hex64, KeyBuf, Word};

use crate::judged::Judged;
use crate::question::Asks;

pub use bytes::{bucket_row, carved_counts, carved_row, entry_row, page, page_counts, page_row};
pub use cluster::{cluster, leases};
pub use diff::{agreement, difference, difference_counts};
pub use keys::{deletion_row, identity, key_row, revision_row};
use steps::change;
pub use steps::{object_row, step_row};
pub use usage::{key_group, usage};

/// What a command says of artifacts.
#[must_use]
pub fn document(command: &'static str, artifacts: Vec<Artifact>, findings: Vec<Finding>, verdict: Verdict) -> Document {
    Document::new(command, env!("CARGO_PKG_VERSION"), artifacts, findings, verdict)
}

/// Findings about the artifact of that name.
pub fn findings<'f>(findings: &'f [checks::Finding], artifact: &'f str) -> impl Iterator<Item = Finding> + 'f {
    findings.iter().map(move |finding| Finding::of(finding, artifact))
}

/// A backup that was judged: itself and its files, or the file; what was asked says which.
pub(crate) fn of(judged: &Judged<'_>) -> Vec<Artifact> {
    let (backup, facts) = (judged.backup, &judged.facts);
    match judged.asks {
        Asks::Keys => return vec![encryption::check(judged)],
        Asks::Release => return vec![compat::artifact(judged)],
        Asks::Restore | Asks::Contents => {}
    }
    let mut artifacts = Vec::new();
    if !backup.is_alone() {
        artifacts.push(backup::of(judged));
    }
    if let (Some(source), Some(snapshot)) = (backup.snapshot(), &facts.snapshot) {
        let keys_fit = facts.encryption.as_ref().filter(|_| backup.is_alone()).and_then(|found| found.keys_fit());
        let mut artifact = snapshot::of(source, snapshot, keys_fit);
        if let Artifact::Snapshot(snapshot) = &mut artifact {
            snapshot.checks.extend(facts.keys_not_tried().filter(|_| backup.is_alone()).map(keys_not_tried));
            (snapshot.cluster, snapshot.taken) = (judged.cluster.clone(), judged.taken.clone());
        }
        artifacts.push(artifact);
    }
    artifacts.extend(facts.tarball.map(tarball::of));
    for artifact in artifacts.iter_mut().filter(|_| judged.asks == Asks::Restore) {
        match artifact {
            Artifact::Snapshot(it) => it.verdict = Some(judged.verdict_on(Subject::Snapshot)),
            Artifact::Tarball(it) => it.verdict = Some(judged.verdict_on(Subject::Tarball)),
            _ => {}
        }
    }
    if backup.is_alone()
        && let (Some(expected), Some(artifact)) = (&judged.expected, artifacts.first_mut())
    {
        match artifact {
            Artifact::Snapshot(snapshot) => snapshot.expected = Some(expected.clone()),
            Artifact::Tarball(tarball) => tarball.expected = Some(expected.clone()),
            _ => {}
        }
    }
    if backup.is_alone()
        && let Some(Artifact::Snapshot(snapshot)) = artifacts.first_mut()
    {
        snapshot.rehearsal = judged.rehearsal.clone();
    }
    artifacts
}

/// A verdict that does not rest on keys, though values are encrypted.
fn keys_not_tried(what: String) -> Check {
    let message = format!("{what}: no key was tried");
    Check { name: Word::Borrowed("keys"), outcome: Word::Borrowed("not-checked"), message }
}

/// Names of buckets as one key, a `/` between them; empty for the root bucket.
#[must_use]
pub fn bucket_name(path: &[&[u8]]) -> KeyBuf {
    KeyBuf(path.join(&b'/'))
}

/// The lease that a key hangs on, if any.
fn lease(id: i64) -> Option<Hex64> {
    (id != 0).then(|| Hex64(id.cast_unsigned()))
}
