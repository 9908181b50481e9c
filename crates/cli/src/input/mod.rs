//! Opening one artifact: [`artifact`], and what a directory holds of backups.

mod backups;

pub use artifact::*;
pub use backups::{Backup, Backups, FileName};
