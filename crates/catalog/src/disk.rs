//! What this crate asks of a disk: it opens and moves nothing by itself.

use std::io;

use crate::add::Stat;

/// The files of this host.
pub trait Disk {
    /// What the file system says of a regular file, or of the archive that has it; `None` where there is none.
    ///
    /// # Errors
    /// What the system says, where it does not tell.
    fn stat(&self, path: &str) -> io::Result<Option<Stat>>;

    /// Whether its bytes, as they are on the disk, have this SHA-256: what memory has of them is let go first. Of a member of
    /// an archive, whether that has.
    ///
    /// # Errors
    /// What the system says.
    fn holds(&self, path: &str, digest: &[u8; 32]) -> io::Result<bool>;

    /// Whether it is a member of an archive, and is not moved by itself.
    fn is_packed(&self, path: &str) -> bool;

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
