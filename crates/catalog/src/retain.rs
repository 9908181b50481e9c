//! Which backups have to stay, and why.
//!
//! Rules are alternatives, as restic's are: what any of them keeps, stays. Only a backup that is
//! [restorable](Backup::restorable) fills a slot, and a period without one uses none up. Whatever the rules say, there is a
//! floor: the newest restorable of each release, and so many of each cluster.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ZonedDateTime};
use version_compat::Backup as Release;

use crate::backup::Backup;

/// What is to be kept.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The newest so many.
    pub last: u32,
    /// The newest of each hour, day, week, month and year, so many of each.
    pub periods: BTreeMap<Period, u32>,
    /// All that were taken less than so long before the newest.
    pub within: Option<SignedDuration>,
    /// So many of each cluster, whatever the rules say; not fewer than one.
    pub floor: u32,
    /// Those that cannot be restored, for so long: somebody may want to see why.
    pub failed: SignedDuration,
    /// Where days begin.
    pub zone: TimeZone,
}

/// A piece of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week, from Monday on.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

/// What becomes of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays, for every one of these reasons.
    Stays(Vec<Kept>),
    /// It goes.
    Goes,
}

/// Why a backup stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Somebody said so, and why.
    Pinned(String),
    /// It is among the newest.
    Last,
    /// It is the newest of a period, such as `2026-11-23` of the days.
    Newest(Period, String),
    /// There are fewer than were asked for, and it is the oldest.
    Oldest(Period),
    /// It was taken shortly before the newest.
    Within,
    /// It is the newest restorable of its release.
    OfRelease,
    /// So many of a cluster always stay.
    Floor,
    /// It cannot be restored, and is not old enough to go.
    Evidence,
    /// It cannot be restored, and nothing newer can.
    NothingNewer,
}

impl Kept {
    /// The word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pinned(_) => "pinned",
            Self::Last => "last",
            Self::Newest(period, _) => period.name(),
            Self::Oldest(_) => "oldest",
            Self::Within => "within",
            Self::OfRelease => "of-release",
            Self::Floor => "floor",
            Self::Evidence => "evidence",
            Self::NothingNewer => "nothing-newer",
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned(why) => write!(f, "kept by hand: {}", wording::inert(why)),
            Self::Last => f.write_str("among the last"),
            Self::Newest(period, bucket) => write!(f, "{} of {bucket}", period.name()),
            Self::Oldest(period) => write!(f, "the oldest, as there are too few {} ones", period.name()),
            Self::Within => f.write_str("taken shortly before the newest"),
            Self::OfRelease => f.write_str("the newest of its release"),
            Self::Floor => f.write_str("one of so many that always stay"),
            Self::Evidence => f.write_str("it cannot be restored, and stays a while as evidence"),
            Self::NothingNewer => f.write_str("it cannot be restored, and nothing newer can"),
        }
    }
}

impl Rules {
    /// Whether any rule asks for something: without one, everything would go but the floor.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last == 0 && self.periods.values().all(|count| *count == 0) && self.within.is_none()
    }
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// The word for one of them.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hourly",
            Self::Day => "daily",
            Self::Week => "weekly",
            Self::Month => "monthly",
            Self::Year => "yearly",
        }
    }

    /// The one in which a moment lies.
    fn of(self, at: &ZonedDateTime) -> String {
        let date = at.date();
        match self {
            Self::Hour => format!("{date} {:02} {}", at.hour(), at.offset()),
            Self::Day => date.to_string(),
            Self::Week => {
                let week = date.iso_week_date();
                format!("{}-W{:02}", week.year(), week.week())
            }
            Self::Month => format!("{:04}-{:02}", date.year(), date.month()),
            Self::Year => format!("{:04}", date.year()),
        }
    }
}

/// Says of each backup what becomes of it, in the order in which they were given.
#[must_use]
pub fn retain(backups: &[Backup], rules: &Rules, now: Timestamp) -> Vec<Fate> {
    let mut kept = vec![Vec::new(); backups.len()];
    let mut clusters: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, backup) in backups.iter().enumerate() {
        clusters.entry(backup.cluster.as_deref()).or_default().push(at);
    }
    for group in clusters.values_mut() {
        group.sort_by_key(|at| backups.get(*at).map(|backup| (Reverse(backup.taken), backup.digest, &backup.id)));
        let members: Vec<(usize, &Backup)> = group.iter().filter_map(|at| Some((*at, backups.get(*at)?))).collect();
        of_cluster(&members, rules, now, &mut |at, why| {
            kept.get_mut(at).into_iter().for_each(|all| all.push(why.clone()))
        });
    }
    kept.into_iter().map(|why| if why.is_empty() { Fate::Goes } else { Fate::Stays(why) }).collect()
}

/// Takes a reason for a backup to stay.
type Keep<'k> = &'k mut dyn FnMut(usize, Kept);

/// One cluster's, the newest first.
fn of_cluster(members: &[(usize, &Backup)], rules: &Rules, now: Timestamp, keep: Keep<'_>) {
    let good: Vec<(usize, &Backup)> = members.iter().copied().filter(|(_, backup)| backup.restorable()).collect();
    for (at, backup) in members {
        if let Some(why) = &backup.pinned {
            keep(*at, Kept::Pinned(why.clone()));
        }
    }
    for (at, _) in good.iter().take(count(rules.last)) {
        keep(*at, Kept::Last);
    }
    for (period, wanted) in &rules.periods {
        by_period(&good, *period, count(*wanted), &rules.zone, keep);
    }
    if let (Some(within), Some((_, newest))) = (rules.within, good.first()) {
        good.iter()
            .filter(|(_, it)| newest.taken.duration_since(it.taken) < within)
            .for_each(|(at, _)| keep(*at, Kept::Within));
    }
    let mut releases = BTreeSet::new();
    for (at, backup) in &good {
        if releases.insert(name(&backup.release)) {
            keep(*at, Kept::OfRelease);
        }
    }
    for (at, _) in good.iter().take(count(rules.floor.max(1))) {
        keep(*at, Kept::Floor);
    }
    for (at, backup) in members.iter().filter(|(_, backup)| !backup.restorable()) {
        if good.first().is_none_or(|(_, newest)| newest.taken <= backup.taken) {
            keep(*at, Kept::NothingNewer);
        }
        if now.duration_since(backup.taken) <= rules.failed {
            keep(*at, Kept::Evidence);
        }
    }
}

fn by_period(good: &[(usize, &Backup)], period: Period, wanted: usize, zone: &TimeZone, keep: Keep<'_>) {
    if wanted == 0 {
        return;
    }
    let (mut filled, mut last) = (0, None);
    for (at, backup) in good {
        let bucket = period.of(&backup.taken.to_zoned_datetime(zone.clone()));
        if last.as_ref() == Some(&bucket) {
            continue;
        }
        if filled == wanted {
            return;
        }
        filled += 1;
        keep(*at, Kept::Newest(period, bucket.clone()));
        last = Some(bucket);
    }
    if let Some((at, _)) = good.last().filter(|_| filled < wanted) {
        keep(*at, Kept::Oldest(period));
    }
}

fn count(wanted: u32) -> usize {
    usize::try_from(wanted).unwrap_or(usize::MAX)
}

/// What tells a release from another.
fn name(release: &Release) -> String {
    release.describe()
}
