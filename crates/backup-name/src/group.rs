//! Which files are one backup, decided by their names and by what they look like. Nothing is opened here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::file::FileName;
use crate::openshift::BackupFile;

/// A file, as far as it must be known to tell what it is to a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is a regular file: a pipe or a directory is no part of a backup, whatever its name.
    pub regular: bool,
    /// What it is by its first bytes, where they tell.
    pub by_content: Option<BackupFile>,
}

impl Listed {
    /// What the file is to a backup. The bytes decide; where they tell nothing, because they are damaged or none, the
    /// name.
    #[must_use]
    pub fn kind(&self) -> Option<BackupFile> {
        let by_name = || FileName::parse(&name_of(&self.path)).map(|said| said.file);
        self.by_content.or_else(by_name).filter(|_| self.regular)
    }
}

/// Files that belong together by the timestamp in their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupFiles {
    /// `None` for a file whose name tells none, which then stands alone.
    pub timestamp: Option<String>,
    /// Taken with `--force`.
    pub dirty: bool,
    /// The snapshot.
    pub snapshot: Option<PathBuf>,
    /// The tarball; if there is no other, the one without keys.
    pub tarball: Option<PathBuf>,
    /// Further files of that timestamp: a tarball without keys beside the whole one, a second copy.
    pub others: Vec<PathBuf>,
}

impl BackupFiles {
    /// All its files, the snapshot first.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.snapshot.iter().chain(&self.tarball).chain(&self.others).map(PathBuf::as_path)
    }

    fn take(&mut self, kind: BackupFile, path: PathBuf) {
        let slot = match kind {
            BackupFile::Snapshot => &mut self.snapshot,
            BackupFile::StaticKubeResources => &mut self.tarball,
        };
        if slot.is_none() { *slot = Some(path) } else { self.others.push(path) }
    }
}

/// A file whose name tells its time.
struct Timed {
    keyless: bool,
    kind: BackupFile,
    path: PathBuf,
}

/// The files of a directory, grouped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grouped {
    /// The backups, oldest first; files without a timestamp last.
    pub backups: Vec<BackupFiles>,
    /// Names of saves that were never finished.
    pub unfinished: Vec<String>,
}

/// Groups files by the timestamps in their names, oldest first, those without one last.
#[must_use]
pub fn grouped(files: &[Listed]) -> Grouped {
    let mut timed: BTreeMap<(String, bool), Vec<Timed>> = BTreeMap::new();
    let (mut untimed, mut unfinished) = (Vec::new(), Vec::new());
    for file in files {
        let (name, path) = (name_of(&file.path), file.path.clone());
        if name.starts_with("snapshot") && name.ends_with(".part") {
            unfinished.push(name);
        } else if let Some(kind) = file.kind() {
            match FileName::parse(&name) {
                Some(said) => {
                    timed.entry((said.timestamp, said.dirty)).or_default().push(Timed {
                        keyless: said.keyless,
                        kind,
                        path,
                    });
                }
                None => untimed.push((kind, path)),
            }
        }
    }
    let timed = timed.into_iter().map(|((timestamp, dirty), mut files)| {
        files.sort_by_key(|file| file.keyless);
        let mut backup = BackupFiles { timestamp: Some(timestamp), dirty, ..BackupFiles::default() };
        files.into_iter().for_each(|file| backup.take(file.kind, file.path));
        backup
    });
    let mut backups: Vec<BackupFiles> = timed.collect();
    backups.extend(untimed.into_iter().map(|(kind, path)| {
        let mut backup = BackupFiles::default();
        backup.take(kind, path);
        backup
    }));
    join_halves(&mut backups);
    Grouped { backups, unfinished }
}

/// The backups that files named one by one make up, as they would in a directory; none where all are of one kind, by
/// their content, so that each is meant by itself.
#[must_use]
pub fn of_named(files: &[Listed]) -> Vec<BackupFiles> {
    let of_kind = |wanted: BackupFile| files.iter().any(|file| file.kind() == Some(wanted));
    if !of_kind(BackupFile::Snapshot) || !of_kind(BackupFile::StaticKubeResources) {
        return Vec::new();
    }
    grouped(files).backups
}

/// A lone snapshot and a lone tarball can only be meant to belong together, whatever their names say.
fn join_halves(backups: &mut Vec<BackupFiles>) {
    let [first, second] = backups.as_slice() else { return };
    let alone = |backup: &BackupFiles| backup.files().count() == 1;
    let (with_snapshot, with_tarball) = if first.snapshot.is_some() { (first, second) } else { (second, first) };
    if !alone(first) || !alone(second) || with_snapshot.snapshot.is_none() || with_tarball.tarball.is_none() {
        return;
    }
    let joined = BackupFiles {
        timestamp: with_snapshot.timestamp.clone().or_else(|| with_tarball.timestamp.clone()),
        dirty: first.dirty || second.dirty,
        snapshot: with_snapshot.snapshot.clone(),
        tarball: with_tarball.tarball.clone(),
        others: Vec::new(),
    };
    *backups = vec![joined];
}

/// The last part of a path, for comparing.
#[must_use]
pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str, by_content: Option<BackupFile>) -> Listed {
        Listed { path: PathBuf::from(name), regular: true, by_content }
    }

    #[test]
    fn bytes_decide_over_names_and_names_where_bytes_tell_nothing() {
        use BackupFile::{Snapshot, StaticKubeResources};
        let tarball = "static_kuberesources_2026-11-23_010203.tar.gz";
        for (name, by_content, kind) in [
            (tarball, Some(Snapshot), Some(Snapshot)),
            (tarball, None, Some(StaticKubeResources)),
            ("notes.txt", Some(Snapshot), Some(Snapshot)),
            ("notes.txt", None, None),
        ] {
            assert_eq!(listed(name, by_content).kind(), kind, "{name} {by_content:?}");
        }
        let pipe = Listed { regular: false, ..listed(tarball, None) };
        assert_eq!(pipe.kind(), None);
    }

    #[test]
    fn lone_halves_are_one_backup_and_files_of_one_kind_are_each_their_own() {
        use BackupFile::{Snapshot, StaticKubeResources};
        let (snapshot, tarball) = (listed("a.db", Some(Snapshot)), listed("b.tar", Some(StaticKubeResources)));
        let both = of_named(&[snapshot.clone(), tarball.clone()]);
        assert_eq!(both.len(), 1);
        assert_eq!(
            (both[0].snapshot.as_deref(), both[0].tarball.as_deref()),
            (Some("a.db".as_ref()), Some("b.tar".as_ref()))
        );
        assert_eq!(of_named(&[snapshot.clone(), listed("c.db", Some(Snapshot))]), []);
        let three = grouped(&[snapshot, tarball, listed("c.db", Some(Snapshot))]).backups;
        assert_eq!(three.iter().map(|backup| backup.files().count()).collect::<Vec<_>>(), [1, 1, 1]);
    }
}
