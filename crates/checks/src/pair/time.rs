//! Timestamps: of the names, and of what is in the snapshot.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Comparison, Pair};
use crate::finding::Finding;
use crate::findings::{TIME_DIFFERS, TIMESTAMPS_DIFFER};
use crate::severity::Severity;

/// So long after its name's time a snapshot may end: the tarball is packed and an image pulled in between.
const AFTER: i64 = 30 * 60;
/// So long before it: clocks, and the last renewal of a Lease.
const BEFORE: i64 = 2 * 60;
/// Zones differ by multiples of this, give or take nothing.
const ZONE_STEP: i64 = 30 * 60;
/// The farthest zone.
const ZONE_MOST: i64 = 14 * 3600;
/// A clock in another zone is still a clock: within this it agrees.
const ZONE_SLACK: i64 = 4 * 60;

pub(super) fn check(pair: &Pair<'_>, comparison: &mut Comparison) {
    check_names(pair, comparison);
    check_clock(pair, comparison);
}

/// 1: the two names carry one timestamp.
fn check_names(pair: &Pair<'_>, comparison: &mut Comparison) {
    let (Some(snapshot), Some(tarball)) = (pair.names.snapshot, pair.names.tarball) else {
        return comparison.skip("whether the names belong together", "a name tells no time");
    };
    comparison.made();
    let suffix = |dirty: bool| if dirty { "__POSSIBLY_DIRTY__" } else { "" };
    if (snapshot.timestamp, snapshot.dirty) != (tarball.timestamp, tarball.dirty) {
        let (ours, theirs) = (snapshot.timestamp, tarball.timestamp);
        let message = format!(
            "the snapshot is of {ours}{}, the tarball of {theirs}{}",
            suffix(snapshot.dirty),
            suffix(tarball.dirty)
        );
        let finding = Finding::new(&TIMESTAMPS_DIFFER, message).with("snapshot", ours).with("tarball", theirs);
        comparison.findings.push(finding);
    }
}

/// 13: the name's time is that of the newest objects.
fn check_clock(pair: &Pair<'_>, comparison: &mut Comparison) {
    let named = pair.names.snapshot.or(pair.names.tarball);
    let named = named.and_then(|stamp| {
        let time = DateTime::strptime("%Y-%m-%d_%H%M%S", stamp.timestamp).ok()?;
        Some((stamp.timestamp, TimeZone::UTC.to_timestamp(time).ok()?))
    });
    let (Some((text, named)), Some(newest)) = (named, pair.cluster.newest()) else {
        return comparison.skip("whether the name's time is that of the data", "no time to compare");
    };
    comparison.made();
    let late = newest.as_second().saturating_sub(named.as_second());
    if (-BEFORE..=AFTER).contains(&late) {
        return;
    }
    let zone = {
        let steps = late.saturating_add(ZONE_STEP / 2).div_euclid(ZONE_STEP).saturating_mul(ZONE_STEP);
        let rest = late.saturating_sub(steps);
        (steps.abs() <= ZONE_MOST && rest.abs() <= ZONE_SLACK).then_some(steps)
    };
    let far = in_words(late.saturating_abs());
    let side = if late > 0 { "younger" } else { "older" };
    let message = match zone {
        Some(_) => {
            format!("the newest data ({newest}) is {far} {side} than the name says: perhaps the node's time zone")
        }
        None => format!("the newest data ({newest}) is {far} {side} than the name says"),
    };
    let mut finding = Finding::new(&TIME_DIFFERS, message);
    if zone.is_some() {
        finding.severity = Severity::Low;
    }
    let finding = finding.with("named", text).with("newest", newest.to_string()).with("seconds", late);
    comparison.findings.push(finding);
}

fn in_words(seconds: i64) -> String {
    match seconds {
        0..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
