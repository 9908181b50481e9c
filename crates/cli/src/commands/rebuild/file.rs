//! The new file: under another name until it is proven.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use artifact::{Contents, Reading};
use assay::Pool;
use bbolt_page::Db;
use document::Document;
use etcd_snapshot::{Options, trailer};
use rebuild::{Plan, Rebuilt};

use crate::commands::beside::joined;
use crate::exit::Error;
use crate::unproven::{self, Unproven, failed, wrong};

/// Pages go out in pieces of this size.
const BUFFER: usize = 1 << 20;

/// What is known of a file that was written and read back.
pub(super) struct Written {
    pub(super) rebuilt: Rebuilt,
    /// Of its pages, where it stands behind them.
    pub(super) sha256: Option<[u8; 32]>,
    /// Keys that are live in it.
    pub(super) live_keys: u64,
}

/// What ends the name of the file that says what a new file was made of.
const BESIDE: &str = ".rebuild.json";
/// What ends the name of what is left of a damaged source, for a moment.
const SCRATCH: &str = ".scratch";

/// A file that has not its name yet; dropped before it has, it is removed, and what lies beside it.
pub(super) struct NewFile {
    new: Unproven,
    file: Option<File>,
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = self.new.place.remove(&self.new.part);
            let _ = self.new.place.remove(&self.beside());
        }
    }
}

impl NewFile {
    /// Makes an empty file beside the one to be.
    pub(super) fn begin(out: &Path, sweep: bool) -> Result<Self, Error> {
        let mut new = Unproven::at(out, &[BESIDE, SCRATCH], sweep)?;
        let file = new.begin(|place, part| place.create_new(part, 0o600))?;
        Ok(Self { new, file: Some(file) })
    }

    fn beside(&self) -> String {
        format!("{}{BESIDE}", self.new.name)
    }

    fn failed(&self, error: &io::Error) -> Error {
        failed(&self.new.path(), error)
    }

    /// Writes a file that nobody sees, and reads it: it has lost its name before this returns.
    pub(super) fn scratch(
        &self,
        reading: &Reading,
        write: impl FnOnce(BufWriter<&File>) -> Result<(), Error>,
    ) -> Result<Contents, Error> {
        let (place, name) = (&self.new.place, format!("{}{SCRATCH}", self.new.name));
        let (file, begun) = unproven::begin(place, &name, |place, name| place.create_new(name, 0o600))?;
        let written = write(BufWriter::with_capacity(BUFFER, &file));
        let read = written.and_then(|()| Ok(Contents::open(&place.path(&name))?.whole(reading, &|_| {})?));
        unproven::remove(&place.path(&name));
        drop(begun);
        read
    }

    /// What the system says of what is being written.
    pub(super) fn unwritten(&self, source: &Contents, error: rebuild::RebuildError) -> Error {
        match error {
            rebuild::RebuildError::Write(bbolt_write::WriteError::Io(error)) => self.failed(&error),
            error => super::why(source, &error),
        }
    }

    /// Writes the pages.
    pub(super) fn write(&self, source: &Contents, plan: &Plan<'_>, progress: &dyn Fn(u64)) -> Result<Rebuilt, Error> {
        let out = BufWriter::with_capacity(BUFFER, self.file()?);
        let written = plan.write(out, progress).map_err(|error| self.unwritten(source, error))?;
        Ok(written.1)
    }

    fn file(&self) -> Result<&File, Error> {
        self.file.as_ref().ok_or_else(|| self.failed(&io::ErrorKind::NotFound.into()))
    }

    /// Reads the pages back, and puts their SHA-256 behind them if it is to be `sealed`.
    pub(super) fn seal(&self, rebuilt: Rebuilt, sealed: bool, reading: &Reading) -> Result<Written, Error> {
        let mut file = self.file()?;
        // they go to the disk meanwhile
        let (proven, synced) = std::thread::scope(|scope| {
            let syncing = scope.spawn(|| file.sync_all());
            (self.prove(&rebuilt, reading), joined(syncing))
        });
        let (sha256, live_keys) = proven?;
        synced.map_err(|error| self.failed(&error))?;
        let hash: &[u8] = if sealed { &sha256 } else { &[] };
        file.write_all(hash).and_then(|()| file.sync_all()).map_err(|error| self.failed(&error))?;
        Ok(Written { rebuilt, sha256: sealed.then_some(sha256), live_keys })
    }

    /// Reads the pages as any other snapshot's: no fault, no page unused, and etcd's own hash is the one of what was put in.
    fn prove(&self, rebuilt: &Rebuilt, reading: &Reading) -> Result<([u8; 32], u64), Error> {
        let path = self.new.path();
        let written = self.read(reading)?;
        let db = Db::open(written.bytes()).map_err(|error| wrong(&path, &error.to_string()))?;
        let (sha256, scan) = rayon::join(
            || trailer::read(written.bytes(), |_| {}).file,
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
        Ok((sha256, scan.store.live_count()))
    }

    /// Its bytes as they are now, read again.
    pub(super) fn read(&self, reading: &Reading) -> Result<Contents, Error> {
        Ok(Contents::open(&self.new.path())?.whole(reading, &|_| {})?)
    }

    /// It has something in it that must not be there.
    pub(super) fn refused(&self, what: &str) -> Error {
        wrong(&self.new.path(), what)
    }

    /// Writes the file beside it, and gives both their names.
    pub(super) fn publish(mut self, beside: Option<&Document>) -> Result<(), Error> {
        let name = self.beside();
        self.new.publish(|place| {
            let Some(document) = beside else { return Ok(()) };
            let made = place.create_new(&name, 0o600);
            let done = made.and_then(|mut file| document.write(&mut file).and_then(|()| file.sync_all()));
            done.map_err(|error| failed(&place.path(&name), &error))
        })?;
        self.file = None;
        Ok(())
    }
}
