//! The documented procedure, filled in with what a judged backup says.

use std::path::{Path, PathBuf};

use backup_facts::hazards::{Hazards, open_with};
use backup_facts::site::Site;
use checks::Finding;
use document::Runbook;

pub use runbook::{Asked, Procedure, Task};
use runbook::{BackupFile, Known};

use crate::error::Error;
use crate::escrow;
use crate::hazards;
use crate::judged::Judged;
use crate::question::Question;
use crate::tarball::Tarball;
use crate::watch::Watch;

/// The book of a task at the cluster that a backup is of.
///
/// # Errors
/// Where a file of the backup cannot be read again to be hashed, or a host is asked for that the backup does not know.
pub fn book(judged: &Judged<'_>, question: &Question, asked: &Asked, watch: &dyn Watch) -> Result<Runbook, Error> {
    let (backup, facts) = (judged.backup, &judged.facts);
    let resources = facts.tarball.map(Tarball::resources);
    let hazards =
        facts.snapshot.as_ref().map(|snapshot| hazards::read(backup, snapshot, resources, &facts.keys, question));
    let hazards: Hazards = hazards.unwrap_or_default();
    let site = facts.snapshot.as_ref().map(|snapshot| Site::read(&snapshot.scan, &open_with(&facts.keys)));
    let site = site.unwrap_or_default();
    let findings: Vec<Finding> = judged.findings().cloned().collect();
    let encryption = facts.encryption.as_ref();
    let encrypted = encryption.is_some_and(|found| found.encrypted() > 0) || facts.keys_not_tried().is_some();
    let file = |path: &Option<PathBuf>| path.as_deref().map(|path| described(path, watch)).transpose();
    let known = Known {
        path: &shown(judged),
        name: judged.name(),
        snapshot: file(&backup.files().snapshot)?,
        tarball: file(&backup.files().tarball)?,
        static_pods: resources.map(|resources| &resources.static_pods),
        platform: facts.platform(),
        release: judged.compat.release.backup.describe(),
        backup: Some(judged.compat.release.backup.clone()),
        judgement: judged.compat.judgement.clone(),
        other_cluster: judged.compat.other_cluster,
        revision: facts.snapshot.as_ref().map(|snapshot| snapshot.scan.current()),
        hazards: &hazards,
        site: &site,
        findings: &findings,
        verdict: judged.verdict,
        keys_apart: encrypted && facts.tarball.is_some_and(Tarball::is_keyless),
        encrypted,
        rehearsal: judged.rehearsal.as_ref(),
    };
    let hosts = runbook::nameable(&known);
    let named = asked.recovery_host.iter().chain(&asked.lost);
    match named.into_iter().find(|name| !hosts.is_empty() && !hosts.contains(name)) {
        Some(name) => Err(Error::UnknownHost { name: name.clone(), known: hosts }),
        None => Ok(runbook::book(&known, asked)),
    }
}

/// What is named on the command line: the directory, or the snapshot.
fn shown(judged: &Judged<'_>) -> String {
    let path = match judged.backup.directory() {
        Some(directory) => directory.path.clone(),
        None => judged.backup.files().snapshot.clone().unwrap_or_default(),
    };
    path.to_string_lossy().into_owned()
}

/// A file as it is stored.
fn described(path: &Path, watch: &dyn Watch) -> Result<BackupFile, Error> {
    let named = escrow::digest(path, watch)?;
    let path = path.to_string_lossy().into_owned();
    Ok(BackupFile { path, name: named.name, bytes: named.digest.size, sha256: named.digest.sha256 })
}
