//! An output under another name until it is proven: then it gets its own, which nothing had before.
//!
//! What is made is locked while it is: what a killed run left behind is told from what another run makes, and may be
//! removed.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use key_escrow::{Access, Place};
use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags};
use wording::escape_path;

use crate::exit::Error;
use crate::failure;
use crate::interrupt::{self, Undo};

/// Where an output will be, and where it is made.
pub(crate) struct Unproven {
    pub(crate) place: Place,
    /// Its name.
    pub(crate) name: String,
    /// Its name until it is proven.
    pub(crate) part: String,
    begun: Option<Begun>,
}

/// What is being made: locked, and removed by a signal.
pub(crate) struct Begun {
    undo: Undo,
    _lock: Option<OwnedFd>,
}

impl Unproven {
    /// Makes sure of the place, and that neither the name nor what will lie beside it is taken. What a run left behind that
    /// was killed is in the way; with `sweep` it is removed.
    pub(crate) fn at(out: &Path, beside: &[&str], sweep: bool) -> Result<Self, Error> {
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let Some(name) = out.file_name().and_then(|name| name.to_str()) else {
            return Err(Error::Usage(format!("`--out {}` names nothing to write", escape_path(out))));
        };
        let place = Place::open(folder, Access::Shared).map_err(|error| failure::of_place(folder, &error))?;
        let new = Self { place, name: name.to_owned(), part: format!(".{name}.unproven"), begun: None };
        if swept(&new.place, &new.part, sweep)? {
            // it was killed before it had its name, and what lies beside it is of nothing
            for end in beside {
                remove(&new.place.path(&format!("{name}{end}")));
            }
        }
        for taken in beside.iter().chain(&[""]).map(|end| format!("{name}{end}")) {
            if new.has(&taken)? {
                return Err(cannot(
                    &new.place.path(&taken),
                    "there is one already",
                    "give another `--out`, or move it away",
                ));
            }
        }
        Ok(new)
    }

    fn has(&self, name: &str) -> Result<bool, Error> {
        self.place.has(name).map_err(|error| failure::of_place(&self.place.path(name), &error))
    }

    /// Begins it: `make` makes the file or the directory under its name until it is proven, which is then locked.
    pub(crate) fn begin<T>(&mut self, make: impl FnOnce(&Place, &str) -> io::Result<T>) -> Result<T, Error> {
        let (made, begun) = begin(&self.place, &self.part, make)?;
        self.begun = Some(begun);
        Ok(made)
    }

    /// Where it is made.
    pub(crate) fn path(&self) -> PathBuf {
        self.place.path(&self.part)
    }

    /// Gives it its name, after `before`; no signal is acted on meanwhile.
    pub(crate) fn publish(&mut self, before: impl FnOnce(&Place) -> Result<(), Error>) -> Result<(), Error> {
        let mut hold = interrupt::hold();
        before(&self.place)?;
        let path = self.place.path(&self.name);
        self.place.rename_new(&self.part, &self.name).map_err(|error| failure::of_place(&path, &error))?;
        if let Some(begun) = &self.begun {
            hold.done(&begun.undo);
        }
        drop(hold);
        self.begun = None;
        self.place.sync().map_err(|error| failed(&path, &error))
    }
}

/// Makes something with a name that nothing has, locks it, and enters that a signal removes it.
pub(crate) fn begin<T>(
    place: &Place,
    name: &str,
    make: impl FnOnce(&Place, &str) -> io::Result<T>,
) -> Result<(T, Begun), Error> {
    let path = place.path(name);
    let mut hold = interrupt::hold();
    let made = make(place, name).map_err(|error| failed(&path, &error))?;
    let gone = path.clone();
    let undo = hold.begun(move || remove(&gone));
    drop(hold);
    let lock = match lock(&path) {
        Ok(lock) => Some(lock),
        // one that swept was faster
        Err(io) if io.kind() == io::ErrorKind::WouldBlock => return Err(failed(&path, &io)),
        // a file system without locks: what is left behind there has to be removed by hand
        Err(_) => None,
    };
    Ok((made, Begun { undo, _lock: lock }))
}

/// Removes a file or a directory, as far as it can be.
pub(crate) fn remove(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        let _ = fs::remove_dir_all(path);
    } else {
        let _ = fs::remove_file(path);
    }
}

/// Makes sure that nothing has a name that a killed run may have left behind, or removes it; whether there was something.
pub(crate) fn swept(place: &Place, name: &str, sweep: bool) -> Result<bool, Error> {
    let path = place.path(name);
    if !place.has(name).map_err(|error| failure::of_place(&path, &error))? {
        return Ok(false);
    }
    let lock = match lock(&path) {
        Ok(lock) => lock,
        Err(io) if io.kind() == io::ErrorKind::WouldBlock => {
            let hint = "wait for it to end, or give another name to make";
            return Err(cannot(&path, "another run is making it", hint));
        }
        Err(_) => {
            let reason = "a run that makes it is under way, or one was broken off";
            return Err(cannot(&path, reason, "remove it if no assay is running"));
        }
    };
    if !sweep {
        return Err(cannot(&path, "no run is making it any more: one was broken off", "`--sweep` removes it first"));
    }
    remove(&path);
    drop(lock);
    if place.has(name).map_err(|error| failure::of_place(&path, &error))? {
        return Err(cannot(&path, "it cannot be removed", "remove it by hand"));
    }
    Ok(true)
}

/// Whether something that bears such a name was left behind by a run that was killed: it is this user's, and nobody holds it.
pub(crate) fn is_left(path: &Path) -> bool {
    let own = fs::symlink_metadata(path)
        .is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == rustix::process::geteuid().as_raw());
    own && lock(path).is_ok()
}

/// Locks what has a path, if nobody else has, and if it has it still.
fn lock(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
    rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive)?;
    let (locked, named) = (rustix::fs::fstat(&fd)?, rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)?);
    if (locked.st_dev, locked.st_ino) == (named.st_dev, named.st_ino) {
        Ok(fd)
    } else {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// What the system says of a path.
pub(crate) fn failed(path: &Path, error: &io::Error) -> Error {
    cannot(path, &error.to_string(), "")
}

/// What was written and reads back as something else.
pub(crate) fn wrong(path: &Path, what: &str) -> Error {
    let hint = "the disk or assay is at fault; the source is untouched";
    cannot(path, &format!("what was written reads back wrong: {what}"), hint)
}

fn cannot(path: &Path, reason: &str, hint: &str) -> Error {
    let hint = (!hint.is_empty()).then(|| hint.to_owned());
    Error::Output { path: escape_path(path), reason: reason.to_owned(), hint }
}
