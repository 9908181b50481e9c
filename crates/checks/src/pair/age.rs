//! The newest good backup of a cluster, held against the age that is allowed.

use jiff::Timestamp;
use wording::clip;

use super::LONGEST;
use crate::finding::Finding;
use crate::findings::{NEWEST_GOOD_TOO_OLD, NO_GOOD_BACKUP};

/// A time that has not come is a wrong one, but for what clocks may differ by, in seconds.
const AHEAD: i64 = 86_400;

/// The newest backup of a cluster that does not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestGood {
    /// What findings about it call it.
    pub name: String,
    /// When it was taken, and by which clock, in words; `None`: nothing tells.
    pub taken: Option<(Timestamp, &'static str)>,
}

/// Judges the newest backup of a cluster that does not fail; `None`: all fail. `limit` is the greatest age, in seconds, and
/// `now` the time that ages are reckoned from.
#[must_use]
pub fn check_age(newest: Option<&NewestGood>, limit: i64, now: Timestamp) -> Option<Finding> {
    let allowed = span(limit);
    let Some(newest) = newest else {
        let message =
            format!("no backup of it that was judged is good; one that is no older than {allowed} is asked for");
        return Some(Finding::new(&NO_GOOD_BACKUP, message).with("limitSeconds", limit));
    };
    let name = clip(&newest.name, LONGEST);
    let finding = |message| {
        let finding = Finding::new(&NEWEST_GOOD_TOO_OLD, message).with("newest", name.as_str());
        Some(finding.with("limitSeconds", limit))
    };
    let Some((taken, clock)) = newest.taken else {
        return finding(format!("the newest good one is {name}, and nothing tells its age; {allowed} are allowed"));
    };
    let age = now.as_second().saturating_sub(taken.as_second());
    let (taken, aged) = (taken.strftime("%Y-%m-%d %H:%M:%S UTC"), |finding: Finding| finding.with("ageSeconds", age));
    if age < -AHEAD {
        let message = format!("the newest good one is {name}, taken {taken} {clock}, which is still to come");
        return finding(message).map(aged);
    }
    let message =
        format!("the newest good one is {name}, taken {taken} {clock}, {} ago; {allowed} are allowed", span(age));
    if age > limit { finding(message).map(aged) } else { None }
}

/// `26 h`, `3 d 4 h`, `90 min`: rounded down.
fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60);
    match () {
        () if days >= 3 && hours % 24 != 0 => format!("{days} d {} h", hours % 24),
        () if days >= 3 => format!("{days} d"),
        () if hours >= 3 => format!("{hours} h"),
        () => format!("{minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_in_words() {
        for (seconds, expected) in
            [(93_600, "26 h"), (273_600, "3 d 4 h"), (259_200, "3 d"), (5_400, "90 min"), (0, "0 min"), (10_800, "3 h")]
        {
            assert_eq!(span(seconds), expected);
        }
    }

    #[test]
    fn the_newest_good_one_must_be_younger() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let of = |taken: Option<&str>| {
            let taken = taken.map(|at| (at.parse().unwrap(), "by its name"));
            check_age(Some(&NewestGood { name: "b".to_owned(), taken }), 93_600, now)
        };
        for fresh in ["2026-11-29T11:00:00Z", "2026-11-28T10:00:00Z", "2026-11-29T13:00:00Z"] {
            assert_eq!(of(Some(fresh)), None, "{fresh}");
        }
        for (taken, said) in [
            (Some("2026-11-28T09:59:59Z"), "b, taken 2026-11-28 09:59:59 UTC by its name, 26 h ago; 26 h are allowed"),
            (Some("2027-11-28T09:59:59Z"), "which is still to come"),
            (None, "nothing tells its age; 26 h are allowed"),
        ] {
            let finding = of(taken).unwrap();
            assert_eq!(finding.entry().id, "PAIR-046");
            assert!(finding.message().contains(said), "{}", finding.message());
        }
        let none = check_age(None, 93_600, now).unwrap();
        assert_eq!((none.entry().id, none.message().contains("no older than 26 h")), ("PAIR-047", true));
    }
}
