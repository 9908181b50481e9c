//! A plan carried out.
//!
//! First the newest that stays of each cluster is read again; then an entry of the log says what is to move, in the same
//! transaction in which the plan was made again; then files move; then an entry says that they did. A run that is killed
//! between the two entries left rows without a time of moving, and the next run goes on with them.

use std::io;

use rusqlite::params;
use serde_json::json;

use super::{Asked, Plan, Planned};
use crate::add::clamp;
use crate::disk::Disk;
use crate::error::{Result, failing};
use crate::log::{Author, Head};
use crate::store::{Catalog, Writing};

/// Why nothing was moved.
#[derive(Debug)]
pub enum Refused {
    /// The plan is not the one that was asked for: it is this one.
    Differs([u8; 32]),
    /// Of the newest that stays of a cluster a file is not what it was.
    Unproven {
        /// The backup.
        backup: String,
        /// The file.
        path: String,
        /// What the system says; `None` where its bytes are others.
        error: Option<io::Error>,
    },
    /// None of those that stay of a cluster lies on this host: none of them could be read again.
    NothingHere(Option<String>),
}

/// What was done.
#[derive(Debug, Default)]
pub struct Applied {
    /// Files that moved, from and to.
    pub moved: Vec<(String, String)>,
    /// Files that did not.
    pub failed: Vec<Failed>,
    /// Of files that a run before this one had begun with.
    pub resumed: usize,
    /// Backups of which nothing is left in the catalog.
    pub gone: Vec<String>,
    /// The log's end.
    pub head: Option<Head>,
}

/// A file that did not move.
#[derive(Debug)]
pub struct Failed {
    /// Which.
    pub path: String,
    /// What the system says.
    pub error: io::Error,
}

/// A row of the trash that has not ended.
struct Begun {
    plan: [u8; 32],
    path: String,
    put: String,
    size: u64,
    mtime: i64,
    inode: u64,
}

impl Catalog {
    /// Carries out what is asked: `expected` is the digest of the plan that somebody saw. What a run before this one had
    /// begun with is ended first.
    ///
    /// # Errors
    /// Whatever keeps the catalog from being read or written. A file that does not move is no error: see [`Applied`].
    pub fn prune(
        &mut self,
        asked: &Asked,
        expected: Option<[u8; 32]>,
        author: &Author,
        disk: &dyn Disk,
    ) -> Result<Result<Applied, Refused>> {
        let begun = self.begun(&author.host)?;
        let was_this = begun.iter().any(|row| Some(row.plan) == expected);
        let mut done = self.resume(begun, author, disk)?;
        done.resumed = done.moved.len();
        if was_this {
            return Ok(Ok(done));
        }
        let plan = self.plan(asked, disk)?;
        if let Some(refused) = refused(&plan, expected, disk) {
            return Ok(Err(refused));
        }
        if plan.groups.iter().flat_map(|group| &group.backups).all(|it| !it.goes()) {
            return Ok(Ok(done));
        }
        let intended = self.write(author, |writing| {
            let again = writing.plan(asked, disk)?;
            if again.digest == plan.digest {
                writing.intend(&again, author).map(|()| None)
            } else {
                Ok(Some(Refused::Differs(again.digest)))
            }
        })?;
        if let Some(refused) = intended.0 {
            return Ok(Err(refused));
        }
        let rest = self.resume(self.begun(&author.host)?, author, disk)?;
        done.moved.extend(rest.moved);
        done.failed.extend(rest.failed);
        done.gone.extend(rest.gone);
        done.head = rest.head;
        Ok(Ok(done))
    }

    /// Moves what was begun with and has not moved yet.
    fn resume(&mut self, begun: Vec<Begun>, author: &Author, disk: &dyn Disk) -> Result<Applied> {
        let mut done = Applied::default();
        if begun.is_empty() {
            return Ok(done);
        }
        let mut moved = Vec::new();
        for row in begun {
            match carry(&row, disk) {
                Ok(()) => moved.push(row),
                Err(error) => done.failed.push(Failed { path: row.path, error }),
            }
        }
        let (gone, head) = self.write(author, |writing| writing.finish(&moved, author))?;
        done.moved = moved.into_iter().map(|row| (row.path, row.put)).collect();
        (done.gone, done.head) = (gone, Some(head));
        Ok(done)
    }

    fn begun(&self, host: &str) -> Result<Vec<Begun>> {
        let failed = failing(&self.path);
        let sql = "SELECT plan, path, put, size, mtime, inode FROM trash WHERE host = ? AND moved IS NULL ORDER BY plan, path";
        let mut read = self.db.prepare(sql).map_err(&failed)?;
        let rows = read.query_map(params![host], |row| {
            let number = |at| row.get::<_, i64>(at).map(|number| u64::try_from(number).unwrap_or_default());
            Ok(Begun {
                plan: row.get(0)?,
                path: row.get(1)?,
                put: row.get(2)?,
                size: number(3)?,
                mtime: row.get(4)?,
                inode: number(5)?,
            })
        });
        rows.map_err(&failed)?.collect::<rusqlite::Result<_>>().map_err(&failed)
    }
}

