//! Facts in, findings out; the table of all findings.
//!
//! A library below tells what it saw; this crate says what it means, how bad it is, and what to do. It opens nothing
//! and prints nothing. One file per family of checks; [`findings`] has the long texts.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod asks;
mod finding;
pub mod findings;
pub mod hazards;
pub mod keys_fit;
mod keys_held;
pub mod pair;
pub mod rehearsed;
pub mod required;
pub mod reread;
pub mod said;
mod severity;
pub mod snapshot;
pub mod tarball;
pub mod version;
pub mod vouched;

pub use asks::Asks;
pub use finding::{Evidence, Finding, Findings, Location, Verdict, Waived, verdict, verdict_of};
pub use findings::Entry;
pub use severity::Severity;
