//! Which backup to take: first what may not be taken at all, then an order in which the first difference decides.

use std::cmp::{Ordering, Reverse};

use checks::Verdict;
use jiff::{SignedDuration, Timestamp};
use version_compat::{Data, Target};

use crate::backup::{Backup, Keys, Rehearsed};
use crate::custody::PROOF_COUNTS;
use crate::restorable::Unfit;

/// What a backup is wanted for.
#[derive(Debug, Clone)]
pub struct Wanted<'w> {
    /// Of this cluster.
    pub cluster: Option<&'w str>,
    /// For a cluster that runs this release.
    pub target: Option<&'w Target>,
    /// Taken before this, or at it.
    pub before: Option<Timestamp>,
    /// How much of the past may be lost without its counting: the recovery point objective.
    pub rpo: SignedDuration,
    /// What is to run on: the name of a platform.
    pub platform: Option<&'w str>,
    /// And the topology of its control plane.
    pub topology: Option<&'w str>,
    /// When this is asked.
    pub now: Timestamp,
}

/// Why a backup is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejected {
    /// It is of another cluster, or of none that is known.
    OtherCluster,
    /// It was taken too late.
    TooLate,
    /// It is said to have been taken in the future.
    Future,
    /// Nothing tells when it was taken.
    NoTime,
    /// It does not count at all.
    Unfit(Unfit),
    /// The release does not start on it: why.
    Release(String),
}

impl Rejected {
    /// The word by which reports count it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::OtherCluster => "other-cluster",
            Self::TooLate => "too-late",
            Self::Future => "future",
            Self::NoTime => "no-time",
            Self::Unfit(unfit) => unfit.name(),
            Self::Release(_) => "release",
        }
    }
}

/// What ranks one backup above another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// It is newer by at least what may be lost.
    Age,
    /// Its keys are nearer at hand.
    Keys,
    /// More is proven of it.
    Proof,
    /// It is of the same platform and topology.
    Site,
    /// It is newer, by less than what may be lost.
    Taken,
    /// It was read again later.
    Checked,
    /// Its revision is higher.
    Revision,
    /// Nothing but its digest.
    Digest,
}

/// A backup that may be taken.
#[derive(Debug, Clone)]
pub struct Ranked<'b> {
    /// The backup.
    pub backup: &'b Backup,
    /// Why the first is above it; `None` of the first.
    pub behind: Option<By>,
}

/// The answer.
#[derive(Debug, Clone, Default)]
pub struct Pick<'b> {
    /// Those that may be taken, the best first.
    pub ranked: Vec<Ranked<'b>>,
    /// The others, each with everything that stands against it.
    pub rejected: Vec<(&'b Backup, Vec<Rejected>)>,
}

/// Ranks backups for a restore.
#[must_use]
pub fn pick<'b>(backups: impl IntoIterator<Item = &'b Backup>, wanted: &Wanted<'_>) -> Pick<'b> {
    let mut pick = Pick::default();
    let mut fit = Vec::new();
    for backup in backups {
        let against = gates(backup, wanted);
        if against.is_empty() { fit.push(backup) } else { pick.rejected.push((backup, against)) }
    }
    fit.sort_by(|one, other| order(one, other, wanted).map_or(Ordering::Equal, |(ordering, _)| ordering));
    let first = fit.first().copied();
    pick.ranked = fit
        .into_iter()
        .map(|backup| Ranked { backup, behind: first.and_then(|best| Some(order(best, backup, wanted)?.1)) })
        .collect();
    pick.rejected.sort_by_key(|(backup, _)| (Reverse(backup.taken), backup.digest));
    pick
}

fn gates(backup: &Backup, wanted: &Wanted<'_>) -> Vec<Rejected> {
    let mut against = Vec::new();
    if wanted.cluster.is_some_and(|cluster| backup.cluster.as_deref() != Some(cluster)) {
        against.push(Rejected::OtherCluster);
    }
    if !backup.tells_time() {
        if wanted.before.is_some() {
            against.push(Rejected::NoTime);
        }
    } else if wanted.before.is_some_and(|before| backup.taken > before) {
        against.push(Rejected::TooLate);
    } else if backup.taken > wanted.now {
        against.push(Rejected::Future);
    }
    against.extend(backup.unfit().into_iter().map(Rejected::Unfit));
    if let Some(target) = wanted.target {
        let judged = backup.starts.judge(&backup.release, target, Data::default());
        if !judged.allowed() {
            let why = judged.reasons.into_iter().next().map(|reason| reason.text);
            against
                .push(Rejected::Release(why.unwrap_or_else(|| format!("the release is {}", judged.relation.name()))));
        }
    }
    against
}

/// Which comes first, and by what; `None` where it is the same backup.
fn order(one: &Backup, other: &Backup, wanted: &Wanted<'_>) -> Option<(Ordering, By)> {
    let by = |ordering: Ordering, by| (ordering != Ordering::Equal).then_some((ordering, by));
    // one that tells no time may be as old as can be
    let bucket = |backup: &Backup| (!backup.tells_time(), age_bucket(backup.taken, wanted));
    let site = |backup: &Backup| {
        let platform = wanted.platform.is_none_or(|platform| platform == backup.platform);
        let topology = wanted.topology.is_none_or(|topology| backup.topology.as_deref() == Some(topology));
        (Reverse(platform), Reverse(topology))
    };
    by(bucket(one).cmp(&bucket(other)), By::Age)
        .or_else(|| by(nearness(one, wanted).cmp(&nearness(other, wanted)), By::Keys))
        .or_else(|| by(proof(one).cmp(&proof(other)), By::Proof))
        .or_else(|| by(site(one).cmp(&site(other)), By::Site))
        .or_else(|| by(other.taken.cmp(&one.taken), By::Taken))
        .or_else(|| by(other.checked().cmp(&one.checked()), By::Checked))
        .or_else(|| by(other.revision.cmp(&one.revision), By::Revision))
        .or_else(|| by((one.digest, &one.id).cmp(&(other.digest, &other.id)), By::Digest))
}

impl Wanted<'_> {
    /// Whether a backup is older than another by so much that nothing else counts between them.
    #[must_use]
    pub fn is_older(&self, one: &Backup, other: &Backup) -> bool {
        age_bucket(one.taken, self) > age_bucket(other.taken, self)
    }
}

/// How many times what may be lost lies between a backup and the moment that is wanted.
fn age_bucket(taken: Timestamp, wanted: &Wanted<'_>) -> i128 {
    let age = wanted.before.unwrap_or(wanted.now).duration_since(taken).as_nanos();
    age.div_euclid(wanted.rpo.as_nanos().max(1))
}

/// How far the keys are: at hand, with custodians who proved it, with custodians who did not.
fn nearness(backup: &Backup, wanted: &Wanted<'_>) -> u8 {
    let lately = |proven: Timestamp| wanted.now.duration_since(proven) <= PROOF_COUNTS;
    match &backup.keys {
        Keys::NotNeeded | Keys::AtHand => 0,
        Keys::Escrow { proven: Some(at) } if lately(*at) => 1,
        Keys::Escrow { .. } => 2,
        Keys::Missing | Keys::Wrong => 3,
    }
}

/// How much is proven of it: a boot of it, a pass, a pass with warnings.
fn proof(backup: &Backup) -> u8 {
    match (backup.rehearsed, backup.verdict) {
        (Rehearsed::Served, _) => 0,
        (_, Verdict::Pass) => 1,
        (_, Verdict::Warn | Verdict::Fail) => 2,
    }
}
