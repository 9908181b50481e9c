//! The times of a list, and what is wrong with one.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use wording::inert;

/// Why a list of signers, or of revoked keys, is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct ListFault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: ListFaultKind,
}

/// What is wrong with a line of a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListFaultKind {
    /// More bytes or lines than any list has.
    #[error("the list is longer than {0}")]
    TooLong(&'static str),
    /// Bytes that are not UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// Principals without a key behind them.
    #[error("no key follows the principals; a line is `principal[,...] [options] keytype base64`")]
    NoKey,
    /// Not a public key that can be read.
    #[error("no public key: {0}")]
    Key(&'static str),
    /// A private key where a public one belongs. Nothing of it is repeated.
    #[error("this is a private key: take it away from here; a list has public keys")]
    PrivateKey,
    /// A quotation mark that nothing closes, or one in the middle of a word.
    #[error("a quotation mark is not closed, or stands within a word")]
    Quotes,
    /// An option that OpenSSH does not know, or one without its value.
    #[error("option `{}` is not known, or is malformed", inert(.0))]
    Option(String),
    /// An option that stands twice.
    #[error("option `{0}` stands twice")]
    Twice(&'static str),
    /// Certificate authorities are not read.
    #[error("`cert-authority` is not supported: list each signer's own key")]
    CertAuthority,
    /// Neither `YYYYMMDD` nor that with `HHMM` or `HHMMSS`, with `Z` for UTC.
    #[error("`{}` is no time: YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with Z for UTC", inert(.0))]
    Time(String),
    /// `valid-before` is not after `valid-after`.
    #[error("valid-before is not later than valid-after")]
    Backwards,
    /// OpenSSH's binary form of a revocation list.
    #[error("this is a key revocation list in OpenSSH's binary form: give the public keys themselves, one a line")]
    Krl,
}

/// A time as OpenSSH reads it: `YYYYMMDD[HHMM[SS]]`, with `Z` or `UTC` behind it, else in `zone`.
pub(crate) fn parse(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_suffix("UTC").or_else(|| upper.strip_suffix('Z'));
    let digits = bare.unwrap_or(&upper);
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |text| text.parse::<i8>().ok());
    let date = Date::new(digits.get(..4)?.parse().ok()?, part(4, 6)?, part(6, 8)?).ok()?;
    let time = Time::new(part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    let at = DateTime::from_parts(date, time);
    let zone = if bare.is_some() { &TimeZone::UTC } else { zone };
    zone.to_timestamp(at).ok().filter(|at| at.as_second() > 0)
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

    #[test]
    fn times_are_those_of_openssh() {
        let zone = TimeZone::fixed(Offset::constant(2));
        for (text, at) in [
            ("20260101Z", Some("2026-01-01T00:00:00Z")),
            ("20260101z", Some("2026-01-01T00:00:00Z")),
            ("20260101UTC", Some("2026-01-01T00:00:00Z")),
            ("20260101", Some("2025-12-31T22:00:00Z")),
            ("202601011230", Some("2026-01-01T10:30:00Z")),
            ("20260101123059Z", Some("2026-01-01T12:30:59Z")),
            ("20260231Z", None),
            ("2026010112Z", None),
            ("20260101246000Z", None),
            ("19700101Z", None),
            ("2026-1-1", None),
            ("Z", None),
            ("", None),
            ("2026010é", None),
        ] {
            assert_eq!(parse(text, &zone), at.map(|at| at.parse().expect(at)), "{text}");
        }
    }
}
