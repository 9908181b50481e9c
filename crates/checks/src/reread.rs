//! What reading known backups again comes to, and whether their catalog can be relied upon.

use crate::finding::Finding;
use crate::findings;

/// What became of a file of a backup since it was read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reread<'r> {
    /// Other bytes, size and time as before.
    Rotten,
    /// Other bytes, written since.
    Replaced,
    /// Nothing is there.
    Missing,
    /// It cannot be read: what the system says.
    Unreadable(&'r str),
    /// It lies there now.
    Moved(&'r str),
}

/// Says what became of a file: `what` it is in words (`the snapshot`), and of which backups.
#[must_use]
pub fn file(became: Reread<'_>, what: &str, backups: &[String]) -> Finding {
    let (entry, message) = match became {
        Reread::Rotten => {
            (&findings::BIT_ROT, format!("{what} has other bytes than when it was added; size and time are the same"))
        }
        Reread::Replaced => (&findings::BACKUP_REPLACED, format!("{what} was written over: bytes and time are others")),
        Reread::Missing => (&findings::BACKUP_MISSING, format!("{what} is gone")),
        Reread::Unreadable(said) => (&findings::BACKUP_UNREADABLE, format!("{what} cannot be read: {said}")),
        Reread::Moved(to) => (&findings::BACKUP_MOVED, format!("{what} lies at {to} now")),
    };
    let finding = Finding::new(entry, message).with("backups", backups.join(" "));
    match became {
        Reread::Moved(to) => finding.with("to", to),
        _ => finding,
    }
}

/// An entry of the log does not hold: which, in words.
#[must_use]
pub fn log_broken(what: &str) -> Finding {
    Finding::new(&findings::CATALOG_LOG_BROKEN, what)
}

/// The log has no entry that was kept elsewhere.
#[must_use]
pub fn log_rewritten(kept: &str, is: &str) -> Finding {
    let message = "the log does not have the entry that was kept: it was cut short or written anew";
    Finding::new(&findings::CATALOG_LOG_REWRITTEN, message).with("kept", kept).with("is", is)
}

/// A row is not what the log says: which, in words.
#[must_use]
pub fn row(what: &str) -> Finding {
    Finding::new(&findings::CATALOG_ROW_CHANGED, what)
}

/// The head that was kept is not vouched for: why, in words.
#[must_use]
pub fn head_unvouched(why: &str) -> Finding {
    Finding::new(&findings::CATALOG_HEAD_UNVOUCHED, why)
}
