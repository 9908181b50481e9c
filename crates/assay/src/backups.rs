//! The backups that something led to, each when its turn comes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use artifact::{Archive, Contents, Folder, InputError, Listing, Opened, Reading, Walk};
use backup_facts::directory::BackupFiles as Files;
use backup_facts::layout::Layout;
use encryption_config::Fingerprints;

use crate::backup::{Backup, text};
use crate::directory::{self, Looked, NamedFiles, nested, none_in};
use crate::error::Error;
use crate::input::Input;
use crate::keys::Keys;
use crate::question::{Asks, Question};
use crate::watch::{Note, Phase, Watch};

/// The backups that something led to, oldest first in each directory. Files are read when their turn comes, so a
/// thousand cost no more memory than one.
pub struct Backups {
    pub(crate) named: NamedFiles,
    pub(crate) roots: Vec<Root>,
    pub(crate) reading: Reading,
    /// Fingerprints of keys, of all backups together.
    prints: Arc<Fingerprints>,
}

/// What one input led to.
pub(crate) enum Root {
    /// A directory or folder, looked at when it was named or when its turn comes; `None` once it was gone through.
    Folder(PathBuf, Mutex<Option<Looked>>),
    /// A file that makes up no backup with others.
    File(PathBuf),
    /// A stream, until it is read.
    Stream(Mutex<Option<Input>>),
}

