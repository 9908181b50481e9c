//! Which files are one backup, decided by their names and by what they look like. Nothing is opened here.

pub use backup_name::{BackupFiles, FileName, Grouped, Listed, PACKED, grouped, name_of, of_named};

use crate::layout::Layout;
use crate::picks;

/// Whether a directory holds backups by how it is laid out or by the names in it, those of updates and schedules apart,
/// which say so by their own name. `exists` tells of paths below it.
#[must_use]
pub fn holds_backups(names: impl IntoIterator<Item = String>, exists: impl Fn(&str) -> bool) -> bool {
    let told = |name: String| FileName::parse(&name).is_some() || picks::matches(&name).is_some();
    Layout::of(exists) != Layout::Files || names.into_iter().any(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_holds_backups_by_its_layout_or_by_the_names_in_it() {
        let holds =
            |names: &[&str]| holds_backups(names.iter().map(|name| (*name).to_owned()), |name| names.contains(&name));
        assert!(holds(&["snapshot.db", "secrets"]) && holds(&["etcd/member/snap/db", "version"]));
        assert!(holds(&["a", "snapshot_x.db"]));
        assert!(holds(&["static_kuberesources_2026-11-23_010203.keyless.tar"]));
        assert!(!holds(&["a", "notes.txt"]) && !holds(&[]));
    }
}
