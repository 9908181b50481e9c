//! Why nothing can be served.

use std::fmt;
use std::io::Write as _;

/// It could not be done: usage, input, no socket.
pub(crate) const FAILED: u8 = 2;

/// Why nothing can be served.
#[derive(Debug)]
pub(crate) struct Error {
    what: String,
    hint: Option<String>,
}

impl Error {
    /// What is wrong.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    /// Adds what to do about it.
    pub(crate) fn hinted(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&wording::inert_lines(&self.what))
    }
}

impl From<assay::Error> for Error {
    fn from(error: assay::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// A line for standard error; who does not read it is no failure.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", wording::inert_lines(line));
}
