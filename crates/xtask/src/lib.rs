//! What holds the workspace in shape. Never shipped: no crate that is may import it.
//!
//! - [`generate`] writes what is made by a program: screens, tables, the page of findings, the schema.
//! - [`schema`] adds to the tables of fields what a release of Kubernetes' API has.
//! - [`packages`] holds what a package needs where the rest of the repository is not.
//! - [`api`] lists what the libraries with a promise offer.
//! - [`layers`] holds the laws of ARCHITECTURE.md: which crate may import which, and no circle of modules.
//! - [`release`] makes what of a release is structured data: bill of materials, notices, image.
#![allow(clippy::disallowed_methods, reason = "not shipped: it reads files of the repository and of tests")]
#![forbid(unsafe_code)]

pub mod api;
mod cargo;
mod error;
pub mod generate;
pub mod layers;
pub mod packages;
pub mod release;
pub mod schema;

pub use error::Error;
