//! The log: each entry has a hash of what it says and of the entry before.
//!
//! Nobody can put another entry between two, or take one away, without changing every hash behind it. Who can write to the
//! file can write all of it anew: only a [`Head`] that was kept elsewhere shows that. So each command that writes says it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result, failing};

/// Who writes, where and when.
#[derive(Debug, Clone)]
pub struct Author {
    /// The user.
    pub actor: String,
    /// ID of the host.
    pub host: String,
    /// When.
    pub at: Timestamp,
}

/// How long the log is, and the hash of its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the last entry; 0 of an empty log.
    pub seq: i64,
    /// Its hash; zeros of an empty log.
    pub hash: [u8; 32],
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.seq)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "a head of the log looks like this: 1234:ab12..., a number and 64 hexadecimal digits";
        let (seq, hex) = text.split_once(':').ok_or(SHAPE)?;
        let mut hash = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(SHAPE);
        }
        for (to, pair) in hash.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *to = std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or(SHAPE)?;
        }
        Ok(Self { seq: seq.parse().map_err(|_| SHAPE)?, hash })
    }
}

/// The end of the log, where entries are put.
pub(crate) struct Log {
    seq: i64,
    hash: [u8; 32],
}

impl Log {
    pub(crate) fn at_end(db: &Connection) -> rusqlite::Result<Self> {
        let last = db.query_row("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok(Self { seq: row.get(0)?, hash: row.get(1)? })
        });
        Ok(last.optional()?.unwrap_or(Self { seq: 0, hash: [0; 32] }))
    }

    pub(crate) fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    pub(crate) fn append(&mut self, db: &Connection, author: &Author, kind: &str, body: &str) -> rusqlite::Result<()> {
        let seq = self.seq.saturating_add(1);
        let at = author.at.to_string();
        let hash = hash(&self.hash, seq, [&at, &author.actor, &author.host, kind, body]);
        let sql = "INSERT INTO event (seq, prev, hash, at, actor, host, kind, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        db.prepare_cached(sql)?.execute(params![seq, self.hash, hash, at, author.actor, author.host, kind, body])?;
        (self.seq, self.hash) = (seq, hash);
        Ok(())
    }
}

/// Of the entry before, the number, and each text behind its length: no two entries say the same.
fn hash(prev: &[u8; 32], seq: i64, texts: [&str; 5]) -> [u8; 32] {
    let mut sha = Sha256::new();
    sha.update(prev);
    sha.update(seq.to_be_bytes());
    for text in texts {
        sha.update((text.len() as u64).to_be_bytes());
        sha.update(text);
    }
    sha.finalize().into()
}

pub(crate) fn check(db: &Connection, path: &Path) -> Result<Head> {
    let failed = failing(path);
    let damaged = |seq: i64, what: &str| Error::Damaged {
        path: path.to_path_buf(),
        what: format!("entry {seq} of the log {what}"),
    };
    let mut head = Head { seq: 0, hash: [0; 32] };
    let mut read =
        db.prepare("SELECT seq, prev, hash, at, actor, host, kind, body FROM event ORDER BY seq").map_err(&failed)?;
    let mut rows = read.query([]).map_err(&failed)?;
    while let Some(row) = rows.next().map_err(&failed)? {
        let seq: i64 = row.get(0).map_err(&failed)?;
        let (prev, found): ([u8; 32], [u8; 32]) = (row.get(1).map_err(&failed)?, row.get(2).map_err(&failed)?);
        let mut texts = Vec::with_capacity(5);
        for at in 3..8 {
            texts.push(row.get::<_, String>(at).map_err(&failed)?);
        }
        if seq != head.seq + 1 {
            return Err(damaged(head.seq + 1, "is missing"));
        }
        if prev != head.hash {
            return Err(damaged(seq, "does not follow from the one before"));
        }
        let said: Vec<&str> = texts.iter().map(String::as_str).collect();
        let said: [&str; 5] = said.try_into().map_err(|_| damaged(seq, "cannot be read"))?;
        if hash(&prev, seq, said) != found {
            return Err(damaged(seq, "is not what was written"));
        }
        head = Head { seq, hash: found };
    }
    Ok(head)
}

/// Whether the log has an entry with this number and hash, and so was only added to since.
pub(crate) fn has(db: &Connection, head: Head) -> rusqlite::Result<bool> {
    if head.seq == 0 {
        return Ok(head.hash == [0; 32]);
    }
    let sql = "SELECT EXISTS (SELECT 1 FROM event WHERE seq = ? AND hash = ?)";
    db.query_row(sql, params![head.seq, head.hash], |row| row.get(0))
}
