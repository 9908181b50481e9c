//! A backup: its files, and what came of holding them against each other.

use std::path::{Path, PathBuf};

use document::{Artifact, Backup, Encryption, Escrow, Picks};

use crate::input::{self, Backups};

/// One backup, found in `directory`, whose findings go by `name`. What was found of it is said by `judged`.
pub fn of(directory: Option<&Backups>, backup: &input::Backup, name: String, judged: Judged) -> Artifact {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let optional = |path: &Option<PathBuf>| path.as_deref().map(text);
    let Judged { cross_checked, compat, encryption, escrow, verdict } = judged;
    Artifact::Backup(Box::new(Backup {
        kind: Backup::KIND,
        path: directory.map_or_else(|| optional(&backup.snapshot).unwrap_or_default(), |found| text(&found.path)),
        name,
        timestamp: backup.timestamp.clone(),
        dirty: backup.dirty,
        snapshot: optional(&backup.snapshot),
        tarball: optional(&backup.tarball),
        others: backup.others.iter().map(|path| text(path)).collect(),
        cross_checked,
        restore_picks: directory
            .map(|found| Picks { snapshot: found.picks.snapshot.clone(), tarball: found.picks.tarball.clone() }),
        compat,
        encryption,
        escrow,
        verdict,
        ..Backup::default()
    }))
}

/// What came of holding a backup's files against each other.
#[derive(Debug, Default)]
pub struct Judged {
    /// Whether there were two files to hold against each other.
    pub cross_checked: bool,
    /// The release.
    pub compat: document::Compat,
    /// What the keys opened; `None` where that was not looked at.
    pub encryption: Option<Encryption>,
    /// What the manifest of an escrow proves; `None` where none was given.
    pub escrow: Option<Escrow>,
    /// The verdict; `None` where none was asked for.
    pub verdict: Option<checks::Verdict>,
}
