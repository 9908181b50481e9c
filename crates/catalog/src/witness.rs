//! What the log says of what stands in the tables, so that a row that somebody changed is seen.
//!
//! An entry of a backup carries the beginning of a digest of its rows and of each file; what else the tables say of it
//! follows from entries, too. [`Catalog::check_rows`] goes through the log and holds both against each other.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::error::{Result, failing};
use crate::store::Catalog;

/// What an entry's digests are: 128 bits, enough that nobody finds another row with the same.
const BEGINNING: usize = 16;

const ROW: &str = "SELECT b.cluster, b.snapshot, b.resources, b.taken, b.taken_by, b.revision, b.release, b.platform, \
    b.topology, b.name, b.size, b.in_use, b.added, j.at, j.assay, j.rules, j.verdict, j.keys, j.updating, j.migrating, \
    j.missing, j.rehearsed, j.findings, j.backup, j.beside FROM backup b JOIN judgement j ON j.backup = b.id WHERE b.id = ? ORDER BY j.id";

/// The beginning of a digest of a backup's row and of all its judgements.
pub(crate) fn of_backup(db: &Connection, id: &str) -> rusqlite::Result<String> {
    let mut sha = Sha256::new();
    let mut read = db.prepare_cached(ROW)?;
    let mut rows = read.query(params![id])?;
    while let Some(row) = rows.next()? {
        for at in 0..row.as_ref().column_count() {
            let (kind, bytes) = match row.get_ref(at)? {
                ValueRef::Null => (0_u8, Vec::new()),
                ValueRef::Integer(number) => (1, number.to_be_bytes().to_vec()),
                ValueRef::Real(number) => (2, number.to_be_bytes().to_vec()),
                ValueRef::Text(text) => (3, text.to_vec()),
                ValueRef::Blob(blob) => (4, blob.to_vec()),
            };
            sha.update([kind]);
            sha.update((bytes.len() as u64).to_be_bytes());
            sha.update(bytes);
        }
    }
    Ok(beginning(&sha.finalize()))
}

/// The beginning of a digest, as entries have it.
pub(crate) fn beginning(digest: &[u8]) -> String {
    wording::hex(digest.iter().take(BEGINNING))
}

/// What the log came to.
#[derive(Default)]
struct Told {
    /// Of each backup, the digest of its rows.
    rows: BTreeMap<String, String>,
    /// Of each host and path, the digest of the file, and its state.
    files: BTreeMap<(String, String), (String, String)>,
    /// Of each backup, why it is to stay.
    pins: BTreeMap<String, String>,
    /// Backups that were let go.
    gone: BTreeSet<String>,
    /// Of each backup, role and key.
    keys: BTreeSet<(String, String, String)>,
}

