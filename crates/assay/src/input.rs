//! Where bytes come from.

use std::io::Read;
use std::path::{Path, PathBuf};

use artifact::{Contents, Folder, InputError, Reading};

/// Where bytes come from. [`Folder`] is the one joint for archives, object stores and tests.
#[non_exhaustive]
pub enum Input {
    /// A file, or a directory.
    Path(PathBuf),
    /// Several, one after another; files that make up a backup are judged as one.
    Several(Vec<Self>),
    /// Standard input: one file.
    Stdin,
    /// One file, by a name that may tell its time.
    Stream {
        /// The name.
        name: String,
        /// What it holds.
        bytes: Box<dyn Read + Send>,
    },
    /// A place with names and bytes, looked through as a directory is.
    Folder(Box<dyn Folder>),
}

impl<P: AsRef<Path>> From<P> for Input {
    fn from(path: P) -> Self {
        Self::Path(path.as_ref().to_path_buf())
    }
}

impl Input {
    /// Opens the one file that it is.
    ///
    /// # Errors
    /// Whatever keeps it from being opened; a folder is none.
    pub fn open(self) -> Result<Contents, InputError> {
        self.open_with(&Reading::default())
    }

    /// The same, with limits for an archive that a path leads into.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn open_with(self, reading: &Reading) -> Result<Contents, InputError> {
        match self {
            Self::Path(path) => Contents::open_with(&path, reading),
            Self::Stdin => Contents::stdin(),
            Self::Stream { name, bytes } => Contents::of_stream(&name, bytes),
            Self::Folder(folder) => Contents::open(folder.path()),
            Self::Several(_) => Contents::open(Path::new("")),
        }
    }
}
