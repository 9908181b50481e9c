//! What time it is.

use jiff::Timestamp;

/// The clock's time: what ages count to where they are not to count to the moment shown, and what a log says.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
