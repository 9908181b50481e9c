//! A file as it is stored, read once from one end to the other.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use wording::escape_path;

use super::stamp::Stamp;
use super::{Input, InputError, Listing, open_regular};

/// A file or stream whose bytes come as they are stored, compressed or not, and are never held whole.
///
/// For readers that undo the compression themselves because it is part of what they look at. As with
/// [`super::Source`], [`RawFile::check_unchanged`] is to be asked before the result is believed.
pub struct RawFile {
    path: Option<PathBuf>,
    display: String,
    reader: Reader,
}

enum Reader {
    File(File, Stamp),
    Stream(Box<dyn Read>),
}

impl RawFile {
    /// Opens a file, or standard input.
    ///
    /// # Errors
    /// Whatever keeps it from being opened; see [`InputError`].
    pub fn open(input: &Input) -> Result<Self, InputError> {
        let Input::Path(path) = input else {
            let stdin = io::stdin();
            if stdin.is_terminal() {
                return Err(InputError::Terminal);
            }
            let reader = Reader::Stream(Box::new(stdin));
            return Ok(Self { path: None, display: "standard input".to_owned(), reader });
        };
        let reader = open_path(path)?;
        Ok(Self { path: Some(path.clone()), display: format!("`{}`", escape_path(path)), reader })
    }

    /// The path as given; `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The name for messages: the escaped path in backticks, or `standard input`.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The name for data: the path with bytes that are not UTF-8 replaced, or `-`.
    pub fn name(&self) -> String {
        self.path.as_deref().map_or_else(|| "-".to_owned(), |path| path.to_string_lossy().into_owned())
    }

    /// Bytes on disk; `None` for a stream.
    pub fn size(&self) -> Option<u64> {
        match &self.reader {
            Reader::File(_, stamp) => Some(stamp.size()),
            Reader::Stream(_) => None,
        }
    }

    /// The error for a read that failed.
    pub fn failed(&self, source: io::Error) -> InputError {
        InputError::Io { display: self.display.clone(), action: "read it", offset: None, source }
    }

    /// Makes sure that the file is what it was when it was opened.
    ///
    /// # Errors
    /// [`InputError::Changed`] when it was written to, or its metadata changed.
    pub fn check_unchanged(&self) -> Result<(), InputError> {
        match &self.reader {
            Reader::File(file, before) => before.check(file, &self.display),
            Reader::Stream(_) => Ok(()),
        }
    }
}

impl Read for RawFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.reader {
            Reader::File(file, _) => file.read(buffer),
            Reader::Stream(stream) => stream.read(buffer),
        }
    }
}

fn open_path(path: &Path) -> Result<Reader, InputError> {
    let opening = |error| InputError::opening(path, error);
    let kind = fs::metadata(path).map_err(opening)?.file_type();
    if kind.is_dir() {
        return Err(InputError::Directory { path: path.to_path_buf(), listing: Listing::of(path) });
    }
    if !kind.is_file() {
        return Ok(Reader::Stream(Box::new(File::open(path).map_err(opening)?)));
    }
    let file = open_regular(path).map_err(opening)?;
    let stamp = Stamp::of(&file.metadata().map_err(opening)?);
    Ok(Reader::File(file, stamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_as_they_are_stored_and_a_change_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.gz");
        fs::write(&path, b"\x1f\x8bstored").unwrap();
        let mut raw = RawFile::open(&Input::Path(path.clone())).unwrap();
        let mut bytes = Vec::new();
        raw.read_to_end(&mut bytes).unwrap();
        assert_eq!((bytes.as_slice(), raw.size()), (&b"\x1f\x8bstored"[..], Some(8)));
        raw.check_unchanged().unwrap();
        fs::write(&path, b"other").unwrap();
        assert!(matches!(raw.check_unchanged(), Err(InputError::Changed { .. })));
    }

    #[test]
    fn directories_and_absent_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let open = |path: PathBuf| RawFile::open(&Input::Path(path)).err().unwrap();
        assert!(matches!(open(folder.path().to_path_buf()), InputError::Directory { .. }));
        assert!(matches!(open(folder.path().join("none")), InputError::Missing { .. }));
    }
}
