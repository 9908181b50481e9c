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
