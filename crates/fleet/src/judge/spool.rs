//! Where objects are put down to be judged: nobody else reads them, and they are gone whichever way a run ends.
//!
//! A process that is killed cleans up nothing. So each spool is locked while its process lives, and who comes next takes
//! away those that nobody holds.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::Error;

/// How spools are called.
const PREFIX: &str = "assay-fleet-";
/// The file that is locked.
const LOCK: &str = "lock";

/// A spool.
pub(super) struct Spool {
    folder: TempDir,
    _lock: File,
    count: u64,
}

/// What is put down for one item; gone when dropped.
pub(super) struct Put {
    /// Where.
    pub(super) folder: PathBuf,
}

impl Drop for Put {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Spool {
    /// A new spool below `parent`.
    pub(super) fn new(parent: &Path) -> Result<Self, Error> {
        let failed =
            |error: std::io::Error| Error::again(format!("a spool in `{}`: {error}", wording::escape_path(parent)));
        let own = fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().prefix(PREFIX).permissions(own).tempdir_in(parent).map_err(failed)?;
        let lock = new_file(&folder.path().join(LOCK)).map_err(failed)?;
        lock.try_lock().map_err(|error| failed(error.into()))?;
        Ok(Self { folder, _lock: lock, count: 0 })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A place for an item, of which `bytes` are to come.
    pub(super) fn put(&mut self, bytes: u64) -> Result<Put, Error> {
        let failed = |error: std::io::Error| Error::again(format!("the spool: {error}"));
        let stat = rustix::fs::statvfs(self.path()).map_err(|error| failed(error.into()))?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free < bytes {
            return Err(Error::again(format!(
                "the spool: {} are free, {} are to come",
                wording::Size(free),
                wording::Size(bytes)
            ))
            .hinted("--spool DIR takes one with more room"));
        }
        self.count += 1;
        let folder = self.path().join(self.count.to_string());
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        Ok(Put { folder })
    }
}

/// A file that is new, and that nobody else reads.
pub(super) fn new_file(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Takes away spools whose process is gone. What cannot be told or taken away stays: it is not ours.
#[expect(clippy::disallowed_methods, reason = "looks for spools, not for backups")]
pub(super) fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let lock = File::options().write(true).open(entry.path().join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_is_its_own_and_what_a_dead_process_left_is_taken_away() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join("assay-fleet-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        fs::write(dead.join("snapshot.db"), "secret").unwrap();
        let other = parent.path().join("assay-fleet-other"); // without a lock: perhaps only just made
        fs::create_dir(&other).unwrap();
        sweep(parent.path());
        let mut spool = Spool::new(parent.path()).unwrap();
        assert!(!dead.exists() && other.exists());
        sweep(parent.path());
        let second = Spool::new(parent.path()).unwrap();
        assert!(spool.path().exists() && second.path().exists());
        let put = spool.put(1).unwrap();
        let file = put.folder.join("x");
        new_file(&file).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(spool.path()), mode(&put.folder), mode(&file)), (0o700, 0o700, 0o600));
        drop(put);
        assert!(!file.exists());
        assert!(spool.put(u64::MAX).is_err());
        let path = spool.path().to_owned();
        drop(spool);
        assert!(!path.exists());
    }
}
