//! What a catalog says of many backups: what may go, what was read again, how they come in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::any::Fields;
use crate::values::Word;

/// `catalog prune`: what goes, and why the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PrunePlan {
    /// [`PrunePlan::KIND`].
    pub kind: Word,
    /// The catalog.
    pub path: String,
    /// SHA-256 of what was asked and of all that the plan says: `--plan`.
    pub plan: String,
    /// Whether it was carried out.
    pub applied: bool,
    /// Backups that go.
    pub going: u64,
    /// Backups that stay.
    pub staying: u64,
    /// Bytes that move.
    pub bytes: u64,
    /// Backups by cluster.
    pub groups: Vec<PlanGroup>,
    /// Files that moved, with `--apply`.
    pub moved: Vec<MovedFile>,
    /// Files that did not.
    pub failed: Vec<FailedFile>,
    /// The catalog's log after it, `SEQ:HASH`; `None` where nothing was written.
    pub log: Option<String>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl PrunePlan {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("prune-plan");
}

/// The backups of one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanGroup {
    /// Its ID; `None` of backups that do not tell.
    pub cluster: Option<String>,
    /// The newest first.
    pub backups: Vec<PlanBackup>,
}

/// What becomes of one backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanBackup {
    /// Its name in the catalog.
    pub id: String,
    /// When it was taken.
    pub taken: String,
    /// Whether it counts.
    pub restorable: bool,
    /// Whether it is a half without its other half.
    pub orphan: bool,
    /// Whether it goes.
    pub goes: bool,
    /// Why it stays, every reason; or what stands against restoring one that goes.
    pub reasons: Vec<PlanReason>,
    /// Its files on this host, where it goes.
    pub files: Vec<PlanFile>,
}

/// A reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanReason {
    /// The word for it: `last`, `daily`, `pinned`, `young`.
    pub reason: Word,
    /// In words.
    pub text: String,
}

/// A file of a backup that goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlanFile {
    /// `snapshot`, `resources`, `escrow`, `manifest`, `share`, `signature`.
    pub kind: Word,
    /// Where it lies.
    pub path: String,
    /// Whether it moves.
    pub moves: bool,
    /// Of one that stays: why, in words.
    pub because: Option<String>,
    /// Of one whose keys are needed: the backup whose snapshot needs them.
    pub needed_by: Option<String>,
    /// And the key, by its fingerprint.
    pub key: Option<String>,
}

/// A file that moved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MovedFile {
    /// From where.
    pub from: String,
    /// Where it is now.
    pub to: String,
}

/// A file with which nothing could be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailedFile {
    /// Which.
    pub path: String,
    /// What the system says.
    pub error: String,
}

/// `catalog prune --purge`: what lies in the trash for long enough.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TrashPurge {
    /// [`TrashPurge::KIND`].
    pub kind: Word,
    /// The catalog.
    pub path: String,
    /// Whether it was deleted.
    pub applied: bool,
    /// The files.
    pub files: Vec<TrashFile>,
    /// Their bytes.
    pub bytes: u64,
    /// Files that could not be deleted.
    pub failed: Vec<FailedFile>,
    /// The catalog's log after it; `None` where nothing was written.
    pub log: Option<String>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl TrashPurge {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("trash-purge");
}

/// A file in the trash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrashFile {
    /// Where.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// `catalog check`: what reading again came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Recheck {
    /// [`Recheck::KIND`].
    pub kind: Word,
    /// The catalog.
    pub path: String,
    /// Files that were read.
    pub read: u64,
    /// Their bytes.
    pub read_bytes: u64,
    /// Files that are known on this host.
    pub known: u64,
    /// Their bytes.
    pub known_bytes: u64,
    /// Files that are what they were.
    pub unchanged: u64,
    /// The others.
    pub changed: Vec<ChangedFile>,
    /// When the one that was read longest ago now was read; `None` where nothing is known on this host.
    pub oldest_check: Option<String>,
    /// Whether the run was ended from outside.
    pub cut_short: bool,
    /// The catalog's log after it.
    pub log: Option<String>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Recheck {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("recheck");
}

/// A file that is not what it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangedFile {
    /// Which.
    pub path: String,
    /// `snapshot`, `resources`, `escrow`, `manifest`, `share`, `signature`.
    pub kind: Word,
    /// `rotten`, `replaced`, `missing`, `unreadable`, `moved`.
    pub state: Word,
    /// What it was when it was last looked at.
    pub was: Word,
    /// The backups that it is of.
    pub backups: Vec<String>,
}

