//! Reading again what is known: whether it is still what it was.
//!
//! Those whose last reading is longest ago come first, so that a share of the bytes at a time comes to all of them: with
//! `1/30` every file is read within thirty runs, whatever is added in between. What was there before is never trusted: a file
//! whose size and times are as they were is read as any other.

use std::collections::BTreeMap;
use std::io;

use checks::Finding;
use checks::reread::{self, Reread};
use jiff::Timestamp;
use rusqlite::params;
use serde_json::json;

use crate::add::{Kind, Stat, clamp};
use crate::backup::State;
use crate::disk::Disk;
use crate::error::{Error, Result, failing};
use crate::held::{Held, Holdings};
use crate::log::{Author, Head};
use crate::store::{Catalog, Writing};

/// How much is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Everything.
    All,
    /// One part of so many of the bytes.
    OneOf(u32),
    /// So many bytes, and one file at least.
    Bytes(u64),
}

/// A file that is to be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// It.
    pub file: Held,
    /// When its bytes were read last.
    pub checked: Timestamp,
    /// The backups that it is of.
    pub backups: Vec<String>,
}

/// What became of a file.
#[derive(Debug)]
pub struct FileCheck {
    /// It, as it was.
    pub due: Due,
    /// What it is now.
    pub is: State,
    /// What the system says of one that cannot be read.
    pub error: Option<String>,
    /// Where one lies that was moved.
    pub to: Option<String>,
    /// What the file system says of it now.
    stat: Option<Stat>,
}

/// What a run came to.
#[derive(Debug)]
pub struct CheckRun {
    /// Each file, in the order in which they were read.
    pub files: Vec<FileCheck>,
    /// How many are known on this host, and how many bytes they have.
    pub known: (usize, u64),
    /// The log's end.
    pub head: Head,
}

impl FileCheck {
    /// What stands against it; nothing where it is what it was.
    #[must_use]
    pub fn finding(&self) -> Option<Finding> {
        let became = match self.is {
            State::Unchanged => return None,
            State::Rotten => Reread::Rotten,
            State::Replaced => Reread::Replaced,
            State::Missing => Reread::Missing,
            State::Unreadable => Reread::Unreadable(self.error.as_deref().unwrap_or("the system does not say why")),
            State::Moved => Reread::Moved(self.to.as_deref().unwrap_or("another place")),
        };
        Some(reread::file(became, self.due.file.kind.words(), &self.due.backups))
    }
}

impl Due {
    /// What reading it weighs: its bytes; of a file that is not there, nearly nothing.
    fn weight(&self) -> u64 {
        if self.file.state == State::Missing { 1 } else { self.file.stat.size.max(1) }
    }
}

impl Catalog {
    /// What of a host's files is to be read again, the one that was read longest ago first.
    ///
    /// # Errors
    /// Whatever keeps the catalog from being read.
    pub fn due(&self, host: &str, share: Share) -> Result<Vec<Due>> {
        let mut due = self.known_files(host)?;
        due.sort_by(|one, other| (one.checked, &one.file.path).cmp(&(other.checked, &other.file.path)));
        let weight = |due: &[Due]| due.iter().fold(0_u64, |sum, it| sum.saturating_add(it.weight()));
        let enough = match share {
            Share::All => u64::MAX,
            Share::OneOf(parts) => weight(&due).div_ceil(u64::from(parts.max(1))),
            Share::Bytes(bytes) => bytes,
        };
        let mut taken = 0_u64;
        let mut count = 0;
        for it in &due {
            let with = taken.saturating_add(it.weight());
            // a budget is not overdrawn but by its first file; a share is reached
            let stop = match share {
                Share::Bytes(_) => count > 0 && with > enough,
                _ => taken >= enough,
            };
            if stop {
                break;
            }
            (taken, count) = (with, count + 1);
        }
        due.truncate(count);
        Ok(due)
    }

