//! Files of backups on one host, and the keys that stand between them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row, params};

use crate::add::{Kind, Stat};
use crate::backup::State;
use crate::error::{Error, Result, failing};

/// A file that was seen on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Where.
    pub path: String,
    /// What it is to its backup.
    pub kind: Kind,
    /// SHA-256 of what is in it, unpacked.
    pub content: [u8; 32],
    /// SHA-256 of it as it is stored.
    pub stored: [u8; 32],
    /// What the file system said of it when it was last read.
    pub stat: Stat,
    /// What was found when it was last looked at.
    pub state: State,
}

/// What backups have on one host, and which keys they need and have.
#[derive(Default)]
pub(crate) struct Holdings {
    /// Files of this host, by backup.
    pub(crate) files: BTreeMap<String, Vec<Held>>,
    /// In which backups a content is.
    pub(crate) shared: BTreeMap<[u8; 32], BTreeSet<String>>,
    /// The keys that a backup's snapshot needs.
    pub(crate) needs: BTreeMap<String, BTreeSet<String>>,
    /// The keys that its tarball and its escrow have, where these are whole.
    pub(crate) has: BTreeMap<String, BTreeSet<String>>,
    /// When a backup was added, as it is written.
    pub(crate) added: BTreeMap<String, String>,
}

const PARTS: &str = "SELECT b.id, p.content FROM backup b JOIN (\
        SELECT id AS backup, snapshot AS content FROM backup UNION SELECT id, resources FROM backup \
        UNION SELECT backup, content FROM belonging\
    ) p ON p.backup = b.id WHERE b.let_go IS NULL AND p.content IS NOT NULL";

impl Holdings {
    pub(crate) fn of(db: &Connection, path: &std::path::Path, host: &str) -> Result<Self> {
        let failed = failing(path);
        let mut all = Self::default();
        let mut parts: Vec<(String, [u8; 32])> = Vec::new();
        let mut read = db.prepare_cached(PARTS).map_err(&failed)?;
        for row in read.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)? {
            parts.push(row.map_err(&failed)?);
        }
        let seen = seen(db, path, host)?;
        let keys = keys(db).map_err(&failed)?;
        let whole = whole(db).map_err(&failed)?;
        for (id, content) in &parts {
            all.shared.entry(*content).or_default().insert(id.clone());
            for (role, key) in keys.get(content).into_iter().flatten() {
                let of = match role.as_str() {
                    "needs" => &mut all.needs,
                    _ if whole.contains(content) => &mut all.has,
                    _ => continue,
                };
                of.entry(id.clone()).or_default().insert(key.clone());
            }
        }
        for (id, content) in parts {
            let files = seen.get(&content).into_iter().flatten().cloned();
            all.files.entry(id).or_default().extend(files);
        }
        all.files
            .values_mut()
            .for_each(|files| files.sort_by(|one, other| (one.kind, &one.path).cmp(&(other.kind, &other.path))));
        let mut read = db.prepare_cached("SELECT id, added FROM backup").map_err(&failed)?;
        for row in read.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)? {
            let (id, added) = row.map_err(&failed)?;
            all.added.insert(id, added);
        }
        Ok(all)
    }

    /// The files of a backup on this host.
    pub(crate) fn files(&self, id: &str) -> &[Held] {
        self.files.get(id).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What was seen on a host, by content.
pub(crate) fn seen(db: &Connection, path: &std::path::Path, host: &str) -> Result<BTreeMap<[u8; 32], Vec<Held>>> {
    let failed = failing(path);
    let sql = "SELECT s.path, c.kind, s.content, s.stored, s.size, s.mtime, s.ctime, s.inode, s.state FROM sighting s \
        JOIN content c ON c.sha256 = s.content WHERE s.host = ? ORDER BY s.path";
    let mut read = db.prepare_cached(sql).map_err(&failed)?;
    let mut rows = read.query(params![host]).map_err(&failed)?;
    let mut seen: BTreeMap<[u8; 32], Vec<Held>> = BTreeMap::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        let (kind, state): (String, String) = (row.get(1).map_err(&failed)?, row.get(8).map_err(&failed)?);
        let damaged = |what| Error::Damaged { path: path.to_path_buf(), what };
        let (Some(kind), Some(state)) = (Kind::named(&kind), State::named(&state)) else {
            return Err(damaged(format!("`{kind}`, `{state}`: no kind and state of a file")));
        };
        let held = held(row, kind, state).map_err(&failed)?;
        seen.entry(held.content).or_default().push(held);
    }
    Ok(seen)
}

fn held(row: &Row<'_>, kind: Kind, state: State) -> rusqlite::Result<Held> {
    let number = |at| row.get::<_, i64>(at).map(|number| u64::try_from(number).unwrap_or_default());
    let stat = Stat { size: number(4)?, mtime: row.get(5)?, ctime: row.get(6)?, inode: number(7)? };
    Ok(Held { path: row.get(0)?, kind, content: row.get(2)?, stored: row.get(3)?, stat, state })
}

/// Contents that are somewhere as they were.
fn whole(db: &Connection) -> rusqlite::Result<BTreeSet<[u8; 32]>> {
    let mut read = db.prepare_cached("SELECT DISTINCT content FROM sighting WHERE state = 'unchanged'")?;
    read.query_map([], |row| row.get(0))?.collect()
}

/// Roles and fingerprints.
type Uses = Vec<(String, String)>;

/// Those of each content.
fn keys(db: &Connection) -> rusqlite::Result<BTreeMap<[u8; 32], Uses>> {
    let mut keys: BTreeMap<[u8; 32], Uses> = BTreeMap::new();
    let mut read = db.prepare_cached("SELECT content, role, fingerprint FROM key_use")?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        keys.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    Ok(keys)
}
