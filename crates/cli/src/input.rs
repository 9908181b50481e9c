//! What an argument names, opened.

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use artifact::{Contents, InputError, Reading, open_regular};

use crate::exit::Error;
use crate::failure;

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

/// More is read of no small file: a manifest or a statement that is cut there is none.
const SMALL: u64 = 64 << 20;

/// The very bytes of a small file: what is signed, or says what was.
///
/// # Errors
/// Whatever keeps it from being read.
pub fn small_file(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = open_regular(path).and_then(|file| file.take(SMALL).read_to_end(&mut bytes));
    read.map_err(|error| failure::reading(path, &error))?;
    Ok(bytes)
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
