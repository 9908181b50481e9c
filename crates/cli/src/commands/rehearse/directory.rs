//! The new data directory: under another name until it is proven.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use artifact::{Contents, Reading};
use assay::Pool;
use bbolt_page::Db;
use document::{Check, HexBytes, WrittenFile};
use etcd_snapshot::trailer;
use etcd_snapshot::{Options, Scan};
use key_escrow::Place;
use restore::{Bump, Cluster, Release, SEGMENT, database, snap, snap_name, wal, wal_name};
use sha2::{Digest, Sha256};

use crate::commands::beside::joined;
use crate::commands::booting::hidden;
use crate::commands::snapshot;
use crate::exit::Error;
use crate::failure;
use crate::interrupt;
use crate::unproven::{Unproven, failed, swept, wrong};

/// Pages go out in pieces of this size.
const BUFFER: usize = 1 << 20;
/// Bytes of a segment that are held against the log at once.
const PIECE: usize = 1 << 20;

/// What is known of a directory that was made and read back.
pub(super) struct Made {
    pub(super) revision: i64,
    pub(super) live_keys: u64,
    pub(super) content: String,
    pub(super) files: Vec<WrittenFile>,
    pub(super) checks: Vec<Check>,
}

/// A directory that has not its name yet; dropped before it has, it is removed.
pub(super) struct NewDirectory {
    new: Unproven,
    published: bool,
}

impl Drop for NewDirectory {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_dir_all(self.new.path());
        }
    }
}

impl NewDirectory {
    /// Makes an empty directory beside the one to be.
    pub(super) fn begin(out: &Path, sweep: bool) -> Result<Self, Error> {
        let mut new = Self { new: Unproven::at(out, &[], sweep)?, published: true };
        swept(&new.new.place, &hidden(&new.new.name), sweep)?;
        new.new.begin(|place, part| place.create_dir(part, 0o700))?;
        new.published = false;
        new.below("member/snap")?;
        new.below("member/wal")?;
        Ok(new)
    }

    /// A directory in the new one, made if it is missing, with mode 0700.
    fn below(&self, path: &str) -> Result<Place, Error> {
        let failed = |error| failure::of_place(&self.path(path), &error);
        // what a signal has removed is not made anew
        let _hold = interrupt::hold();
        let mut place = self.new.place.below(&self.new.part, 0o700).map_err(failed)?;
        for name in path.split('/') {
            place = place.below(name, 0o700).map_err(failed)?;
        }
        Ok(place)
    }

    /// Where it is made, and where it will be.
    pub(super) fn place(&self) -> &Place {
        &self.new.place
    }

    /// Its name to be.
    pub(super) fn name(&self) -> &str {
        &self.new.name
    }

    /// A path in it.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.new.path().join(path)
    }

    /// Writes log, `.snap` and database, and reads them back.
    pub(super) fn make(
        &self,
        source: &Contents,
        cluster: &Cluster,
        release: Release,
        bump: Option<Bump>,
        reading: &Reading,
        progress: &dyn Fn(u64),
    ) -> Result<Made, Error> {
        let (log, old) = (wal(cluster, release), snap(cluster, release));
        let (log_path, old_path) =
            (format!("member/wal/{}", wal_name()), format!("member/snap/{}", snap_name(cluster)));
        let (db, raised) = self.database(source, cluster, release, bump, progress)?;
        self.write(&old_path, 0o644, |file| (&*file).write_all(&old))?;
        // what is behind the records is zero, and takes no room
        self.write(&log_path, 0o600, |file| (&*file).write_all(&log).and_then(|()| file.set_len(SEGMENT)))?;
        for folder in ["member/snap", "member/wal", "member"] {
            self.below(folder)?.sync().map_err(|error| failed(&self.path(folder), &error))?;
        }
        let proof = Proof { new: self };
        let read = |path: &str| Contents::open(&self.path(path))?.whole(reading, &|_| {});
        let (written, snap) = (read("member/snap/db")?, read(&old_path)?);
        // the file goes to the disk and is hashed while it is compared with the source
        let (file, log, after) = std::thread::scope(|scope| {
            let hashing = scope.spawn(|| proof.file("db", "member/snap/db", &written, None));
            let syncing = scope.spawn(|| {
                db.sync_all().map_err(|error| failed(&self.path("member/snap/db"), &error))?;
                proof.segment(&log_path, &log)
            });
            let after = proof.database(source, &written, cluster, raised);
            (joined(hashing), joined(syncing), after)
        });
        let files = vec![file?, proof.file("snap", &old_path, &snap, Some(&old))?, log?];
        Ok(Made { files, ..after? })
    }

    /// A file that is on the disk when this returns.
    fn write(&self, path: &str, mode: u32, write: impl FnOnce(&File) -> io::Result<()>) -> Result<(), Error> {
        let file = self.create(path, mode)?;
        write(&file).and_then(|()| file.sync_all()).map_err(|error| failed(&self.path(path), &error))
    }

    fn create(&self, path: &str, mode: u32) -> Result<File, Error> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.below(folder)?.create_new(name, mode).map_err(|error| failed(&self.path(path), &error))
    }

    /// Writes the database; whoever calls makes sure that it is on the disk.
    fn database(
        &self,
        source: &Contents,
        cluster: &Cluster,
        release: Release,
        bump: Option<Bump>,
        progress: &dyn Fn(u64),
    ) -> Result<(File, Option<i64>), Error> {
        let (db, path) = (snapshot::database(source)?, "member/snap/db");
        let file = self.create(path, 0o600)?;
        let out = BufWriter::with_capacity(BUFFER, &file);
        let raised = database(&db, cluster, release, bump, out, progress).map(|(_, raised)| raised);
        let raised = raised.map_err(|error| match error {
            restore::RestoreError::Write(bbolt_write::WriteError::Io(error)) => failed(&self.path(path), &error),
            error => super::why(source, &error),
        })?;
        Ok((file, raised))
    }

    /// Gives it its name.
    pub(super) fn publish(mut self) -> Result<(), Error> {
        self.new.publish(|_| Ok(()))?;
        self.published = true;
        Ok(())
    }
}

