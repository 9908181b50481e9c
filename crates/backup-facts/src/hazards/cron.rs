//! When a CronJob is due, by its schedule.
//!
//! Five fields as Vixie's cron has them, in the form that kube-controller-manager reads (github.com/robfig/cron): lists,
//! ranges, steps, names of months and days, and `@daily` and its like. Times are taken for UTC, as that of a control plane is.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Days that are looked through; no schedule that ever comes waits longer than from one 29 February to the next.
const MOST_DAYS: usize = 8 * 366;
/// Minutes of a day.
const DAY: u16 = 24 * 60;
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When a job is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// In minutes that fit all of these.
    At { minutes: Field, hours: Field, days: Field, months: Field, weekdays: Field },
    /// So many seconds after it was last.
    Every(i64),
}

/// Values of a field, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    bits: u64,
    /// Whether it was left open: of days of a month and of a week, either does unless one is.
    open: bool,
}

impl Field {
    fn has(self, value: u32) -> bool {
        self.bits.checked_shr(value).is_some_and(|bits| bits & 1 == 1)
    }

    /// `*/15`, `1-5`, `mon,wed`, `5/10`.
    fn parse(text: &str, least: u32, most: u32, names: &[&str]) -> Option<Self> {
        let mut field = Self { bits: 0, open: false };
        for part in text.split(',') {
            let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
            let step = step.map_or(Some(1), |step| step.parse().ok()).filter(|step| *step > 0)?;
            let number = |text: &str| -> Option<u32> {
                let named = names.iter().position(|name| text.eq_ignore_ascii_case(name));
                let named = named.and_then(|at| u32::try_from(at).ok()).map(|at| at.saturating_add(least));
                named.or_else(|| text.parse().ok())
            };
            let (from, to) = match range {
                "*" | "?" => {
                    field.open |= step == 1;
                    (least, most)
                }
                _ => match range.split_once('-') {
                    Some((from, to)) => (number(from)?, number(to)?),
                    // `5/10` goes on to the end
                    None if part.contains('/') => (number(range)?, most),
                    None => (number(range)?, number(range)?),
                },
            };
            if from < least || to > most || from > to {
                return None;
            }
            (from..=to).step_by(step).for_each(|value| field.bits |= 1 << value);
        }
        Some(field)
    }
}

impl Schedule {
    /// Reads a schedule; `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = match text.split_once(' ') {
            Some((zone, rest)) if zone.starts_with("TZ=") || zone.starts_with("CRON_TZ=") => rest.trim(),
            _ => text.trim(),
        };
        let fields = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => text,
        };
        if let Some(every) = fields.strip_prefix("@every ") {
            let every: SignedDuration = every.trim().parse().ok()?;
            return Some(Self::Every(every.as_secs().max(1)));
        }
        let mut fields = fields.split_whitespace();
        let mut next = |least, most, names: &[&str]| Field::parse(fields.next()?, least, most, names);
        let (minutes, hours, days) = (next(0, 59, &[])?, next(0, 23, &[])?, next(1, 31, &[])?);
        let (months, weekdays) = (next(1, 12, &MONTHS)?, next(0, 6, &WEEKDAYS)?);
        fields.next().is_none().then_some(Self::At { minutes, hours, days, months, weekdays })
    }

    /// Whether a time between two is one of its times: after the first, and no later than the second.
    pub(super) fn meets(&self, after: Timestamp, until: Timestamp) -> bool {
        if after >= until {
            return false;
        }
        if let Self::Every(seconds) = self {
            return until.as_second().saturating_sub(after.as_second()) >= *seconds;
        }
        let [after, until] = [after, until].map(|at| TimeZone::UTC.to_datetime(at));
        let minute = |at: jiff::civil::DateTime| {
            u16::from(at.hour().unsigned_abs()) * 60 + u16::from(at.minute().unsigned_abs())
        };
        let mut day = after.date();
        for _ in 0..MOST_DAYS {
            let from = if day == after.date() { minute(after) + 1 } else { 0 };
            let to = if day == until.date() { minute(until) + 1 } else { DAY };
            if self.is_on(day) && (from..to).any(|minute| self.is_at(minute)) {
                return true;
            }
            let Ok(next) = day.tomorrow() else { return false };
            if next > until.date() {
                return false;
            }
            day = next;
        }
        false
    }

    fn is_at(&self, minute: u16) -> bool {
        let Self::At { minutes, hours, .. } = self else { return false };
        hours.has(u32::from(minute / 60)) && minutes.has(u32::from(minute % 60))
    }

    fn is_on(&self, date: Date) -> bool {
        let Self::At { days, months, weekdays, .. } = self else { return false };
        let number = |number: i8| u32::from(number.unsigned_abs());
        let day = days.has(number(date.day()));
        let weekday = weekdays.has(number(date.weekday().to_sunday_zero_offset()));
        let is_day = if days.open || weekdays.open { day && weekday } else { day || weekday };
        months.has(number(date.month())) && is_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_schedule_is_met_where_one_of_its_times_lies_between_two() {
        // 2026-11-23 is a Monday
        let (after, until) = (at("2026-11-23T08:30:00Z"), at("2026-11-25T08:29:59Z"));
        for (text, met) in [
            ("* * * * *", true),
            ("*/15 * * * *", true),
            ("30 8 * * *", true),
            ("30 8 23 * *", false),
            ("31 8 23 * *", true),
            ("30 8 25 * *", false),
            ("29 8 25 11 *", true),
            ("29 8 25 12 *", false),
            ("0 0 * * sun", false),
            ("0 0 * * TUE", true),
            ("0 0 * * 3-5", true),
            // either day does where both are told
            ("0 0 1 * wed", true),
            ("0 0 1 * *", false),
            ("5/10 3 24 nov *", true),
            ("0 12 22,26 * ?", false),
            ("@hourly", true),
            ("@daily", true),
            ("@weekly", false),
            ("@monthly", false),
            ("@every 47h", true),
            ("@every 48h", false),
            ("TZ=Europe/Berlin 0 0 * * *", true),
            ("0 0 29 2 *", false),
        ] {
            assert_eq!(Schedule::parse(text).unwrap().meets(after, until), met, "{text}");
        }
        assert!(Schedule::parse("0 0 29 2 *").unwrap().meets(after, at("2028-03-01T00:00:00Z")));
        assert!(!Schedule::parse("* * * * *").unwrap().meets(until, after));
    }

    #[test]
    fn what_is_no_schedule_is_none() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "x * * * *",
            "@reboot",
            "@every x",
            "-1 * * * *",
            "1- * * * *",
        ] {
            assert_eq!(Schedule::parse(text), None, "{text}");
        }
    }
}
