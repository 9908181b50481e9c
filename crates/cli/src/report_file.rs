//! A report in a file of its own, beside others of the same run: it appears whole or not at all.
//!
//! It is written under another name in the same directory, brought to the disk, and renamed over what was there: whoever
//! collects it sees last night's or tonight's, and never a part. It may be read by all whom the umask lets, as if a shell had
//! made it with `>`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags};
use wording::escape_path;

use crate::exit::Error;
use crate::interrupt::{self, Undo};

/// Bytes of what is to be replaced that are looked at.
const BEGINNING: u64 = 4096;

/// A report that is being made.
pub(crate) struct ReportFile {
    path: PathBuf,
    part: PathBuf,
    file: File,
    undo: Undo,
    /// Whether it has its name.
    done: bool,
}

impl ReportFile {
    /// Begins it. What it replaces must look like a report: a slip of the hand must cost no backup.
    ///
    /// # Errors
    /// Where nothing can be written there, something else than text is there, or another run writes it.
    pub(crate) fn begin(path: &Path) -> Result<Self, Error> {
        let Some(name) = path.file_name() else {
            return Err(cannot(path, "it names no file", "give the name of a file"));
        };
        may_be_replaced(path)?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(".part");
        let part = path.with_file_name(hidden);
        let mut hold = interrupt::hold();
        let file = create(&part).map_err(|error| failed(path, &error))?;
        let gone = part.clone();
        let undo = hold.begun(move || drop(fs::remove_file(&gone)));
        drop(hold);
        Ok(Self { path: path.to_path_buf(), part, file, undo, done: false })
    }

    /// Writes it, and gives it its name.
    ///
    /// # Errors
    /// What kept it from being written; then what was there is there still.
    pub(crate) fn finish(mut self, report: &[u8]) -> Result<(), Error> {
        let written = self.file.write_all(report).and_then(|()| self.file.sync_all());
        let mut hold = interrupt::hold();
        let named = written.and_then(|()| fs::rename(&self.part, &self.path));
        self.done = named.is_ok();
        hold.done(&self.undo);
        drop(hold);
        named.map_err(|error| failed(&self.path, &error))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // the name is on disk with the directory; some file systems have no such thing
        let _ = folder_of(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// What was begun and has no name goes: what was there stays.
impl Drop for ReportFile {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.part);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a directory that is written to, and no input")]
fn folder_of(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// Makes the file under its name until it is whole. What a run left behind that was killed is replaced; a lock tells it
/// from what another makes.
fn create(part: &Path) -> io::Result<File> {
    let new = || OpenOptions::new().write(true).create_new(true).mode(0o666).custom_flags(nofollow()).open(part);
    let file = match new() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let left = OpenOptions::new().write(true).custom_flags(nofollow()).open(part)?;
            lock(&left)?;
            fs::remove_file(part)?;
            new()?
        }
        made => made?,
    };
    lock(&file)?;
    Ok(file)
}

fn nofollow() -> i32 {
    i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or(0)
}

fn lock(file: &File) -> io::Result<()> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => Err(io::Error::other("another run is writing it")),
        // a file system without locks
        _ => Ok(()),
    }
}

/// Whether what has that name, if anything has, is a report or other text.
#[expect(clippy::disallowed_methods, reason = "the beginning of what is to be replaced, and no input")]
fn may_be_replaced(path: &Path) -> Result<(), Error> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(path, &error)),
    };
    if !found.is_file() {
        return Err(cannot(path, "it is no regular file", "give the name of a file; `-` is standard output"));
    }
    if found.size() == 0 {
        return Ok(());
    }
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning));
    read.map_err(|error| failed(path, &error))?;
    let text = match std::str::from_utf8(&beginning) {
        Ok(text) => !text.contains('\0'),
        // a letter may be cut in two
        Err(error) => error.error_len().is_none() && !beginning.contains(&0),
    };
    if text { Ok(()) } else { Err(cannot(path, "what is there is no report", "give another name, or move it away")) }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Output { path: escape_path(path), reason: error.to_string(), hint: None }
}

fn cannot(path: &Path, reason: &str, hint: &str) -> Error {
    Error::Output { path: escape_path(path), reason: reason.to_owned(), hint: Some(hint.to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_report_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("assay.prom");
        fs::write(&path, "assay_complete 1\n").unwrap();
        let report = ReportFile::begin(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "assay_complete 1\n");
        assert_eq!(names(dir.path()), [".assay.prom.part", "assay.prom"]);
        let error = ReportFile::begin(&path).err().unwrap().to_string();
        assert!(error.contains("another run is writing it"), "{error}");
        report.finish(b"assay_complete 0\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "assay_complete 0\n");
        assert_eq!(names(dir.path()), ["assay.prom"]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o444, 0o444, "a collector may read it");

        drop(ReportFile::begin(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "assay_complete 0\n");
        // what a killed run left behind
        fs::write(dir.path().join(".assay.prom.part"), "half").unwrap();
        ReportFile::begin(&path).unwrap().finish(b"new").unwrap();
        assert_eq!((names(dir.path()), fs::read(&path).unwrap()), (vec!["assay.prom".to_owned()], b"new".to_vec()));
    }

    #[test]
    fn what_is_no_report_stays() {
        let dir = tempfile::tempdir().unwrap();
        let backup = dir.path().join("snapshot.db");
        fs::write(&backup, [0, 1, 2, 3]).unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&backup, &link).unwrap();
        for (path, reason) in [
            (backup.as_path(), "what is there is no report"),
            (&link, "it is no regular file"),
            (dir.path(), "it is no regular file"),
            (Path::new("/dev/null"), "it is no regular file"),
            (&dir.path().join("none/report"), "No such file or directory"),
            (Path::new("/"), "it names no file"),
        ] {
            let error = ReportFile::begin(path).err().unwrap().to_string();
            assert!(error.contains(reason), "{}: {error}", path.display());
        }
        assert_eq!(fs::read(&backup).unwrap(), [0, 1, 2, 3]);
        fs::write(dir.path().join("text"), "é".repeat(3000).as_bytes()).unwrap();
        drop(ReportFile::begin(&dir.path().join("text")).unwrap());
    }
}
