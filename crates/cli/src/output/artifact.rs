//! What `inspect` and `verify` put into `artifacts`: a snapshot, a tarball, or a backup of both.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::snapshot::SnapshotJson;
use super::tarball::TarballJson;
use crate::input::{Backup, Backups};

/// One artifact.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ArtifactJson {
    /// A snapshot.
    Snapshot(Box<SnapshotJson>),
    /// A tarball of static pod resources.
    Tarball(Box<TarballJson>),
    /// A backup in a directory; its files are artifacts of their own.
    Backup(BackupJson),
}

/// Which files of a directory belong together. Its fields name the paths of other artifacts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupJson {
    kind: &'static str,
    path: String,
    timestamp: Option<String>,
    dirty: bool,
    snapshot: Option<String>,
    tarball: Option<String>,
    others: Vec<String>,
    cross_checked: bool,
}

impl BackupJson {
    /// One backup of a directory.
    pub fn new(directory: &Backups, backup: &Backup) -> Self {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let name = |path: &Option<PathBuf>| path.as_deref().map(text);
        Self {
            kind: "backup",
            path: text(&directory.path),
            timestamp: backup.timestamp.clone(),
            dirty: backup.dirty,
            snapshot: name(&backup.snapshot),
            tarball: name(&backup.tarball),
            others: backup.others.iter().map(|path| text(path)).collect(),
            // whether its two halves fit together was not looked at
            cross_checked: false,
        }
    }
}
