//! What came of an item: the rows of parts and results.

use serde::{Deserialize, Serialize};

use crate::item::{ClusterFrom, Depth, Over};

/// What came of an item. Only `judged` and `carried` tell of the backup; the others say why nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Judged in this run.
    Judged,
    /// Judged in an earlier run, of the same bytes by the same assay.
    Carried,
    /// It is gone since it was listed.
    Vanished,
    /// It is another object than was listed.
    Changed,
    /// The store gives out others, but not this.
    Unreadable,
    /// It lies where it must be brought back from first.
    Archived,
    /// The judge ended badly on it, twice.
    JudgeFailed,
    /// No part tells of it.
    Unjudged,
}

impl State {
    /// Every state, in the order of reports.
    pub(crate) const ALL: [Self; 8] = [
        Self::Judged,
        Self::Carried,
        Self::Vanished,
        Self::Changed,
        Self::Unreadable,
        Self::Archived,
        Self::JudgeFailed,
        Self::Unjudged,
    ];

    /// Its word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Judged => "judged",
            Self::Carried => "carried",
            Self::Vanished => "vanished",
            Self::Changed => "changed",
            Self::Unreadable => "unreadable",
            Self::Archived => "archived",
            Self::JudgeFailed => "judge-failed",
            Self::Unjudged => "unjudged",
        }
    }
}

/// What a backup came to. A word of a later run counts as the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Nothing to look at.
    Pass,
    /// Something to look at.
    Warn,
    /// A quick look saw nothing; that makes nothing good.
    Plausible,
    /// Do not rely on it.
    #[serde(other)]
    Fail,
}

impl Verdict {
    /// Its word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Plausible => "plausible",
            Self::Fail => "fail",
        }
    }
}

/// How many findings of each severity count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    /// Certain loss.
    pub(crate) critical: u32,
    /// Probable loss.
    pub(crate) high: u32,
    /// To be repaired.
    pub(crate) medium: u32,
    /// To be known before a restore.
    pub(crate) low: u32,
    /// Told.
    pub(crate) info: u32,
}

/// A row of `verdicts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerdictRow {
    /// `assay-fleet/1`
    pub(crate) schema: String,
    /// The digest of the plan; in a part, which tells it once, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// The item.
    pub(crate) item: String,
    /// Its shard.
    pub(crate) shard: Option<u32>,
    /// The cluster.
    pub(crate) cluster: String,
    /// What says so.
    pub(crate) cluster_from: ClusterFrom,
    /// The address that it lies under.
    pub(crate) folder: String,
    /// Where it is.
    pub(crate) uri: String,
    /// As planned.
    pub(crate) etag: Option<String>,
    /// As planned.
    pub(crate) version: Option<String>,
    /// What lies on top of it.
    #[serde(default)]
    pub(crate) over: Option<Over>,
    /// Bytes of the file at `uri`.
    pub(crate) size: u64,
    /// As planned.
    pub(crate) modified: String,
    /// How it was judged.
    pub(crate) depth: Depth,
    /// Whether it is the newest of its cluster.
    pub(crate) newest: bool,
    /// Whether etcd's data is among its files.
    pub(crate) snapshot: bool,
    /// What came of it.
    pub(crate) state: State,
    /// What was judged.
    pub(crate) verdict: Option<Verdict>,
    /// The day as of which it was judged, RFC 3339.
    pub(crate) judged: Option<String>,
    /// The worst severity that counts.
    pub(crate) worst: Option<String>,
    /// How many of each.
    pub(crate) counts: Counts,
    /// SHA-256 of the bytes that were judged; none of files, which assay reads where they lie.
    pub(crate) sha256: Option<String>,
    /// When it was taken, by the data or the name, else when it was stored.
    pub(crate) taken: String,
    /// What the snapshot says of itself.
    #[serde(flatten)]
    pub(crate) facts: Facts,
    /// The version of assay.
    pub(crate) assay: String,
    /// The digest of the policy.
    pub(crate) policy: Option<String>,
    /// Why nothing is known, where it is not.
    pub(crate) error: Option<String>,
}

/// What a snapshot says of itself; nothing where it was not read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Facts {
    /// The newest revision.
    pub(crate) revision: Option<i64>,
    /// The version of etcd.
    pub(crate) etcd: Option<String>,
    /// The release of OpenShift.
    pub(crate) openshift: Option<String>,
    /// The cluster's identity, by what is in the snapshot.
    pub(crate) cluster_id: Option<String>,
    /// How the cluster calls itself.
    pub(crate) cluster_name: Option<String>,
    /// Keys that are there.
    pub(crate) live_keys: Option<u64>,
    /// Whether values are encrypted.
    pub(crate) encrypted: Option<bool>,
}

/// A row of `findings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FindingRow {
    /// The digest of the plan; none in a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<String>,
    /// The item.
    pub(crate) item: String,
    /// `SNAP-003`
    pub(crate) id: String,
    /// `trailer-mismatch`
    pub(crate) name: String,
    /// How bad it is here.
    pub(crate) severity: String,
    /// In one line.
    pub(crate) message: String,
    /// Page of the snapshot.
    pub(crate) page: Option<u64>,
    /// Offset in the file.
    pub(crate) offset: Option<u64>,
    /// Key of the record.
    pub(crate) key: Option<String>,
    /// The numbers behind it, as JSON text.
    pub(crate) evidence: Option<String>,
    /// Why a policy lets it by.
    pub(crate) waived: Option<String>,
}

/// A row of a part.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "lowercase")]
pub(crate) enum Row {
    /// The first: of which plan, which shard.
    Part(PartRow),
    /// What came of an item; its findings follow.
    Verdict(Box<VerdictRow>),
    /// A finding of the item before.
    Finding(Box<FindingRow>),
}

/// What a part is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartRow {
    /// `assay-fleet/1`
    pub(crate) schema: String,
    /// The digest of the plan.
    pub(crate) plan: String,
    /// The shard; `None` for what is carried.
    pub(crate) shard: Option<u32>,
    /// Items in it.
    pub(crate) items: u64,
}

/// What rows are of.
pub(crate) const SCHEMA: &str = "assay-fleet/1";
