//! How backups come in: figures of each cluster, for people and for alerts.

use std::collections::{BTreeMap, BTreeSet};

use checks::Verdict;
use document::{BackupCounts, BackupDay, Cadence, ClusterStats, Gap, HostCount, Rotation, SizePoint, StatsBackup};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rusqlite::{Connection, params};

use crate::backup::{Backup, Half, State};
use crate::error::{Result, failing};
use crate::store::Catalog;

/// Gaps that are told.
const GAPS: usize = 10;
/// Days that are told: a little more than ten years.
const DAYS: i64 = 4000;

/// What is told of a backup besides what stands against it.
#[derive(Default)]
struct More {
    name: Option<String>,
    size: Option<u64>,
    in_use: Option<u64>,
    needs: BTreeSet<String>,
    /// A file of it changed, wherever it lies.
    changed: bool,
    /// When the file of it on this host that was read longest ago was read.
    checked: Option<String>,
}

impl Catalog {
    /// Figures of each cluster, or of one; those of no cluster that is known come first. `host` is this host, whose files
    /// are read again; days are those of `zone`.
    ///
    /// # Errors
    /// Whatever keeps the catalog from being read.
    pub fn stats(&self, cluster: Option<&str>, host: &str, zone: &TimeZone) -> Result<Vec<ClusterStats>> {
        let backups = self.backups(cluster)?;
        let more = more(&self.db, host).map_err(failing(&self.path))?;
        let mut clusters: BTreeMap<Option<&str>, Vec<&Backup>> = BTreeMap::new();
        for backup in &backups {
            clusters.entry(backup.cluster.as_deref()).or_default().push(backup);
        }
        let path = self.path.display().to_string();
        Ok(clusters.into_iter().map(|(cluster, of)| stats(cluster, &of, &more, zone, &path)).collect())
    }

    /// Whether a file of a host could not be read when it was last looked at.
    ///
    /// # Errors
    /// Whatever keeps the catalog from being read.
    pub fn has_unreadable(&self, host: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sighting WHERE host = ? AND state = 'unreadable')";
        self.db.query_row(sql, params![host], |row| row.get(0)).map_err(failing(&self.path))
    }
}

const FILES: &str = "SELECT b.id, s.state, s.host, s.checked FROM backup b JOIN (\
        SELECT id AS backup, snapshot AS content FROM backup UNION SELECT id, resources FROM backup \
        UNION SELECT backup, content FROM belonging\
    ) p ON p.backup = b.id JOIN sighting s ON s.content = p.content WHERE b.let_go IS NULL";

