//! Which revision was written when. etcd does not say; the objects do.

use std::str::FromStr;

use bbolt_page::Spread;
use etcd_snapshot::Record;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use kube_objects::{DecodeOptions, ObjectHead, StorageKey, StoredObject};
use serde_json::Value;

use crate::reader::Reader;

/// Samples are kept up to so many; beyond, every second one is dropped.
const SAMPLES: usize = 1 << 20;

/// What objects say about the time of their revisions: creations, and leases, which nodes renew every few seconds.
///
/// The times are the clocks' of API servers and nodes, and as good as those.
#[derive(Debug, Default)]
pub struct Clock {
    /// Main revision and the latest time told up to it, both ascending.
    samples: Vec<(i64, Timestamp)>,
    /// Samples that are counted for one that is kept.
    every: u64,
    seen: u64,
}

impl Clock {
    /// Reads the times that a snapshot's unencrypted objects tell.
    #[must_use]
    pub fn read(reader: &Reader<'_>, spread: &impl Spread, progress: &(dyn Fn(u64) + Sync)) -> Self {
        let mut clock = Self { every: 1, ..Self::default() };
        let tells = |record: &Record<'_>| !record.tombstone && (record.kv.version == 1 || is_lease(record.kv.key));
        reader.records(tells, spread, progress, |record| {
            if let Some(time) = told(&record) {
                clock.add(record.revision.main, time);
            }
        });
        clock
    }

    fn add(&mut self, main: i64, time: Timestamp) {
        self.seen += 1;
        let latest = self.samples.last().map_or(time, |(_, latest)| time.max(*latest));
        if !self.seen.is_multiple_of(self.every.max(1)) {
            return;
        }
        self.samples.push((main, latest));
        if self.samples.len() > SAMPLES {
            let mut keep = false;
            self.samples.retain(|_| {
                keep = !keep;
                keep
            });
            self.every = self.every.saturating_mul(2);
        }
    }

    /// The first revision known to be written at `time` or later, and 0 where none is known to be earlier.
    #[must_use]
    pub fn first_since(&self, time: Timestamp) -> Option<i64> {
        match self.samples.partition_point(|(_, told)| *told < time) {
            0 => Some(0),
            at => self.samples.get(at).map(|(main, _)| *main),
        }
    }

    /// The last revision not known to be written after `time`; none where all were.
    #[must_use]
    pub fn last_until(&self, time: Timestamp) -> Option<i64> {
        let at = self.samples.partition_point(|(_, told)| *told <= time);
        match (self.samples.get(at), at) {
            (_, 0) => None,
            (Some((main, _)), _) => Some(main.saturating_sub(1)),
            (None, _) => Some(i64::MAX),
        }
    }

    /// The latest time told up to a revision; none where nothing was told by then.
    #[must_use]
    pub fn told_by(&self, main: i64) -> Option<Timestamp> {
        let at = self.samples.partition_point(|(told, _)| *told <= main);
        Some(self.samples.get(at.checked_sub(1)?)?.1)
    }

    /// The first and the last time told.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.samples.first()?.1, self.samples.last()?.1))
    }
}

/// A point in the history of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A main revision.
    Revision(i64),
    /// A time.
    Time(Timestamp),
}

impl FromStr for Moment {
    type Err = String;

    /// A revision from 1 on, or a time; one without a zone is in UTC.
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let revision = text.parse().ok().filter(|revision| *revision > 0);
            return revision.map(Self::Revision).ok_or_else(|| "a revision is a whole number from 1 on".to_owned());
        }
        let in_utc = |civil: DateTime| TimeZone::UTC.to_timestamp(civil);
        text.parse::<Timestamp>()
            .or_else(|_| text.parse::<DateTime>().and_then(in_utc))
            .map(Self::Time)
            .map_err(|_| "expected a revision, or a time such as 2026-11-23T09:00:00Z or 2026-11-23 (UTC)".to_owned())
    }
}

/// Main revisions, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first; 0 for all from the beginning.
    pub first: i64,
    /// The last; the greatest number for all up to the end.
    pub last: i64,
}

impl Window {
    /// From one moment to another. The clock is asked for only where one of them is a time.
    ///
    /// # Errors
    /// What keeps the clock from being had.
    pub fn between<E>(
        since: Option<Moment>,
        until: Option<Moment>,
        clock: impl FnOnce() -> Result<Clock, E>,
    ) -> Result<Self, E> {
        let has_time = [since, until].iter().any(|moment| matches!(moment, Some(Moment::Time(_))));
        let clock = if has_time { clock()? } else { Clock::default() };
        let first = match since {
            None => 0,
            Some(Moment::Revision(main)) => main,
            Some(Moment::Time(time)) => clock.first_since(time).unwrap_or(i64::MAX),
        };
        let last = match until {
            None => i64::MAX,
            Some(Moment::Revision(main)) => main,
            Some(Moment::Time(time)) => clock.last_until(time).unwrap_or(0),
        };
        Ok(Self { first, last })
    }
}

fn is_lease(key: &[u8]) -> bool {
    let parsed = StorageKey::parse(key);
    (parsed.group, parsed.resource) == (&b"coordination.k8s.io"[..], &b"leases"[..])
}

fn told(record: &Record<'_>) -> Option<Timestamp> {
    told_of(record.kv.key, record.kv.value, record.kv.version == 1)
}

/// What a version of an object says of the time of its revision: `created` is whether it is the first. None where it says
/// nothing, or is encrypted.
#[must_use]
pub fn told_of(key: &[u8], value: &[u8], created: bool) -> Option<Timestamp> {
    if is_lease(key) {
        let object = StoredObject::decode(value, &DecodeOptions::default()).ok()?;
        return object.json().pointer("/spec/renewTime").and_then(Value::as_str)?.parse().ok();
    }
    if created { ObjectHead::read(value).ok()?.metadata.creation_timestamp } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_between_revisions() {
        let mut clock = Clock { every: 1, ..Clock::default() };
        let at = |second| Timestamp::from_second(second).unwrap_or_default();
        // a clock that is behind does not turn time back
        for (main, second) in [(10, 100), (20, 200), (25, 150), (30, 300)] {
            clock.add(main, at(second));
        }
        for (second, since, until) in [
            (50, Some(0), None),
            (100, Some(0), Some(19)),
            (150, Some(20), Some(19)),
            (200, Some(20), Some(29)),
            (250, Some(30), Some(29)),
            (300, Some(30), Some(i64::MAX)),
            (301, None, Some(i64::MAX)),
        ] {
            assert_eq!((clock.first_since(at(second)), clock.last_until(at(second))), (since, until), "{second}");
        }
        assert_eq!(clock.span(), Some((at(100), at(300))));
        let told = [9, 10, 24, 25, 99].map(|main| clock.told_by(main));
        assert_eq!(told, [None, Some(at(100)), Some(at(200)), Some(at(200)), Some(at(300))]);
    }

    #[test]
    fn moments_are_revisions_or_times() {
        let time = |text: &str| Moment::Time(text.parse().unwrap());
        for (text, moment) in [
            ("120", Moment::Revision(120)),
            ("2026-11-23T09:00:00Z", time("2026-11-23T09:00:00Z")),
            ("2026-11-23T10:00:00+01:00", time("2026-11-23T09:00:00Z")),
            ("2026-11-23T09:00", time("2026-11-23T09:00:00Z")),
            ("2026-11-23", time("2026-11-23T00:00:00Z")),
        ] {
            assert_eq!(text.parse::<Moment>(), Ok(moment), "{text}");
        }
        for text in ["", "0", "yesterday", "-3", "2026-13-01"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
