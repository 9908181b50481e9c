//! What an earlier run knew of the backups before these: the first after an upgrade is read whole, and one that shrank or
//! grew.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::item::Item;
use crate::outcome::VerdictRow;

/// The rows of an earlier run, by where they lie, each folder's in the order of time.
#[derive(Debug, Default)]
pub(super) struct Before {
    by_folder: HashMap<String, Vec<Seen>>,
}

/// What is compared of a row.
#[derive(Debug)]
struct Seen {
    taken: Timestamp,
    size: u64,
    /// The versions of etcd and OpenShift; none where it was only looked at.
    releases: Option<(Option<String>, Option<String>)>,
}

impl Before {
    /// Takes in a row.
    pub(super) fn learn(&mut self, row: &VerdictRow) {
        let Ok(taken) = row.taken.parse() else { return };
        if !row.snapshot || row.over.is_some() {
            return;
        }
        let releases = (row.facts.etcd.clone(), row.facts.openshift.clone());
        let releases = (releases != (None, None)).then_some(releases);
        let folder = self.by_folder.entry(row.folder.clone()).or_default();
        let at = folder.partition_point(|seen| seen.taken <= taken);
        folder.insert(at, Seen { taken, size: row.size, releases });
    }

    /// Whether a backup may be the first after an upgrade, or is not half of, or twice, the size of the one before.
    ///
    /// What was only looked at tells no release: of an upgrade it is known between which two it was, and all that lie there
    /// are read. The next run then knows which was the first.
    pub(super) fn marks(&self, item: &Item) -> bool {
        let folder = self.by_folder.get(&item.folder).filter(|_| item.over.is_none());
        let (Some(folder), Ok(taken)) = (folder, item.taken.parse::<Timestamp>()) else { return false };
        let (earlier, later) = folder.split_at(folder.partition_point(|seen| seen.taken < taken));
        let size = item.main().map_or(0, |file| file.size);
        let is_odd = earlier.last().is_some_and(|seen| size < seen.size / 2 || size / 2 > seen.size);
        let before = earlier.iter().rev().find_map(|seen| seen.releases.as_ref());
        let after = later.iter().find_map(|seen| seen.releases.as_ref());
        is_odd || before.zip(after).is_some_and(|(before, after)| before != after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{ClusterFrom, Depth, File, Role};
    use crate::outcome::{Facts, Verdict};
    use crate::report::row;

    fn item(day: u32, size: u64) -> Item {
        let taken = format!("2026-11-{day:02}T00:00:00Z");
        let (uri, modified) = (String::new(), taken.clone());
        let file = File { role: Role::Snapshot, uri, etag: None, version: None, size, modified };
        let (item, cluster, folder) = (String::new(), String::new(), "s3://b/a/".to_owned());
        let (cluster_from, depth, shard) = (ClusterFrom::Path, Depth::Quick, Some(0));
        let (newest, half, files, over) = (false, false, vec![file], None);
        Item { item, shard, cluster, cluster_from, folder, depth, taken, newest, files, half, over }
    }

    #[test]
    fn what_may_be_the_first_after_an_upgrade_and_what_shrank_or_grew_is_marked() {
        let mut before = Before::default();
        // 20 was judged whole, 21 and 22 only looked at, 23 whole and after the upgrade, 24 whole
        for (day, openshift) in
            [(24, Some("4.18.2")), (20, Some("4.18.1")), (21, None), (22, None), (23, Some("4.18.2"))]
        {
            let taken = format!("2026-11-{day}T00:00:00Z");
            let seen = row("x", "b", &taken, Verdict::Warn);
            let (folder, openshift) = ("s3://b/a/".to_owned(), openshift.map(str::to_owned));
            before.learn(&VerdictRow {
                folder,
                facts: Facts { openshift, ..Facts::default() },
                size: 100,
                snapshot: true,
                ..seen
            });
        }
        let marked: Vec<u32> = (19..27).filter(|day| before.marks(&item(*day, 100))).collect();
        assert_eq!(marked, [21, 22, 23]);
        assert_eq!([49, 50, 201, 202].map(|size| before.marks(&item(26, size))), [true, false, false, true]);
        let elsewhere = Item { folder: "s3://b/c/".to_owned(), ..item(22, 1) };
        assert!(!before.marks(&elsewhere));
    }
}
