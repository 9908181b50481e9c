//! Facts to text, JSON, lists and tables. What the facts mean is decided elsewhere.

pub mod bytes;
pub mod catalog;
pub mod checked;
pub mod cluster;
pub mod compat;
pub mod custody;
pub mod diff;
pub mod encryption;
pub mod entry;
pub mod escrow;
pub mod finding;
pub mod hashes;
pub mod human;
pub mod inspect;
pub mod keys_check;
pub mod keys_drill;
pub mod keys_ls;
pub mod keys_split;
pub mod manifests;
pub mod many;
pub mod members;
pub mod mended;
pub mod objects;
pub mod overview;
pub mod page;
pub mod rebuilt;
pub mod rehearsal;
pub mod rows;
mod salvaged;
pub mod sqlite;
pub mod steps;
pub mod tarball;
pub mod usage;
pub mod verdict;

/// What a permission allows, in words.
fn permission_word(permission: &etcd_snapshot::state::Permission) -> &'static str {
    match (permission.read, permission.write) {
        (true, true) => "read, write",
        (true, false) => "read",
        (false, true) => "write",
        (false, false) => "nothing",
    }
}
