//! What the catalog answers besides its backups: their files, what was judged of them, who can open their escrows, and which
//! files need not be read.

use std::collections::HashMap;

use rusqlite::{Row, params};

use crate::add::{Escrow, Kind, Stat};
use crate::backup::Place;
use crate::error::{Result, failing};
use crate::load::{Beside, Rows, damaged};
use crate::record::Said;
use crate::store::Catalog;

/// A file of a backup, wherever it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: Kind,
    /// SHA-256 of what is in it, unpacked.
    pub content: [u8; 32],
    /// Bytes of that.
    pub size: u64,
    /// Where it was seen.
    pub places: Vec<Place>,
}

/// A judgement of a backup.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// When, RFC 3339.
    pub at: String,
    /// By which version of assay.
    pub assay: String,
    /// `pass`, `warn`, `fail`; but for what it says of keys.
    pub verdict: String,
    /// What it says of keys.
    pub keys: String,
    /// What was found, of severity low and above.
    pub findings: Vec<Said>,
}

impl Catalog {
    /// The IDs that begin so.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub fn ids(&self, beginning: &str) -> Result<Vec<String>> {
        let failed = failing(&self.path);
        let sql = "SELECT id FROM backup WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 10";
        let mut read = self.db.prepare_cached(sql).map_err(&failed)?;
        let rows = read.query_map(params![beginning], |row| row.get(0)).map_err(&failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(&failed)
    }

    /// The clusters whose ID begins so, or that call themselves so.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub fn clusters(&self, named: &str) -> Result<Vec<String>> {
        let failed = failing(&self.path);
        let sql = "SELECT DISTINCT cluster FROM backup WHERE cluster IS NOT NULL \
            AND (substr(cluster, 1, length(?1)) = ?1 OR name = ?1) ORDER BY cluster";
        let mut read = self.db.prepare_cached(sql).map_err(&failed)?;
        let rows = read.query_map(params![named], |row| row.get(0)).map_err(&failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(&failed)
    }

    /// The files of a backup and where each was seen, in the order of their roles.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub fn files(&self, id: &str) -> Result<Vec<Part>> {
        let failed = failing(&self.path);
        let rows = Rows::of(&self.db, &self.path)?;
        let sql = "SELECT c.sha256, c.kind, c.size FROM content c WHERE c.sha256 IN (SELECT snapshot FROM backup WHERE id = ?1 UNION \
            SELECT resources FROM backup WHERE id = ?1 UNION SELECT content FROM belonging WHERE backup = ?1)";
        let mut read = self.db.prepare_cached(sql).map_err(&failed)?;
        let mut read_rows = read.query(params![id]).map_err(&failed)?;
        let mut held = Vec::new();
        while let Some(row) = read_rows.next().map_err(&failed)? {
            let (content, kind): (Vec<u8>, String) = (row.get(0).map_err(&failed)?, row.get(1).map_err(&failed)?);
            let size: i64 = row.get(2).map_err(&failed)?;
            held.push(Part {
                kind: Kind::named(&kind).ok_or_else(|| damaged(&self.path, format!("`{kind}` is no kind of file")))?,
                places: rows.places_of(&content, &Beside::Asked)?.into_owned(),
                size: u64::try_from(size).unwrap_or_default(),
                content: content.try_into().map_err(|_| damaged(&self.path, "a digest is not 32 bytes".to_owned()))?,
            });
        }
        held.sort_by_key(|it| (it.kind, it.content));
        Ok(held)
    }

    /// What was judged of a backup, the newest first.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub fn judgements(&self, id: &str) -> Result<Vec<Judged>> {
        let failed = failing(&self.path);
        let sql = "SELECT at, assay, verdict, keys, findings FROM judgement WHERE backup = ? ORDER BY id DESC";
        let mut read = self.db.prepare_cached(sql).map_err(&failed)?;
        let mut rows = read.query(params![id]).map_err(&failed)?;
        let mut judged = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let text = |at: usize| row.get::<_, String>(at).map_err(&failed);
            let findings = serde_json::from_str(&text(4)?)
                .map_err(|error| damaged(&self.path, format!("the findings of a judgement: {error}")))?;
            judged.push(Judged { at: text(0)?, assay: text(1)?, verdict: text(2)?, keys: text(3)?, findings });
        }
        Ok(judged)
    }

    /// The escrows among the files of a backup, and who can open them.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    pub fn escrows(&self, id: &str) -> Result<Vec<Escrow>> {
        let failed = failing(&self.path);
        let sql = "SELECT e.manifest, e.sealed, e.needed FROM escrow e JOIN belonging p ON p.content = e.manifest \
            WHERE p.backup = ? ORDER BY e.manifest";
        let mut read = self.db.prepare_cached(sql).map_err(&failed)?;
        let rows = read.query_map(params![id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(&failed)?;
        let mut escrows = Vec::new();
        for row in rows {
            let (manifest, sealed, needed): ([u8; 32], [u8; 32], u32) = row.map_err(&failed)?;
            let sql = "SELECT share, recipient FROM custodian WHERE manifest = ? ORDER BY share";
            let mut read = self.db.prepare_cached(sql).map_err(&failed)?;
            let found = read.query_map(params![manifest], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)?;
            let custodians = found.collect::<rusqlite::Result<_>>().map_err(&failed)?;
            escrows.push(Escrow { manifest, sealed, needed, custodians });
        }
        Ok(escrows)
    }

    /// What the file system said of each file of a host when it was last read, where nothing was found amiss since, and a
    /// backup that it belongs to was judged by these rules.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub fn known(&self, host: &str, rules: u32) -> Result<HashMap<String, Stat>> {
        let failed = failing(&self.path);
        let sql = "SELECT path, size, mtime, ctime, inode FROM sighting s WHERE host = ?1 AND state = 'unchanged' \
            AND EXISTS (SELECT 1 FROM judgement j WHERE j.rules >= ?2 AND j.backup IN \
            (SELECT id FROM backup WHERE snapshot = s.content OR resources = s.content UNION \
             SELECT backup FROM belonging WHERE content = s.content))";
        let mut read = self.db.prepare_cached(sql).map_err(&failed)?;
        let number = |row: &Row<'_>, at| row.get::<_, i64>(at).map(|number| u64::try_from(number).unwrap_or_default());
        let rows = read
            .query_map(params![host, rules], |row| {
                let stat =
                    Stat { size: number(row, 1)?, mtime: row.get(2)?, ctime: row.get(3)?, inode: number(row, 4)? };
                Ok((row.get(0)?, stat))
            })
            .map_err(&failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(&failed)
    }
}
