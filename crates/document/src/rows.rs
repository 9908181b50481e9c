//! One flat row a backup, for tables.

use checks::{Severity, Verdict};
use serde::Serialize;

use crate::artifact::{Artifact, Backup, Snapshot, Tarball};
use crate::document::Document;
use crate::finding::Finding;

/// A backup in one row: of `inspect` and `verify`. `None` is what the document does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row<'d> {
    /// What findings call it: the name of a backup, or the path of a lone file.
    pub name: &'d str,
    /// The directory, or the file.
    pub path: &'d str,
    /// `backup`, `snapshot`, `static-kuberesources`, or `unreadable`.
    pub kind: &'d str,
    /// Path of its snapshot.
    pub snapshot: Option<&'d str>,
    /// Path of its tarball.
    pub tarball: Option<&'d str>,
    /// Time stamp in the names of its files: `2026-11-23_091606`, by the node's clock.
    pub timestamp: Option<&'d str>,
    /// The verdict on it.
    pub verdict: Verdict,
    /// Findings about it and its files that count, by severity.
    pub critical: u64,
    /// Findings of severity `high`.
    pub high: u64,
    /// Findings of severity `medium`.
    pub medium: u64,
    /// Findings of severity `low`.
    pub low: u64,
    /// Findings of severity `info`.
    pub info: u64,
    /// Findings that a policy waives.
    pub waived: u64,
    /// ID of the worst finding that counts, the first of several.
    pub worst: Option<&'d str>,
    /// Newest main revision.
    pub revision: Option<i64>,
    /// Bytes of the snapshot, uncompressed.
    pub size: Option<u64>,
    /// Live keys.
    pub live_keys: Option<u64>,
    /// The release, in words.
    pub release: Option<&'d str>,
    /// Which cluster it is of.
    pub cluster_id: Option<&'d str>,
    /// How that calls itself.
    pub cluster_name: Option<&'d str>,
    /// When it was taken, RFC 3339.
    pub taken: Option<&'d str>,
    /// By which clock: `data` or `name`.
    pub taken_by: Option<&'d str>,
    /// Why it could not be read; then its verdict is `fail`.
    pub error: Option<&'d str>,
    /// Whether the keys at hand open every encrypted value.
    pub keys_fit: Option<bool>,
}

