//! What an organisation asks of its backups: severities, thresholds and waivers, read from a TOML file.
//!
//! ```toml
//! version = 1
//!
//! [severity]                       # how bad a finding is here
//! ETCD-015 = "high"
//!
//! [require]                        # what a backup must be, besides sound
//! max_age = "36h"
//!
//! [[waiver]]                       # what is known and does not count
//! id = "SNAP-002"
//! artifact = "*/lab/*"
//! reason = "copies of the lab's database have no hash"
//! until = 2027-01-31
//! ```
//!
//! A file that says something unknown is refused, with the line: a threshold that is misspelt protects nothing. What is
//! required and cannot be told is a violation, too: a policy asks for proof.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod apply;
mod error;
mod file;
mod glob;

use std::collections::BTreeMap;

use checks::Severity;
use checks::required::Required;
use jiff::civil::Date;

pub use error::PolicyError;
pub use file::seconds;
pub use glob::Glob;

/// A policy that asks for little, with comments on all that it could ask for: what `assay policy init` prints.
pub const DEFAULT: &str = include_str!("default.toml");

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Severities by ID of finding.
    pub severities: BTreeMap<&'static str, Severity>,
    /// What a backup must be.
    pub require: Required,
    /// What does not count.
    pub waivers: Vec<Waiver>,
}

/// A finding that is known and does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// ID of the finding.
    pub id: &'static str,
    /// Only in inputs whose path is like this.
    pub artifact: Option<Glob>,
    /// Only at etcd keys like this.
    pub key: Option<Glob>,
    /// Only in members of the tarball, or at etcd members, like this.
    pub member: Option<Glob>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, in UTC.
    pub until: Date,
    /// Line of the file.
    pub line: usize,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// When the file is no TOML, says something that is no setting, names a finding that is not in their table, or
    /// gives a setting a value that it cannot have.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        file::parse(text)
    }

    /// Waivers whose last day is before `today`.
    pub fn expired(&self, today: Date) -> impl Iterator<Item = &Waiver> {
        self.waivers.iter().filter(move |waiver| waiver.until < today)
    }
}
