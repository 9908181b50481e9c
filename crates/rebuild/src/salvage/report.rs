//! What a salvage found and what it did not, to be told.

use std::fmt;

use bbolt_page::{FaultKind, Pgid};
use etcd_snapshot::Revision;

use super::{Range, Rung};

/// Why a range of revisions is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// A page that led to it failed.
    Page(FaultKind),
    /// Elements of an intact page are no records, or contradict themselves.
    Records,
    /// Revisions do not follow each other, though no page failed.
    Gap,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(fault) => fault.fmt(f),
            Self::Records => f.write_str("records that cannot be what etcd wrote"),
            Self::Gap => f.write_str("the revisions are missing, though no page failed"),
        }
    }
}

/// A range of revisions that the tree does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostRange {
    /// The range.
    pub range: Range,
    /// The page that failed; `None` where none did.
    pub page: Option<Pgid>,
    /// Why it is lost.
    pub why: Why,
    /// Records of it that were found elsewhere.
    pub recovered: u64,
    /// Main revisions of it of which no record was found; `None` where that cannot be counted: at or below the compaction,
    /// and to the end.
    pub missing: Option<u64>,
    /// Whether another source answers for all of it.
    pub filled: bool,
}

/// A bucket of etcd's own of which something is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostBucket {
    /// Its name.
    pub name: Vec<u8>,
    /// The page that failed.
    pub page: Pgid,
    /// What is wrong with it.
    pub why: FaultKind,
    /// Entries that are left.
    pub entries: u64,
}

/// A record that was not found in the tree of the winning meta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// When it was written.
    pub revision: Revision,
    /// Where it was found.
    pub rung: Rung,
    /// The page.
    pub page: Pgid,
}

/// What was salvaged, and what is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Records that were found, each once, before history was left out.
    pub gathered: u64,
    /// Records that are in the new file, by [`Rung::ALL`].
    pub records: [u64; Rung::ALL.len()],
    /// Those that were not found in the tree, the first [`Report::LISTED`] of them.
    pub found: Vec<Found>,
    /// How many more of them there are.
    pub found_left_out: u64,
    /// Lost ranges in order of their revisions.
    pub lost: Vec<LostRange>,
    /// Buckets other than `key` of which something is lost.
    pub buckets: Vec<LostBucket>,
    /// Buckets other than `key` taken whole from the tree of the other meta.
    pub older_buckets: Vec<Vec<u8>>,
    /// Revisions of which two sources said different things, and records that contradict each other though none is lost.
    pub conflicts: u64,
    /// Keys in the new file that may have been changed or deleted since, in a lost range.
    pub possibly_stale: u64,
    /// Keys in the new file whose record was found beside the tree, at or below the compaction, with nothing that continues
    /// it: they may have been deleted since.
    pub possibly_deleted: u64,
}

impl Report {
    /// How many records are listed.
    pub const LISTED: usize = 100;

    /// Of a source in which nothing is wrong.
    pub(crate) fn whole(records: u64) -> Self {
        let mut by_rung = [0; Rung::ALL.len()];
        if let Some(sound) = by_rung.first_mut() {
            *sound = records;
        }
        Self { gathered: records, records: by_rung, ..Self::default() }
    }

    /// Whether nothing is lost: what the tree did not have, the other meta's had.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let beside = Rung::ALL.iter().zip(self.records).any(|(rung, records)| *rung > Rung::OtherMeta && records > 0);
        !beside && self.conflicts == 0 && self.buckets.is_empty() && self.lost.iter().all(|lost| lost.filled)
    }

    /// Whether the new file has no history: one with holes must not be watched.
    #[must_use]
    pub fn is_compacted(&self) -> bool {
        !self.lost.is_empty()
    }
}
