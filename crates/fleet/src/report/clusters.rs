//! One cluster: what it has, and whether that is enough.

use std::collections::{BTreeMap, BTreeSet};

use calendar::State as Day;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::Serialize;

use super::Asked;
use crate::item::{Depth, Expected, Over};
use crate::outcome::{State, Verdict, VerdictRow};

/// Whether a cluster has what it must have; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    /// It is listed, and there is no backup of it at all.
    Missing,
    /// None of its backups was judged good.
    NoGood,
    /// The newest good one is too old.
    Stale,
    /// There is a newer one that is bad, or of which nothing is known.
    NewestBad,
    /// Backups of more than one cluster lie where one was expected.
    Mixed,
    /// There are more than should be kept.
    TooMany,
    /// All is well.
    Good,
}

impl Status {
    /// Every status, the worst first.
    pub(super) const ALL: [Self; 7] =
        [Self::Missing, Self::NoGood, Self::Stale, Self::NewestBad, Self::Mixed, Self::TooMany, Self::Good];

    /// Its word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NoGood => "no-good",
            Self::Stale => "stale",
            Self::NewestBad => "newest-bad",
            Self::Mixed => "mixed",
            Self::TooMany => "too-many",
            Self::Good => "good",
        }
    }

    /// In words.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Missing => "no backup at all",
            Self::NoGood => "none judged good",
            Self::Stale => "newest good too old",
            Self::NewestBad => "newest not good",
            Self::Mixed => "of several clusters",
            Self::TooMany => "too many",
            Self::Good => "good",
        }
    }

    /// Whether it lacks what it must have.
    pub(super) fn fails(self) -> bool {
        matches!(self, Self::Missing | Self::NoGood | Self::Stale)
    }
}

/// What became of a cluster since an earlier run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Trend {
    /// It was not there.
    New,
    /// It was worse.
    Better,
    /// It was as it is.
    Same,
    /// It was better.
    Worse,
}

/// A backup, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Backup {
    /// Where it is.
    pub(super) uri: String,
    /// When it was taken.
    pub(super) taken: String,
    /// What came of it.
    pub(super) state: State,
    /// What it came to.
    pub(super) verdict: Option<Verdict>,
    /// Its version, where versions were listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    /// What lies on top of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) over: Option<Over>,
}

/// A cluster.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cluster {
    /// What it is called.
    pub(super) cluster: String,
    /// What its snapshots say it is.
    pub(super) ids: BTreeSet<String>,
    /// Whether it has what it must have.
    pub(super) status: Status,
    /// What became of it.
    pub(super) trend: Option<Trend>,
    /// The newest that was judged good.
    pub(super) newest_good: Option<Backup>,
    /// How old that is, in seconds.
    pub(super) age_seconds: Option<i64>,
    /// How old it may be, in seconds.
    pub(super) max_age_seconds: Option<i64>,
    /// The newest.
    pub(super) newest: Option<Backup>,
    /// Its backups.
    pub(super) backups: u64,
    /// How many there may be.
    pub(super) keep: Option<u64>,
    /// How many came to what.
    pub(super) states: BTreeMap<&'static str, u64>,
    /// How many of each verdict.
    pub(super) verdicts: BTreeMap<&'static str, u64>,
    /// What came of each day; the best counts.
    #[serde(skip)]
    pub(super) days: BTreeMap<Date, Day>,
    /// How many versions that lie beneath the newest of their object came to what. None of them counts as a backup.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) beneath: BTreeMap<&'static str, u64>,
    /// The newest of those that was judged good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) newest_good_beneath: Option<Backup>,
}

/// Only what was judged whole and did not fail is good.
fn is_good(row: &VerdictRow) -> bool {
    matches!(row.state, State::Judged | State::Carried)
        && row.depth == Depth::Full
        && row.snapshot
        && matches!(row.verdict, Some(Verdict::Pass | Verdict::Warn))
}

/// What a backup makes of its day.
fn day(row: &VerdictRow) -> Day {
    match (row.state, row.verdict) {
        (_, Some(Verdict::Pass)) if is_good(row) => Day::Restorable,
        _ if is_good(row) => Day::Warned,
        (_, Some(Verdict::Plausible)) => Day::Looked,
        (State::Vanished | State::Changed, _) => Day::Damaged,
        _ => Day::Unfit,
    }
}