impl Document {
    /// One row a backup, in the order of the document; a file that belongs to none has its own.
    #[must_use]
    pub fn rows(&self) -> Vec<Row<'_>> {
        let backups = || self.artifacts.iter().filter_map(backup);
        let lone = |path: &str| !backups().any(|it| is(&it.snapshot, path) || is(&it.tarball, path));
        self.artifacts
            .iter()
            .filter_map(|artifact| match artifact {
                Artifact::Backup(it) => {
                    // what is said of a directory is said of its backup, where it has but one
                    let alone = backups().filter(|other| other.path == it.path).count() == 1;
                    Some(self.of_backup(it, alone))
                }
                Artifact::Snapshot(it) => lone(&it.path).then(|| self.of_file(artifact).with_snapshot(it)),
                Artifact::Tarball(it) => lone(&it.path).then(|| self.of_file(artifact).with_tarball(it)),
                // a half that could not be read stands against its backup
                Artifact::Unread(it) => lone(&it.path).then(|| Row {
                    verdict: Verdict::Fail,
                    error: Some(&it.error),
                    ..self.of_file(artifact)
                }),
                _ => None,
            })
            .collect()
    }

    /// What findings call the backup of a row and its files, each once.
    #[must_use]
    pub fn names_of<'d>(&'d self, row: &Row<'d>) -> Vec<&'d str> {
        let in_its_path = |it: &&Artifact| matches!(it, Artifact::Backup(backup) if backup.path == row.path);
        let alone = row.kind == Backup::KIND && self.artifacts.iter().filter(in_its_path).count() == 1;
        let mut names = vec![row.name];
        for name in [row.snapshot, row.tarball, alone.then_some(row.path)].into_iter().flatten() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn of_backup<'d>(&'d self, backup: &'d Backup, alone: bool) -> Row<'d> {
        // an older assay gave it no name
        let name = if backup.name.is_empty() { backup.path.as_str() } else { backup.name.as_str() };
        let mut names = vec![name];
        names.extend(backup.snapshot.as_deref());
        names.extend(backup.tarball.as_deref());
        names.extend(alone.then_some(backup.path.as_str()));
        let mut row = Row { name, path: &backup.path, kind: &backup.kind, ..self.row(&names) };
        for artifact in &self.artifacts {
            match artifact {
                Artifact::Snapshot(it) if is(&backup.snapshot, &it.path) => row = row.with_snapshot(it),
                Artifact::Tarball(it) if is(&backup.tarball, &it.path) => row = row.with_tarball(it),
                _ => {}
            }
        }
        Row {
            snapshot: backup.snapshot.as_deref(),
            tarball: backup.tarball.as_deref(),
            timestamp: backup.timestamp.as_deref(),
            verdict: backup.verdict.unwrap_or(row.verdict),
            release: Some(backup.compat.release.as_str()).filter(|release| !release.is_empty()).or(row.release),
            keys_fit: backup.encryption.as_ref().and_then(|encryption| encryption.keys_fit),
            ..row
        }
    }

    fn of_file<'d>(&'d self, artifact: &'d Artifact) -> Row<'d> {
        let path = artifact.path();
        Row { name: path, path, kind: artifact.kind().unwrap_or_default(), ..self.row(&[path]) }
    }

    /// What the findings about artifacts of these names come to.
    fn row<'d>(&'d self, names: &[&str]) -> Row<'d> {
        let about: Vec<&Finding> =
            self.findings.iter().filter(|finding| names.contains(&finding.artifact.as_str())).collect();
        let standing = || about.iter().filter(|finding| finding.waived.is_none());
        let number = |severity| standing().filter(|finding| finding.severity == severity).count() as u64;
        // the first of the worst
        let worst = standing().rev().max_by_key(|finding| finding.severity);
        Row {
            verdict: checks::verdict_of(worst.map(|finding| finding.severity), self.fail_on()),
            critical: number(Severity::Critical),
            high: number(Severity::High),
            medium: number(Severity::Medium),
            low: number(Severity::Low),
            info: number(Severity::Info),
            waived: about.iter().filter(|finding| finding.waived.is_some()).count() as u64,
            worst: worst.map(|finding| &*finding.id),
            ..Row::default()
        }
    }
}

fn backup(artifact: &Artifact) -> Option<&Backup> {
    match artifact {
        Artifact::Backup(backup) => Some(backup),
        _ => None,
    }
}

fn is(half: &Option<String>, path: &str) -> bool {
    half.as_deref() == Some(path)
}

impl<'d> Row<'d> {
    fn with_snapshot(self, snapshot: &'d Snapshot) -> Self {
        let openshift = snapshot.openshift.as_ref();
        Self {
            snapshot: Some(&snapshot.path),
            revision: Some(snapshot.revisions.current),
            size: Some(snapshot.size),
            live_keys: Some(snapshot.keys.live),
            release: self.release.or(openshift.and_then(|openshift| openshift.version.as_deref())),
            cluster_id: snapshot
                .cluster
                .as_ref()
                .map(|cluster| cluster.id.as_str())
                .or_else(|| openshift.and_then(|openshift| openshift.cluster_id.as_deref())),
            cluster_name: snapshot
                .cluster
                .as_ref()
                .and_then(|cluster| cluster.name.as_deref())
                .or_else(|| openshift.and_then(|openshift| openshift.infrastructure_name.as_deref())),
            taken: snapshot.taken.as_ref().map(|taken| taken.at.as_str()),
            taken_by: snapshot.taken.as_ref().map(|taken| &*taken.by),
            verdict: self.verdict.max(snapshot.verdict.unwrap_or_default()),
            keys_fit: snapshot.keys_fit,
            ..self
        }
    }

    fn with_tarball(self, tarball: &'d Tarball) -> Self {
        let version = tarball.version.exact.as_deref().or(tarball.version.minor.as_deref());
        Self {
            tarball: Some(&tarball.path),
            timestamp: self.timestamp.or(tarball.timestamp.as_deref()),
            release: self.release.or(version),
            verdict: self.verdict.max(tarball.verdict.unwrap_or_default()),
            ..self
        }
    }
}
