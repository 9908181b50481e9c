//! A tarball of static pod resources, for scripts and for people.

mod json;
mod overview;

pub use json::TarballJson;
pub use overview::{describe, secrets, write_tables};
