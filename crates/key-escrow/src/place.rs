//! Where outputs go: a directory that nobody else can put something else in the place of, held open.
//!
//! A path is gone down from the root, one directory after another, each opened below the one before and never through a
//! link that somebody else could have made. So what was checked is what is written to, whatever becomes of the names
//! meanwhile. Checked is
//!
//! - **every directory on the way that others can write to**: with the sticky bit (as `/tmp` has it) what lies in it must
//!   be of this user or of root; without it, others could replace what lies in it, and the path is refused. Members of a
//!   group that this user is in count as this user, on the way: volumes and project folders are shared by group;
//! - **links**: one on the way is followed if it is of this user or of root (`/home` is one on many systems); the directory
//!   itself and the files in it are never reached through one;
//! - **the directory itself**: where it is to be private, it is of this user or of root, and nobody else, group or not, may
//!   write to it.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid, getgroups};

use crate::error::{Error, Result};

/// Links on a way; as many as the kernel follows.
const MAX_LINKS: u32 = 40;

/// What a directory for outputs must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// This user's or root's, and nobody else may write to it; made with mode 0700 where it is missing, and so is what is
    /// missing on the way to it.
    Private,
    /// There, and others may write to it only if it is sticky.
    Shared,
    /// The same, for what is no secret: made with mode 0755 where it is missing.
    Public,
}

impl Access {
    /// The mode of what is made, if it is made.
    fn mode(self) -> Option<Mode> {
        match self {
            Self::Private => Some(Mode::RWXU),
            Self::Shared => None,
            Self::Public => Some(Mode::from_raw_mode(0o755)),
        }
    }
}

/// A directory for outputs.
#[derive(Debug)]
pub struct Place {
    fd: OwnedFd,
    path: PathBuf,
}

impl Place {
    /// Opens a directory after having made sure of it and of the way to it; makes it if `access` says so.
    ///
    /// # Errors
    /// Where others could change what is written, a link stands in its place, or it cannot be opened or made.
    pub fn open(path: &Path, access: Access) -> Result<Self> {
        let absolute = std::path::absolute(path).map_err(Error::io("find", path))?;
        let fd = Way::new(path, access.mode())?.go(&absolute)?;
        let place = Self { fd, path: path.to_path_buf() };
        let stat = rustix::fs::fstat(&place.fd).map_err(|e| Error::io("inspect", path)(e.into()))?;
        let mode = stat.st_mode & 0o7777;
        match access {
            Access::Private if !is_trusted(stat.st_uid) => {
                Err(Error::ForeignDirectory { path: path.to_path_buf(), owner: stat.st_uid })
            }
            Access::Private if mode & 0o022 != 0 => Err(Error::LooseDirectory { path: path.to_path_buf(), mode }),
            Access::Shared | Access::Public if others_write(&stat) && mode & STICKY == 0 => {
                Err(Error::LooseDirectory { path: path.to_path_buf(), mode })
            }
            _ => Ok(place),
        }
    }

    /// Its permission bits, where not only its owner may write to it; `None` where only the owner may, or they cannot be had.
    #[must_use]
    pub fn shared(&self) -> Option<u32> {
        let mode = rustix::fs::fstat(&self.fd).ok()?.st_mode & 0o7777;
        (mode & 0o022 != 0).then_some(mode)
    }

