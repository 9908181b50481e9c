//! Time, from left to right: updates of the cluster, and certificates until they expire.

use document::{Revisions, Snapshot, Tarball};
use jiff::Timestamp;
use maud::{Markup, html};

use super::told::{count, grouped};
use super::{day, minute, name, number, percent, share};
use crate::parts::{stamp_in, taken, time};

/// Certificates that are listed; the others expire later.
const LISTED: usize = 40;
/// Days before its end from which a certificate is shown as ending soon.
const SOON: i64 = 30;
const DAY: i64 = 86_400;
/// Least width of a bar, in percent, so that it is seen.
const SEEN: f64 = 0.8;

/// From when to when a bar shows.
#[derive(Clone, Copy)]
struct Axis {
    from: Timestamp,
    to: Timestamp,
}

impl Axis {
    /// Where a time is, in percent of the width.
    fn at(self, time: Timestamp) -> f64 {
        let length = self.to.as_second().saturating_sub(self.from.as_second());
        share(time.as_second().saturating_sub(self.from.as_second()), length).min(100.0)
    }

    fn bar(self, class: &str, from: Timestamp, to: Timestamp, told: &str, mark: Option<Timestamp>) -> Markup {
        let (start, end) = (self.at(from), self.at(to));
        let width = (end - start).max(SEEN);
        let start = start.min(100.0 - width);
        html! {
            svg.bar width="100%" height="16" role="img" aria-label=(told) {
                rect.rest width="100%" height="16" {}
                rect class=(class) x=(percent(start)) width=(percent(width)) height="16" { title { (told) } }
                @if let Some(mark) = mark { (self.mark(mark)) }
            }
        }
    }

    fn mark(self, time: Timestamp) -> Markup {
        let at = percent(self.at(time));
        html! { line.mark x1=(at) x2=(at) y1="0" y2="16" {} }
    }

    /// The two ends in words, below the bars.
    fn ends(self) -> Markup {
        html! {
            div.row.ends { span.label {} span.axis { span { (day(self.from)) } span { (day(self.to)) } } span.value {} }
        }
    }
}

/// Updates of the cluster, newest first, as ClusterVersion has them.
pub(crate) fn updates(snapshot: &Snapshot, now: Option<Timestamp>) -> Markup {
    let history = snapshot.openshift.as_ref().map(|openshift| openshift.history.as_slice()).unwrap_or_default();
    let begun: Vec<Timestamp> = history.iter().filter_map(|update| time(&update.started_time)).collect();
    let ended = history.iter().filter_map(|update| time(&update.completion_time));
    let (Some(from), Some(last)) = (begun.iter().min(), begun.iter().copied().chain(ended).max()) else {
        return html! {};
    };
    let stamp = stamp_in(&snapshot.path).and_then(taken);
    let axis = Axis { from: *from, to: stamp.or(now).map_or(last, |end| end.max(last)) };
    html! {
        h3 { "Updates of the cluster" }
        div.bars {
            @for (place, update) in history.iter().enumerate() {
                @let begun = time(&update.started_time);
                @let ended = time(&update.completion_time);
                // newest first: the one before in the list is the one after in time
                @let newer = place.checked_sub(1).and_then(|place| time(&history.get(place)?.started_time));
                @let state = told(&update.state);
                div.row {
                    span.label { (name(told(&update.version))) }
                    @if let Some(begun) = begun {
                        @let told = format!("from {} on", minute(begun));
                        (axis.bar(if state == "Completed" { "done" } else { "open" }, begun, newer.unwrap_or(axis.to), &told, stamp))
                    } @else { span {} }
                    span.value {
                        (name(state)) ", begun " (begun.map_or("?".to_owned(), minute))
                        @if let Some(ended) = ended { ", ended " (minute(ended)) }
                    }
                }
            }
            (axis.ends())
        }
        p.legend {
            span.key.done { "from its beginning to the next update" } span.key.open { "the same, not completed" }
            @if let Some(stamp) = stamp { span.key.mark { "backup of " (minute(stamp)) } }
        }
    }
}

