//! Will this backup restore?
//!
//! ```no_run
//! # fn main() -> Result<(), assay::Error> {
//! use assay::{Question, Verdict};
//! let judgement = assay::open("backups/2026-11-23")?.judge(&Question::default())?;
//! assert_eq!(judgement.verdict(), Verdict::Pass);
//! # Ok(()) }
//! ```
//!
//! [`open`] finds out what a path leads to. [`Question`] says what is asked: with which keys, onto which cluster, on which
//! day. [`Judgement`] is the answer: findings by artifact, worst first in each, and a [`Verdict`].
//!
//! For those who judge by themselves, [`Backup::facts`] has everything that a backup says, without judgement; [`parts`] are
//! the crates below, so that a user of both has one version.
//!
//! Nothing here writes, prints, exits, or reads the environment; when "now" is, [`Question::now`] says, and nothing else.
#![forbid(unsafe_code)]

mod backup;
pub mod directory;
mod error;
mod judge;
pub mod pair;
mod pool;
mod question;
pub mod tarball;
mod watch;

use std::path::Path;

pub use artifact::Reading;
pub use backup::{Backup, Backups, Facts};
pub use checks::{Finding, Severity, Verdict};
pub use error::Error;
pub use judge::{Judged, Judgement, Unread};
pub use pool::Pool;
pub use question::{Keys, Question};
pub use watch::{Phase, Silent, Watch};

/// The crates below, in the version that this one stands on.
pub mod parts {
    pub use {artifact, backup_facts, bbolt_page, checks, encryption_config, etcd_snapshot, static_resources};
}

/// Finds out what a path leads to: a snapshot, a tarball, or a directory of backups. Judges nothing.
///
/// # Errors
/// A path that leads to nothing, or a directory without a backup in it.
pub fn open(path: impl AsRef<Path>) -> Result<Backups, Error> {
    open_with(path, &Reading::default())
}

/// The same with limits; files may be mapped, which asks for a handler of SIGBUS in the program.
///
/// # Errors
/// As [`open`].
pub fn open_with(path: impl AsRef<Path>, reading: &Reading) -> Result<Backups, Error> {
    Backups::open(path.as_ref(), *reading)
}