/// What comes next: a directory, or a backup in it.
pub(crate) enum Turn<'t> {
    /// A directory; its backups follow.
    Directory(&'t Arc<directory::Backups>),
    /// A backup, or a file by itself. Whoever wants to keep it takes it out.
    Backup(&'t mut Backup),
    /// One that cannot be read, or a part of one that cannot.
    Unread(String, Error),
    /// One that is not to be judged.
    PassedOver,
    /// No more come, though there are more.
    CutShort,
}

/// Takes the turns.
pub(crate) type Take<'t> = &'t mut dyn FnMut(Turn<'_>) -> ControlFlow<()>;

/// Opens one file of a backup.
type Opener<'o> = &'o dyn Fn(&Path) -> Result<Contents, InputError>;

impl Backups {
    pub(crate) fn open(input: Input, reading: Reading) -> Result<Self, Error> {
        let (inputs, several) = match input {
            Input::Several(inputs) => (inputs, true),
            one => (vec![one], false),
        };
        let is_file = |input: &Input| matches!(input, Input::Path(path) if path.is_file());
        let paths: Vec<PathBuf> = inputs
            .iter()
            .filter(|input| is_file(input))
            .filter_map(|input| if let Input::Path(path) = input { Some(path.clone()) } else { None })
            .collect();
        let named: BTreeSet<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let named = NamedFiles::of(&named, &reading)?;
        let is_part = |path: &Path| named.backups.iter().any(|backup| backup.files().any(|file| file == path));
        let mut roots = Vec::new();
        for input in inputs {
            match input {
                Input::Path(path) if path.is_dir() => {
                    // one that was named alone is looked at now: who asks for nothing else hears of it now
                    let looked = if several { None } else { Some(directory::Backups::at(&path, &reading)?) };
                    if let Some(Looked::Other(walk, archives)) = &looked
                        && archives.is_empty()
                        && nested(walk).is_empty()
                    {
                        return Err(none_in(walk).into());
                    }
                    roots.push(Root::Folder(path, Mutex::new(looked)));
                }
                Input::Path(path) if is_part(&path) => {}
                Input::Path(path) => roots.push(Root::File(path)),
                Input::Folder(folder) => roots.push(Self::folder(folder, &reading)?),
                Input::Several(_) => {}
                stream => roots.push(Root::Stream(Mutex::new(Some(stream)))),
            }
        }
        Ok(Self { named, roots, reading, prints: Arc::default() })
    }

    fn folder(folder: Box<dyn Folder>, reading: &Reading) -> Result<Root, Error> {
        let path = folder.path().to_path_buf();
        let looked = directory::Backups::look(Walk::of(folder)?, reading);
        Ok(Root::Folder(path, Mutex::new(Some(looked))))
    }

    /// Reads each backup when its turn comes, and hands it out. What cannot be read is given back with its name, and
    /// keeps no other from being read.
    pub fn read_each(
        &self,
        watch: &dyn Watch,
        each: &mut dyn FnMut(&Backup) -> ControlFlow<()>,
    ) -> Vec<(String, Error)> {
        let mut unread = Vec::new();
        let _ = self.turns(&Question::at(jiff::Timestamp::UNIX_EPOCH), watch, &mut |turn| match turn {
            Turn::Directory(_) | Turn::PassedOver | Turn::CutShort => ControlFlow::Continue(()),
            Turn::Backup(backup) => each(backup),
            Turn::Unread(name, error) => {
                unread.push((name, error));
                ControlFlow::Continue(())
            }
        });
        unread
    }

    /// How files are read.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Goes through all of them.
    pub(crate) fn turns(&self, question: &Question, watch: &dyn Watch, take: Take<'_>) -> ControlFlow<()> {
        let opener = |path: &Path| self.named.open(path, &self.reading);
        let is_stdin = |root: &Root| match root {
            Root::Stream(input) => {
                matches!(&*input.lock().unwrap_or_else(PoisonError::into_inner), Some(Input::Stdin))
            }
            Root::File(_) | Root::Folder(..) => false,
        };
        if self.named.backups.len() + self.roots.len() > 1 && self.roots.iter().any(is_stdin) {
            watch.note(&Note::StdinAlone);
        }
        for files in &self.named.backups {
            self.pair(None, files, &opener, question, watch, take)?;
        }
        for root in &self.roots {
            match root {
                Root::File(path) => self.alone(|| opener(path), text(path), question, watch, take)?,
                Root::Stream(input) => {
                    let input = input.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if let Some(input) = input {
                        self.alone(|| input.open(), "-".to_owned(), question, watch, take)?;
                    }
                }
                Root::Folder(path, looked) => {
                    let looked = looked.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let looked = looked.map_or_else(|| directory::Backups::at(path, &self.reading), Ok);
                    self.folder_of(looked, path, question, watch, take)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn folder_of(
        &self,
        looked: Result<Looked, InputError>,
        path: &Path,
        question: &Question,
        watch: &dyn Watch,
        take: Take<'_>,
    ) -> ControlFlow<()> {
        let found: Arc<directory::Backups> = match looked {
            Ok(Looked::Backups(found)) => Arc::from(found),
            Ok(Looked::Other(walk, packed)) => {
                let inner = nested(&walk);
                if inner.is_empty() && packed.is_empty() {
                    return take(Turn::Unread(text(path), none_in(&walk).into()));
                }
                if let Some(error) = of_one(path, inner.len() + packed.len(), question) {
                    return take(Turn::Unread(text(path), error));
                }
                for inner in inner {
                    let path = inner.path.clone();
                    self.folder_of(inner.look(&self.reading), &path, question, watch, take)?;
                }
                for name in packed {
                    let path = walk.path().join(&name);
                    self.alone(|| walk.open(&name, &self.reading), text(&path), question, watch, take)?;
                }
                return ControlFlow::Continue(());
            }
            Err(error) => return take(Turn::Unread(text(path), error.into())),
        };
        if question.asks.reads_all() {
            remarks(&found, watch);
        }
        let snapshots = found.backups.iter().filter(|files| files.snapshot.is_some()).count();
        if question.asks == Asks::Keys {
            let error = of_one(path, snapshots, question)
                .or_else(|| (snapshots == 0).then(|| Error::NoSnapshot { path: path.to_path_buf() }));
            if let Some(error) = error {
                return take(Turn::Unread(text(path), error));
            }
        }
        take(Turn::Directory(&found))?;
        for files in &found.backups {
            let opener = |path: &Path| found.open(path, &self.reading);
            self.pair(Some(&found), files, &opener, question, watch, take)?;
        }
        ControlFlow::Continue(())
    }

    /// A backup of several files, or one that lies where others are missed. Where one of them cannot be read, it is
    /// still a backup, and that stands against it.
    pub(crate) fn pair(
        &self,
        directory: Option<&Arc<directory::Backups>>,
        files: &Files,
        opener: Opener<'_>,
        question: &Question,
        watch: &dyn Watch,
        take: Take<'_>,
    ) -> ControlFlow<()> {
        let asks = question.asks;
        if asks == Asks::Keys && files.snapshot.is_none() {
            return ControlFlow::Continue(());
        }
        let name = match (directory, &files.snapshot) {
            (Some(directory), _) => directory.name_of(files),
            (None, Some(snapshot)) => text(snapshot),
            (None, None) => "-".to_owned(),
        };
        if question.pass_over.contains(&name) {
            return take(Turn::PassedOver);
        }
        go_on(watch, take)?;
        let mut backup = self.backup(name, false);
        (backup.directory, backup.files) = (directory.map(Arc::clone), files.clone());
        // keys that are given are all that counts: nothing of the tarball is looked at
        let with_tarball = asks != Asks::Keys || !matches!(question.keys, Keys::Given(_));
        let tarball = files.tarball.as_ref().filter(|_| with_tarball);
        watch.before_keys();
        for path in [files.snapshot.as_ref(), tarball].into_iter().flatten() {
            if let Err(error) = opener(path).map_err(Error::from).and_then(|contents| backup.take(contents, watch)) {
                backup.unread.push((path.clone(), error));
            }
        }
        watch.done();
        let whole = asks.reads_all() || backup.unread.is_empty();
        if whole && (backup.snapshot.is_some() || backup.tarball.is_some()) {
            take(Turn::Backup(&mut backup))?;
            if asks.reads_all() {
                for path in &files.others {
                    self.alone(|| opener(path), text(path), question, watch, take)?;
                }
            }
        }
        for (path, error) in backup.unread {
            take(Turn::Unread(text(&path), error))?;
        }
        ControlFlow::Continue(())
    }

    /// A file by itself, or an archive of others.
    pub(crate) fn alone(
        &self,
        open: impl FnOnce() -> Result<Contents, InputError>,
        name: String,
        question: &Question,
        watch: &dyn Watch,
        take: Take<'_>,
    ) -> ControlFlow<()> {
        go_on(watch, take)?;
        watch.before_keys();
        let advance = |bytes| watch.advance(bytes);
        let opened = open().and_then(|contents| {
            watch.phase(Phase::Reading, contents.size_on_disk().filter(|_| contents.is_container()));
            Opened::of(contents, &self.reading, &advance)
        });
        match opened {
            Ok(Opened::File(contents)) => self.file(*contents, question, watch, take),
            Ok(Opened::Archive(archive)) => self.archive(archive, question, watch, take),
            Err(error) => {
                watch.done();
                take(Turn::Unread(name, error.into()))
            }
        }
    }

    /// What an archive holds, as a directory would.
    fn archive(&self, archive: Archive, question: &Question, watch: &dyn Watch, take: Take<'_>) -> ControlFlow<()> {
        watch.done();
        let (path, refused) = (archive.path().to_path_buf(), archive.refused());
        let looked = Walk::of(Box::new(archive)).map(|walk| directory::Backups::look(walk, &self.reading));
        if let Ok(Looked::Other(walk, _)) = &looked
            && nested(walk).is_empty()
        {
            let listing = walk.listing();
            let error = if listing == Listing::default() { refused } else { none_in(walk) };
            return take(Turn::Unread(text(&path), error.into()));
        }
        self.folder_of(looked, &path, question, watch, take)
    }

    fn file(&self, contents: Contents, question: &Question, watch: &dyn Watch, take: Take<'_>) -> ControlFlow<()> {
        if question.pass_over.contains(&contents.name()) {
            watch.done();
            return take(Turn::PassedOver);
        }
        let mut backup = self.backup(contents.name(), true);
        let path = contents.path().map(Path::to_path_buf);
        let taken = backup.take(contents, watch);
        watch.done();
        match taken {
            Ok(()) => {
                match backup.tarball.is_some() {
                    true => backup.files.tarball = path,
                    false => backup.files.snapshot = path,
                }
                take(Turn::Backup(&mut backup))
            }
            Err(error) => take(Turn::Unread(backup.name, error)),
        }
    }

    fn backup(&self, name: String, alone: bool) -> Backup {
        Backup {
            name,
            alone,
            directory: None,
            files: Files::default(),
            snapshot: None,
            tarball: None,
            unread: Vec::new(),
            reading: self.reading,
            prints: Arc::clone(&self.prints),
        }
    }
}

/// Ends the turns where no further backup is to be begun.
fn go_on(watch: &dyn Watch, take: Take<'_>) -> ControlFlow<()> {
    if !watch.stop() {
        return ControlFlow::Continue(());
    }
    let _ = take(Turn::CutShort);
    ControlFlow::Break(())
}

/// What lies in a directory besides and is not looked at.
fn remarks(found: &directory::Backups, watch: &dyn Watch) {
    for name in &found.unfinished {
        watch.note(&Note::Unfinished { name: name.clone(), folder: found.path.clone() });
    }
    if let Some((name, why)) = found.ignored().first() {
        let others = found.ignored().len() - 1;
        watch.note(&Note::Ignored { name: name.clone(), why: *why, others, folder: found.path.clone() });
    }
    if found.layout == Layout::Files {
        found.archives.iter().for_each(|name| watch.note(&Note::NotLookedInto(found.path.join(name))));
        found.nested().into_iter().for_each(|inner| watch.note(&Note::NotLookedAt(inner.path)));
    }
}

/// Keys that were given belong to one backup.
fn of_one(path: &Path, backups: usize, question: &Question) -> Option<Error> {
    let given = matches!(question.keys, Keys::Given(_) | Keys::Escrow(_));
    (question.asks == Asks::Keys && given && backups > 1)
        .then(|| Error::KeysOfOne { path: path.to_path_buf(), backups })
}