/// Main revisions: what compaction took, and what is still there.
pub(crate) fn revisions(of: &Revisions) -> Markup {
    let current = of.current;
    if current <= 0 {
        return html! {};
    }
    let compacted = of.compacted.unwrap_or(0).clamp(0, current);
    let gone = share(compacted, current);
    html! {
        h3 { "Revisions" }
        div.bars {
            div.row {
                span.label { "history" }
                svg.bar width="100%" height="16" role="img" aria-label=(format!("revisions up to {current}")) {
                    rect.rest width="100%" height="16" {}
                    rect.used x=(percent(gone)) width=(percent((100.0 - gone).max(SEEN))) height="16" {
                        title { "revisions still there" }
                    }
                }
                span.value {
                    "1 to " (grouped(current))
                    @if compacted > 0 { ", compacted at " (grouped(compacted)) } @else { ", never compacted" }
                    @if let Some(first) = of.first_retained { ", the oldest record at " (grouped(first)) }
                }
            }
        }
        p.legend { span.key.used { "in the snapshot" } span.key.rest { "compacted away" } }
    }
}

/// The certificates of keys in a tarball, the one that ends first on top.
pub(crate) fn certificates(tarball: &Tarball, now: Option<Timestamp>) -> Markup {
    let mut keys: Vec<_> =
        tarball.key_material.iter().filter_map(|key| Some((time(&key.not_after)?, key.path.text()))).collect();
    keys.sort_by_key(|(until, _)| *until);
    let (Some((first, _)), Some((last, _))) = (keys.first(), keys.last()) else {
        return html! {};
    };
    let stamp = tarball.timestamp.as_deref().and_then(taken);
    // what is read in months to come is held against that day; the backup's own day is the next best
    let today = now.or(stamp);
    let from = [stamp, now].into_iter().flatten().min().unwrap_or(*first).min(*first);
    let axis = Axis { from, to: *last };
    html! {
        h3 { "Certificate calendar" }
        div.bars {
            @for (until, member) in keys.iter().take(LISTED) {
                @let (class, left) = left(*until, today);
                @let start = if class == "over" { *until } else { from.max(stamp.unwrap_or(from)) };
                div.row {
                    span.label { (name(short(told(member)))) }
                    (axis.bar(class, start, *until, &format!("until {}", minute(*until)), today))
                    span.value { (day(*until)) span.soft { (left) } }
                }
            }
            (axis.ends())
        }
        @if keys.len() > LISTED { p.soft { (count(number(keys.len() - LISTED), "certificate")) " more end later." } }
        p.legend {
            span.key.done { "valid" } span.key.open { "ends within " (SOON) " days" } span.key.over { "expired" }
            @if let Some(today) = today { span.key.mark { (day(today)) } }
        }
        p.soft { "Only certificates whose private key is in the tarball; assay lists all others that have expired as findings." }
    }
}

/// How much is left, as a class and in words.
fn left(until: Timestamp, today: Option<Timestamp>) -> (&'static str, String) {
    let Some(today) = today else { return ("done", String::new()) };
    let seconds = until.as_second().saturating_sub(today.as_second());
    let days = seconds.div_euclid(DAY);
    match days {
        ..0 => ("over", format!(" {} ago", count(-days, "day"))),
        _ if days < SOON => ("open", format!(" in {}", count(days, "day"))),
        _ => ("done", format!(" in {}", count(days, "day"))),
    }
}

/// The end of a member's path, which tells it apart.
fn short(path: &str) -> &str {
    path.strip_prefix("static-pod-resources/").unwrap_or(path)
}

/// What the document says, or that it does not.
fn told(text: &str) -> &str {
    if text.is_empty() { "?" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_counts_in_days() {
        let today: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        for (until, class, words) in [
            ("2026-11-23T11:59:59Z", "over", " 1 day ago"),
            ("2026-11-23T12:00:01Z", "open", " in 0 days"),
            ("2026-12-22T12:00:00Z", "open", " in 29 days"),
            ("2026-12-23T12:00:00Z", "done", " in 30 days"),
            ("9999-12-30T22:00:00Z", "done", " in 2 912 115 days"),
        ] {
            let (is, told) = left(until.parse().unwrap(), Some(today));
            assert_eq!((is, told.replace('\u{a0}', " ").as_str()), (class, words), "{until}");
        }
    }

    #[test]
    fn a_name_tells_when() {
        let taken_by = |path| stamp_in(path).and_then(taken);
        let stamp = taken_by("/a_b/snapshot_2026-11-23_091606.db.gz").map(|time| time.to_string());
        assert_eq!(stamp.as_deref(), Some("2026-11-23T09:16:06Z"));
        for odd in ["snapshot.db", "snapshot_x.db", "a_ü026-11-23_091606", "-", ""] {
            assert_eq!(taken_by(odd), None, "{odd}");
        }
    }
}
