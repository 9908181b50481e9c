//! Writing down what was seen and judged.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension as _, params};
use serde_json::json;
use sha2::{Digest as _, Sha256};

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
    /// What was judged of it.
    pub record: Record,
    /// Fingerprints of the keys that its escrow has, by the manifest.
    pub sealed: BTreeSet<String>,
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
        let row = witness::of_backup(&self.tx, &id).map_err(failing(self.path))?;
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
        let content = |kind| seen.files.iter().find(|file| file.kind == kind).map(|file| file.content);
        let record = &seen.record;
        let taken = record.taken.unwrap_or(self.author.at).to_string();
        let sql = "INSERT INTO backup (id, cluster, snapshot, resources, taken, taken_by, revision, release, platform, \
            topology, name, size, in_use, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING";
        let new = tx.prepare_cached(sql)?.execute(params![
            id,
            record.cluster,
            content(Kind::Snapshot),
            content(Kind::Resources),
            taken,
            record.taken_by.as_deref().unwrap_or("added"),
            record.revision,
            record.release,
            record.platform,
            record.topology,
            record.cluster_name,
            record.size.map(clamp),
            record.in_use.map(clamp),
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
            record.missing.map(crate::backup::Half::name),
            record.rehearsed,
            serde_json::to_string(&record.findings).unwrap_or_default(),
        ])?;
        tx.prepare_cached("UPDATE backup SET judgement = ?, let_go = NULL WHERE id = ?")?
            .execute(params![tx.last_insert_rowid(), id])?;
        let mut belongs = tx.prepare_cached("INSERT OR IGNORE INTO belonging VALUES (?, ?)")?;
        for file in seen.files.iter().filter(|file| !matches!(file.kind, Kind::Snapshot | Kind::Resources)) {
            belongs.execute(params![id, file.content])?;
        }
        for (kind, role, keys) in [
            (Kind::Snapshot, "needs", &record.needs),
            (Kind::Resources, "has", &record.has),
            (Kind::Escrow, "has", &seen.sealed),
        ] {
            put_keys(tx, content(kind), role, keys)?;
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
    tx: &rusqlite::Transaction<'_>,
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

/// Of the cluster and of what is in its files: the same backup has the same one, wherever it lies and however it is packed.
fn id(seen: &Seen) -> String {
    let mut sha = Sha256::new();
    let cluster = seen.record.cluster.as_deref().unwrap_or_default();
    sha.update((cluster.len() as u64).to_be_bytes());
    sha.update(cluster);
    for kind in [Kind::Snapshot, Kind::Resources] {
        match seen.files.iter().find(|file| file.kind == kind) {
            Some(file) => sha.update(file.content),
            None => sha.update([0; 32]),
        }
    }
    sha.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
