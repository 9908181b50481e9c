//! Facts to text, JSON, lists and tables. What the facts mean is decided elsewhere.

pub mod compat;
pub mod diff;
pub mod encryption;
pub mod entry;
pub mod escrow;
pub mod finding;
pub mod human;
pub mod json;
pub mod manifests;
pub mod objects;
pub mod overview;
pub mod rows;
pub mod sqlite;
pub mod steps;
pub mod tarball;
