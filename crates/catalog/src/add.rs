//! Writing down what was seen and judged.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::backup::{Half, NOTHING_TELLS, State};
use crate::error::{Result, failing};
use crate::record::Record;
use crate::store::Writing;
use crate::witness;

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
    /// What it is.
    pub kind: Kind,
    /// SHA-256 of what is in it, unpacked.
    pub content: [u8; 32],
    /// Bytes of that.
    pub unpacked: u64,
    /// SHA-256 of it as it is stored.
    pub stored: [u8; 32],
    /// What the file system says of it.
    pub stat: Stat,
}

/// What a file is to its backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The snapshot.
    Snapshot,
    /// The tarball of static pod resources, with its keys or without.
    Resources,
    /// An escrow of its keys.
    Escrow,
    /// What was said of the escrow when it was made.
    Manifest,
    /// A custodian's share of what opens the escrow.
    Share,
    /// A signature of the manifest.
    Signature,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Snapshot, Self::Resources, Self::Escrow, Self::Manifest, Self::Share, Self::Signature];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Resources => "resources",
            Self::Escrow => "escrow",
            Self::Manifest => "manifest",
            Self::Share => "share",
            Self::Signature => "signature",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl File {
    /// What the log says of it.
    fn told(&self) -> serde_json::Value {
        json!({"path": self.path, "sha256": witness::beginning(&self.stored)})
    }
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
    /// SHA-256 of the tar as it was before its keys were taken out, where there is a tarball.
    pub resources: Option<[u8; 32]>,
    /// The escrow that was made of it.
    pub escrow: Option<Escrow>,
    /// What was judged of it.
    pub record: Record,
    /// Fingerprints of the keys that its escrow has, by the manifest.
    pub sealed: BTreeSet<String>,
    /// Version of the assay that judged.
    pub assay: String,
    /// Number of its set of findings.
    pub rules: u32,
}

/// An escrow, as its manifest tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escrow {
    /// SHA-256 of the manifest.
    pub manifest: [u8; 32],
    /// SHA-256 of the escrow file.
    pub sealed: [u8; 32],
    /// How many custodians it takes to open it.
    pub needed: u32,
    /// The number of each one's share, and the public recipient; of who opens it alone, 0 and below.
    pub custodians: Vec<(i64, String)>,
}

/// What writing it down came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It was not known.
    New(String),
    /// It was, and was judged again, or lies in another place, too.
    Known(String),
}

impl Added {
    /// What the backup is called.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::New(id) | Self::Known(id) => id,
        }
    }
}

impl Writing<'_> {
    /// Writes down a backup, where it lies, and what was judged of it. `is_there` says whether a file of this host still is
    /// where it was: one that is not, and whose content was seen elsewhere, has moved.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn add(&mut self, host: &Host, seen: &Seen, is_there: &dyn Fn(&str) -> bool) -> Result<Added> {
        let id = id(seen);
        let failed = failing(self.path);
        let (new, moved) = self.put(host, seen, &id, is_there).map_err(&failed)?;
        let row = witness::of_backup(&self.tx, &id).map_err(&failed)?;
        let body = json!({
            "backup": id,
            "host": host.id,
            "files": seen.files.iter().map(File::told).collect::<Vec<_>>(),
            "verdict": seen.record.verdict.name(),
            "needs": seen.record.needs,
            "has": seen.record.has,
            "sealed": seen.sealed,
            "assay": seen.assay,
            "row": row,
        });
        self.say(if new { "added" } else { "judged" }, &body)?;
        for path in moved {
            self.say("found", &json!({"host": host.id, "path": path, "state": State::Moved.name()}))?;
        }
        Ok(if new { Added::New(id) } else { Added::Known(id) })
    }

    /// Whether it was not known, and which files have moved.
    fn put(
        &mut self,
        host: &Host,
        seen: &Seen,
        id: &str,
        is_there: &dyn Fn(&str) -> bool,
    ) -> rusqlite::Result<(bool, Vec<String>)> {
        let (tx, at) = (&self.tx, self.author.at.to_string());
        let sql = "INSERT INTO host VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET label = excluded.label";
        tx.prepare_cached(sql)?.execute(params![host.id, host.label])?;
        let mut moved = Vec::new();
        for file in &seen.files {
            put_file(tx, host, file, &at)?;
            moved.extend(move_others(tx, host, file, is_there)?);
        }
        let new = put_backup(tx, seen, id, &at)?;
        put_judgement(tx, seen, id, &at)?;
        let sql = "INSERT OR IGNORE INTO belonging SELECT ?1, ?2 WHERE NOT EXISTS \
            (SELECT 1 FROM backup WHERE id = ?1 AND (snapshot IS ?2 OR resources IS ?2))";
        let mut belongs = tx.prepare_cached(sql)?;
        for file in &seen.files {
            belongs.execute(params![id, file.content])?;
        }
        if let Some(escrow) = &seen.escrow {
            put_escrow(tx, escrow)?;
        }
        for (kind, role, keys) in [
            (Kind::Snapshot, "needs", &seen.record.needs),
            (Kind::Resources, "has", &seen.record.has),
            (Kind::Escrow, "has", &seen.sealed),
        ] {
            put_keys(tx, content(seen, kind), role, keys)?;
        }
        Ok((new, moved))
    }

    /// Writes down that files are as they were: they were looked at and not read.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn still_there(&mut self, host: &Host, paths: &[String]) -> Result<()> {
        let failed = failing(self.path);
        let at = self.author.at.to_string();
        let sql = "UPDATE sighting SET last_seen = ? WHERE host = ? AND path = ?";
        let mut put = self.tx.prepare_cached(sql).map_err(&failed)?;
        for path in paths {
            put.execute(params![at, host.id, path]).map_err(&failed)?;
        }
        drop(put);
        self.say("seen", &json!({"host": host.id, "files": paths.len()}))
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

