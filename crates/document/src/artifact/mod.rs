//! What a document tells of: a shape for each command and kind.

mod backup;
mod bytes;
mod catalog;
mod custody;
mod encryption;
mod escrow;
mod etcd;
mod explain;
mod hashes;
mod kept;
mod keys;
mod members;
mod mended;
mod objects;
mod policy;
mod rebuilt;
mod rehearsal;
mod runbook;
mod salvage;
mod snapshot;
mod tarball;
mod unread;
mod usage;

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::any::{Any, Fields};
use crate::patient;

pub use backup::{Backup, Compat, CompatOf, DataLog, Escrow, Expected, Picks, Reason, ReleaseEvidence};
pub use bytes::{
    BucketRow, Buckets, Carved, CarvedCounts, CarvedRow, Entries, EntryRow, Page, PageBucket, PageContent, PageCounts,
    PageElement, PageFault, PageField, PageRow, Pages, Unexplained,
};
pub use catalog::{
    Against, Catalog, Catalogued, CataloguedCustodian, CataloguedEscrow, CataloguedFile, PastFinding, PastJudgement,
    SeenAt,
};
pub use custody::{Custody, CustodyHolder};
pub use encryption::{
    Condition, Coverage, CoverageKey, Encryption, KeyUse, KeysCheck, KeysFrom, Link, NamedKey, SealedRecord, Writer,
};
pub use escrow::{Check, Custodian, Drill, Said, Written, WrittenFile};
pub use etcd::{Alarm, Auth, Cluster, ConfState, Etcd, Lease, Member, Permission, Role, User};
pub use explain::Explained;
pub use hashes::{Dump, HashKv, Hashes, Status, Trailer};
pub use kept::{
    BackupCounts, BackupDay, Cadence, ChangedFile, ClusterStats, CustodianDrill, EscrowQuorum, FailedFile, Gap,
    HostCount, LogCheck, MovedFile, PlanBackup, PlanFile, PlanGroup, PlanReason, PrunePlan, Recheck, Rotation,
    SizePoint, StatsBackup, TrashFile, TrashPurge,
};
pub use keys::{Identity, KeyList, KeyRow, RevisionRow};
pub use members::{MemberKey, MemberSnapshot, MembersCompared};
pub use mended::{Damage, Mended};
pub use objects::{
    Author, CarvedFrom, Change, Difference, DifferenceCounts, History, LiveKey, ObjectRow, Side, StepRow, Timeline,
};
pub use policy::{PolicyFile, RequiredEncryption, Requirements, Waiver};
pub use rebuilt::{Applied, ChangedObject, LeftOut, Rebuilt, Sanitized, StoredBy, ValuesWritten};
pub use rehearsal::{Boot, KubeApiserver, PlannedMember, Probe, Rehearsal, RestoredAs};
pub use runbook::{
    Blank, Block, BookFile, BookNote, BookStep, OmittedStep, RecoveryHost, Refusal, Runbook, StepFinding, Wait,
};
pub use salvage::{FoundRecord, LostBucket, LostRange, RungCount, Salvage};
pub use snapshot::{
    EncryptedWith, Format, Keys, OpenShift, Platform, PlatformEvidence, Resource, Revisions, Snapshot, Space, Update,
};
pub use tarball::{
    ArchiveFault, Config, ConfiguredResource, EncryptionConfig, KeyUsed, KeysLs, Material, Pod, Problem, Tarball,
    Version,
};
pub use unread::Unread;
pub use usage::{Account, KeyGroup, Reclaimable, Usage, UsedKeys};

