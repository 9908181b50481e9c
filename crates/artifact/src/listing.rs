//! What a directory holds, for the message that explains it. By name only: nothing is opened.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use wording::{count, escape, shell_bytes, unescape};

/// How many commands a hint spells out.
const SHOWN: usize = 3;

/// Names in a directory that matter to a backup, each list sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Names that snapshots have: `*.db`, `*.db.gz`, `*.db.zst`.
    pub snapshots: Vec<String>,
    /// Names that tarballs of static pod resources have.
    pub tarballs: Vec<String>,
    /// Whether it is an etcd data directory (`member/snap/db`), or the `member` in one.
    pub database: Option<&'static str>,
}

impl Listing {
    /// Of the names in a directory. `is_file` tells of files at paths below it.
    pub(crate) fn of<'n>(names: impl IntoIterator<Item = &'n OsStr>, is_file: impl Fn(&str) -> bool) -> Self {
        let database = ["member/snap/db", "snap/db"].into_iter().find(|inner| is_file(inner));
        let mut listing = Self { database, ..Self::default() };
        names.into_iter().for_each(|name| listing.take_in(name));
        listing.snapshots.sort_unstable();
        listing.tarballs.sort_unstable();
        listing
    }

    fn take_in(&mut self, name: &OsStr) {
        let bytes = name.as_encoded_bytes();
        let shown = || escape(bytes).into_owned();
        if bytes.starts_with(b"static_kuberesources") {
            self.tarballs.push(shown());
        } else if [&b".db"[..], b".db.gz", b".db.zst"].iter().any(|end| bytes.ends_with(end)) {
            self.snapshots.push(shown());
        }
    }

    /// The end of the sentence "`x` is a directory".
    pub(crate) fn what(&self) -> String {
        if self.database.is_some() {
            return ": the data directory of an etcd member, not a snapshot".to_owned();
        }
        match (self.snapshots.len(), self.tarballs.len()) {
            (0, 0) => " without a snapshot in it".to_owned(),
            (snapshots, 0) => format!(" with {}", count(snapshots as u64, "snapshot")),
            (0, tarballs) => {
                format!(" with {} of static pod resources and no snapshot", count(tarballs as u64, "tarball"))
            }
            (snapshots, tarballs) => format!(
                " with {} and {} of static pod resources",
                count(snapshots as u64, "snapshot"),
                count(tarballs as u64, "tarball")
            ),
        }
    }

    /// Which command to run instead.
    pub(crate) fn hint(&self, path: &Path) -> Option<String> {
        let file = |name: &str| {
            let name = unescape(name.as_bytes()).unwrap_or_default();
            shell_bytes(path.join(OsStr::from_bytes(&name)).as_os_str().as_bytes())
        };
        if let Some(inner) = self.database {
            let file = file(inner);
            return Some(format!(
                "stop etcd and run `assay inspect {file}`, or take a snapshot with `etcdctl snapshot save`"
            ));
        }
        let newest: Vec<String> =
            self.snapshots.iter().rev().take(SHOWN).map(|name| format!("`assay verify {}`", file(name))).collect();
        let more = self.snapshots.len().saturating_sub(SHOWN);
        match newest.as_slice() {
            [] => None,
            names if more > 0 => Some(format!("run {} (and {more} older)", names.join(", or "))),
            names => Some(format!("run {}", names.join(", or "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_directory_names_its_parts_and_the_next_command() {
        let names = [
            "snapshot_2026-11-23_010203.db",
            "snapshot_2026-11-22_010203.db.gz",
            "snapshot_2026-11-21_010203.db.part",
            "static_kuberesources_2026-11-23_010203.tar.gz",
            "notes.txt",
        ];
        let listing = Listing::of(names.map(OsStr::new), |_| false);
        assert_eq!(listing.snapshots, ["snapshot_2026-11-22_010203.db.gz", "snapshot_2026-11-23_010203.db"]);
        assert_eq!(listing.tarballs, ["static_kuberesources_2026-11-23_010203.tar.gz"]);
        assert_eq!(listing.what(), " with 2 snapshots and 1 tarball of static pod resources");
        assert_eq!(
            listing.hint(Path::new("/b/")).unwrap(),
            "run `assay verify /b/snapshot_2026-11-23_010203.db`, or `assay verify /b/snapshot_2026-11-22_010203.db.gz`"
        );
    }

    #[test]
    fn a_data_directory_is_known() {
        let listing = Listing::of([OsStr::new("member")], |inner| inner == "member/snap/db");
        assert_eq!(listing.database, Some("member/snap/db"));
        assert!(listing.hint(Path::new("/var/lib/etcd")).unwrap().contains("/var/lib/etcd/member/snap/db"));
    }

    #[test]
    fn an_empty_directory_lists_nothing() {
        let listing = Listing::of([], |_| false);
        assert_eq!(listing, Listing::default());
        assert_eq!(listing.what(), " without a snapshot in it");
        assert_eq!(listing.hint(Path::new("/b")), None);
    }
}