fn more(db: &Connection, host: &str) -> rusqlite::Result<BTreeMap<String, More>> {
    let mut all: BTreeMap<String, More> = BTreeMap::new();
    let mut read = db.prepare("SELECT id, name, size, in_use FROM backup WHERE let_go IS NULL")?;
    let mut rows = read.query(params![])?;
    while let Some(row) = rows.next()? {
        let number = |at| row.get::<_, Option<i64>>(at).map(|it| it.and_then(|it| u64::try_from(it).ok()));
        let more = More { name: row.get(1)?, size: number(2)?, in_use: number(3)?, ..More::default() };
        all.insert(row.get(0)?, more);
    }
    let sql = "SELECT b.id, k.fingerprint FROM backup b JOIN key_use k ON k.content = b.snapshot AND k.role = 'needs'";
    let mut read = db.prepare(sql)?;
    let mut rows = read.query(params![])?;
    while let Some(row) = rows.next()? {
        if let Some(more) = all.get_mut(&row.get::<_, String>(0)?) {
            more.needs.insert(row.get(1)?);
        }
    }
    let mut read = db.prepare(FILES)?;
    let mut rows = read.query(params![])?;
    while let Some(row) = rows.next()? {
        let (id, state, on, checked): (String, String, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let Some(more) = all.get_mut(&id) else { continue };
        let state = State::named(&state);
        more.changed |= matches!(state, Some(State::Rotten | State::Replaced | State::Unreadable));
        if on == host && state == Some(State::Unchanged) && more.checked.as_ref().is_none_or(|known| checked < *known) {
            more.checked = Some(checked);
        }
    }
    Ok(all)
}

/// Of one cluster; backups come the newest first.
fn stats(
    cluster: Option<&str>,
    backups: &[&Backup],
    more: &BTreeMap<String, More>,
    zone: &TimeZone,
    path: &str,
) -> ClusterStats {
    let of = |backup: &Backup| more.get(&backup.id);
    let good: Vec<&Backup> = backups.iter().copied().filter(|backup| backup.restorable()).collect();
    let short = |backup: &&Backup| StatsBackup {
        id: backup.id.clone(),
        taken: backup.taken.to_string(),
        restorable: backup.restorable(),
    };
    // a tarball alone has a time by its name, and is no backup by which anybody could tell that all is well
    let whole = |backup: &&&Backup| backup.missing != Some(Half::Snapshot);
    let sizes = sizes(backups, more);
    ClusterStats {
        kind: ClusterStats::KIND,
        path: path.to_owned(),
        cluster: cluster.map(str::to_owned),
        name: backups.iter().find_map(|backup| of(backup)?.name.clone()),
        backups: counts(backups, more),
        last: backups.iter().find(whole).map(short),
        last_restorable: good.first().map(short),
        oldest_check: backups.iter().filter_map(|backup| of(backup)?.checked.clone()).min(),
        cadence: cadence(&good),
        growth_bytes_per_day: growth(&sizes),
        sizes,
        hosts: hosts(backups),
        on_one_host: count(good.iter().filter(|backup| places(backup).len() == 1).count()),
        rotations: rotations(backups, more),
        days: days(backups, more, zone),
        ..ClusterStats::default()
    }
}

fn counts(backups: &[&Backup], more: &BTreeMap<String, More>) -> BackupCounts {
    let number = |is: &dyn Fn(&Backup) -> bool| count(backups.iter().filter(|backup| is(backup)).count());
    let changed = |backup: &Backup| more.get(&backup.id).is_some_and(|more| more.changed);
    BackupCounts {
        all: count(backups.len()),
        restorable: number(&Backup::restorable),
        changed: number(&changed),
        missing: number(&|backup| backup.whole().next().is_none() && !changed(backup)),
        orphan: number(&|backup| backup.missing.is_some()),
    }
}

fn places(backup: &Backup) -> BTreeSet<&str> {
    backup.whole().map(|place| place.host.as_str()).collect()
}

fn hosts(backups: &[&Backup]) -> Vec<HostCount> {
    let mut hosts: BTreeMap<&str, u64> = BTreeMap::new();
    for host in backups.iter().flat_map(|backup| places(backup)) {
        *hosts.entry(host).or_default() += 1;
    }
    hosts.into_iter().map(|(host, backups)| HostCount { host: host.to_owned(), backups }).collect()
}

/// What lies between one and the next, and where much more does.
fn cadence(good: &[&Backup]) -> Cadence {
    let mut taken: Vec<Timestamp> = good.iter().map(|backup| backup.taken).collect();
    taken.sort_unstable();
    let mut gaps: Vec<Gap> = taken
        .windows(2)
        .filter_map(|pair| match pair {
            [from, to] => Some(Gap {
                from: from.to_string(),
                to: to.to_string(),
                seconds: to.as_second().saturating_sub(from.as_second()),
            }),
            _ => None,
        })
        .collect();
    let mut lengths: Vec<i64> = gaps.iter().map(|gap| gap.seconds).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().filter(|_| lengths.len() > 1);
    gaps.retain(|gap| median.is_some_and(|median| gap.seconds > median.saturating_mul(2)));
    gaps.sort_by(|one, other| (other.seconds, &one.from).cmp(&(one.seconds, &other.from)));
    gaps.truncate(GAPS);
    Cadence { median_seconds: median, gaps }
}

fn sizes(backups: &[&Backup], more: &BTreeMap<String, More>) -> Vec<SizePoint> {
    let point = |backup: &&Backup| {
        let of = more.get(&backup.id)?;
        let (size, in_use) = (of.size?, of.in_use?);
        let fragmentation_percent = share(size.saturating_sub(in_use), size);
        Some(SizePoint { taken: backup.taken.to_string(), size, in_use, fragmentation_percent })
    };
    backups.iter().rev().filter_map(point).collect()
}

/// Bytes in a day, from the first that tells to the last.
fn growth(sizes: &[SizePoint]) -> Option<f64> {
    let (first, last) = (sizes.first()?, sizes.last()?);
    let [from, to] = [first, last].map(|point| point.taken.parse::<Timestamp>());
    let seconds = to.ok()?.duration_since(from.ok()?).as_secs_f64();
    let grown = float(last.size) - float(first.size);
    // of less than a day nothing is known of a day
    (seconds >= 86_400.0).then(|| (grown / seconds * 86_400.0).round())
}

/// Keys that came up and went, from one backup that needs any to the next.
fn rotations(backups: &[&Backup], more: &BTreeMap<String, More>) -> Vec<Rotation> {
    let none = BTreeSet::new();
    let (mut known, mut before, mut rotations) = (BTreeSet::new(), None, Vec::new());
    for backup in backups.iter().rev().filter(|backup| backup.missing != Some(Half::Snapshot)) {
        let needs = more.get(&backup.id).map_or(&none, |more| &more.needs);
        let added: Vec<String> = needs.iter().filter(|key| !known.contains(*key)).cloned().collect();
        let gone: Vec<String> = before.unwrap_or(&none).difference(needs).cloned().collect();
        // the keys of the first are no change
        if before.is_some() && !(added.is_empty() && gone.is_empty()) {
            rotations.push(Rotation { taken: backup.taken.to_string(), backup: backup.id.clone(), added, gone });
        }
        known.extend(needs.iter().cloned());
        before = Some(needs);
    }
    rotations
}

fn days(backups: &[&Backup], more: &BTreeMap<String, More>, zone: &TimeZone) -> Vec<BackupDay> {
    let mut by_day: BTreeMap<Date, Vec<&Backup>> = BTreeMap::new();
    for backup in backups {
        by_day.entry(zone.to_datetime(backup.taken).date()).or_default().push(backup);
    }
    let (Some((first, _)), Some((last, _))) = (by_day.first_key_value(), by_day.last_key_value()) else {
        return Vec::new();
    };
    let (first, last) = (*first, *last);
    // the newest days, should a wrong clock have made a century of them
    let from = last.checked_sub(DAYS.days()).map_or(first, |from| from.max(first));
    let days = from.series(1.day()).take_while(|day| *day <= last);
    days.map(|day| {
        let of = by_day.get(&day).map(Vec::as_slice).unwrap_or_default();
        BackupDay {
            day: day.to_string(),
            state: state(of, more).into(),
            backups: count(of.len()),
            restorable: count(of.iter().filter(|backup| backup.restorable()).count()),
        }
    })
    .collect()
}

/// The best of a day.
fn state(of: &[&Backup], more: &BTreeMap<String, More>) -> &'static str {
    let good = || of.iter().filter(|backup| backup.restorable());
    let damaged =
        |backup: &&&Backup| backup.whole().next().is_none() || more.get(&backup.id).is_some_and(|more| more.changed);
    match of {
        [] => "none",
        _ if good().any(|backup| backup.verdict == Verdict::Pass) => "restorable",
        _ if good().next().is_some() => "warned",
        _ if of.iter().any(|backup| damaged(&backup)) => "damaged",
        _ => "unfit",
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn float(number: u64) -> f64 {
    number as f64
}

/// In percent, with two decimals.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (float(part) / float(whole) * 10_000.0).round() / 100.0 }
}
