//! Opening inputs: regular files, which are only read and, where allowed, not even marked as read.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use crate::error::{Error, Result};
use crate::outfile::pending;

/// Opens an input. A pipe or device is refused: inputs are read several times, and a pipe would be waited for.
///
/// Of a set that was being replaced by a run that was killed, the file is the one of the set that counts.
pub(crate) fn open(path: &Path) -> Result<File> {
    let now = pending(path);
    let flags = |flags: OFlags| {
        OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(now.as_deref().unwrap_or(path))
    };
    // O_NOATIME is the privilege of the file's owner
    let file = match flags(OFlags::NONBLOCK | OFlags::NOATIME) {
        Err(e) if e.kind() == ErrorKind::PermissionDenied => flags(OFlags::NONBLOCK),
        other => other,
    };
    let file = file.map_err(Error::io("open", path))?;
    let kind = file.metadata().map_err(Error::io("inspect", path))?.file_type();
    if kind.is_dir() {
        return Err(Error::io("read", path)(io::Error::from(ErrorKind::IsADirectory)));
    }
    if !kind.is_file() {
        return Err(Error::Usage {
            what: format!("`{}` is not a regular file; it is read several times: store it first", path.display()),
        });
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, FileTimes};
    use std::io::Read as _;
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn reading_leaves_no_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, "x").unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let forget = || {
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            file.set_times(FileTimes::new().set_accessed(long_ago)).unwrap();
        };
        let accessed = || fs::metadata(&path).unwrap().accessed().unwrap();
        let mut text = String::new();
        forget();
        File::open(&path).unwrap().read_to_string(&mut text).unwrap();
        let marked = accessed() != long_ago;
        forget();
        open(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), accessed()), ("xx", long_ago));
        if !marked {
            eprintln!("SKIPPED: this file system does not mark what is read");
        }
    }

    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        for (path, word) in [
            (fifo.as_path(), "not a regular file"),
            (Path::new("/dev/null"), "not a regular file"),
            (dir.path(), "directory"),
            (Path::new("/nonexistent"), "/nonexistent"),
        ] {
            let message = open(path).map(|_| ()).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
    }
}
