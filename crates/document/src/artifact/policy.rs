//! An organisation's policy, as `policy check` tells what it asks for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::Word;

/// `policy check`: a file that was understood.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyFile {
    /// [`PolicyFile::KIND`].
    pub kind: Word,
    /// The file, as given.
    pub path: String,
    /// What it asks for.
    pub require: Requirements,
    /// Severities by ID of finding, where they are not the catalogue's.
    pub severities: BTreeMap<String, Word>,
    /// Findings that do not count, in the order of the file.
    pub waivers: Vec<Waiver>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl PolicyFile {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("policy");
}

/// What a backup must be; `None` and `false` ask for nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Requirements {
    /// How values must be stored.
    pub encryption: Option<RequiredEncryption>,
    /// That an escrow's manifest vouches for keys that are held apart.
    pub escrow_manifest: bool,
    /// That the keys open every value.
    pub keys_fit: bool,
    /// Greatest age, in seconds.
    pub max_age_seconds: Option<i64>,
    /// Greatest share of free pages, in percent.
    pub max_fragmentation_percent: Option<f64>,
    /// Least number of days until the first certificate ends.
    pub min_certificate_days: Option<i64>,
    /// That the snapshot has its integrity hash.
    pub trailer: bool,
}

/// How values must be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequiredEncryption {
    /// Which resources: `secrets`.
    pub resources: Vec<String>,
    /// The providers that may have written them; any, where there are none here.
    pub types: Vec<String>,
}

/// A finding that is known and does not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waiver {
    /// Glob of the file that it is about.
    pub artifact: Option<String>,
    /// Whether its last day has passed.
    pub expired: bool,
    /// ID of the finding.
    pub id: String,
    /// Glob of the etcd key that it is about.
    pub key: Option<String>,
    /// Line of the policy's file.
    pub line: u64,
    /// Glob of the tarball's or etcd's member that it is about.
    pub member: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, in UTC: `2027-01-31`.
    pub until: String,
}
