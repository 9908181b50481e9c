//! Output files that are complete or absent, whatever happens.
//!
//! All outputs of one run form a set with one lock file, in a [`Place`]. Each is written without a name (or, on file systems
//! that have no such files, under a temporary one), mode 0600, synced, and given its name without replacing anything unless
//! forced. So a run that is killed leaves no half of a joined tarball behind.
//!
//! **A new set**: the last name is given last, so its presence means that the set is complete. Before the first name is
//! given, the lock file records what is about to appear; a run that was killed leaves that record, and the next run removes
//! exactly those files (by digest) and goes on.
//!
//! **A set in another's place** (by force): all files get temporary names first. Then the record is written, and with its last
//! line the new set counts and the old one no longer does: whoever reads a file of the set meanwhile gets the new one
//! ([`pending`]), and the next run that writes there finishes the renaming. So there is no moment at which neither is whole.

mod journal;
mod unnamed;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use crate::digest::HashingReader;
use crate::error::{Error, Result};
use crate::place::{Access, Place};
use journal::Journal;
pub(crate) use journal::pending;
use unnamed::Unnamed;

/// How a set is written.
pub(crate) struct OutOptions<'a> {
    pub(crate) dir: &'a Path,
    /// Names the lock; two runs with the same stem exclude each other.
    pub(crate) stem: &'a str,
    /// File names in the order of their renames.
    pub(crate) names: Vec<String>,
    /// Files that no output may be.
    pub(crate) inputs: &'a [&'a Path],
    pub(crate) force: bool,
    /// What the directory must be.
    pub(crate) access: Access,
}

/// A set of outputs being written. Dropped without [`OutSet::commit`], it leaves nothing behind.
pub(crate) struct OutSet {
    place: Place,
    lock_name: String,
    lock: File,
    names: Vec<String>,
    force: bool,
    /// Those outputs that have no name yet.
    unnamed: RefCell<BTreeMap<String, Unnamed>>,
    /// Whether the record says that the new set counts, and some of it may have no name yet.
    is_recorded: bool,
}

impl OutSet {
    /// Takes the lock, clears up after a killed run, and makes sure that nothing would be overwritten.
    pub(crate) fn begin(options: OutOptions<'_>) -> Result<Self> {
        let OutOptions { dir, stem, names, inputs, force, access } = options;
        let place = Place::open(dir, access)?;
        let lock_name = journal::lock_name(stem);
        let lock = take_lock(&place, &lock_name)?;
        let set = Self { place, lock_name, lock, names, force, unnamed: RefCell::default(), is_recorded: false };
        set.recover()?;
        for name in &set.names {
            set.check_free(name, inputs)?;
        }
        Ok(set)
    }