    /// A directory in this one, made with this mode if it is missing.
    ///
    /// # Errors
    /// As [`Place::open`]: it is no directory but a link, or it is another user's.
    pub fn below(&self, name: &str, mode: u32) -> Result<Self> {
        let path = self.path.join(name);
        let failed = |e: Errno| Error::io("create", &path)(e.into());
        match rustix::fs::mkdirat(&self.fd, name, Mode::from_raw_mode(mode)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(e) => return Err(failed(e)),
        }
        let stat = self.stat(name)?.ok_or_else(|| failed(Errno::NOENT))?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
            return Err(Error::OutputLink { path });
        }
        if !is_trusted(stat.st_uid) {
            return Err(Error::ForeignDirectory { path, owner: stat.st_uid });
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.fd, name, flags, Mode::empty()).map_err(failed)?;
        Ok(Self { fd, path })
    }

    /// Makes a new directory. What has that name already is an error of kind `AlreadyExists`.
    ///
    /// # Errors
    /// Whatever keeps it from being made.
    pub fn create_dir(&self, name: &str, mode: u32) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&self.fd, name, Mode::from_raw_mode(mode))?)
    }

    /// Makes a new file. What has that name already, be it a link to nowhere, is an error of kind `AlreadyExists`.
    ///
    /// # Errors
    /// Whatever keeps it from being made.
    pub fn create_new(&self, name: &str, mode: u32) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.fd, name, flags, Mode::from_raw_mode(mode))?.into())
    }

    /// Whether nothing lies in it.
    ///
    /// # Errors
    /// Whatever keeps it from being listed.
    pub fn is_empty(&self) -> io::Result<bool> {
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives a file another name in the same directory; replaces what has that name, which is never followed.
    ///
    /// # Errors
    /// Whatever keeps it from being renamed.
    pub fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.fd, from, &self.fd, to)?)
    }

    /// Makes sure that names are on disk.
    ///
    /// # Errors
    /// Whatever keeps the disk from saying so.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }

    /// A path of a file in it, as people know it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Whether a file of this user may lie here: of this user, of root, or of whom the directory is.
    pub(crate) fn is_of_owners(&self, owner: u32) -> bool {
        is_trusted(owner) || rustix::fs::fstat(&self.fd).is_ok_and(|stat| stat.st_uid == owner)
    }

    pub(crate) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Whether anything has a name, be it a link to nowhere.
    ///
    /// # Errors
    /// Whatever keeps it from being looked at.
    pub fn has(&self, name: &str) -> Result<bool> {
        Ok(self.stat(name)?.is_some())
    }

    /// What has a name, itself and not where it points; nothing if nothing has.
    pub(crate) fn stat(&self, name: &str) -> Result<Option<Stat>> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(Error::io("inspect", &self.path(name))(e.into())),
        }
    }

    /// Opens a regular file to read, never through a link.
    pub(crate) fn read(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.fd, name, flags, Mode::empty())?.into())
    }

    /// Opens a file of mode 0600 to read and write, made if it is missing, never through a link.
    pub(crate) fn read_or_create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Removes a name; none is fine.
    ///
    /// # Errors
    /// Whatever keeps it from being removed.
    pub fn remove(&self, name: &str) -> Result<()> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(e) => Err(Error::io("remove", &self.path(name))(e.into())),
        }
    }

    /// Gives a file another name unless something has it: then the error is [`Error::Exists`].
    ///
    /// # Errors
    /// That, and whatever else keeps it from being renamed.
    pub fn rename_new(&self, from: &str, to: &str) -> Result<()> {
        let renamed = match rustix::fs::renameat_with(&self.fd, from, &self.fd, to, RenameFlags::NOREPLACE) {
            // file systems without the flag: a hard link does not replace either
            Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::linkat(&self.fd, from, &self.fd, to, AtFlags::empty())
                .and_then(|()| rustix::fs::unlinkat(&self.fd, from, AtFlags::empty())),
            other => other,
        };
        renamed.map_err(|e| match e {
            Errno::EXIST => Error::Exists { path: self.path(to) },
            e => Error::io("rename to", &self.path(to))(e.into()),
        })
    }
}

const STICKY: u32 = 0o1000;

/// Whether somebody else may put names into a directory, or take them out.
fn others_write(stat: &Stat) -> bool {
    stat.st_mode & 0o002 != 0 || (stat.st_mode & 0o020 != 0 && !is_our_group(stat.st_gid))
}

