//! A snapshot and a tarball held against each other, and a directory against what a restore makes of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use backup_facts::directory::{BackupFiles as Backup, FileName};
use backup_facts::layout::Layout;
use backup_facts::opening::Unlocked;
use backup_facts::platform::Platform;
use backup_facts::snapshot::SnapshotFacts;
use backup_facts::version::Sources;
use checks::pair::{Comparison, Halves, InDirectory, Names, Pair, Stamp};
use checks::{Finding, Findings};
use static_resources::StaticResources;

use crate::directory::Backups;
use crate::error::Error;

/// The name of a file of a backup, read.
fn said(path: Option<&Path>) -> Option<FileName> {
    FileName::parse(path?.file_name()?.to_str()?)
}

fn stamp(name: Option<&FileName>) -> Option<Stamp<'_>> {
    name.map(|name| Stamp { timestamp: &name.timestamp, dirty: name.dirty, keyless: name.keyless })
}

/// Holds the halves of a backup against each other, as far as the keys open what is to be compared.
pub fn judge(
    backup: &Backup,
    snapshot: &SnapshotFacts<'_>,
    tarball: &StaticResources,
    keys: &Unlocked,
    release: Option<(u64, u64)>,
) -> Comparison {
    let [of_snapshot, of_tarball] = [&backup.snapshot, &backup.tarball].map(|path| said(path.as_deref()));
    checks::pair::check(&Pair {
        cluster: &snapshot.cluster,
        inventory: &snapshot.inventory,
        members: &snapshot.scan.state.members,
        size: snapshot.scan.walked.db.size(),
        quota: snapshot.quota,
        tarball,
        names: Names { snapshot: stamp(of_snapshot.as_ref()), tarball: stamp(of_tarball.as_ref()) },
        release,
        keys: keys.has_keys().then_some(keys),
    })
}

/// What says which release a backup is of: its halves, as far as they are there, and its directory.
pub fn sources<'a>(
    snapshot: Option<&'a SnapshotFacts<'_>>,
    tarball: Option<&'a StaticResources>,
    directory: Option<&'a Backups>,
) -> Sources<'a> {
    let of_snapshot = snapshot.map(SnapshotFacts::sources).unwrap_or_default();
    let tarball = tarball.map(|resources| &resources.static_pods.version);
    in_directory(directory, Sources { tarball, ..of_snapshot })
}

/// `base`, and what a directory says of the backup in it.
pub fn in_directory<'a>(directory: Option<&'a Backups>, base: Sources<'a>) -> Sources<'a> {
    let Some(found) = directory else { return base };
    Sources { directory: found.release(), version_file: found.version_file.as_deref(), ..base }
}

/// Judges which halves there are. A file in a directory of backups misses its other half whatever its name is: the
/// restore script takes `snapshot*.db`, with a timestamp or without.
pub fn halves(backup: &Backup, kind: Platform) -> Findings {
    let name = backup.files().next().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
    let name = name.unwrap_or_default();
    let (snapshot, tarball) = (backup.snapshot.is_some(), backup.tarball.is_some());
    checks::pair::check_halves(&Halves { snapshot, tarball, kind, name: &name })
}

/// Judges files of a backup that cannot be read.
pub fn unread(files: &[(PathBuf, Error)]) -> Vec<Finding> {
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    files.iter().map(|(path, reason)| checks::pair::check_unread(&name(path), &reason.to_string())).collect()
}

/// Judges a directory as a whole.
pub fn directory(directory: &Backups) -> Vec<Finding> {
    if directory.layout != Layout::Files {
        return Vec::new();
    }
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let of = |pick: &Option<String>| {
        let pick = pick.as_deref()?;
        directory.backups.iter().position(|backup| backup.files().any(|path| name(path) == pick))
    };
    let picks = (directory.picks.snapshot.as_ref(), directory.picks.tarball.as_ref());
    let picks_agree = picks.0.zip(picks.1).map(|_| {
        let (snapshot, tarball) = (of(&directory.picks.snapshot), of(&directory.picks.tarball));
        snapshot.is_some() && snapshot == tarball
    });
    let stamps = |dirty: bool| {
        let of_state = directory.backups.iter().filter(move |backup| backup.dirty == dirty);
        of_state.filter_map(|backup| backup.timestamp.clone()).collect::<BTreeSet<String>>()
    };
    let first = |file: fn(&Backup) -> &Option<PathBuf>| {
        let path = directory.backups.iter().find_map(|backup| file(backup).as_deref());
        path.and_then(Path::file_name).and_then(std::ffi::OsStr::to_str)
    };
    let files = [first(|backup| &backup.snapshot), first(|backup| &backup.tarball)];
    let twins: Vec<String> = stamps(true).intersection(&stamps(false)).cloned().collect();
    checks::pair::check_directory(&InDirectory {
        picks: &directory.picks,
        unfinished: &directory.unfinished,
        backups: directory.backups.len(),
        picks_agree,
        twins: &twins,
        files,
    })
    .into_sorted()
}