fn scan<'a>(db: Db<'a>) -> Scan<'a> {
    etcd_snapshot::scan(db, Options { without_hashes: true, ..Options::default() }, &Pool)
}

/// Holds what was written against what was to be written.
struct Proof<'p> {
    new: &'p NewDirectory,
}

impl Proof<'_> {
    /// The database: its pages, its live keys one by one beside the source's, and what a server goes by when it starts.
    fn database(
        &self,
        source: &Contents,
        written: &Contents,
        cluster: &Cluster,
        raised: Option<i64>,
    ) -> Result<Made, Error> {
        let path = self.new.path("member/snap/db");
        let db = Db::open(written.bytes()).map_err(|error| wrong(&path, &error.to_string()))?;
        let after = scan(db);
        if let Some((_, fault)) = after.walked.faults.costly() {
            return Err(wrong(&path, &fault.to_string()));
        }
        let (revision, index, live_keys) = (after.current(), after.state.consistent_index, after.store.live_count());
        let content = HexBytes(&after.content_digest(&Pool)).to_string();
        // not all that is known of the keys of both at once
        let after = after.store.into_live();
        let before = scan(snapshot::database(source)?);
        let same = before.store.live().map(|live| live.kv).eq(after.iter().map(|live| live.kv));
        let expected = raised.unwrap_or_else(|| before.current());
        if !same || revision != expected || index != Some(cluster.members.len() as u64) {
            let got = format!("revision {revision}, {live_keys} live keys, index {index:?}");
            let what = if same { "" } else { "; a live key differs" };
            let live = before.store.live_count();
            return Err(wrong(&path, &format!("{got}; expected {expected}, {live}{what}")));
        }
        let proven = |name: &'static str, message: String| check(name, "proven", message);
        let checks = vec![
            proven("write-ahead-log", "it is what these options give, byte for byte".to_owned()),
            proven("snap", "it is what these options give, byte for byte".to_owned()),
            proven("pages", "no page is damaged".to_owned()),
            proven("content", format!("{live_keys} live keys, the same as in the snapshot")),
            proven("start-index", "log, .snap and database agree on the last entry".to_owned()),
            check("boot", "not-checked", "no etcd was started".to_owned()),
        ];
        Ok(Made { revision, live_keys, content, files: Vec::new(), checks })
    }

    fn file(
        &self,
        role: &'static str,
        path: &str,
        written: &Contents,
        expected: Option<&[u8]>,
    ) -> Result<WrittenFile, Error> {
        if expected.is_some_and(|expected| expected != written.bytes()) {
            return Err(wrong(&self.new.path(path), "it is not what was written"));
        }
        let (size, sha256) =
            (written.bytes().len() as u64, HexBytes(&trailer::read(written.bytes(), |_| {}).file).to_string());
        Ok(WrittenFile { role: role.into(), path: path.to_owned(), size, sha256 })
    }

    /// The segment is read whole: the log, and zeros behind it.
    fn segment(&self, path: &str, log: &[u8]) -> Result<WrittenFile, Error> {
        let full = self.new.path(path);
        let mut file = artifact::open_regular(&full).map_err(|error| failed(&full, &error))?;
        let (mut sha, mut piece, mut left) = (Sha256::new(), vec![0; PIECE], log);
        let mut size = 0;
        loop {
            let read = io::Read::read(&mut file, &mut piece).map_err(|error| failed(&full, &error))?;
            let read = piece.get(..read).unwrap_or_default();
            if read.is_empty() {
                break;
            }
            let (head, rest) = left.split_at(left.len().min(read.len()));
            left = rest;
            let zeros = read.get(head.len()..).unwrap_or_default();
            if !read.starts_with(head) || zeros.iter().any(|byte| *byte != 0) {
                return Err(wrong(&full, "it is not what was written"));
            }
            sha.update(read);
            size += read.len() as u64;
        }
        if size != SEGMENT || !left.is_empty() {
            return Err(wrong(&full, &format!("{size} bytes, expected {SEGMENT}")));
        }
        Ok(WrittenFile {
            role: "wal".into(),
            path: path.to_owned(),
            size,
            sha256: HexBytes(&sha.finalize()).to_string(),
        })
    }
}

fn check(name: &'static str, outcome: &'static str, message: String) -> Check {
    Check { name: name.into(), outcome: outcome.into(), message }
}
