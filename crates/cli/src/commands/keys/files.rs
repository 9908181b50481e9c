//! The files of a split: their names beside each other, their sizes and digests, and how to say them.

use std::path::{Path, PathBuf};

use artifact::Reading;
use assay::documents::escrow::file;
use document::WrittenFile;
use key_escrow::{EscrowInfo, NamedDigest, SnapshotDigest};
use static_resources::BackupName;

use crate::exit::Error;
use crate::ui::Ui;
use wording::escape_path;

/// The file that belongs to an escrow and lies beside it: `<stem>.escrow.age` gives `<stem>.<end>`.
pub(super) fn beside(escrow: &Path, end: &str) -> Option<PathBuf> {
    let name = escrow.file_name()?.to_str()?;
    let stem = name.strip_suffix(".escrow.age")?;
    let path = escrow.with_file_name(format!("{stem}.{end}"));
    path.is_file().then_some(path)
}

/// Reads a file once and gives its name, size and SHA-256.
pub(super) fn digest(path: &Path) -> Result<NamedDigest, Error> {
    Ok(assay::escrow::digest(path, &assay::Silent)?)
}

/// Escrow, shares and manifest as they were written; the manifest's own digest is not in it, and is taken anew.
pub(super) fn sealed(
    escrow: &Path,
    info: Option<&EscrowInfo>,
    shares: &[PathBuf],
    manifest: &Path,
) -> Result<Vec<WrittenFile>, Error> {
    let mut files = Vec::new();
    match info {
        Some(info) => files.push(file("escrow", escrow, &info.file.digest)),
        None => files.push(file("escrow", escrow, &digest(escrow)?.digest)),
    }
    for share in shares {
        files.push(file("share", share, &digest(share)?.digest));
    }
    files.push(file("manifest", manifest, &digest(manifest)?.digest));
    Ok(files)
}

/// A path for people.
pub(super) fn shown(path: &Path) -> String {
    escape_path(path)
}

/// The snapshot's digests, if it is one.
pub(super) fn snapshot(path: &Path, tarball: &Path, reading: &Reading, ui: &mut Ui) -> Result<SnapshotDigest, Error> {
    let digest = assay::escrow::snapshot_digest(path, reading, &ui.watcher())?;
    let named = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        BackupName::parse(name.trim_end_matches(".gz").trim_end_matches(".zst")).or_else(|| BackupName::parse(name))
    };
    if let (Some(one), Some(other)) = (named(path), named(tarball))
        && (&one.timestamp, one.dirty) != (&other.timestamp, other.dirty)
    {
        ui.warn(&format!(
            "snapshot and tarball are of two backups by their names: {} and {}",
            one.timestamp, other.timestamp
        ));
    }
    Ok(digest)
}
