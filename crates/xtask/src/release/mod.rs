//! What of a release is structured data: what the binary is made of, as a bill of materials and as the notices that
//! licences ask for, and an image of a container that is written without a daemon. `scripts/release` does the rest.

mod components;
mod notices;
mod oci;
mod sbom;

pub use components::{Component, Components, components};
pub use notices::notices;
pub use oci::{Image, image};
pub use sbom::sbom;

use std::io;
use std::path::PathBuf;

/// What keeps a part of a release from being made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Cargo did not answer, or not as expected.
    #[error("cargo {what}: {why}")]
    Cargo {
        /// What it was asked.
        what: &'static str,
        /// Its word.
        why: String,
    },
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
    /// A file could not be read or written.
    #[error("{}: {why}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The image could not be packed.
    #[error("packing the image: {0}")]
    Pack(#[from] io::Error),
    /// A time that no calendar has.
    #[error("{0} seconds since 1970 is no time: SOURCE_DATE_EPOCH is a time stamp such as 1796016789")]
    Epoch(i64),
}

impl Error {
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |why| Self::File { path, why }
    }
}
