//! A backup whose keys are kept elsewhere, held against the manifest of their escrow. Opens nothing.

use std::io::Read as _;
use std::path::Path;

use artifact::{Compression, Contents, Reading};
use checks::Finding;
use checks::pair::AgainstEscrow;
use document::HexBytes;
use key_escrow::{Check, Digest, Limits, NamedDigest, Proof, Sha256Sum, SnapshotDigest, VerifyOptions, verify_escrow};
use sha2::{Digest as _, Sha256};
use wording::escape;

use crate::backup::Backup;
use crate::documents;
use crate::error::{Error, KeysError};
use crate::keys::Keys;
use crate::question::Question;
use crate::tarball::Tarball;
use crate::watch::Watch;

/// What the manifest proves of a backup, and the finding that it comes to. `sum` is what its bytes have to be, where somebody
/// vouched for them.
pub(crate) fn hold(
    backup: &Backup,
    manifest: &Path,
    (question, sum): (&Question, Option<&Sha256Sum>),
    others: &mut [Finding],
    watch: &dyn Watch,
) -> Result<(document::Escrow, Finding), Error> {
    let keyless = backup.tarball().is_some_and(Tarball::is_keyless);
    let escrow = if let Keys::Escrow(path) = &question.keys { Some(path.as_path()) } else { None };
    let options = VerifyOptions {
        manifest,
        expect_manifest: sum,
        escrow,
        keyless: backup.files.tarball.as_deref().filter(|_| keyless),
        shares: &[],
        identities: None,
        limits: Limits { tar_bytes: backup.reading.max_expanded, ..Limits::default() },
    };
    let report = verify_escrow(&options, &mut |_, _, _| {}).map_err(KeysError::Escrow)?;
    let told = &report.manifest;
    let mut checks = report.checks;
    checks.retain(|check| !matches!(check.proof, Proof::NotChecked(_)));
    if let Some(tarball) = backup.tarball().filter(|_| !keyless) {
        let read = &tarball.resources().archive;
        let found = Digest { size: read.compressed_size, sha256: read.compressed_sha256.to_string() };
        checks.push(same("original-digest", &told.original.digest, &found));
    }
    checks.push(match (&told.snapshot, &backup.snapshot) {
        (Some(named), Some(snapshot)) => of_snapshot(named, snapshot, watch)?,
        (None, _) => missing("snapshot-digest", "the manifest names no snapshot: split with --snapshot"),
        (Some(_), None) => missing("snapshot-digest", "there is no snapshot"),
    });
    if backup.files.tarball.is_none() {
        checks.push(Check { name: "keyless-digest", proof: Proof::Failed("there is no tarball".to_owned()) });
    }
    let failed = |check: &Check| match &check.proof {
        Proof::Failed(why) => Some(format!("{}: {}", check.name, escape(why.as_bytes()))),
        Proof::Proven(_) | Proof::NotChecked(_) | Proof::NotOpened(_) => None,
    };
    let proven = |check: &Check| check.name == "snapshot-digest" && matches!(check.proof, Proof::Proven(_));
    let name = manifest.file_name().unwrap_or(manifest.as_os_str()).to_string_lossy().into_owned();
    let held = AgainstEscrow {
        manifest: &name,
        failed: checks.iter().filter_map(failed).collect(),
        snapshot_proven: checks.iter().any(proven),
        key_names: told.key_names.iter().map(String::as_str).collect(),
    };
    let finding = checks::pair::check_escrow(&held, others);
    let told = documents::escrow::of(manifest.to_string_lossy().into_owned(), held.failed.is_empty(), &checks);
    Ok((told, finding))
}

/// Whether a snapshot is the one that a manifest names: its content, however it is stored now; or the file as it was, where
/// an older manifest says nothing of what was in it.
fn of_snapshot(named: &SnapshotDigest, snapshot: &Contents, watch: &dyn Watch) -> Result<Check, Error> {
    let name = "snapshot-digest";
    let found = of_bytes(snapshot.bytes());
    if &found == named.content() {
        return Ok(same(name, named.content(), &found));
    }
    let found = match snapshot.path() {
        Some(path) if snapshot.compression() != Compression::None => digest(path, watch)?.digest,
        _ => found,
    };
    Ok(same(name, &named.file.digest, &found))
}

fn of_bytes(bytes: &[u8]) -> Digest {
    Digest { size: bytes.len() as u64, sha256: HexBytes(&Sha256::digest(bytes)).to_string() }
}

/// What a manifest says of a snapshot: the file's digest, and that of the snapshot in it where it is compressed or an archive.
///
/// # Errors
/// When it is no snapshot, cannot be read, or changed meanwhile.
pub fn snapshot_digest(path: &Path, reading: &Reading, watch: &dyn Watch) -> Result<SnapshotDigest, Error> {
    let raw = Contents::open(path)?;
    let stored_as_it_is = raw.compression() == Compression::None && !raw.is_container();
    let snapshot = raw.whole(reading, &|bytes| watch.advance(bytes))?;
    snapshot.expect_snapshot()?;
    let content = of_bytes(snapshot.bytes());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (file, content) = if stored_as_it_is {
        (NamedDigest { name, digest: content }, None)
    } else {
        (digest(path, watch)?, Some(content))
    };
    snapshot.check_unchanged()?;
    Ok(SnapshotDigest { file, content })
}

/// SHA-256 of a file as it is stored.
pub(crate) fn sha256(path: &Path, watch: &dyn Watch) -> Result<[u8; 32], Error> {
    Ok(hashed(path, watch)?.0)
}

fn same(name: &'static str, expected: &Digest, found: &Digest) -> Check {
    let proof = if found == expected {
        Proof::Proven(format!("sha256 {}", found.sha256))
    } else {
        Proof::Failed(format!("sha256 {} in the manifest, {} of the file", expected.sha256, found.sha256))
    };
    Check { name, proof }
}

fn missing(name: &'static str, what: &'static str) -> Check {
    Check { name, proof: Proof::NotChecked(what) }
}

/// Reads a file once and gives its name, size and SHA-256, as it is stored.
///
/// # Errors
/// When it cannot be read, or changed meanwhile.
pub fn digest(path: &Path, watch: &dyn Watch) -> Result<NamedDigest, Error> {
    let (sha256, size) = hashed(path, watch)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(NamedDigest { name, digest: Digest { size, sha256: HexBytes(&sha256).to_string() } })
}

fn hashed(path: &Path, watch: &dyn Watch) -> Result<([u8; 32], u64), Error> {
    let mut raw = Contents::open(path)?;
    let (mut sha, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    let advance = |bytes| watch.advance(bytes);
    let mut stored = raw.stored(&advance);
    let ended = loop {
        let bytes = match stored.read(&mut buffer) {
            Ok(read) => buffer.get(..read).unwrap_or_default(),
            Err(error) => break Err(error),
        };
        if bytes.is_empty() {
            break Ok(());
        }
        sha.update(bytes);
        size += bytes.len() as u64;
    };
    drop(stored);
    ended.map_err(|error| raw.failed(error))?;
    raw.check_unchanged()?;
    Ok((sha.finalize().into(), size))
}
