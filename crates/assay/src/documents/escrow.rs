//! What the manifest of an escrow proves.

use document::{Check, Escrow, Word};
use key_escrow::Outcome;

/// A backup held against the manifest of an escrow: its path, whether nothing failed, and each check.
#[must_use]
pub fn of(manifest: String, matches: bool, checks: &[key_escrow::Check]) -> Escrow {
    Escrow { manifest, matches, checks: checks.iter().map(check).collect() }
}

/// One check.
pub fn check(check: &key_escrow::Check) -> Check {
    let (outcome, message) = outcome_words(&check.outcome);
    Check { name: Word::Borrowed(check.name), outcome: Word::Borrowed(outcome), message: message.to_owned() }
}

/// The word for an outcome, and what it says.
#[must_use]
pub fn outcome_words(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Proven(what) => ("proven", what),
        Outcome::Failed(what) => ("failed", what),
        Outcome::NotChecked(what) => ("not-checked", what),
    }
}
