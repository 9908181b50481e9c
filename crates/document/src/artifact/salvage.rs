//! What was salvaged of a damaged snapshot, and what is lost: a part of `rebuild`.

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::Word;

/// What a salvage found, by how sure it is, and what it did not find.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Salvage {
    /// How far it went: `tree`, `orphans`, `raw`.
    pub from: Word,
    /// Whether nothing is lost, and all of it is from a tree.
    pub whole: bool,
    /// Records of the new file by where they were found, the surest first.
    pub records: Vec<RungCount>,
    /// Records of the new file that the tree did not have, the first hundred.
    pub found: Vec<FoundRecord>,
    /// How many more of them there are.
    pub found_left_out: u64,
    /// Ranges of revisions that the tree does not have.
    pub lost: Vec<LostRange>,
    /// How many more of them there are.
    pub lost_left_out: u64,
    /// Buckets other than `key` of which something is lost.
    pub buckets: Vec<LostBucket>,
    /// Buckets other than `key` that are those of one transaction before.
    pub older_buckets: Vec<String>,
    /// Revisions of which two sources said different things: the surer one was taken, or none.
    pub conflicts: u64,
    /// Keys of the new file that may have been changed or deleted in a lost range.
    pub possibly_stale: u64,
    /// Keys of the new file that may have been deleted before the source was saved: their record is from beside the tree.
    pub possibly_deleted: u64,
    /// What to do when the new file is restored.
    pub advice: Vec<String>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// How many records were found on one rung of the ladder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RungCount {
    /// The rung, from 0.
    pub rung: u8,
    /// Where that is: `sound-tree`, `intact-part`, `other-meta`, `orphan-page`, `torn-page`, `raw-bytes`.
    pub source: Word,
    /// How many.
    pub records: u64,
}

/// A record that the tree did not have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FoundRecord {
    /// Its main revision.
    pub revision: i64,
    /// Its place in the transaction.
    pub sub: i64,
    /// The rung, from 0.
    pub rung: u8,
    /// The page on which it was found.
    pub page: u64,
}

/// Revisions that the tree does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LostRange {
    /// The first main revision of which something may be missing.
    pub from: i64,
    /// The last one; `None` for all that follow.
    pub to: Option<i64>,
    /// The page that failed; `None` where none did.
    pub page: Option<u64>,
    /// What is wrong.
    pub why: String,
    /// Records that were found elsewhere.
    pub recovered: u64,
    /// Main revisions of which no record was found; `None` where that cannot be counted.
    pub missing: Option<u64>,
    /// Whether another source answers for all of it.
    pub filled: bool,
}

/// A bucket of which something is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LostBucket {
    /// Its name.
    pub name: String,
    /// The page that failed.
    pub page: u64,
    /// What is wrong.
    pub why: String,
    /// Entries that are left.
    pub entries: u64,
}