/// The content of its file of a kind.
fn content(seen: &Seen, kind: Kind) -> Option<[u8; 32]> {
    seen.files.iter().find(|file| file.kind == kind).map(|file| file.content)
}

/// Whether it was not known.
fn put_backup(tx: &Transaction<'_>, seen: &Seen, id: &str, at: &str) -> rusqlite::Result<bool> {
    let record = &seen.record;
    let taken = record.taken.map_or_else(|| at.to_owned(), |taken| taken.to_string());
    let sql = "INSERT INTO backup (id, cluster, snapshot, resources, taken, taken_by, revision, release, platform, \
        topology, name, size, in_use, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";
    let new = tx.prepare_cached(sql)?.execute(params![
        id,
        record.cluster,
        content(seen, Kind::Snapshot),
        content(seen, Kind::Resources),
        taken,
        record.taken_by.as_deref().unwrap_or(NOTHING_TELLS),
        record.revision,
        record.release,
        record.platform,
        record.topology,
        record.cluster_name,
        record.size.map(clamp),
        record.in_use.map(clamp),
        at,
    ])?;
    Ok(new > 0)
}

fn put_judgement(tx: &Transaction<'_>, seen: &Seen, id: &str, at: &str) -> rusqlite::Result<()> {
    let record = &seen.record;
    let sql = "INSERT INTO judgement (backup, beside, at, assay, rules, verdict, keys, updating, migrating, missing, \
        rehearsed, findings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
        ON CONFLICT (backup, ifnull(beside, x''), at, assay) DO UPDATE SET rules = excluded.rules, \
        verdict = excluded.verdict, keys = excluded.keys, updating = excluded.updating, migrating = excluded.migrating, \
        missing = excluded.missing, rehearsed = excluded.rehearsed, findings = excluded.findings";
    tx.prepare_cached(sql)?.execute(params![
        id,
        content(seen, Kind::Resources),
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
    tx.prepare_cached("UPDATE backup SET let_go = NULL WHERE id = ?")?.execute(params![id])?;
    Ok(())
}

fn put_escrow(tx: &Transaction<'_>, escrow: &Escrow) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO escrow VALUES (?, ?, ?)";
    tx.prepare_cached(sql)?.execute(params![escrow.manifest, escrow.sealed, escrow.needed])?;
    let mut put = tx.prepare_cached("INSERT OR IGNORE INTO custodian VALUES (?, ?, ?)")?;
    for (share, recipient) in &escrow.custodians {
        put.execute(params![escrow.manifest, share, recipient])?;
    }
    Ok(())
}

/// Marks the places on the same host where the content was and the file is not any more.
fn move_others(
    tx: &Transaction<'_>,
    host: &Host,
    file: &File,
    is_there: &dyn Fn(&str) -> bool,
) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT path FROM sighting WHERE host = ? AND content = ? AND path <> ? AND state <> 'moved'";
    let mut read = tx.prepare_cached(sql)?;
    let paths = read.query_map(params![host.id, file.content, file.path], |row| row.get::<_, String>(0))?;
    let gone: Vec<String> =
        paths.filter(|path| !path.as_ref().is_ok_and(|path| is_there(path))).collect::<rusqlite::Result<_>>()?;
    let mut put = tx.prepare_cached("UPDATE sighting SET state = 'moved' WHERE host = ? AND path = ?")?;
    for path in &gone {
        put.execute(params![host.id, path])?;
    }
    Ok(gone)
}

/// A file, and where it was seen. Another one at the same place takes its place; the log remembers.
fn put_file(tx: &Transaction<'_>, host: &Host, file: &File, at: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO content VALUES (?, ?, ?) ON CONFLICT (sha256) DO NOTHING";
    tx.prepare_cached(sql)?.execute(params![file.content, file.kind.name(), clamp(file.unpacked)])?;
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

/// Which keys a content needs or has.
fn put_keys(
    tx: &Transaction<'_>,
    content: Option<[u8; 32]>,
    role: &str,
    keys: &BTreeSet<String>,
) -> rusqlite::Result<()> {
    let mut put = tx.prepare_cached("INSERT OR IGNORE INTO key_use VALUES (?, ?, ?)")?;
    content.into_iter().flat_map(|content| keys.iter().map(move |key| (content, key))).try_for_each(|(content, key)| {
        put.execute(params![content, role, key])?;
        Ok(())
    })
}

/// SQLite's numbers have a sign.
pub(crate) fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Of the cluster and of what is in its files: the same backup has the same one, wherever it lies, however it is packed, and
/// whether its keys lie beside it or in an escrow.
fn id(seen: &Seen) -> String {
    let mut sha = Sha256::new();
    let cluster = seen.record.cluster.as_deref().unwrap_or_default();
    sha.update((cluster.len() as u64).to_be_bytes());
    sha.update(cluster);
    let resources = seen.resources.or_else(|| content(seen, Kind::Resources));
    for content in [content(seen, Kind::Snapshot), resources] {
        sha.update(content.unwrap_or_default());
    }
    wording::hex(sha.finalize().iter().take(6))
}