impl Told {
    fn hear(&mut self, kind: &str, body: &Value) {
        let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = |name: &str| body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let (backup, host) = (text(body, "backup"), text(body, "host"));
        match kind {
            "added" | "judged" => {
                for file in list("files") {
                    let unchanged = (text(file, "sha256"), "unchanged".to_owned());
                    self.files.insert((host.clone(), text(file, "path")), unchanged);
                }
                for role in ["needs", "has", "sealed"] {
                    for key in list(role).iter().filter_map(Value::as_str) {
                        self.keys.insert((backup.clone(), role.to_owned(), key.to_owned()));
                    }
                }
                self.gone.remove(&backup);
                self.rows.insert(backup, text(body, "row"));
            }
            // files of several hosts, each in the state in which the other catalog had it: host, path, digest, state
            "imported" => {
                for file in list("files") {
                    let text = |at: usize| file.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
                    self.files.insert((text(0), text(1)), (text(2), text(3)));
                }
                for role in ["needs", "has", "sealed"] {
                    for key in list(role).iter().filter_map(Value::as_str) {
                        self.keys.insert((backup.clone(), role.to_owned(), key.to_owned()));
                    }
                }
                self.gone.remove(&backup);
                if let Some(reason) = body.get("pinned").and_then(Value::as_str) {
                    self.pins.insert(backup.clone(), reason.to_owned());
                }
                self.rows.insert(backup, text(body, "row"));
            }
            "kept" => drop(self.pins.insert(backup, text(body, "reason"))),
            "released" => drop(self.pins.remove(&backup)),
            "found" => {
                if let Some((_, state)) = self.files.get_mut(&(host, text(body, "path"))) {
                    *state = text(body, "state");
                }
            }
            "pruned" => {
                for path in list("paths").iter().filter_map(Value::as_str) {
                    self.files.remove(&(host.clone(), path.to_owned()));
                }
                self.gone.extend(list("backups").iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
}

impl Catalog {
    /// Holds the tables against the log: what of them is not what the log says, in words; nothing where all of it is.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub fn check_rows(&self) -> Result<Vec<String>> {
        let failed = failing(&self.path);
        let told = self.told().map_err(&failed)?;
        let mut wrong = Vec::new();
        self.compare_backups(&told, &mut wrong).map_err(&failed)?;
        self.compare_files(&told, &mut wrong).map_err(&failed)?;
        self.compare_keys(&told, &mut wrong).map_err(&failed)?;
        Ok(wrong)
    }

    fn told(&self) -> rusqlite::Result<Told> {
        let mut told = Told::default();
        let mut read = self.db.prepare("SELECT kind, body FROM event ORDER BY seq")?;
        let mut rows = read.query([])?;
        while let Some(row) = rows.next()? {
            let (kind, body): (String, String) = (row.get(0)?, row.get(1)?);
            told.hear(&kind, &serde_json::from_str(&body).unwrap_or_default());
        }
        Ok(told)
    }

    fn compare_backups(&self, told: &Told, wrong: &mut Vec<String>) -> rusqlite::Result<()> {
        let mut left: BTreeSet<&str> = told.rows.keys().map(String::as_str).collect();
        let mut read = self.db.prepare("SELECT id, pinned, let_go IS NOT NULL FROM backup ORDER BY id")?;
        let mut rows = read.query([])?;
        while let Some(row) = rows.next()? {
            let (id, pinned, gone): (String, Option<String>, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            left.remove(id.as_str());
            let is = of_backup(&self.db, &id).ok();
            match told.rows.get(&id) {
                None => wrong.push(format!("backup {id} stands in the catalog, and the log does not know it")),
                Some(row) if is.as_ref() != Some(row) => {
                    wrong.push(format!("what the catalog says of backup {id} is not what was judged of it"));
                }
                Some(_) if told.pins.get(&id) != pinned.as_ref() => {
                    wrong.push(format!("whether backup {id} is to stay is not what the log says"));
                }
                Some(_) if told.gone.contains(&id) != gone => {
                    wrong.push(format!("whether backup {id} was let go is not what the log says"));
                }
                Some(_) => {}
            }
        }
        wrong.extend(left.into_iter().map(|id| format!("backup {id} is missing, and the log says that it was added")));
        Ok(())
    }

    fn compare_files(&self, told: &Told, wrong: &mut Vec<String>) -> rusqlite::Result<()> {
        let mut left: BTreeSet<&(String, String)> = told.files.keys().collect();
        let mut read = self.db.prepare("SELECT host, path, stored, state FROM sighting ORDER BY host, path")?;
        let mut rows = read.query([])?;
        while let Some(row) = rows.next()? {
            let (place, stored, state): (_, [u8; 32], String) = ((row.get(0)?, row.get(1)?), row.get(2)?, row.get(3)?);
            left.remove(&place);
            match told.files.get(&place) {
                None => wrong.push(format!("file `{}` stands in the catalog, and the log does not know it", place.1)),
                Some((digest, _)) if *digest != beginning(&stored) => {
                    wrong.push(format!("the digest of file `{}` is not the one that the log has", place.1));
                }
                Some((_, known)) if *known != state => {
                    wrong.push(format!("file `{}` is said to be {state}, and the log says {known}", place.1));
                }
                Some(_) => {}
            }
        }
        wrong.extend(left.into_iter().map(|(_, path)| format!("file `{path}` is missing from the catalog")));
        Ok(())
    }

    fn compare_keys(&self, told: &Told, wrong: &mut Vec<String>) -> rusqlite::Result<()> {
        // each row has to follow from an entry of a backup that the content is of, and each entry's keys have to be there
        let sql = "SELECT b.id, b.snapshot = k.content, k.role, k.fingerprint, b.resources = k.content FROM key_use k \
            JOIN backup b ON k.content IN (b.snapshot, b.resources) \
            UNION SELECT g.backup, 0, k.role, k.fingerprint, c.kind = 'resources' FROM key_use k \
            JOIN belonging g ON g.content = k.content JOIN content c ON c.sha256 = k.content";
        let (mut there, mut read) = (BTreeSet::new(), self.db.prepare(sql)?);
        let mut rows = read.query([])?;
        while let Some(row) = rows.next()? {
            let (id, role, key): (String, String, String) = (row.get(0)?, row.get(2)?, row.get(3)?);
            let of_tarball = row.get::<_, Option<bool>>(4)? == Some(true);
            let role = if role == "has" && !of_tarball { "sealed".to_owned() } else { role };
            there.insert((id, role, key));
        }
        for (id, role, key) in told.keys.difference(&there) {
            wrong.push(format!("backup {id} had key `{key}` written down as {}", said(role)));
        }
        let known: BTreeSet<(&str, &str)> =
            told.keys.iter().map(|(_, role, key)| (role.as_str(), key.as_str())).collect();
        for (id, role, key) in there.difference(&told.keys) {
            // a content of several backups has what any of them said
            if !known.contains(&(role.as_str(), key.as_str())) {
                wrong.push(format!("the log does not know key `{key}` of backup {id} as {}", said(role)));
            }
        }
        Ok(())
    }
}

/// What a role says of a key.
fn said(role: &str) -> &'static str {
    match role {
        "needs" => "needed",
        "sealed" => "sealed in its escrow",
        _ => "in its tarball",
    }
}
