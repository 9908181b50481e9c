//! What `inspect` and `verify` do first: find out what each path is, and open it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use backup_facts::layout::Layout;

use super::snapshot;
use crate::exit::Error;
use crate::input::{
    Backup, Backups, Contents, Input, InputError, Looked, NamedFiles, Reading, Source, nested, none_in,
};
use crate::tarball::Tarball;
use crate::ui::Ui;
use wording::{escape, escape_path};

/// Something that a path led to.
pub(super) enum Item {
    /// A directory; its backups follow.
    Directory(Rc<Backups>),
    /// A snapshot and a tarball that should belong together, or what there is of them.
    Backup(Box<Whole>),
    /// What should be a snapshot, by itself.
    Snapshot(Box<Source>),
    /// A tarball of static pod resources, by itself.
    Tarball(Box<Tarball>),
}

/// A backup with its files open.
pub(super) struct Whole {
    /// The directory that it lies in; `None` where its files were named one by one.
    pub(super) directory: Option<Rc<Backups>>,
    /// Its files, by name.
    pub(super) backup: Backup,
    /// The snapshot.
    pub(super) snapshot: Option<Source>,
    /// The tarball.
    pub(super) tarball: Option<Box<Tarball>>,
    /// Those of its files that cannot be read, and why.
    pub(super) unread: Vec<(PathBuf, String)>,
}

impl Whole {
    /// The name that its findings go by.
    pub(super) fn name(&self) -> String {
        match (&self.directory, &self.backup.snapshot) {
            (Some(directory), _) => directory.name_of(&self.backup),
            (None, Some(snapshot)) => snapshot.to_string_lossy().into_owned(),
            (None, None) => "-".to_owned(),
        }
    }
}

/// Does `work` for everything that the paths name, the backups of a directory one after another.
///
/// What cannot be read does not keep the rest from being looked at; see [`snapshot::each`].
pub(super) fn each(
    paths: &[OsString],
    reading: &Reading,
    ui: &mut Ui,
    mut work: impl FnMut(Item, &mut Ui) -> Result<(), Error>,
) -> Result<(), Error> {
    let is_file = |path: &&Path| *path != Path::new("-") && path.is_file();
    let named: BTreeSet<&Path> = paths.iter().map(Path::new).filter(is_file).collect();
    let named = NamedFiles::of(&named, reading)?;
    let opener = |path: &Path| named.open(path, reading);
    let backups = &named.backups;
    if paths.len() > 1 && paths.iter().any(|path| path == "-") {
        ui.warn("standard input is judged by itself: name its file for a verdict on it and the others");
    }
    let is_part = |path: &&OsString| backups.iter().any(|backup| backup.files().any(|file| file == Path::new(path)));
    let alone: Vec<&OsString> = paths.iter().filter(|path| !is_part(path)).collect();
    let of_backups =
        snapshot::each(backups.clone(), ui, |backup, ui| of_backup(None, backup, &opener, reading, ui, &mut work));
    let of_others = snapshot::each(alone, ui, |path, ui| {
        let input = Input::from(path.as_os_str());
        match directory(&input) {
            Some(path) => of_directory(Backups::at(path, reading)?, reading, ui, &mut work),
            None => {
                let contents = match &input {
                    Input::Path(path) => opener(path)?,
                    Input::Stdin => Contents::stdin()?,
                };
                work(item(contents, reading, ui)?, ui)
            }
        }
    });
    match (of_backups, of_others) {
        (Err(first), Err(last)) if !last.is_closed_pipe() => {
            ui.error(&first.to_string(), first.hint().as_deref());
            Err(last)
        }
        (first, last) => first.and(last),
    }
}

/// Gives the files of a backup as they were opened when they were looked at.
type Opener<'o> = &'o dyn Fn(&Path) -> Result<Contents, InputError>;
type Work<'w> = &'w mut dyn FnMut(Item, &mut Ui) -> Result<(), Error>;

fn of_directory(looked: Looked, reading: &Reading, ui: &mut Ui, work: Work<'_>) -> Result<(), Error> {
    let found: Rc<Backups> = match looked {
        Looked::Backups(found) => Rc::from(found),
        Looked::Other(walk) => {
            let inner = nested(&walk);
            if inner.is_empty() {
                return Err(none_in(&walk).into());
            }
            return snapshot::each(inner, ui, |inner, ui| of_directory(inner.look(reading)?, reading, ui, work));
        }
    };
    for name in &found.unfinished {
        let (name, folder) = (escape(name.as_bytes()), escape_path(&found.path));
        ui.warn(&format!("`{name}` in `{folder}` is a save that was interrupted; it is no backup"));
    }
    if found.layout == Layout::Files {
        for inner in found.nested() {
            ui.warn(&format!("`{}` holds backups, too, and was not looked at: name it", escape_path(&inner.path)));
        }
    }
    work(Item::Directory(Rc::clone(&found)), ui)?;
    snapshot::each(found.backups.clone(), ui, |backup, ui| {
        of_backup(Some(Rc::clone(&found)), backup, &|path| found.open(path, reading), reading, ui, work)
    })
}

/// Opens the files of one backup. Where one of them cannot be read, it is still a backup, and that stands against it.
fn of_backup(
    directory: Option<Rc<Backups>>,
    backup: Backup,
    opener: Opener<'_>,
    reading: &Reading,
    ui: &mut Ui,
    work: Work<'_>,
) -> Result<(), Error> {
    let (mut source, mut tarball, mut reasons) = (None, None, Vec::new());
    let halves: Vec<PathBuf> = [&backup.snapshot, &backup.tarball].into_iter().flatten().cloned().collect();
    let unread = snapshot::each(halves, ui, |path, ui| {
        let opened = opener(&path).map_err(Error::from).and_then(|contents| item(contents, reading, ui));
        match opened.inspect_err(|error| reasons.push((path, error.to_string())))? {
            Item::Snapshot(found) => source = Some(*found),
            Item::Tarball(found) => tarball = Some(found),
            Item::Directory(_) | Item::Backup(_) => {}
        }
        Ok(())
    });
    if source.is_some() || tarball.is_some() {
        let others = backup.others.clone();
        let whole = Whole { directory, backup, snapshot: source, tarball, unread: reasons };
        work(Item::Backup(Box::new(whole)), ui)?;
        snapshot::each(others, ui, |path, ui| {
            let item = item(opener(&path)?, reading, ui)?;
            work(item, ui)
        })?;
    }
    unread
}

/// The path of a directory.
pub(super) fn directory(input: &Input) -> Option<&Path> {
    match input {
        Input::Path(path) if path.is_dir() => Some(path),
        Input::Path(_) | Input::Stdin => None,
    }
}

/// What a file that is open turns out to be.
pub(super) fn item(contents: Contents, reading: &Reading, ui: &mut Ui) -> Result<Item, Error> {
    let meter = ui.meter("reading", None);
    let contents = contents.ready(reading, &|bytes| meter.add(bytes))?;
    drop(meter);
    if contents.is_archive() {
        return Ok(Item::Tarball(Box::new(Tarball::read(contents, reading, ui)?)));
    }
    contents.expect_snapshot()?;
    Ok(Item::Snapshot(Box::new(contents)))
}
