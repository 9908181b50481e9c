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

mod apply;
mod error;
mod file;
mod glob;
mod require;

use std::collections::BTreeMap;

use checks::Severity;
use jiff::civil::Date;

pub use error::PolicyError;
pub use glob::Glob;
pub use require::{Facts, Kind, Stored};

/// A policy that asks for little, with comments on all that it could ask for: what `assay policy init` prints.
pub const DEFAULT: &str = include_str!("default.toml");

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Severities by ID of finding.
    pub severities: BTreeMap<&'static str, Severity>,
    /// What a backup must be.
    pub require: Require,
    /// What does not count.
    pub waivers: Vec<Waiver>,
}

/// What a backup must be; what is not set is not asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Require {
    /// Greatest age, in seconds.
    pub max_age: Option<i64>,
    /// Greatest share of free pages, in percent.
    pub max_fragmentation_percent: Option<f64>,
    /// Least number of days until the first certificate in the tarball ends.
    pub min_certificate_days: Option<i64>,
    /// How values must be stored.
    pub encryption: Option<Encryption>,
    /// Whether the keys must be proven to open every encrypted value.
    pub keys_fit: bool,
    /// Whether the keys must be proven to be in escrow.
    pub escrow_manifest: bool,
    /// Whether the snapshot must have a valid integrity hash.
    pub trailer: bool,
}

/// How values must be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// The providers that may have written them; any, where there are none here.
    pub types: Vec<String>,
    /// Resources, as `secrets` or `routes.route.openshift.io`.
    pub resources: Vec<String>,
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
    /// When the file is no TOML, says something that is no setting, names a finding that is not in the catalogue, or
    /// gives a setting a value that it cannot have.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        file::parse(text)
    }

    /// Waivers whose last day is before `today`.
    pub fn expired(&self, today: Date) -> impl Iterator<Item = &Waiver> {
        self.waivers.iter().filter(move |waiver| waiver.until < today)
    }
}