    fn check_free(&self, name: &str, inputs: &[&Path]) -> Result<()> {
        let Some(stat) = self.place.stat(name)? else { return Ok(()) };
        let path = self.path(name);
        let same = |input: &&Path| fs::metadata(input).is_ok_and(|m| (m.dev(), m.ino()) == (stat.st_dev, stat.st_ino));
        if inputs.iter().any(same) {
            return Err(Error::OutputIsInput { path });
        }
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => Err(Error::OutputLink { path }),
            FileType::RegularFile if self.force => Ok(()),
            _ => Err(Error::Exists { path }),
        }
    }

    /// The directory's permission bits, where not only its owner may write to it.
    pub(crate) fn shared(&self) -> Option<u32> {
        self.place.shared()
    }

    /// The final path of an output.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    /// Where an output can be read before the commit.
    pub(crate) fn staged(&self, name: &str) -> PathBuf {
        self.unnamed.borrow().get(name).map_or_else(|| self.path(&temp(name)), |file| file.path().to_path_buf())
    }

    /// Opens an output for writing, replacing an earlier attempt of this run.
    pub(crate) fn create(&self, name: &str) -> Result<File> {
        let part = temp(name);
        self.place.remove(&part)?;
        let path = self.path(&part);
        if let Some(file) = Unnamed::create(&self.place) {
            let writer = file.writer().map_err(Error::io("create", &path))?;
            self.unnamed.borrow_mut().insert(name.to_owned(), file);
            return Ok(writer);
        }
        self.place.create_new(&part, 0o600).map_err(Error::io("create", &path))
    }

    /// Syncs and renames everything; afterwards the set is there, or (on error) nothing of it is, or what stood in its
    /// place.
    ///
    /// Calls `step` with the number of files in place, before and after everything that changes what there is.
    #[expect(clippy::disallowed_methods, reason = "what was written, to sync it")]
    pub(crate) fn commit(mut self, step: &mut dyn FnMut(usize, usize)) -> Result<()> {
        let mut journal = Journal::default();
        for name in &self.names {
            let path = self.staged(name);
            let file = File::open(&path).map_err(Error::io("open", &path))?;
            file.sync_all().map_err(Error::io("sync", &path))?;
            let digest = HashingReader::new(file).drain().map_err(Error::io("read", &path))?;
            journal.add(digest.sha256, name);
        }
        if self.force && self.names.len() > 1 {
            self.take_the_place(&journal, step)?;
        } else {
            self.appear(&journal, step)?;
        }
        self.place.sync().map_err(Error::io("sync", &self.path(".")))
        // dropping the set removes the lock file
    }

    /// Gives the outputs of a new set their names, the last one last.
    fn appear(&self, journal: &Journal, step: &mut dyn FnMut(usize, usize)) -> Result<()> {
        self.record(&journal.appearing())?;
        let total = self.names.len();
        for (done, name) in self.names.iter().enumerate() {
            step(done, total);
            if let Err(e) = self.give_name(name) {
                for undo in self.names.iter().take(done) {
                    let _ = self.place.remove(undo);
                }
                return Err(e);
            }
        }
        step(total, total);
        Ok(())
    }

    /// Puts the outputs in the place of others, all of them at one moment: that of the record.
    fn take_the_place(&mut self, journal: &Journal, step: &mut dyn FnMut(usize, usize)) -> Result<()> {
        let total = self.names.len();
        step(0, total);
        for name in &self.names {
            self.give_temporary_name(name)?;
            step(0, total);
        }
        self.place.sync().map_err(Error::io("sync", &self.path(".")))?;
        self.record(&journal.replacing())?;
        self.is_recorded = true;
        step(0, total);
        for (done, name) in self.names.iter().enumerate() {
            self.place.replace(&temp(name), name).map_err(Error::io("rename to", &self.path(name)))?;
            step(done + 1, total);
        }
        self.is_recorded = false;
        Ok(())
    }

    /// Gives an output its name.
    fn give_name(&self, name: &str) -> Result<()> {
        let to = self.path(name);
        if self.force {
            self.give_temporary_name(name)?;
            return self.place.replace(&temp(name), name).map_err(Error::io("rename to", &to));
        }
        match self.unnamed.borrow().get(name) {
            None => self.place.rename_new(&temp(name), name),
            Some(file) => file.link(&self.place, name).map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => Error::Exists { path: to.clone() },
                _ => Error::io("name", &to)(e),
            }),
        }
    }

    /// A link replaces nothing, a rename does: what is to replace something needs a name first.
    fn give_temporary_name(&self, name: &str) -> Result<()> {
        let part = temp(name);
        match self.unnamed.borrow().get(name) {
            None => Ok(()),
            Some(file) => {
                self.place.remove(&part)?;
                file.link(&self.place, &part).map_err(Error::io("name", &self.path(&part)))
            }
        }
    }

    fn record(&self, text: &str) -> Result<()> {
        let lock_path = self.path(&self.lock_name);
        let io = || Error::io("write", &lock_path);
        (&self.lock).write_all(text.as_bytes()).map_err(io())?;
        self.lock.sync_all().map_err(io())?;
        self.place.sync().map_err(io())
    }

    /// Clears up after a killed run. A set that counts gets its names. Otherwise what was temporary goes, and what has a
    /// name of a set whose last file never appeared.
    fn recover(&self) -> Result<()> {
        let lock_path = self.path(&self.lock_name);
        let mut text = String::new();
        (&self.lock).take(journal::LONGEST).read_to_string(&mut text).map_err(Error::io("read", &lock_path))?;
        let journal = Journal::parse(&text);
        if journal.counts {
            for (digest, name) in &journal.entries {
                if self.has(&temp(name), digest) {
                    self.place.replace(&temp(name), name).map_err(Error::io("rename to", &self.path(name)))?;
                }
            }
            self.place.sync().map_err(Error::io("sync", &lock_path))?;
        }
        let is_complete = journal.counts || journal.entries.last().is_some_and(|(digest, name)| self.has(name, digest));
        for (digest, name) in &journal.entries {
            self.place.remove(&temp(name))?;
            if !is_complete && self.has(name, digest) {
                self.place.remove(name)?;
            }
        }
        self.lock.set_len(0).map_err(Error::io("truncate", &lock_path))?;
        io::Seek::rewind(&mut &self.lock).map_err(Error::io("seek in", &lock_path))
    }

    /// Whether a name is that of a file with this digest.
    fn has(&self, name: &str, digest: &str) -> bool {
        let file = self.place.read(name);
        file.and_then(|f| HashingReader::new(f).drain()).is_ok_and(|d| d.sha256 == digest)
    }
}

impl Drop for OutSet {
    fn drop(&mut self) {
        // a set that counts and has not all its names keeps the record of it, and what it says
        if !self.is_recorded {
            for name in &self.names {
                let _ = self.place.remove(&temp(name));
            }
            let _ = self.place.remove(&self.lock_name);
        }
        // closing would not do: a child that is being started elsewhere in this process has the descriptor, and the lock
        // with it, until it runs its program
        let _ = self.lock.unlock();
    }
}

/// The name of an output that has no other yet.
fn temp(name: &str) -> String {
    format!(".{name}.part")
}

fn take_lock(place: &Place, name: &str) -> Result<File> {
    let path = place.path(name);
    let busy = || Error::Busy { dir: place.path(""), lock: path.clone() };
    for _ in 0..16 {
        let file = place.read_or_create(name).map_err(Error::io("create", &path))?;
        let held = file.metadata().map_err(Error::io("inspect", &path))?;
        // what it records is acted on: where everybody may put files, it may be anybody's
        if !held.is_file() || !place.is_of_owners(held.uid()) {
            return Err(Error::ForeignLock { path, owner: held.uid() });
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(e)) => return Err(Error::io("lock", &path)(e)),
        }
        // a run that ended between our open and our lock has removed the file we hold
        if place.stat(name)?.is_some_and(|stat| (stat.st_dev, stat.st_ino) == (held.dev(), held.ino())) {
            return Ok(file);
        }
    }
    Err(busy())
}

#[cfg(test)]
mod tests;
