//! What cannot be read.

use std::fmt;

/// Why something is no document.
#[derive(Debug)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl Error {
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        Self(error.to_string())
    }
}