impl Cluster {
    /// A cluster of which nothing is known yet.
    pub(super) fn new(name: &str) -> Self {
        Self {
            cluster: name.to_owned(),
            ids: BTreeSet::new(),
            status: Status::Missing,
            trend: None,
            newest_good: None,
            age_seconds: None,
            max_age_seconds: None,
            newest: None,
            backups: 0,
            keep: None,
            states: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            days: BTreeMap::new(),
            beneath: BTreeMap::new(),
            newest_good_beneath: None,
        }
    }

    /// Adds what came of a backup.
    pub(super) fn add(&mut self, row: &VerdictRow) {
        if row.over.is_some() {
            return self.add_beneath(row);
        }
        self.ids.extend(row.facts.cluster_id.clone());
        *self.states.entry(row.state.name()).or_default() += 1;
        if let Some(verdict) = row.verdict {
            *self.verdicts.entry(verdict.name()).or_default() += 1;
        }
        if !row.snapshot {
            return; // a tarball alone is no backup of a cluster
        }
        self.backups += 1;
        let backup = Backup::of(row);
        if let Some(taken) = at(&backup.taken) {
            let (date, day) = (Offset::UTC.to_datetime(taken).date(), day(row));
            self.days.entry(date).and_modify(|best| *best = day.min(*best)).or_insert(day);
        }
        if backup.is_newer_than(&self.newest) {
            self.newest = Some(backup.clone());
        }
        if is_good(row) && backup.is_newer_than(&self.newest_good) {
            self.newest_good = Some(backup);
        }
    }

    /// Adds what came of a version that nobody finds without asking for it.
    fn add_beneath(&mut self, row: &VerdictRow) {
        let word = row.verdict.map_or(row.state.name(), Verdict::name);
        *self.beneath.entry(word).or_default() += 1;
        let backup = Backup::of(row);
        if is_good(row) && backup.is_newer_than(&self.newest_good_beneath) {
            self.newest_good_beneath = Some(backup);
        }
    }

    /// What was judged good and lies beneath, where no backup that is as new was judged good.
    pub(super) fn better_beneath(&self) -> Option<&Backup> {
        self.newest_good_beneath.as_ref().filter(|beneath| {
            let seen = self.newest_good.as_ref();
            seen.is_none_or(|seen| at(&seen.taken) < at(&beneath.taken))
        })
    }

    /// Holds it against what it must have.
    pub(super) fn settle(&mut self, expected: Option<&Expected>, asked: Asked) {
        let own = expected.and_then(|expected| expected.rpo.as_deref()).and_then(|rpo| crate::age::parse(rpo).ok());
        self.max_age_seconds = own.or(asked.max_age);
        self.keep = expected.and_then(|expected| expected.keep).or(asked.keep);
        let taken = self.newest_good.as_ref().and_then(|good| at(&good.taken));
        self.age_seconds = taken.map(|taken| asked.now.as_second() - taken.as_second());
        let is_stale = match (self.age_seconds, self.max_age_seconds) {
            (Some(age), Some(most)) => age > most,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        self.status = match &self.newest_good {
            _ if self.backups == 0 => Status::Missing,
            None => Status::NoGood,
            Some(_) if is_stale => Status::Stale,
            Some(good)
                if self.newest.as_ref().is_some_and(|newest| newest.uri != good.uri && !newest.may_be_good()) =>
            {
                Status::NewestBad
            }
            _ if self.ids.len() > 1 => Status::Mixed,
            _ if self.keep.is_some_and(|keep| self.backups > keep) => Status::TooMany,
            _ => Status::Good,
        };
    }
}

impl Backup {
    fn of(row: &VerdictRow) -> Self {
        // a clock that is wrong makes nothing younger than what it is stored in
        let taken = if at(&row.modified) < at(&row.taken) { &row.modified } else { &row.taken };
        Self {
            uri: row.uri.clone(),
            taken: taken.clone(),
            state: row.state,
            verdict: row.verdict,
            version: row.version.clone(),
            over: row.over.clone(),
        }
    }

    fn is_newer_than(&self, other: &Option<Self>) -> bool {
        other.as_ref().is_none_or(|other| at(&other.taken) <= at(&self.taken))
    }

    /// Of what lies beneath: when it was taken, what became of it, and how it is asked for.
    pub(super) fn beneath(&self) -> Option<String> {
        let (over, version) = (self.over.as_ref()?, self.version.as_deref()?);
        Some(format!("of {}, {}: {}, version {version}", self.taken, over.kind.told(), self.uri))
    }

    /// Whether nothing speaks against it, though it was only looked at.
    fn may_be_good(&self) -> bool {
        self.verdict.is_some_and(|verdict| verdict != Verdict::Fail)
    }
}

fn at(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
pub(super) mod tests;
