//! What time it is, asked once.

use jiff::{Timestamp, Unit};

/// The time that was given, else the clock's, to the second.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub(crate) fn at(given: Option<Timestamp>) -> Timestamp {
    let now = given.unwrap_or_else(Timestamp::now);
    now.round(Unit::Second).unwrap_or(now)
}
