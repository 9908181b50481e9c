//! What an argument names, opened.

use std::ffi::OsStr;
use std::path::PathBuf;

use artifact::{Contents, InputError, Reading};

/// Where an artifact comes from, as the command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// `-`: standard input.
    Stdin,
    /// A path. A file called `-` is written `./-`.
    Path(PathBuf),
}

impl From<&OsStr> for Input {
    fn from(argument: &OsStr) -> Self {
        if argument == "-" { Self::Stdin } else { Self::Path(PathBuf::from(argument)) }
    }
}

impl Input {
    /// Opens it, and reads no more than its beginning.
    ///
    /// # Errors
    /// As [`Contents::open`] and [`Contents::stdin`].
    pub fn open(&self, reading: &Reading) -> Result<Contents, InputError> {
        match self {
            Self::Stdin => Contents::stdin(),
            Self::Path(path) => Contents::open_with(path, reading),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_is_standard_input_and_a_path_is_a_path() {
        assert_eq!(Input::from(OsStr::new("-")), Input::Stdin);
        assert_eq!(Input::from(OsStr::new("./-")), Input::Path("./-".into()));
    }
}
