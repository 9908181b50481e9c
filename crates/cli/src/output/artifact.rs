//! What `inspect` and `verify` put into `artifacts`: a snapshot, a tarball, or a backup of both.

use std::path::{Path, PathBuf};

use backup_facts::opening::Encryption;
use serde::Serialize;
use serde_json::Value;

use super::compat::CompatJson;
use super::encryption::EncryptionJson;
use super::escrow::CheckJson;
use super::snapshot::SnapshotJson;
use super::tarball::TarballJson;
use crate::input::{Backup, Backups};
use checks::version::Compat;

/// One artifact.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ArtifactJson {
    /// A snapshot.
    Snapshot(Box<SnapshotJson>),
    /// A tarball of static pod resources.
    Tarball(Box<TarballJson>),
    /// A backup; its files are artifacts of their own.
    Backup(Box<BackupJson>),
}

/// Which files belong together, what a restore would take, and whether they fit. Its `snapshot` and `tarball` name the
/// paths of other artifacts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupJson {
    kind: &'static str,
    path: String,
    name: String,
    timestamp: Option<String>,
    dirty: bool,
    snapshot: Option<String>,
    tarball: Option<String>,
    others: Vec<String>,
    cross_checked: bool,
    restore_picks: Option<PicksJson>,
    compat: CompatJson,
    encryption: Option<Value>,
    escrow: Option<EscrowJson>,
    verdict: Option<&'static str>,
}

/// What came of holding a backup's files against each other.
#[derive(Debug, Clone, Copy)]
pub struct JudgedBackup<'b> {
    /// Whether there were two files to hold against each other.
    pub cross_checked: bool,
    /// The release.
    pub compat: &'b Compat<'b>,
    /// What the keys opened; `None` where that was not looked at.
    pub encryption: Option<&'b Encryption>,
    /// What the manifest of an escrow proves; `None` where none was given.
    pub escrow: Option<&'b EscrowJson>,
    /// The verdict; `None` where none was asked for.
    pub verdict: Option<checks::Verdict>,
}

/// A backup held against the manifest of an escrow.
#[derive(Debug, Clone, Serialize)]
pub struct EscrowJson {
    manifest: String,
    matches: bool,
    checks: Vec<Value>,
}

impl EscrowJson {
    /// The manifest's path, whether nothing failed, and each check.
    pub fn new(manifest: String, matches: bool, checks: &[key_escrow::Check]) -> Self {
        let checks = checks.iter().filter_map(|check| serde_json::to_value(CheckJson::from(check)).ok());
        Self { manifest, matches, checks: checks.collect() }
    }

    /// In a few words.
    pub fn in_words(&self) -> String {
        match self.matches {
            true => "the files are those of the manifest; the keys are kept there".to_owned(),
            false => "the files are NOT those of the manifest".to_owned(),
        }
    }
}

#[derive(Debug, Serialize)]
struct PicksJson {
    snapshot: Option<String>,
    tarball: Option<String>,
}

impl BackupJson {
    /// One backup: its files, whether they were held against each other, and what came of it.
    pub fn new(whole: Named<'_>, judged: &JudgedBackup<'_>) -> Self {
        let Named { directory, backup, name } = whole;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let optional = |path: &Option<PathBuf>| path.as_deref().map(text);
        Self {
            kind: "backup",
            path: directory.map_or_else(|| optional(&backup.snapshot).unwrap_or_default(), |found| text(&found.path)),
            name,
            timestamp: backup.timestamp.clone(),
            dirty: backup.dirty,
            snapshot: optional(&backup.snapshot),
            tarball: optional(&backup.tarball),
            others: backup.others.iter().map(|path| text(path)).collect(),
            cross_checked: judged.cross_checked,
            restore_picks: directory.map(|found| PicksJson {
                snapshot: found.picks.snapshot.clone(),
                tarball: found.picks.tarball.clone(),
            }),
            compat: CompatJson::new(judged.compat),
            // the shape is that of `keys check`
            encryption: judged.encryption.and_then(|it| serde_json::to_value(EncryptionJson::new(it)).ok()),
            escrow: judged.escrow.cloned(),
            verdict: judged.verdict.map(checks::Verdict::name),
        }
    }
}

impl BackupJson {
    /// Says another verdict: a policy may have changed it.
    pub fn judge(&mut self, verdict: checks::Verdict) {
        self.verdict = Some(verdict.name());
    }
}

/// A backup by its names.
#[derive(Debug)]
pub struct Named<'b> {
    /// The directory that it lies in.
    pub directory: Option<&'b Backups>,
    /// Its files.
    pub backup: &'b Backup,
    /// The name that its findings go by.
    pub name: String,
}