/// `catalog check --log`: whether the catalog can be relied upon.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogCheck {
    /// [`LogCheck::KIND`].
    pub kind: Word,
    /// The catalog.
    pub path: String,
    /// Entries of the log.
    pub entries: i64,
    /// Its head, `SEQ:HASH`.
    pub log: String,
    /// The one that was kept elsewhere.
    pub expected: Option<String>,
    /// Whether everything holds.
    pub holds: bool,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl LogCheck {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("catalog-log");
}

/// `catalog stats`, `catalog calendar`: the backups of one cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterStats {
    /// [`ClusterStats::KIND`].
    pub kind: Word,
    /// The catalog.
    pub path: String,
    /// The cluster's ID; `None` of backups that do not tell.
    pub cluster: Option<String>,
    /// How it calls itself.
    pub name: Option<String>,
    /// How many there are.
    pub backups: BackupCounts,
    /// The newest.
    pub last: Option<StatsBackup>,
    /// The newest that counts.
    pub last_restorable: Option<StatsBackup>,
    /// When the file of it on this host that was read longest ago was read.
    pub oldest_check: Option<String>,
    /// How they come in.
    pub cadence: Cadence,
    /// How large they are, the oldest first.
    pub sizes: Vec<SizePoint>,
    /// By how much the database grows in a day, from the first that tells to the last.
    pub growth_bytes_per_day: Option<f64>,
    /// Where whole ones lie.
    pub hosts: Vec<HostCount>,
    /// Those that count and lie on one host alone.
    pub on_one_host: u64,
    /// When the keys that values need changed, the oldest first.
    pub rotations: Vec<Rotation>,
    /// Escrows, and how many of their custodians proved lately that they open them.
    pub escrows: Vec<EscrowQuorum>,
    /// Custodians, and when they last did.
    pub custodians: Vec<CustodianDrill>,
    /// Each day from the first backup to the last, in the time zone that was asked for.
    pub days: Vec<BackupDay>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl ClusterStats {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("cluster-stats");
}

/// How many backups there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackupCounts {
    /// All of them.
    pub all: u64,
    /// Those that count.
    pub restorable: u64,
    /// Those of which a file changed since, wherever it lies.
    pub changed: u64,
    /// Those that are nowhere whole, as a file is gone.
    pub missing: u64,
    /// Halves without their other half.
    pub orphan: u64,
}

/// A backup, in short.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StatsBackup {
    /// Its name in the catalog.
    pub id: String,
    /// When it was taken.
    pub taken: String,
    /// Whether it counts.
    pub restorable: bool,
}

/// How backups come in; of those that count.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Cadence {
    /// What lies between one and the next, most often; `None` of fewer than three.
    pub median_seconds: Option<i64>,
    /// Where more than twice that lies between them, the longest first; ten at most.
    pub gaps: Vec<Gap>,
}

/// Where nothing came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gap {
    /// When the one before was taken.
    pub from: String,
    /// And the one after.
    pub to: String,
    /// What lies between.
    pub seconds: i64,
}

/// How large a backup is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SizePoint {
    /// When it was taken.
    pub taken: String,
    /// Bytes of its database.
    pub size: u64,
    /// Bytes of pages that hold something.
    pub in_use: u64,
    /// Share of the others, in percent.
    pub fragmentation_percent: f64,
}

/// Backups on a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostCount {
    /// Its name.
    pub host: String,
    /// How many whole ones lie there.
    pub backups: u64,
}

/// Keys that values need from a backup on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rotation {
    /// When it was taken.
    pub taken: String,
    /// Its name in the catalog.
    pub backup: String,
    /// Keys that none before it needed.
    pub added: Vec<String>,
    /// Keys that the one before needed, and it does not.
    pub gone: Vec<String>,
}

/// An escrow, and who can open it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EscrowQuorum {
    /// How its SHA-256 begins.
    pub escrow: String,
    /// How many shares it takes; 1 where each recipient opens it alone.
    pub needed: u64,
    /// How many were proven within 90 days.
    pub proven: u64,
}

/// A custodian of a cluster's escrows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustodianDrill {
    /// By name.
    pub custodian: String,
    /// When a drill of theirs was last proven; `None`: never.
    pub last_drill: Option<String>,
}

/// The backups of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackupDay {
    /// `2026-11-23`.
    pub day: String,
    /// The best of them: `restorable`, `warned`, `damaged` since, `unfit`; `none` where there is none.
    pub state: Word,
    /// How many were taken.
    pub backups: u64,
    /// How many of them count.
    pub restorable: u64,
}