fn is_our_group(group: u32) -> bool {
    getegid().as_raw() == group || getgroups().is_ok_and(|all| all.iter().any(|gid| gid.as_raw() == group))
}

/// Whether what a user made is as good as made by this one.
pub(crate) fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == geteuid().as_raw()
}

/// The way down to a directory.
struct Way<'p> {
    /// As it was named, for messages.
    named: &'p Path,
    /// The mode with which what is missing is made.
    make: Option<Mode>,
    at: OwnedFd,
    /// How far it has come.
    so_far: PathBuf,
    left: VecDeque<OsString>,
    links: u32,
}

impl<'p> Way<'p> {
    fn new(named: &'p Path, make: Option<Mode>) -> Result<Self> {
        let at = root().map_err(|e| Error::io("open", Path::new("/"))(e.into()))?;
        Ok(Self { named, make, at, so_far: PathBuf::from("/"), left: VecDeque::new(), links: 0 })
    }

    fn go(mut self, absolute: &Path) -> Result<OwnedFd> {
        self.left.extend(names(absolute));
        while let Some(name) = self.left.pop_front() {
            self.step(&name)?;
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.at, ".", flags, Mode::empty()).map_err(|e| Error::io("open", self.named)(e.into()))
    }

    fn step(&mut self, name: &OsStr) -> Result<()> {
        let shown = self.so_far.join(name);
        let failed = |e: Errno| Error::io("open", &shown)(e.into());
        let parent = rustix::fs::fstat(&self.at).map_err(failed)?;
        let is_open = others_write(&parent) && name != OsStr::new("..");
        let mode = parent.st_mode & 0o7777;
        if is_open && mode & STICKY == 0 {
            return Err(Error::LooseParent { path: self.so_far.clone(), mode });
        }
        let fd = self.enter(name, &shown)?;
        let stat = rustix::fs::fstat(&fd).map_err(failed)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if is_open && !is_trusted(stat.st_uid) {
            return Err(Error::ForeignDirectory { path: shown, owner: stat.st_uid });
        }
        match kind {
            FileType::Directory => {
                self.at = fd;
                self.so_far = shown;
                Ok(())
            }
            FileType::Symlink if self.left.is_empty() || !is_trusted(stat.st_uid) => {
                Err(Error::OutputLink { path: shown })
            }
            FileType::Symlink => self.follow(&fd, shown),
            _ => Err(failed(Errno::NOTDIR)),
        }
    }

    /// What has a name in the directory that the way has come to: itself, not where it points.
    fn enter(&self, name: &OsStr, shown: &Path) -> Result<OwnedFd> {
        let open = || {
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            rustix::fs::openat(&self.at, name, flags, Mode::empty())
        };
        let fd = match (open(), self.make) {
            (Err(Errno::NOENT), Some(mode)) => {
                match rustix::fs::mkdirat(&self.at, name, mode) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(e) => return Err(Error::io("create", shown)(e.into())),
                }
                open()
            }
            (other, _) => other,
        };
        fd.map_err(|e| Error::io("open", shown)(e.into()))
    }

    fn follow(&mut self, link: &OwnedFd, shown: PathBuf) -> Result<()> {
        let failed = |e: Errno| Error::io("follow", &shown)(e.into());
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(failed(Errno::LOOP));
        }
        let target = rustix::fs::readlinkat(link, "", Vec::new()).map_err(failed)?;
        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
        if target.is_absolute() {
            self.at = root().map_err(failed)?;
            self.so_far = PathBuf::from("/");
        }
        for name in names(&target).into_iter().rev() {
            self.left.push_front(name);
        }
        Ok(())
    }
}

fn root() -> Result<OwnedFd, Errno> {
    rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// The names of a path, `..` among them: what that means only the way can tell.
fn names(path: &Path) -> Vec<OsString> {
    let name = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        _ => None,
    };
    path.components().filter_map(name).filter(|name| !name.as_bytes().is_empty()).collect()
}

#[cfg(test)]
mod tests;
