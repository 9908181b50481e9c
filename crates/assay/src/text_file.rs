//! Short files that are no artifacts: what `oc` printed, what was said of a backup.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use wording::escape_path;

/// A text that was read whole.
pub(crate) struct TextFile {
    /// Its name for messages.
    pub(crate) display: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Why there is none.
pub(crate) struct Unreadable {
    /// Its name for messages.
    pub(crate) display: String,
    /// Why.
    pub(crate) reason: String,
}

/// Reads a file, or standard input, of at most so many bytes.
#[expect(clippy::disallowed_methods, reason = "no artifact: a text beside it")]
pub(crate) fn read(path: Option<&Path>, longest: u64) -> Result<TextFile, Unreadable> {
    let display = path.map_or_else(|| "standard input".to_owned(), |path| format!("`{}`", escape_path(path)));
    let mut bytes = Vec::new();
    let read = match path {
        None => std::io::stdin().lock().take(longest + 1).read_to_end(&mut bytes),
        Some(path) => File::open(path).and_then(|file| file.take(longest + 1).read_to_end(&mut bytes)),
    };
    match read {
        Ok(_) if bytes.len() as u64 <= longest => Ok(TextFile { display, bytes }),
        Ok(_) => Err(Unreadable { display, reason: format!("it has more than {longest} bytes") }),
        Err(error) => Err(Unreadable { display, reason: format!("cannot be read: {error}") }),
    }
}