    /// Files of a host that are taken to be there.
    fn known_files(&self, host: &str) -> Result<Vec<Due>> {
        let failed = failing(&self.path);
        let holdings = Holdings::of(&self.db, &self.path, host)?;
        let sql = "SELECT path, checked FROM sighting WHERE host = ? AND state <> 'moved'";
        let mut read = self.db.prepare(sql).map_err(&failed)?;
        let mut rows = read.query(params![host]).map_err(&failed)?;
        let mut checked = BTreeMap::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let (path, at): (String, String) = (row.get(0).map_err(&failed)?, row.get(1).map_err(&failed)?);
            checked.insert(path, at);
        }
        let mut files: BTreeMap<String, Due> = BTreeMap::new();
        for (id, held) in &holdings.files {
            for file in held {
                let Some(at) = checked.get(&file.path) else { continue };
                let due = files.entry(file.path.clone()).or_insert_with(|| {
                    // a time that is none was never
                    let checked = at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
                    Due { file: file.clone(), checked, backups: Vec::new() }
                });
                due.backups.push(id.clone());
            }
        }
        Ok(files.into_values().collect())
    }

    /// Reads files again and writes down what became of each. One that is bad does not keep the next from being read. Who
    /// looks on is told of each; where that says so, the rest is left for another run.
    ///
    /// # Errors
    /// Whatever keeps the catalog from being written.
    pub fn check(
        &mut self,
        share: Share,
        author: &Author,
        disk: &dyn Disk,
        told: &mut dyn FnMut(&FileCheck) -> std::ops::ControlFlow<()>,
    ) -> Result<CheckRun> {
        let all = self.known_files(&author.host)?;
        let known = (all.len(), all.iter().fold(0_u64, |sum, it| sum.saturating_add(it.file.stat.size)));
        let mut files: Vec<FileCheck> = Vec::new();
        let (mut written, mut unwritten) = (0, 0_u64);
        for due in self.due(&author.host, share)? {
            let read = look(due, disk);
            unwritten = unwritten.saturating_add(read.due.weight());
            let urgent = read.is != read.due.file.state;
            files.push(read);
            let flow = files.last().map_or(std::ops::ControlFlow::Continue(()), &mut *told);
            if urgent || unwritten > AT_ONCE || flow.is_break() {
                self.put(&mut files, written, author)?;
                (written, unwritten) = (files.len(), 0);
            }
            if flow.is_break() {
                break;
            }
        }
        self.put(&mut files, written, author)?;
        let unchanged = files.iter().filter(|it| it.is == State::Unchanged).count();
        let bytes = files.iter().fold(0_u64, |sum, it| sum.saturating_add(it.due.file.stat.size));
        let ((), head) = self.write(author, |writing| {
            let body = json!({"host": author.host, "files": files.len(), "unchanged": unchanged, "bytes": bytes});
            writing.say("checked", &body)
        })?;
        Ok(CheckRun { files, known, head })
    }

    /// What stands against the catalog itself: its log is no chain, does not have an entry that was kept elsewhere, or does
    /// not say what the tables say. Nothing, where it can be relied upon.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub fn audit(&self, kept: Option<Head>) -> Result<Vec<Finding>> {
        let mut findings = match self.check_log() {
            Ok(_) => Vec::new(),
            Err(Error::Damaged { what, .. }) => vec![reread::log_broken(&what)],
            Err(error) => return Err(error),
        };
        if let Some(kept) = kept.filter(|kept| !self.goes_on_from(*kept).unwrap_or(false)) {
            findings.push(reread::log_rewritten(&kept.to_string(), &self.head()?.to_string()));
        }
        findings.extend(self.check_rows()?.iter().map(|what| reread::row(what)));
        Ok(findings)
    }

    /// Writes down what was found of the files from `from` on.
    fn put(&mut self, files: &mut [FileCheck], from: usize, author: &Author) -> Result<()> {
        let Some(new) = files.get_mut(from..).filter(|new| !new.is_empty()) else { return Ok(()) };
        self.write(author, |writing| new.iter_mut().try_for_each(|it| writing.found(it)))?;
        Ok(())
    }
}

/// So many bytes are read before what was found is written down, where nothing was found.
const AT_ONCE: u64 = 1 << 30;

fn look(due: Due, disk: &dyn Disk) -> FileCheck {
    let unreadable = |error: &io::Error| (State::Unreadable, Some(error.to_string()));
    let mut stat = None;
    let (is, error) = match disk.stat(&due.file.path) {
        Err(error) => unreadable(&error),
        Ok(None) => (State::Missing, None),
        Ok(Some(now)) => {
            stat = Some(now);
            match disk.holds(&due.file.path, &due.file.stored) {
                // it went away while it was looked at
                Err(error) if error.kind() == io::ErrorKind::NotFound => (State::Missing, None),
                Err(error) => unreadable(&error),
                Ok(true) => (State::Unchanged, None),
                Ok(false) if (now.size, now.mtime) == (due.file.stat.size, due.file.stat.mtime) => {
                    (State::Rotten, None)
                }
                Ok(false) => (State::Replaced, None),
            }
        }
    };
    FileCheck { due, is, error, to: None, stat }
}

impl Writing<'_> {
    /// Writes down what became of a file, unless somebody has written of it since.
    fn found(&mut self, it: &mut FileCheck) -> Result<()> {
        let failed = failing(self.path);
        let (file, host) = (&it.due.file, &self.author.host);
        if it.is == State::Missing {
            // the same bytes lie elsewhere, and were first seen after these were seen last: it was moved there
            let sql = "SELECT n.path FROM sighting n, sighting o WHERE o.host = ?1 AND o.path = ?2 AND n.host = ?1 \
                AND n.path <> ?2 AND n.stored = o.stored AND n.state = 'unchanged' AND n.first_seen > o.last_seen \
                ORDER BY n.first_seen, n.path LIMIT 1";
            let mut read = self.tx.prepare_cached(sql).map_err(&failed)?;
            let mut rows = read.query(params![host, file.path]).map_err(&failed)?;
            if let Some(row) = rows.next().map_err(&failed)? {
                (it.is, it.to) = (State::Moved, Some(row.get(0).map_err(&failed)?));
            }
        }
        let at = self.author.at.to_string();
        // of what is whole, times and number may have changed: a copy came back
        let stat = it.stat.filter(|_| it.is == State::Unchanged).unwrap_or(file.stat);
        let sql = "UPDATE sighting SET state = ?1, checked = ?2, size = ?3, mtime = ?4, ctime = ?5, inode = ?6, \
            last_seen = CASE ?1 WHEN 'unchanged' THEN ?2 ELSE last_seen END \
            WHERE host = ?7 AND path = ?8 AND stored = ?9 AND state = ?10";
        let done = self.tx.prepare_cached(sql).and_then(|mut put| {
            put.execute(params![
                it.is.name(),
                at,
                clamp(stat.size),
                stat.mtime,
                stat.ctime,
                clamp(stat.inode),
                host,
                file.path,
                file.stored,
                file.state.name(),
            ])
        });
        if done.map_err(&failed)? > 0 && it.is != file.state {
            let body = json!({"host": host, "path": file.path, "state": it.is.name(), "was": file.state.name()});
            self.say("found", &body)?;
        }
        Ok(())
    }
}

impl Kind {
    /// It, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Snapshot => "the snapshot",
            Self::Resources => "the tarball of static pod resources",
            Self::Escrow => "the escrow of its keys",
            Self::Manifest => "the manifest of its escrow",
            Self::Share => "a share of its escrow",
            Self::Signature => "the signature of its manifest",
        }
    }
}
