//! Output files that are complete or absent, whatever happens.
//!
//! All outputs of one run form a set with one lock file. Each is written without a name (or, on file systems that have
//! no such files, under a temporary one in its own directory, never through a link), mode 0600, synced, and given its
//! name without replacing anything unless forced. So a run that is killed leaves no half of a joined tarball behind.
//! The last name of the set is given last, so its presence means that the set is complete. Before the first name is
//! given, the lock file records what is about to appear; a run that was killed leaves that record, and the next run
//! removes exactly those files (by digest) and goes on.

mod unnamed;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::digest::HashingReader;
use crate::error::{Error, Result};
use unnamed::Unnamed;

const MAX_JOURNAL: u64 = 1024 * 1024;

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
    /// Create the directory (0700) if it is missing, and refuse one that others can write to.
    pub(crate) private_dir: bool,
}

/// A set of outputs being written. Dropped without [`OutSet::commit`], it leaves nothing behind.
pub(crate) struct OutSet {
    dir: PathBuf,
    lock_path: PathBuf,
    lock: File,
    names: Vec<String>,
    force: bool,
    /// Those outputs that have no name yet.
    unnamed: RefCell<BTreeMap<String, Unnamed>>,
}

impl OutSet {
    /// Takes the lock, clears up after a killed run, and makes sure that nothing would be overwritten.
    pub(crate) fn begin(options: OutOptions<'_>) -> Result<Self> {
        let OutOptions { dir, stem, names, inputs, force, private_dir } = options;
        prepare_dir(dir, private_dir)?;
        let lock_path = dir.join(format!(".{stem}.assay-lock"));
        let lock = take_lock(dir, &lock_path)?;
        let set = Self { dir: dir.to_path_buf(), lock_path, lock, names, force, unnamed: RefCell::default() };
        set.recover()?;
        for name in &set.names {
            set.check_free(&set.dir.join(name), inputs)?;
        }
        Ok(set)
    }

    fn check_free(&self, path: &Path, inputs: &[&Path]) -> Result<()> {
        let Ok(meta) = fs::symlink_metadata(path) else {
            return Ok(());
        };
        let same = |input: &&Path| fs::metadata(input).is_ok_and(|m| (m.dev(), m.ino()) == (meta.dev(), meta.ino()));
        if inputs.iter().any(same) {
            return Err(Error::OutputIsInput { path: path.to_path_buf() });
        }
        if !self.force || !meta.is_file() {
            return Err(Error::Exists { path: path.to_path_buf() });
        }
        Ok(())
    }

    fn temp(&self, name: &str) -> PathBuf {
        self.dir.join(format!(".{name}.part"))
    }

    /// The final path of an output.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Where an output can be read before the commit.
    pub(crate) fn staged(&self, name: &str) -> PathBuf {
        self.unnamed.borrow().get(name).map_or_else(|| self.temp(name), |file| file.path().to_path_buf())
    }

    /// Opens an output for writing, replacing an earlier attempt of this run.
    pub(crate) fn create(&self, name: &str) -> Result<File> {
        let path = self.temp(name);
        remove_if_there(&path)?;
        if let Some(file) = Unnamed::create(&self.dir) {
            let writer = file.writer().map_err(Error::io("create", &path))?;
            self.unnamed.borrow_mut().insert(name.to_owned(), file);
            return Ok(writer);
        }
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(Error::io("create", &path))
    }

    /// Syncs and renames everything; afterwards the set is there, or (on error) nothing of it is.
    ///
    /// Calls `step` with the number of files in place, before the first rename and after each.
    #[expect(clippy::disallowed_methods, reason = "what was written, to sync it")]
    pub(crate) fn commit(self, step: &mut dyn FnMut(usize, usize)) -> Result<()> {
        let mut journal = String::new();
        for name in &self.names {
            let path = self.staged(name);
            let file = File::open(&path).map_err(Error::io("open", &path))?;
            file.sync_all().map_err(Error::io("sync", &path))?;
            let digest = HashingReader::new(file).drain().map_err(Error::io("read", &path))?;
            journal.push_str(&format!("{} {name}\n", digest.sha256));
        }
        self.write_journal(&journal)?;
        if self.force
            && self.names.len() > 1
            && let Some(last) = self.names.last()
        {
            remove_if_there(&self.dir.join(last))?;
            sync_dir(&self.dir)?;
        }
        let total = self.names.len();
        for (done, name) in self.names.iter().enumerate() {
            step(done, total);
            if let Err(e) = self.place(name) {
                for undo in self.names.iter().take(done) {
                    let _ = fs::remove_file(self.dir.join(undo));
                }
                return Err(e);
            }
        }
        step(total, total);
        sync_dir(&self.dir)
        // dropping the set removes the lock file
    }

