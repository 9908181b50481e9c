//! Writing down what was seen and judged.

use rusqlite::{OptionalExtension as _, params};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::backup::Half;
use crate::error::{Result, failing};
use crate::record::Record;
use crate::store::Writing;

/// A machine on which backups lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Of the machine: it stays when its name changes.
    pub id: String,
    /// Its name.
    pub label: String,
}

/// A file of a backup, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path, absolute.
    pub path: String,
    /// Which half it is.
    pub half: Half,
    /// SHA-256 of what is in it, unpacked.
    pub content: [u8; 32],
    /// Bytes of that.
    pub unpacked: u64,
    /// SHA-256 of it as it is stored.
    pub stored: [u8; 32],
    /// What the file system says of it.
    pub stat: Stat,
}

/// What the file system says of a file. Where nothing of it changed, its bytes are taken to be those of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Bytes.
    pub size: u64,
    /// When it was written, in nanoseconds since 1970.
    pub mtime: i64,
    /// When anything of it changed.
    pub ctime: i64,
    /// Its number.
    pub inode: u64,
}

/// A backup that was read and judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its files.
    pub files: Vec<File>,
    /// What was judged of it.
    pub record: Record,
    /// Version of the assay that judged.
    pub assay: String,
    /// Number of its set of findings.
    pub rules: u32,
}

/// What writing it down came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It was not known.
    New(String),
    /// It was, and was judged again, or lies in another place, too.
    Known(String),
}

impl Writing<'_> {
    /// Writes down a backup, where it lies, and what was judged of it.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn add(&mut self, host: &Host, seen: &Seen) -> Result<Added> {
        let id = id(seen);
        let failed = failing(self.path);
        let done = self.put(host, seen, &id).map_err(failed)?;
        let paths: Vec<&str> = seen.files.iter().map(|file| file.path.as_str()).collect();
        let verdict = seen.record.verdict.name();
        let body = json!({"backup": id, "host": host.id, "paths": paths, "verdict": verdict, "assay": seen.assay});
        self.say(if done { "added" } else { "judged" }, &body)?;
        Ok(if done { Added::New(id) } else { Added::Known(id) })
    }

    /// Whether it was not known.
    fn put(&mut self, host: &Host, seen: &Seen, id: &str) -> rusqlite::Result<bool> {
        let (tx, at) = (&self.tx, self.author.at.to_string());
        let sql = "INSERT INTO host VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET label = excluded.label";
        tx.prepare_cached(sql)?.execute(params![host.id, host.label])?;
        for file in &seen.files {
            put_file(tx, host, file, &at)?;
        }
        let content = |half| seen.files.iter().find(|file| file.half == half).map(|file| file.content);
        let record = &seen.record;
        let taken = record.taken.unwrap_or(self.author.at).to_string();
        let sql = "INSERT INTO backup (id, cluster, snapshot, resources, taken, taken_by, revision, release, platform, \
            topology, name, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";
        let new = tx.prepare_cached(sql)?.execute(params![
            id,
            record.cluster,
            content(Half::Snapshot),
            content(Half::Resources),
            taken,
            record.taken_by.as_deref().unwrap_or("added"),
            record.revision,
            record.release,
            record.platform,
            record.topology,
            record.cluster_name,
            at,
        ])?;
        let sql = "INSERT INTO judgement (backup, at, assay, rules, verdict, keys, updating, migrating, missing, rehearsed, \
            findings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        tx.prepare_cached(sql)?.execute(params![
            id,
            at,
            seen.assay,
            seen.rules,
            record.verdict.name(),
            record.keys,
            record.updating,
            record.migrating,
            record.missing.map(Half::name),
            record.rehearsed,
            serde_json::to_string(&record.findings).unwrap_or_default(),
        ])?;
        tx.prepare_cached("UPDATE backup SET judgement = ? WHERE id = ?")?
            .execute(params![tx.last_insert_rowid(), id])?;
        if let Some(resources) = content(Half::Resources) {
            let mut put = tx.prepare_cached("INSERT OR IGNORE INTO key_use VALUES (?, 'has', ?)")?;
            for fingerprint in &record.has {
                put.execute(params![resources, fingerprint])?;
            }
        }
        Ok(new > 0)
    }

    /// Writes down why a backup is to stay, or that it need not any more.
    ///
    /// # Errors
    /// Whatever keeps it from being written; `false`: there is no such backup.
    pub fn keep(&mut self, id: &str, reason: Option<&str>) -> Result<bool> {
        let sql = "UPDATE backup SET pinned = ? WHERE id = ?";
        let known = self.tx.execute(sql, params![reason, id]).map_err(failing(self.path))? > 0;
        if known {
            self.say(if reason.is_some() { "kept" } else { "released" }, &json!({"backup": id, "reason": reason}))?;
        }
        Ok(known)
    }
}

/// A file, and where it was seen. Another one at the same place takes its place; the log remembers.
fn put_file(tx: &rusqlite::Transaction<'_>, host: &Host, file: &File, at: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO content VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![file.content, file.half.name(), clamp(file.unpacked)])?;
    let before: Option<Vec<u8>> = tx
        .prepare_cached("SELECT content FROM sighting WHERE host = ? AND path = ?")?
        .query_row(params![host.id, file.path], |row| row.get(0))
        .optional()?;
    if before.is_some_and(|before| before != file.content) {
        tx.prepare_cached("DELETE FROM sighting WHERE host = ? AND path = ?")?.execute(params![host.id, file.path])?;
    }
    let sql = "INSERT INTO sighting VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?9, 'unchanged') \
        ON CONFLICT (host, path) DO UPDATE SET stored = ?4, size = ?5, mtime = ?6, ctime = ?7, inode = ?8, last_seen = ?9, \
        checked = ?9, state = 'unchanged'";
    tx.prepare_cached(sql)?.execute(params![
        host.id,
        file.path,
        file.content,
        file.stored,
        clamp(file.stat.size),
        file.stat.mtime,
        file.stat.ctime,
        clamp(file.stat.inode),
        at,
    ])?;
    Ok(())
}

/// SQLite's numbers have a sign.
pub(crate) fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Of the cluster and of what is in its files: the same backup has the same one, wherever it lies and however it is packed.
fn id(seen: &Seen) -> String {
    let mut sha = Sha256::new();
    let cluster = seen.record.cluster.as_deref().unwrap_or_default();
    sha.update((cluster.len() as u64).to_be_bytes());
    sha.update(cluster);
    for half in [Half::Snapshot, Half::Resources] {
        match seen.files.iter().find(|file| file.half == half) {
            Some(file) => sha.update(file.content),
            None => sha.update([0; 32]),
        }
    }
    sha.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
