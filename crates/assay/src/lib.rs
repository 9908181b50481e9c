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
//! Other questions than that of a restore go to [`parts::lens`]: objects, history, differences, space. [`documents`] makes
//! of its answers the parts of a document assay/1.
//!
//! Nothing here writes, prints, exits, or reads the environment; when "now" is, [`Question::now`] says, and nothing else.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod apart;
mod backup;
mod backups;
pub mod custody;
mod database;
pub mod deltas;
pub mod directory;
pub mod documents;
mod error;
pub mod escrow;
mod expectation;
mod hazards;
mod hosts;
mod input;
mod judge;
mod judged;
pub mod key_material;
pub mod keys;
mod known;
pub mod members;
mod moment;
mod newest;
mod objects;
mod only;
mod opener;
pub mod pair;
mod pool;
mod question;
pub mod rehearse;
pub mod runbook;
mod said;
mod tarball;
pub mod target;
mod text_file;
pub mod vouch;
mod watch;

pub use apart::{Apart, EscrowFiles, EscrowPart, Identified, Identity, Known};
pub use artifact::{Folder, Reading};
pub use backup::{Backup, Facts};
pub use backups::Backups;
pub use checks::{Finding, Severity, Verdict};
pub use database::{database, intact_database, lost, revision_of};
pub use document::Document;
pub use error::{Error, KeysError};
pub use expectation::Expectation;
pub use input::Input;
pub use judge::{Answer, Judgement, Unread};
pub use judged::{Judged, Part};
pub use keys::{Given, Keys, Unlock};
pub use objects::{Lens, Seen};
pub use opener::{LateKeys, SnapshotKeys};
pub use pool::Pool;
pub use question::{Asks, Question};
pub use tarball::{Encryption, Tarball};
pub use vouch::Vouch;
pub use watch::{Note, Phase, Silent, Watch};

/// The crates below, in the version that this one stands on.
pub mod parts {
    pub use {
        artifact, backup_facts, bbolt_page, checks, document, encryption_config, etcd_snapshot, key_escrow,
        kube_objects, lens, policy, runbook, signatures, static_resources, version_compat,
    };
}

/// Finds out what a path leads to: a snapshot, a tarball, or a directory of backups. Judges nothing.
///
/// # Errors
/// A directory that cannot be read or has no backup in it. A file is opened when its turn comes.
pub fn open(path: impl AsRef<std::path::Path>) -> Result<Backups, Error> {
    open_with(Input::from(path), &Reading::default())
}

/// The same for whatever has names and bytes, with limits; files may be mapped, which asks for a handler of SIGBUS in the
/// program.
///
/// # Errors
/// As [`open`]; of several inputs, each error comes when its turn does.
pub fn open_with(input: Input, reading: &Reading) -> Result<Backups, Error> {
    Backups::open(input, *reading)
}
