//! Why work could not be done, and how it ends.
//!
//! | code | of | meaning |
//! |---|---|---|
//! | 0 | all | done |
//! | 1 | `report` | a cluster does not have the backup that it must have |
//! | 2 | all but `judge` | it could not be done: usage, input |
//! | 3 | `merge` | items that no part tells of |
//! | 64 | `judge` | never again: it would end the same way |
//! | 75 | all | try again: a store or a disk was not ready |

use std::fmt;
use std::io::Write as _;

/// It could not be done.
pub(crate) const FAILED: u8 = 2;
/// Items that no part tells of.
pub(crate) const HOLES: u8 = 3;
/// It would end the same way again.
pub(crate) const NEVER: u8 = 64;
/// Another attempt may do.
pub(crate) const AGAIN: u8 = 75;

/// Why work could not be done.
#[derive(Debug)]
pub(crate) struct Error {
    what: String,
    hint: Option<String>,
    again: bool,
}

impl Error {
    /// What another attempt would not change.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, again: false }
    }

    /// What another attempt may change.
    pub(crate) fn again(what: impl Into<String>) -> Self {
        Self { again: true, ..Self::new(what) }
    }

    /// Adds what to do about it.
    pub(crate) fn hinted(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The exit code: an engine must tell apart what to try again.
    pub(crate) fn code(&self, is_judge: bool) -> u8 {
        match (self.again, is_judge) {
            (true, _) => AGAIN,
            (false, true) => NEVER,
            (false, false) => FAILED,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&wording::inert_lines(&self.what))
    }
}

/// A line for standard error, where clock, host and attempt belong; who does not read it is no failure.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", wording::inert_lines(line));
}

/// Text for standard output.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::new(format!("cannot write standard output: {error}")))
        }
        _ => Ok(()),
    }
}