    /// Gives an output its name.
    fn place(&self, name: &str) -> Result<()> {
        let (temp, to) = (self.temp(name), self.dir.join(name));
        let unnamed = self.unnamed.borrow();
        let Some(file) = unnamed.get(name) else { return rename(&temp, &to, self.force) };
        if self.force {
            // a link replaces nothing, a rename does
            remove_if_there(&temp)?;
            file.link(&temp).map_err(Error::io("name", &temp))?;
            return rename(&temp, &to, true);
        }
        file.link(&to).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists { path: to.clone() },
            _ => Error::io("name", &to)(e),
        })
    }

    fn write_journal(&self, text: &str) -> Result<()> {
        let io = || Error::io("write", &self.lock_path);
        (&self.lock).write_all(text.as_bytes()).map_err(io())?;
        self.lock.sync_all().map_err(io())?;
        sync_dir(&self.dir)
    }

    /// Removes what a killed run left: temporary files, and final files of a set whose last file never appeared.
    fn recover(&self) -> Result<()> {
        let mut text = String::new();
        (&self.lock).take(MAX_JOURNAL).read_to_string(&mut text).map_err(Error::io("read", &self.lock_path))?;
        let entries: Vec<(&str, &str)> =
            text.lines().filter_map(|l| l.split_once(' ')).filter(|(_, name)| stays_inside(name)).collect();
        let ours = |(digest, name): &(&str, &str)| {
            let file = OpenOptions::new()
                .read(true)
                .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
                .open(self.dir.join(name));
            file.and_then(|f| HashingReader::new(f).drain()).is_ok_and(|d| d.sha256 == *digest)
        };
        let complete = entries.last().is_some_and(ours);
        for entry in &entries {
            remove_if_there(&self.temp(entry.1))?;
            if !complete && ours(entry) {
                remove_if_there(&self.dir.join(entry.1))?;
            }
        }
        self.lock.set_len(0).map_err(Error::io("truncate", &self.lock_path))?;
        io::Seek::rewind(&mut &self.lock).map_err(Error::io("seek in", &self.lock_path))
    }
}

impl Drop for OutSet {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = fs::remove_file(self.temp(name));
        }
        let _ = fs::remove_file(&self.lock_path);
        // closing would not do: a child that is being started elsewhere in this process has the descriptor, and the lock
        // with it, until it runs its program
        let _ = self.lock.unlock();
    }
}

/// Whether a journal's name stays in its directory.
fn stays_inside(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && name != "." && name != ".."
}

fn prepare_dir(dir: &Path, private: bool) -> Result<()> {
    if private && fs::metadata(dir).is_err() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(Error::io("create", dir))?;
    }
    let meta = fs::metadata(dir).map_err(Error::io("open", dir))?;
    let mode = meta.mode() & 0o7777;
    if private && mode & 0o022 != 0 {
        return Err(Error::LooseDirectory { path: dir.to_path_buf(), mode });
    }
    Ok(())
}

fn take_lock(dir: &Path, path: &Path) -> Result<File> {
    let busy = || Error::Busy { dir: dir.to_path_buf(), lock: path.to_path_buf() };
    for _ in 0..16 {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)
            .map_err(Error::io("create", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(e)) => return Err(Error::io("lock", path)(e)),
        }
        // a run that ended between our open and our lock has removed the file we hold
        let held = file.metadata().map_err(Error::io("inspect", path))?;
        if fs::symlink_metadata(path).is_ok_and(|m| (m.dev(), m.ino()) == (held.dev(), held.ino())) {
            return Ok(file);
        }
    }
    Err(busy())
}

fn rename(from: &Path, to: &Path, force: bool) -> Result<()> {
    if force {
        return fs::rename(from, to).map_err(Error::io("rename to", to));
    }
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(Error::Exists { path: to.to_path_buf() }),
        // file systems without the flag: a hard link does not replace either
        Err(Errno::INVAL | Errno::NOSYS) => {
            fs::hard_link(from, to).and_then(|()| fs::remove_file(from)).map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => Error::Exists { path: to.to_path_buf() },
                _ => Error::io("rename to", to)(e),
            })
        }
        Err(e) => Err(Error::io("rename to", to)(e.into())),
    }
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(e)),
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "a directory that was written to, to sync it")]
fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(Error::io("sync", dir))
}

#[cfg(test)]
mod tests;
