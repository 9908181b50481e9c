//! How much of each backup is read.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use clap::ValueEnum;
use sha2::{Digest as _, Sha256};

use super::backups::Backup;
use crate::item::{Depth, File, Role};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Depths {
    /// All of every backup
    Full,
    /// A few pages of each that is not compressed; the others whole
    Quick,
    /// The newest of each cluster whole, and a sample of the others; of the rest, a few pages
    Mixed,
}

/// What makes two judgements of the same bytes the same.
#[derive(Debug, Clone)]
pub(super) struct Judge<'p> {
    /// The version of assay.
    pub(super) assay: &'p str,
    /// The digest of the policy.
    pub(super) policy: Option<&'p str>,
}

impl Judge<'_> {
    /// The id of a backup that is judged like this: 16 bytes, hex.
    pub(super) fn id(&self, files: &[File], depth: Depth) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        for file in files {
            part(&file.uri);
            part(file.version.as_deref().unwrap_or_default());
            part(file.etag.as_deref().unwrap_or_default());
            part(&file.size.to_string());
        }
        part(if depth == Depth::Full { "full" } else { "quick" });
        part(self.assay);
        part(self.policy.unwrap_or_default());
        wording::hex(hash.finalize().iter().take(16))
    }
}

/// The newest of each cluster, and those whose size is not half of, or twice, that of the one before: these are looked at
/// whole. Versions that lie beneath are a row of their own.
pub(super) struct Remarkable {
    /// The newest of its cluster.
    pub(super) newest: Vec<bool>,
    /// Of another size than the one before.
    pub(super) odd: Vec<bool>,
}

/// What is remarkable among backups; `clusters` tells whose each is.
pub(super) fn remarkable(backups: &[Backup], clusters: &[String]) -> Remarkable {
    let mut by_cluster: BTreeMap<(&str, bool), Vec<usize>> = BTreeMap::new();
    for (at, (backup, cluster)) in backups.iter().zip(clusters).enumerate() {
        let has_snapshot = backup.files.iter().any(|file| file.role == Role::Snapshot);
        if has_snapshot {
            by_cluster.entry((cluster, backup.over.is_some())).or_default().push(at);
        }
    }
    let mut found = Remarkable { newest: vec![false; backups.len()], odd: vec![false; backups.len()] };
    let taken = |at: &usize| backups.get(*at).map(|backup| (backup.taken.as_str(), Reverse(backup.newer), *at));
    let size = |at: usize| backups.get(at).and_then(|backup| backup.files.first()).map_or(0, |file| file.size);
    for places in by_cluster.values_mut() {
        places.sort_by_key(taken);
        if let Some(newest) = places.last().and_then(|at| found.newest.get_mut(*at)) {
            *newest = true;
        }
        for pair in places.windows(2) {
            let [before, after] = *pair else { continue };
            let (before, now) = (size(before), size(after));
            if let Some(odd) = found.odd.get_mut(after) {
                *odd = now < before / 2 || now / 2 > before;
            }
        }
    }
    found
}

/// Whether an id is in a sample of this share, 0 to 1.
pub(super) fn sampled(id: &str, share: f64) -> bool {
    let lot = u64::from_str_radix(id.get(..16).unwrap_or_default(), 16).unwrap_or(0);
    share >= 1.0 || (lot as f64) < share * u64::MAX as f64
}

/// A share: `5%` or `0.05`.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let (number, whole) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    let share = number.trim().parse::<f64>().map_err(|_| format!("`{text}` is no share: 5% or 0.05"))? / whole;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(format!("`{text}` is not between 0% and 100%")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{Over, OverKind};

    fn backup(name: &str, taken: &str, size: u64) -> Backup {
        let file = File {
            role: Role::Snapshot,
            uri: name.to_owned(),
            etag: None,
            version: None,
            size,
            modified: taken.to_owned(),
        };
        let (folder, taken) = (String::new(), taken.to_owned());
        Backup { folder, files: vec![file], taken, half: false, packed: false, over: None, newer: 0 }
    }

    #[test]
    fn the_newest_and_what_shrank_or_grew_are_remarkable() {
        let backups = [backup("b", "2", 100), backup("a", "1", 90), backup("c", "3", 40), backup("d", "1", 7)];
        let clusters = ["x", "x", "x", "y"].map(str::to_owned);
        let found = remarkable(&backups, &clusters);
        assert_eq!(found.newest, [false, false, true, true]);
        assert_eq!(found.odd, [false, false, true, false]);
        let over = Over { kind: OverKind::Version, version: String::new(), modified: String::new() };
        let beneath = |taken: &str| Backup { over: Some(over.clone()), ..backup("b", taken, 7) };
        let found =
            remarkable(&[backup("b", "2", 100), beneath("1"), beneath("0")], &["x", "x", "x"].map(str::to_owned));
        assert_eq!((found.newest, found.odd), (vec![true, true, false], vec![false; 3]));
    }

    #[test]
    fn an_id_changes_with_all_that_changes_an_answer() {
        let judge = Judge { assay: "0.1.0", policy: None };
        let one = backup("s3://b/a", "1", 9).files;
        let id = judge.id(&one, Depth::Full);
        assert_eq!((id.len(), judge.id(&one, Depth::Full)), (32, id.clone()));
        let mut others =
            vec![judge.id(&one, Depth::Quick), Judge { assay: "0.1.1", ..judge.clone() }.id(&one, Depth::Full)];
        others.push(Judge { policy: Some("p"), ..judge.clone() }.id(&one, Depth::Full));
        let change = |change: fn(&mut File)| {
            let mut files = one.clone();
            change(&mut files[0]);
            judge.id(&files, Depth::Full)
        };
        others.push(change(|file| file.size = 10));
        others.push(change(|file| file.etag = Some("x".into())));
        others.push(change(|file| file.version = Some("x".into())));
        others.push(change(|file| file.uri = "s3://b/b".into()));
        assert!(!others.contains(&id));
    }

    #[test]
    fn samples_are_of_the_size_asked_for() {
        let judge = Judge { assay: "0.1.0", policy: None };
        let ids: Vec<String> =
            (0..4000).map(|at| judge.id(&backup(&at.to_string(), "1", 1).files, Depth::Full)).collect();
        let count = |share| ids.iter().filter(|id| sampled(id, share)).count();
        assert_eq!((count(0.0), count(1.0)), (0, 4000));
        assert!((120..280).contains(&count(0.05)), "{}", count(0.05));
        assert_eq!((share("5%"), share("0.05"), share("100%")), (Ok(0.05), Ok(0.05), Ok(1.0)));
        assert!(share("101%").is_err() && share("x").is_err() && share("-1%").is_err() && share("NaN").is_err());
    }
}
