//! Deleting what was moved away long enough ago.

use jiff::{SignedDuration, Timestamp};
use rusqlite::params;
use serde_json::json;

use super::{Failed, TRASH};
use crate::disk::Disk;
use crate::error::{Result, failing};
use crate::log::{Author, Head};
use crate::store::Catalog;

/// What was deleted.
#[derive(Debug, Default)]
pub struct Purged {
    /// Files that are deleted, where they lay last, and how many bytes they had.
    pub deleted: Vec<(String, u64)>,
    /// Files that are not.
    pub failed: Vec<Failed>,
    /// The log's end, where something was written.
    pub head: Option<Head>,
}

/// A file in the trash.
struct Row {
    plan: [u8; 32],
    path: String,
    put: String,
    size: u64,
}

impl Catalog {
    /// What lies in the trash of a host for longer than that: where, and how many bytes.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    pub fn trash(&self, host: &str, older: SignedDuration, now: Timestamp) -> Result<Vec<(String, u64)>> {
        Ok(self.ripe(host, older, now)?.into_iter().map(|row| (row.put, row.size)).collect())
    }

    /// Deletes what lies in the trash of this host for longer than that: it was moved there by a plan, and by nobody else.
    ///
    /// # Errors
    /// Whatever keeps the catalog from being written.
    pub fn purge(&mut self, older: SignedDuration, author: &Author, disk: &dyn Disk) -> Result<Purged> {
        let rows = self.ripe(&author.host, older, author.at)?;
        let mut done = Purged::default();
        if rows.is_empty() {
            return Ok(done);
        }
        let at = author.at.to_string();
        let mark = |row: &Row, column: &str| {
            let sql = format!("UPDATE trash SET {column} = ? WHERE plan = ? AND host = ? AND path = ?");
            (sql, (row.plan, row.path.clone()))
        };
        let bytes = rows.iter().fold(0_u64, |sum, row| sum.saturating_add(row.size));
        self.write(author, |writing| {
            for row in &rows {
                let (sql, (plan, path)) = mark(row, "purging");
                writing.tx.execute(&sql, params![at, plan, author.host, path]).map_err(failing(writing.path))?;
            }
            writing.say("purge", &json!({"host": author.host, "files": rows.len(), "bytes": bytes}))
        })?;
        let mut deleted = Vec::new();
        for row in rows {
            match disk.delete(&row.put) {
                Ok(()) => deleted.push(row),
                Err(error) => done.failed.push(Failed { path: row.put, error }),
            }
        }
        let ((), head) = self.write(author, |writing| {
            for row in &deleted {
                let (sql, (plan, path)) = mark(row, "purged");
                writing.tx.execute(&sql, params![at, plan, author.host, path]).map_err(failing(writing.path))?;
            }
            let paths: Vec<&str> = deleted.iter().map(|row| row.put.as_str()).collect();
            writing.say("purged", &json!({"host": author.host, "paths": paths}))
        })?;
        done.deleted = deleted.into_iter().map(|row| (row.put, row.size)).collect();
        done.head = Some(head);
        Ok(done)
    }

    fn ripe(&self, host: &str, older: SignedDuration, now: Timestamp) -> Result<Vec<Row>> {
        let failed = failing(&self.path);
        let sql = "SELECT plan, path, put, size, moved FROM trash WHERE host = ? AND moved IS NOT NULL AND purged IS NULL \
            ORDER BY plan, path";
        let mut read = self.db.prepare(sql).map_err(&failed)?;
        let mut rows = read.query(params![host]).map_err(&failed)?;
        let mut ripe = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let moved: String = row.get(4).map_err(&failed)?;
            let put: String = row.get(2).map_err(&failed)?;
            let long = moved.parse::<Timestamp>().is_ok_and(|moved| now.duration_since(moved) >= older);
            // whatever a row says, nothing is deleted that does not lie in a trash
            if long && put.split('/').any(|part| part == TRASH) {
                let size: i64 = row.get(3).map_err(&failed)?;
                let (plan, path) = (row.get(0).map_err(&failed)?, row.get(1).map_err(&failed)?);
                ripe.push(Row { plan, path, put, size: u64::try_from(size).unwrap_or_default() });
            }
        }
        Ok(ripe)
    }
}
