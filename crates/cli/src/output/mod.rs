//! Facts to text, JSON, lists and tables. What the facts mean is decided elsewhere.

pub mod checked;
pub mod compat;
pub mod diff;
pub mod encryption;
pub mod entry;
pub mod escrow;
pub mod finding;
pub mod human;
pub mod inspect;
pub mod json;
pub mod keys_check;
pub mod manifests;
pub mod objects;
pub mod overview;
pub mod rows;
pub mod sqlite;
pub mod steps;
pub mod tarball;
pub mod verdict;
