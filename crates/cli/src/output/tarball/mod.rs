//! A tarball of static pod resources, for people.

mod overview;

pub use overview::{describe, secrets, write_tables};
