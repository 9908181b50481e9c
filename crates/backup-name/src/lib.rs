//! What names of files and objects say of backups: which file it is, of what time, and which files are one backup.
//!
//! One reader of names for whoever lists files or objects. It opens nothing.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod file;
mod group;
mod openshift;
mod stored;

pub use file::{FileName, PACKED};
pub use group::{BackupFiles, Grouped, Listed, grouped, name_of, of_named};
pub use openshift::{BackupFile, BackupName};
pub use stored::StoredName;