/// One artifact.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Artifact {
    /// `inspect`, `verify`: a snapshot.
    Snapshot(Box<Snapshot>),
    /// `inspect`, `verify`: a tarball of static pod resources.
    Tarball(Box<Tarball>),
    /// `inspect`, `verify`: a backup; its files are artifacts of their own.
    Backup(Box<Backup>),
    /// `inspect`, `verify`, `keys check`, `compat`: what could not be read.
    Unread(Box<Unread>),
    /// `keys check`.
    KeysCheck(Box<KeysCheck>),
    /// `compat`.
    Compat(Box<CompatOf>),
    /// `hash`.
    Hashes(Box<Hashes>),
    /// `cluster`.
    Cluster(Box<Cluster>),
    /// `du`.
    Usage(Box<Usage>),
    /// `pages`.
    Pages(Box<Pages>),
    /// `page`.
    Page(Box<Page>),
    /// `bucket`: the buckets.
    Buckets(Box<Buckets>),
    /// `bucket`: the entries of one.
    Entries(Box<Entries>),
    /// `carve`.
    Carved(Box<Carved>),
    /// `history`.
    History(Box<History>),
    /// `timeline`.
    Timeline(Box<Timeline>),
    /// `diff`: one of the two snapshots.
    Side(Box<Side>),
    /// `ls`.
    KeyList(Box<KeyList>),
    /// `explain`.
    Explained(Box<Explained>),
    /// `keys ls`.
    KeysLs(Box<KeysLs>),
    /// `keys split`, `keys join`, `keys rewrap`.
    Written(Box<Written>),
    /// `keys verify-escrow`.
    Drill(Box<Drill>),
    /// `policy check`.
    PolicyFile(Box<PolicyFile>),
    /// `mend`.
    Mended(Box<Mended>),
    /// `rebuild`.
    Rebuilt(Box<Rebuilt>),
    /// `rehearse`.
    Rehearsal(Box<Rehearsal>),
    /// `runbook`.
    Runbook(Box<Runbook>),
    /// `catalog prune`.
    PrunePlan(Box<PrunePlan>),
    /// `catalog prune --purge`.
    TrashPurge(Box<TrashPurge>),
    /// `catalog check`.
    Recheck(Box<Recheck>),
    /// `catalog check --log`.
    LogCheck(Box<LogCheck>),
    /// `catalog stats`, `catalog calendar`.
    ClusterStats(Box<ClusterStats>),
    /// `catalog ...`: the catalog itself.
    Catalog(Box<Catalog>),
    /// `catalog ...`: a backup in it.
    Catalogued(Box<Catalogued>),
    /// `catalog custody`: an escrow that it knows.
    Custody(Box<Custody>),
    /// Of another command, or of a kind that a later assay has: kept as it is.
    Other(Any),
}

impl Artifact {
    /// Reads an artifact of a command.
    pub(crate) fn read(command: &str, any: Any) -> Self {
        let kind = any.fields().and_then(|fields| fields.get("kind")).and_then(Any::text).unwrap_or_default();
        match (command, kind) {
            ("inspect" | "verify", "snapshot") => shape(any, Self::Snapshot),
            ("inspect" | "verify", "static-kuberesources") => shape(any, Self::Tarball),
            ("inspect" | "verify", "backup") => shape(any, Self::Backup),
            ("inspect" | "verify" | "keys check" | "compat" | "catalog add", "unreadable") => shape(any, Self::Unread),
            ("keys check", _) => shape(any, Self::KeysCheck),
            ("compat", _) => shape(any, Self::Compat),
            ("hash", _) => shape(any, Self::Hashes),
            ("cluster", _) => shape(any, Self::Cluster),
            ("du", _) => shape(any, Self::Usage),
            ("pages", _) => shape(any, Self::Pages),
            ("page", _) => shape(any, Self::Page),
            ("bucket", _) if any.fields().is_some_and(|fields| fields.get("entries").is_some()) => {
                shape(any, Self::Entries)
            }
            ("bucket", _) => shape(any, Self::Buckets),
            ("carve", _) => shape(any, Self::Carved),
            ("history", _) => shape(any, Self::History),
            ("timeline", _) => shape(any, Self::Timeline),
            ("diff", _) => shape(any, Self::Side),
            ("ls", _) => shape(any, Self::KeyList),
            ("explain", _) => shape(any, Self::Explained),
            ("keys ls", _) => shape(any, Self::KeysLs),
            ("keys split" | "keys join" | "keys rewrap", _) => shape(any, Self::Written),
            ("keys verify-escrow", _) => shape(any, Self::Drill),
            ("policy check", _) => shape(any, Self::PolicyFile),
            ("mend", _) => shape(any, Self::Mended),
            ("rebuild", _) => shape(any, Self::Rebuilt),
            ("rehearse", _) => shape(any, Self::Rehearsal),
            ("runbook", _) => shape(any, Self::Runbook),
            (_, "catalog") if command.starts_with("catalog ") => shape(any, Self::Catalog),
            (_, "catalogued") if command.starts_with("catalog ") => shape(any, Self::Catalogued),
            (_, "custody") if command.starts_with("catalog ") => shape(any, Self::Custody),
            ("catalog prune", "trash-purge") => shape(any, Self::TrashPurge),
            ("catalog prune", _) => shape(any, Self::PrunePlan),
            ("catalog check", "catalog-log") => shape(any, Self::LogCheck),
            ("catalog check", _) => shape(any, Self::Recheck),
            ("catalog stats" | "catalog calendar", _) => shape(any, Self::ClusterStats),
            _ => Self::Other(any),
        }
    }

