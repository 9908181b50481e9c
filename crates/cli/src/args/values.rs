//! Values that options take.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, ValueEnum};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A text of which completion knows what it may be; anything is taken, and judged later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Completed(pub(super) fn() -> Vec<&'static str>);

impl TypedValueParser for Completed {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

/// When to do something that depends on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// As the terminal and the environment suggest.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// Forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Text for people
    Human,
    /// One JSON document
    Json,
}

/// The least severity that fails a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Certain loss
    Critical,
    /// Probable loss or a failing restore
    High,
    /// Something to repair
    Medium,
    /// Something to know before a restore
    Low,
    /// Any finding at all
    Info,
    /// No finding
    Never,
}

/// A size: a number of bytes with an optional unit. `K`, `KiB` and so on are powers of 1024, `kB`
/// and so on powers of 1000, as in coreutils.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 =
        number.parse().map_err(|_| "expected a number of bytes such as 500M, 4GiB or 1073741824".to_owned())?;
    let unit = unit.trim_start();
    let power = |letter: &str| match letter.to_ascii_uppercase().as_str() {
        "K" => Some(1),
        "M" => Some(2),
        "G" => Some(3),
        "T" => Some(4),
        _ => None,
    };
    let (base, power) = if unit.is_empty() || unit == "B" {
        (1024u64, Some(0))
    } else if let Some(letter) = unit.strip_suffix("iB") {
        (1024, power(letter))
    } else if let Some(letter) = unit.strip_suffix('B') {
        (1000, power(letter))
    } else {
        (1024, power(unit))
    };
    let power = power.ok_or_else(|| format!("`{unit}` is no unit of size; use K, M, G or T"))?;
    base.checked_pow(power)
        .and_then(|factor| number.checked_mul(factor))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "the size must be more than zero and less than 16 EiB".to_owned())
}

/// A day, in UTC: its end, for what ends on that day may end before somebody comes to restore; or a moment.
pub(super) fn parse_moment(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().map(|day| day.at(23, 59, 59, 0));
    let civil = if text.contains(['T', 't', ' ']) { text.parse::<DateTime>() } else { day() };
    text.parse::<Timestamp>()
        .or_else(|_| civil.and_then(|civil| TimeZone::UTC.to_timestamp(civil)))
        .map_err(|_| "expected a day such as 2027-01-31, or a time such as 2027-01-31T08:00:00Z".to_owned())
}

/// An age in seconds: a number and a unit, `m`, `h`, `d` or `w`, as a policy has it.
pub(super) fn parse_age(text: &str) -> Result<i64, String> {
    policy::seconds(text).ok_or_else(|| "expected a number with a unit, such as 90m, 26h or 7d".to_owned())
}

/// A revision: etcd counts from 1.
pub(super) fn parse_revision(text: &str) -> Result<i64, String> {
    text.parse()
        .ok()
        .filter(|revision| *revision > 0)
        .ok_or_else(|| "a revision is a whole number from 1 on".to_owned())
}

/// Where a cluster is, or was last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveRevision {
    /// At this revision.
    At(u64),
    /// Where this snapshot ends. A file whose name is a number is written `./1234`.
    Of(PathBuf),
}

impl From<OsString> for LiveRevision {
    fn from(text: OsString) -> Self {
        let number = text.to_str().and_then(|text| text.parse().ok()).filter(|revision| *revision > 0);
        number.map_or_else(|| Self::Of(PathBuf::from(text)), Self::At)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_at_a_number_or_where_a_snapshot_ends() {
        for (text, expected) in [
            ("1234", LiveRevision::At(1234)),
            ("./1234", LiveRevision::Of("./1234".into())),
            ("now.db", LiveRevision::Of("now.db".into())),
            ("0", LiveRevision::Of("0".into())),
            ("-5", LiveRevision::Of("-5".into())),
        ] {
            assert_eq!(LiveRevision::from(OsString::from(text)), expected);
        }
    }

    #[test]
    fn sizes_are_read_as_coreutils_reads_them() {
        for (text, bytes) in [
            ("1", 1),
            ("4096B", 4096),
            ("500M", 500 << 20),
            ("500 MiB", 500 << 20),
            ("2kB", 2000),
            ("2k", 2048),
            ("16GiB", 16 << 30),
            ("1T", 1 << 40),
            ("3GB", 3_000_000_000),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "0", "M", "-1", "1X", "1iB", "1.5G", "99999999999T", "184467440737095516160"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_is_its_end() {
        for (text, moment) in [
            ("2027-01-31", "2027-01-31T23:59:59Z"),
            ("2027-01-31T08:00:00Z", "2027-01-31T08:00:00Z"),
            ("2027-01-31T08:00:00+02:00", "2027-01-31T06:00:00Z"),
            ("2027-01-31T08:00", "2027-01-31T08:00:00Z"),
        ] {
            let parsed = parse_moment(text).map(|moment| moment.to_string());
            assert_eq!(parsed.as_deref(), Ok(moment), "{text}");
        }
        for text in ["", "tomorrow", "2027-13-01", "2027-02-30", "31.1.2027", "2027-01-31T25:00:00Z", "-5"] {
            assert!(parse_moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn revisions_begin_at_one() {
        assert_eq!(parse_revision("9223372036854775807"), Ok(i64::MAX));
        for text in ["0", "-4", "x", "9223372036854775808"] {
            assert!(parse_revision(text).is_err(), "{text}");
        }
    }
}
