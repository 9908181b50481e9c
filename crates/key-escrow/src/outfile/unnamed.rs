//! Files without a name: whatever kills the process takes them with it.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};

use crate::place::Place;

/// A file that nobody sees until it is given a name.
pub(super) struct Unnamed {
    file: File,
    path: PathBuf,
}

impl Unnamed {
    /// A file of mode 0600 on the file system of `place`; `None` where there are no such files.
    pub(super) fn create(place: &Place) -> Option<Self> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = File::from(openat(place.fd(), ".", flags, Mode::RUSR | Mode::WUSR).ok()?);
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        // the only way to read it again, and to give it a name without privilege
        let (here, there) = (file.metadata().ok()?, fs::metadata(&path).ok()?);
        ((here.dev(), here.ino()) == (there.dev(), there.ino())).then_some(Self { file, path })
    }

    /// The same file, to write to.
    pub(super) fn writer(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// By what it can be opened, as long as this value lives.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it a name. Replaces nothing: what has that name already is an error.
    pub(super) fn link(&self, place: &Place, to: &str) -> io::Result<()> {
        Ok(linkat(CWD, &self.path, place.fd(), to, AtFlags::SYMLINK_FOLLOW)?)
    }
}
