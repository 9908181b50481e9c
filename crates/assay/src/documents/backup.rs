//! A backup: its files, and what came of holding them against each other.

use std::path::{Path, PathBuf};

use document::{Artifact, Backup, DataLog, Picks, Word};

use super::{compat, encryption};
use crate::backup;
use crate::judged::Judged;
use crate::question::Asks;

/// One backup, whose findings go by its name.
pub(super) fn of(judged: &Judged<'_>) -> Artifact {
    let (directory, files) = (judged.backup.directory(), judged.backup.files());
    let platform = judged.facts.platform();
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let optional = |path: &Option<PathBuf>| path.as_deref().map(text);
    Artifact::Backup(Box::new(Backup {
        kind: Backup::KIND,
        path: directory.map_or_else(|| optional(&files.snapshot).unwrap_or_default(), |found| text(&found.path)),
        name: judged.name().to_owned(),
        timestamp: files.timestamp.clone(),
        dirty: files.dirty,
        snapshot: optional(&files.snapshot),
        tarball: optional(&files.tarball),
        others: files.others.iter().map(|path| text(path)).collect(),
        platform: Word::Borrowed(platform.name()),
        cross_checked: judged.pair.as_ref().is_some_and(|outcome| outcome.made > 0),
        newest_restorable: judged.facts.deltas.as_ref().map(|chain| chain.newest),
        log: judged.facts.log.as_ref().map(log),
        restore_picks: directory
            .filter(|_| platform.has_operators())
            .map(|found| Picks { snapshot: found.picks.snapshot.clone(), tarball: found.picks.tarball.clone() }),
        compat: compat::of(&judged.compat),
        encryption: judged.facts.encryption.as_ref().map(encryption::of),
        escrow: judged.escrow.clone(),
        expected: judged.expected.clone(),
        rehearsal: judged.rehearsal.clone(),
        verdict: (judged.asks == Asks::Restore).then_some(judged.verdict),
        ..Backup::default()
    }))
}

fn log(backup::DataLog { log, index }: &backup::DataLog) -> DataLog {
    DataLog {
        first_index: log.first,
        last_index: log.last,
        database_index: *index,
        behind: log.last.map_or(0, |last| last.saturating_sub(*index)),
        segments: log.segments as u64,
        fault_at: log.fault.map(|fault| fault.at),
        torn: log.fault.is_some_and(|fault| fault.torn),
    }
}