    /// `snapshot`, `static-kuberesources`, `backup`, ...; `None` where it has none.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Snapshot(it) => Some(&it.kind),
            Self::Tarball(it) => Some(&it.kind),
            Self::Backup(it) => Some(&it.kind),
            Self::Unread(it) => Some(&it.kind),
            Self::KeysCheck(it) => Some(&it.kind),
            Self::Compat(it) => Some(&it.kind),
            Self::Cluster(it) => Some(&it.kind),
            Self::KeysLs(it) => Some(&it.kind),
            Self::Written(it) => Some(&it.kind),
            Self::Drill(it) => Some(&it.kind),
            Self::PolicyFile(it) => Some(&it.kind),
            Self::Mended(it) => Some(&it.kind),
            Self::Rebuilt(it) => Some(&it.kind),
            Self::Rehearsal(it) => Some(&it.kind),
            Self::Runbook(it) => Some(&it.kind),
            Self::PrunePlan(it) => Some(&it.kind),
            Self::TrashPurge(it) => Some(&it.kind),
            Self::Recheck(it) => Some(&it.kind),
            Self::LogCheck(it) => Some(&it.kind),
            Self::ClusterStats(it) => Some(&it.kind),
            Self::Catalog(it) => Some(&it.kind),
            Self::Catalogued(it) => Some(&it.kind),
            Self::Custody(it) => Some(&it.kind),
            Self::Other(any) => any.fields()?.get("kind")?.text(),
            _ => None,
        }
    }

    /// The path, as given; empty where there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Snapshot(it) => &it.path,
            Self::Tarball(it) => &it.path,
            Self::Backup(it) => &it.path,
            Self::Unread(it) => &it.path,
            Self::KeysCheck(it) => &it.path,
            Self::Compat(it) => &it.path,
            Self::Hashes(it) => &it.path,
            Self::Cluster(it) => &it.path,
            Self::Usage(it) => &it.path,
            Self::Pages(it) => &it.path,
            Self::Page(it) => &it.path,
            Self::Buckets(it) => &it.path,
            Self::Entries(it) => &it.path,
            Self::Carved(it) => &it.path,
            Self::History(it) => &it.path,
            Self::Timeline(it) => &it.path,
            Self::Side(it) => &it.path,
            Self::KeyList(it) => &it.path,
            Self::Explained(_) => "",
            Self::KeysLs(it) => &it.path,
            Self::Written(it) => &it.path,
            Self::Drill(it) => &it.path,
            Self::PolicyFile(it) => &it.path,
            Self::Mended(it) => &it.path,
            Self::Rebuilt(it) => &it.path,
            Self::Rehearsal(it) => &it.path,
            Self::Runbook(it) => &it.path,
            Self::PrunePlan(it) => &it.path,
            Self::TrashPurge(it) => &it.path,
            Self::Recheck(it) => &it.path,
            Self::LogCheck(it) => &it.path,
            Self::ClusterStats(it) => &it.path,
            Self::Catalog(it) => &it.path,
            Self::Catalogued(it) => &it.path,
            Self::Custody(it) => &it.path,
            Self::Other(any) => {
                any.fields().and_then(|fields| fields.get("path")).and_then(Any::text).unwrap_or_default()
            }
        }
    }

    /// What a later assay says besides; `None` where that is all there is.
    #[must_use]
    pub fn more(&self) -> Option<&Fields> {
        Some(match self {
            Self::Snapshot(it) => &it.more,
            Self::Tarball(it) => &it.more,
            Self::Backup(it) => &it.more,
            Self::Unread(it) => &it.more,
            Self::KeysCheck(it) => &it.more,
            Self::Compat(it) => &it.more,
            Self::Hashes(it) => &it.more,
            Self::Cluster(it) => &it.more,
            Self::Usage(it) => &it.more,
            Self::Pages(it) => &it.more,
            Self::Page(it) => &it.more,
            Self::Buckets(it) => &it.more,
            Self::Entries(it) => &it.more,
            Self::Carved(it) => &it.more,
            Self::History(it) => &it.more,
            Self::Timeline(it) => &it.more,
            Self::Side(it) => &it.more,
            Self::KeyList(it) => &it.more,
            Self::Explained(it) => &it.more,
            Self::KeysLs(it) => &it.more,
            Self::Written(it) => &it.more,
            Self::Drill(it) => &it.more,
            Self::PolicyFile(it) => &it.more,
            Self::Mended(it) => &it.more,
            Self::Rebuilt(it) => &it.more,
            Self::Rehearsal(it) => &it.more,
            Self::Runbook(it) => &it.more,
            Self::PrunePlan(it) => &it.more,
            Self::TrashPurge(it) => &it.more,
            Self::Recheck(it) => &it.more,
            Self::LogCheck(it) => &it.more,
            Self::ClusterStats(it) => &it.more,
            Self::Catalog(it) => &it.more,
            Self::Catalogued(it) => &it.more,
            Self::Custody(it) => &it.more,
            Self::Other(_) => return None,
        })
    }

    /// What findings about it call it: several backups share the path of a directory, and have names.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Backup(it) if !it.name.is_empty() => &it.name,
            _ => self.path(),
        }
    }
}

/// What is no object, or too odd, stays what it is.
fn shape<T: DeserializeOwned>(any: Any, as_artifact: fn(Box<T>) -> Artifact) -> Artifact {
    match patient::read(Cow::Borrowed(&any)) {
        Some(shape) => as_artifact(Box::new(shape)),
        None => Artifact::Other(any),
    }
}
