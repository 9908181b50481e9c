//! A disk as `catalog` asks for it, and one that stops after so many steps.

use std::cell::Cell;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use catalog::{Disk, Stat};
use sha2::{Digest as _, Sha256};

pub(crate) struct Real;

impl Disk for Real {
    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        match fs::symlink_metadata(path) {
            Ok(of) if of.is_file() => Ok(Some(crate::world::stat(Path::new(path)))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn holds(&self, path: &str, digest: &[u8; 32]) -> io::Result<bool> {
        if path.contains("unreadable") {
            return Err(io::Error::other("Input/output error"));
        }
        Ok(<[u8; 32]>::from(Sha256::digest(fs::read(path)?)) == *digest)
    }

    fn is_packed(&self, path: &str) -> bool {
        path.contains(".zip/")
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        assert!(!Path::new(to).exists(), "{to} would be overwritten");
        fs::create_dir_all(Path::new(to).parent().unwrap())?;
        fs::rename(from, to)
    }

    fn delete(&self, path: &str) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// One whose process is killed before its so-manieth change.
pub(crate) struct Killed {
    pub(crate) left: Cell<u32>,
}

impl Killed {
    fn step(&self) {
        let left = self.left.get();
        assert!(left > 0, "killed");
        self.left.set(left - 1);
    }
}

impl Disk for Killed {
    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        self.step();
        Real.stat(path)
    }

    fn holds(&self, path: &str, digest: &[u8; 32]) -> io::Result<bool> {
        self.step();
        Real.holds(path, digest)
    }

    fn is_packed(&self, path: &str) -> bool {
        Real.is_packed(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.step();
        Real.rename(from, to)?;
        self.step();
        Ok(())
    }

    fn delete(&self, path: &str) -> io::Result<()> {
        self.step();
        Real.delete(path)?;
        self.step();
        Ok(())
    }
}
