//! The documented procedures, filled in with what a backup says of its cluster.
//!
//! [`book`] takes what is [`Known`] of a backup and what is [`Asked`] for, and gives the document: every step with the
//! commands of this very cluster, the steps that do not apply with the reason, and what the backup cannot know as a blank
//! with the command that finds it. Nothing is read, written or guessed here; equal input gives equal bytes.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod asked;
mod known;
mod procedure;
pub mod shell;

pub use asked::{Asked, Task};
pub use known::{BackupFile, Known};
pub use procedure::Procedure;

use document::{Runbook, Word};

/// The book of a task at the cluster that a backup is of.
#[must_use]
pub fn book(known: &Known<'_>, asked: &Asked) -> Runbook {
    let (procedure, because) = Procedure::of(known, asked);
    Runbook {
        kind: Runbook::KIND,
        path: known.path.to_owned(),
        name: known.name.to_owned(),
        task: Word::Borrowed(asked.task.name()),
        platform: Word::Borrowed(known.platform.name()),
        procedure: Word::Borrowed(procedure.name()),
        because,
        release: known.release.clone(),
        target: asked.target.as_ref().map(ToString::to_string),
        verdict: Some(known.verdict),
        rehearsal: known.rehearsal.cloned(),
        ..Runbook::default()
    }
}
