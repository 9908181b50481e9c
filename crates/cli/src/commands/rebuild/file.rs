//! The new file: under another name until it is proven.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use artifact::{Contents, Reading};
use assay::Pool;
use bbolt_page::Db;
use document::Document;
use etcd_snapshot::Options;
use key_escrow::{Access, Place};
use rebuild::{Plan, Rebuilt};
use sha2::{Digest, Sha256};
use wording::escape_path;

use crate::exit::Error;
use crate::failure;

/// Pages go out in pieces of this size.
const BUFFER: usize = 1 << 20;

/// What is known of a file that was written and read back.
pub(super) struct Written {
    pub(super) rebuilt: Rebuilt,
    /// Of its pages.
    pub(super) sha256: [u8; 32],
    /// Keys that are live in it.
    pub(super) live_keys: u64,
}

/// A file that has not its name yet; dropped before it has, it is removed.
pub(super) struct NewFile {
    place: Place,
    name: String,
    part: String,
    file: Option<File>,
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = self.place.remove(&self.part);
        }
    }
}

impl NewFile {
    /// Makes an empty file beside the one to be.
    pub(super) fn begin(out: &Path) -> Result<Self, Error> {
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let Some(name) = out.file_name().and_then(|name| name.to_str()) else {
            return Err(Error::Usage(format!("`--out {}` names no file", escape_path(out))));
        };
        let place = Place::open(folder, Access::Shared).map_err(|error| failure::of_place(folder, &error))?;
        let (name, part) = (name.to_owned(), format!(".{name}.unproven"));
        for taken in [name.clone(), sidecar(&name)] {
            if place.has(&taken).map_err(|error| failure::of_place(out, &error))? {
                return Err(cannot(
                    &place.path(&taken),
                    "there is one already",
                    "give another `--out`, or move it away",
                ));
            }
        }
        let file = place.create_new(&part, 0o600).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => cannot(
                &place.path(&part),
                "a run that writes it is under way, or one was broken off",
                "remove it if no assay is running",
            ),
            _ => cannot(&place.path(&part), &error.to_string(), ""),
        })?;
        Ok(Self { place, name, part, file: Some(file) })
    }

    fn failed(&self, error: &io::Error) -> Error {
        cannot(&self.place.path(&self.part), &error.to_string(), "")
    }

    /// Writes the pages, reads them back, and puts the integrity hash behind them.
    pub(super) fn write(
        &self,
        source: &Contents,
        plan: &Plan<'_>,
        reading: &Reading,
        progress: &dyn Fn(u64),
    ) -> Result<Written, Error> {
        let Some(file) = &self.file else { return Err(self.failed(&io::ErrorKind::NotFound.into())) };
        let (out, rebuilt) =
            plan.write(BufWriter::with_capacity(BUFFER, file), progress).map_err(|error| match error {
                rebuild::RebuildError::Write(bbolt_write::WriteError::Io(error)) => self.failed(&error),
                error => super::why(source, &error),
            })?;
        drop(out);
        let (sha256, live_keys) = self.prove(&rebuilt, reading)?;
        let mut file = file;
        file.write_all(&sha256).and_then(|()| file.sync_all()).map_err(|error| self.failed(&error))?;
        Ok(Written { rebuilt, sha256, live_keys })
    }

    /// Reads the pages as any other snapshot's: no fault, no page unused, and etcd's own hash is the one of what was put in.
    fn prove(&self, rebuilt: &Rebuilt, reading: &Reading) -> Result<([u8; 32], u64), Error> {
        let path = self.place.path(&self.part);
        let written = Contents::open(&path)?.whole(reading, &|_| {})?;
        let db = Db::open(written.bytes()).map_err(|error| wrong(&path, &error.to_string()))?;
        let (sha256, scan) = rayon::join(
            || Sha256::digest(written.bytes()).into(),
            || etcd_snapshot::scan(db, Options::default(), &Pool),
        );
        if let Some(fault) = scan.walked.faults.kept().first() {
            return Err(wrong(&path, &fault.to_string()));
        }
        let unused = scan.walked.unreachable().count();
        if (unused, scan.counts.records, scan.status.hash) != (0, rebuilt.records, rebuilt.status_hash) {
            let got = format!("{unused} unused pages, {} records, hash {:08x}", scan.counts.records, scan.status.hash);
            let expected = format!("none, {} and {:08x}", rebuilt.records, rebuilt.status_hash);
            return Err(wrong(&path, &format!("{got}; expected {expected}")));
        }
        written.check_unchanged()?;
        Ok((sha256, scan.store.live().count() as u64))
    }

    /// Writes the file beside it, and gives both their names.
    pub(super) fn publish(mut self, written: &Written, beside: Option<&Document>) -> Result<(), Error> {
        debug_assert!(written.rebuilt.pages > 0, "it was written");
        if let Some(document) = beside {
            let name = sidecar(&self.name);
            let path = self.place.path(&name);
            let mut file =
                self.place.create_new(&name, 0o600).map_err(|error| cannot(&path, &error.to_string(), ""))?;
            let done = document.write(&mut file).and_then(|()| file.sync_all());
            done.map_err(|error| cannot(&path, &error.to_string(), ""))?;
        }
        let path = self.place.path(&self.name);
        self.place.rename_new(&self.part, &self.name).map_err(|error| failure::of_place(&path, &error))?;
        self.file = None;
        self.place.sync().map_err(|error| cannot(&path, &error.to_string(), ""))
    }
}

/// The name of the file that says what a new file was made of.
fn sidecar(name: &str) -> String {
    format!("{name}.rebuild.json")
}

fn wrong(path: &Path, what: &str) -> Error {
    cannot(
        path,
        &format!("what was written reads back wrong: {what}"),
        "the disk or assay is at fault; the source is untouched",
    )
}

fn cannot(path: &Path, reason: &str, hint: &str) -> Error {
    let hint = (!hint.is_empty()).then(|| hint.to_owned());
    Error::Output { path: escape_path(path), reason: reason.to_owned(), hint }
}
