//! The disk of this host, as the catalog asks for it.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use artifact::{Contents, EntryKind, Folder, InputError, Opened, Reading};
use catalog::{Disk, Stat};
use rustix::fs::{Advice, RenameFlags, fadvise, renameat_with};
use sha2::{Digest as _, Sha256};

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;

/// The files of this host.
pub(super) struct Local<'r> {
    pub(super) reading: &'r Reading,
}

impl Disk for Local<'_> {
    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        let Some(file) = outermost(Path::new(path)) else {
            // there is nothing, or something that is no file, or nobody may look
            return match fs::symlink_metadata(path) {
                Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Err(error),
                _ => Ok(None),
            };
        };
        let found = fs::metadata(file)?;
        let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Ok(Some(Stat {
            size: found.size(),
            mtime: nanoseconds(found.mtime(), found.mtime_nsec()),
            ctime: nanoseconds(found.ctime(), found.ctime_nsec()),
            inode: found.ino(),
        }))
    }

    fn holds(&self, path: &str, digest: &[u8; 32]) -> io::Result<bool> {
        let path = Path::new(path);
        let file = outermost(path).ok_or(ErrorKind::NotFound)?;
        let inside = path.strip_prefix(file).unwrap_or(Path::new(""));
        // of a member, too, the archive is read from the disk: whether it can be is known then
        let stored = sum(file)?;
        if inside.as_os_str().is_empty() && stored == *digest {
            return Ok(true);
        }
        // of a member, and of a file that is the only one of its archive, the catalog knows what is in it; what cannot be
        // unpacked any more has other bytes
        Ok(self.is_inside(path, file, inside, digest).unwrap_or(false))
    }

    fn is_packed(&self, path: &str) -> bool {
        outermost(Path::new(path)).is_some_and(|file| file != Path::new(path))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let to = Path::new(to);
        let folder = to.parent().ok_or(ErrorKind::InvalidInput)?;
        fs::create_dir_all(folder)?;
        let here = rustix::fs::CWD;
        match renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
            // a file system that cannot promise it: nobody else writes to a folder of a plan
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if !to.try_exists()? => fs::rename(from, to)?,
            done => done?,
        }
        // the move is to outlive a power cut before the catalog says that it was done
        let sync = |folder: &Path| artifact_folder(folder).and_then(|folder| folder.sync_all());
        sync(folder)?;
        Path::new(from).parent().map_or(Ok(()), sync)
    }

    fn delete(&self, path: &str) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // the folder of the plan, and the trash, where nothing is in them any more
        for folder in Path::new(path).ancestors().skip(1).take(2) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

impl Local<'_> {
    /// Whether what is in an archive has the digest, as it is stored there or unpacked.
    fn is_inside(&self, path: &Path, file: &Path, inside: &Path, digest: &[u8; 32]) -> Result<bool, InputError> {
        let contents = Contents::open_with(file, self.reading)?;
        let found = match Opened::of(contents, self.reading, &|_| {})? {
            Opened::File(one) => Some(*one),
            Opened::Archive(archive) => {
                member_of(&archive, path.strip_prefix(archive.path()).unwrap_or(inside), self.reading)?
            }
        };
        let Some(mut found) = found else { return Ok(false) };
        let mut sha = Sha256::new();
        let copied = io::copy(&mut found.stored(&|_| {}), &mut sha);
        if copied.is_ok() && <[u8; 32]>::from(sha.finalize()) == *digest {
            return Ok(true);
        }
        let whole = found.whole(self.reading, &|_| {})?;
        Ok(<[u8; 32]>::from(Sha256::digest(whole.bytes())) == *digest)
    }
}

/// The file that a path leads into: itself, or the archive that it is a member of.
pub(super) fn outermost(path: &Path) -> Option<&Path> {
    path.ancestors().find(|above| fs::symlink_metadata(above).is_ok_and(|found| found.is_file()))
}

#[expect(clippy::disallowed_methods, reason = "a folder, for its names to reach the disk")]
fn artifact_folder(folder: &Path) -> io::Result<fs::File> {
    fs::File::open(folder)
}

/// SHA-256 of a file as it is on the disk.
fn sum(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = artifact::open_regular(path)?;
    // where a file system takes no advice, memory is read
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
    let mut sha = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => sha.update(block.get(..read).unwrap_or_default()),
        }
    }
    // and nothing that others need gives way to what is read once
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
    Ok(sha.finalize().into())
}

/// A file in an archive.
fn member_of(archive: &dyn Folder, path: &Path, reading: &Reading) -> Result<Option<Contents>, InputError> {
    let mut parts = path.iter();
    let Some(first) = parts.next() else { return Ok(None) };
    let entries = archive.entries()?;
    let Some(entry) = entries.into_iter().find(|entry| entry.name == first).or_else(|| archive.find(first)) else {
        return Ok(None);
    };
    let rest = parts.as_path();
    match archive.folder(&entry) {
        Some(folder) => member_of(&*folder, rest, reading),
        None if entry.kind == EntryKind::File && rest.as_os_str().is_empty() => archive.open(&entry, reading).map(Some),
        None => Ok(None),
    }
}
