//! What this crate asks of a disk: it opens and moves nothing by itself.

use std::io;

use crate::add::Stat;

/// The files of this host.
pub trait Disk {
    /// What the file system says of a regular file; `None` where there is none.
    ///
    /// # Errors
    /// What the system says, where it does not tell.
    fn stat(&self, path: &str) -> io::Result<Option<Stat>>;

    /// SHA-256 of its bytes as they are on the disk: what memory has of them is let go first.
    ///
    /// # Errors
    /// What the system says.
    fn digest(&self, path: &str) -> io::Result<[u8; 32]>;

    /// Moves a file within its file system, into a folder that is made where it is missing. Nothing is overwritten.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Deletes a file, and its folder where that is empty then.
    ///
    /// # Errors
    /// What the system says; a file that is not there is no error.
    fn delete(&self, path: &str) -> io::Result<()>;
}
