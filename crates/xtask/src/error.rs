//! Why a chore cannot be done.

use std::io;
use std::path::PathBuf;

/// Why a chore cannot be done. What a chore finds to be wrong is none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that cannot be read or written, or is not where it must be.
    #[error("{}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        why: io::Error,
    },
    /// A program that does not run, refuses, or answers otherwise than expected.
    #[error("{what}: {why}")]
    Asked {
        /// It, and what it was asked: `cargo metadata`.
        what: String,
        /// Its word.
        why: String,
    },
    /// ARCHITECTURE.md has no table of crates, or one that cannot be read.
    #[error("ARCHITECTURE.md: {0}")]
    Table(String),
    /// rustdoc describes a library in a form that is not known here.
    #[error(
        "what rustdoc of this toolchain says cannot be read: {0}\nTake a newer `public-api` into crates/xtask/Cargo.toml, or \
        an older toolchain."
    )]
    Format(String),
    /// A component ships without something that a release must tell.
    #[error("{name} {version}: {lacks}")]
    Component {
        /// The package.
        name: String,
        /// Its version.
        version: String,
        /// What is missing, and where it was looked for.
        lacks: String,
    },
    /// The image could not be packed.
    #[error("packing the image: {0}")]
    Pack(#[from] io::Error),
    /// A time that no calendar has.
    #[error("{0} seconds since 1970 is no time: SOURCE_DATE_EPOCH is a time stamp such as 1796016789")]
    Epoch(i64),
}

impl Error {
    /// What the system says of a file.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |why| Self::File { path, why }
    }

    /// What is wrong with a program's answer.
    pub(crate) fn asked(what: &str, why: impl ToString) -> Self {
        Self::Asked { what: what.to_owned(), why: why.to_string() }
    }
}