/// Moves a file, where it has not moved; what is another file by now stays.
fn carry(row: &Begun, disk: &dyn Disk) -> io::Result<()> {
    match disk.stat(&row.path)? {
        Some(stat) if (stat.size, stat.mtime, stat.inode) == (row.size, row.mtime, row.inode) => {
            disk.rename(&row.path, &row.put)
        }
        Some(_) if disk.stat(&row.put)?.is_some() => Ok(()),
        Some(_) => Err(io::Error::other("it is another file by now")),
        None if disk.stat(&row.put)?.is_some() => Ok(()),
        None => Err(io::Error::new(io::ErrorKind::NotFound, "it is gone")),
    }
}

/// What stands against carrying a plan out.
fn refused(plan: &Plan, expected: Option<[u8; 32]>, disk: &dyn Disk) -> Option<Refused> {
    if expected.is_some_and(|expected| expected != plan.digest) {
        return Some(Refused::Differs(plan.digest));
    }
    plan.groups.iter().find_map(|group| {
        let good = || group.backups.iter().filter(|it| it.unfit.is_empty());
        if group.backups.iter().all(|it| !it.goes()) || good().next().is_none() {
            return None;
        }
        let newest = good().find(|it| !it.goes() && !it.files.is_empty());
        match newest {
            None => Some(Refused::NothingHere(group.cluster.clone())),
            Some(it) => unproven(it, disk),
        }
    })
}

/// The first file of a backup that is not what it was.
fn unproven(it: &Planned, disk: &dyn Disk) -> Option<Refused> {
    it.files.iter().find_map(|(path, stored)| {
        let error = match disk.holds(path, stored) {
            Ok(true) => return None,
            Ok(false) => None,
            Err(error) => Some(error),
        };
        Some(Refused::Unproven { backup: it.id.clone(), path: path.clone(), error })
    })
}

impl Writing<'_> {
    /// Writes down what is to move.
    fn intend(&mut self, plan: &Plan, author: &Author) -> Result<()> {
        let failed = failing(self.path);
        let going = || plan.groups.iter().flat_map(|group| &group.backups).filter(|it| it.goes());
        let sql = "INSERT OR REPLACE INTO trash VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)";
        let at = author.at.to_string();
        let (mut files, mut bytes) = (0_u64, 0_u64);
        for file in going().flat_map(|it| &it.moves) {
            let (size, inode) = (clamp(file.stat.size), clamp(file.stat.inode));
            self.tx
                .prepare_cached(sql)
                .and_then(|mut put| {
                    let to = file.to(&plan.digest);
                    put.execute(params![
                        plan.digest,
                        author.host,
                        file.from,
                        to,
                        file.content,
                        size,
                        file.stat.mtime,
                        inode,
                        at
                    ])
                })
                .map_err(&failed)?;
            files += 1;
            bytes = bytes.saturating_add(file.stat.size);
        }
        let backups: Vec<&str> = going().map(|it| it.id.as_str()).collect();
        let body = json!({"plan": wording::hex(&plan.digest), "host": author.host, "backups": backups, "files": files, "bytes": bytes});
        self.say("prune", &body)?;
        // of what lies nowhere any more there is nothing to move
        let nowhere = "DELETE FROM sighting WHERE host = ? AND path = ? AND state IN ('missing', 'moved')";
        let mut paths = Vec::new();
        for file in going().flat_map(|it| &it.left) {
            if self.tx.execute(nowhere, params![author.host, file.path]).map_err(&failed)? > 0 {
                paths.push(file.path.as_str());
            }
        }
        let gone = self.forget(author)?;
        if !paths.is_empty() || !gone.is_empty() {
            self.say(
                "pruned",
                &json!({"plan": wording::hex(&plan.digest), "host": author.host, "paths": paths, "backups": gone}),
            )?;
        }
        Ok(())
    }

    /// Writes down what moved, and says which backups lie nowhere any more.
    fn finish(&mut self, moved: &[Begun], author: &Author) -> Result<Vec<String>> {
        let failed = failing(self.path);
        let at = author.at.to_string();
        for row in moved {
            let sql = "UPDATE trash SET moved = ? WHERE plan = ? AND host = ? AND path = ?";
            self.tx.execute(sql, params![at, row.plan, author.host, row.path]).map_err(&failed)?;
            let sql = "DELETE FROM sighting WHERE host = ? AND path = ?";
            self.tx.execute(sql, params![author.host, row.path]).map_err(&failed)?;
        }
        let gone = self.forget(author)?;
        let paths: Vec<&str> = moved.iter().map(|row| row.path.as_str()).collect();
        if let Some(plan) = moved.first().map(|row| wording::hex(&row.plan)) {
            self.say("pruned", &json!({"plan": plan, "host": author.host, "paths": paths, "backups": gone}))?;
        }
        Ok(gone)
    }

    /// Backups of which no half was seen anywhere are in no list any more.
    fn forget(&mut self, author: &Author) -> Result<Vec<String>> {
        let failed = failing(self.path);
        let sql = "UPDATE backup SET let_go = ? WHERE let_go IS NULL AND NOT EXISTS \
            (SELECT 1 FROM sighting WHERE content IN (backup.snapshot, backup.resources)) RETURNING id";
        let mut forget = self.tx.prepare(sql).map_err(&failed)?;
        let rows = forget.query_map(params![author.at.to_string()], |row| row.get(0)).map_err(&failed)?;
        let mut gone: Vec<String> = rows.collect::<rusqlite::Result<_>>().map_err(&failed)?;
        gone.sort();
        Ok(gone)
    }
}
