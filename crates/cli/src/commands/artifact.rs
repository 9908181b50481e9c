//! What `inspect` and `verify` do first: find out what each path is, and open it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::snapshot;
use crate::exit::Error;
use crate::input::{Artifact, Backup, Backups, Input, Reading, Source};
use crate::output::artifact::{ArtifactJson, BackupJson};
use crate::tarball::Tarball;
use crate::text::{count, escape, escape_path};
use crate::ui::{Ui, style};

/// Something that a path led to.
pub(super) enum Item {
    /// A directory; its files follow.
    Directory(Backups),
    /// What should be a snapshot.
    Snapshot(Source),
    /// A tarball of static pod resources.
    Tarball(Box<Tarball>),
}

/// Does `work` for everything that the paths name, the files of a directory one after another.
///
/// What cannot be read does not keep the rest from being looked at; see [`snapshot::each`].
pub(super) fn each(
    paths: &[OsString],
    reading: &Reading,
    ui: &mut Ui,
    mut work: impl FnMut(Item, &mut Ui) -> Result<(), Error>,
) -> Result<(), Error> {
    snapshot::each(paths, ui, |path, ui| {
        let input = Input::from(path.as_os_str());
        let Some(directory) = directory(&input) else {
            let item = open(&input, reading, ui)?;
            return work(item, ui);
        };
        let found = Backups::of(directory)?;
        for name in &found.unfinished {
            let (name, folder) = (escape(name.as_bytes()), escape_path(directory));
            ui.warn(&format!("`{name}` in `{folder}` is a save that was interrupted; it is no backup"));
        }
        let files: Vec<PathBuf> = found.backups.iter().flat_map(Backup::files).map(Path::to_path_buf).collect();
        work(Item::Directory(found), ui)?;
        snapshot::each(files, ui, |path, ui| {
            let item = open(&Input::Path(path), reading, ui)?;
            work(item, ui)
        })
    })
}

fn directory(input: &Input) -> Option<&Path> {
    match input {
        Input::Path(path) if path.is_dir() => Some(path),
        Input::Path(_) | Input::Stdin => None,
    }
}

fn open(input: &Input, reading: &Reading, ui: &mut Ui) -> Result<Item, Error> {
    let meter = ui.meter("reading", None);
    let artifact = Artifact::open(input, reading, &|bytes| meter.add(bytes))?;
    drop(meter);
    match artifact {
        Artifact::Other(source) => {
            source.expect_snapshot()?;
            Ok(Item::Snapshot(source))
        }
        Artifact::Tar(packed) => Ok(Item::Tarball(Box::new(Tarball::read(packed, reading, ui)?))),
    }
}

/// The backups of a directory, for scripts.
pub(super) fn documents(directory: &Backups) -> impl Iterator<Item = ArtifactJson> {
    directory.backups.iter().map(|backup| ArtifactJson::Backup(BackupJson::new(directory, backup)))
}

/// The newest backups, which are named one by one before the first file.
const NAMED: usize = 6;

/// Says what a directory holds, which files belong together, and what is not looked at.
pub(super) fn print(directory: &Backups, ui: &mut Ui) -> Result<(), Error> {
    let backups = &directory.backups;
    let older = backups.len().saturating_sub(NAMED);
    let mut named: Vec<String> = backups.iter().skip(older).map(describe).collect();
    if older > 0 {
        named.insert(0, format!("{older} older"));
    }
    let head = ui.paint(style::HEAD, escape_path(&directory.path)).to_string();
    let number = count(backups.len() as u64, "backup");
    writeln!(
        ui.out(),
        "{head}: {number}, paired by timestamp: {}. Each file is looked at by itself: whether the halves of a pair fit \
         together (same cluster, keys that open the values) is not checked by this version.\n",
        named.join("; ")
    )?;
    Ok(())
}

/// `2026-11-23_010203 (snapshot and tarball)`
fn describe(backup: &Backup) -> String {
    let name = |path: &Path| escape(path.file_name().unwrap_or(OsStr::new("?")).as_encoded_bytes()).into_owned();
    let Some(timestamp) = &backup.timestamp else {
        return backup.files().map(|path| format!("`{}` (no timestamp in its name)", name(path))).collect();
    };
    let keyless = backup.tarball.as_ref().is_some_and(|path| name(path).contains(".keyless."));
    let tarball = if keyless { "tarball without its keys" } else { "tarball" };
    let halves = match (&backup.snapshot, &backup.tarball) {
        (Some(_), Some(_)) => format!("snapshot and {tarball}"),
        (Some(_), None) => "snapshot, NO TARBALL".to_owned(),
        (None, _) => format!("{tarball}, NO SNAPSHOT"),
    };
    let dirty = if backup.dirty { ", POSSIBLY DIRTY" } else { "" };
    let others = match backup.others.len() {
        0 => String::new(),
        others => format!(", {}", count(others as u64, "other file")),
    };
    format!("{timestamp} ({halves}{others}{dirty})")
}
