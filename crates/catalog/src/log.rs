//! The log: each entry has a hash of what it says and of the entry before.
//!
//! Nobody can put another entry between two, or take one away, without changing every hash behind it. Who can write to the
//! file can write all of it anew: only a [`Head`] that was kept elsewhere shows that. So each command that writes says it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use document::HexBytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::{Map, Value, json};
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

impl Head {
    /// That of a log in which nothing stands.
    pub const BEGINNING: Self = Self { seq: 0, hash: [0; 32] };
}

/// What a statement of a head says that it is.
const STATEMENT: &str = "assay-log/1";

impl Head {
    /// A file that says it, to be signed and kept elsewhere.
    #[must_use]
    pub fn statement(&self, catalog: &str, assay: &str, at: Timestamp) -> String {
        let body = json!({
            "schema": STATEMENT,
            "tool": format!("assay {assay}"),
            "at": at.to_string(),
            "catalog": catalog,
            "log": self.to_string(),
        });
        format!("{body:#}\n")
    }

    /// Reads such a file.
    ///
    /// # Errors
    /// In words, where it is none.
    pub fn of_statement(bytes: &[u8]) -> Result<Self, &'static str> {
        const NONE: &str = "it is no head of a catalog's log: `assay catalog check --log --write-head FILE` writes one";
        let object: Value = serde_json::from_slice(bytes).map_err(|_| NONE)?;
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        if text("schema") != Some(STATEMENT) {
            return Err(NONE);
        }
        text("log").ok_or(NONE)?.parse()
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, HexBytes(&self.hash))
    }
}

impl FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "a head of the log looks like this: 1234:ab12..., a number and 64 hexadecimal digits";
        let (seq, hex) = text.split_once(':').ok_or(SHAPE)?;
        let hash = bytes_of(hex).and_then(|bytes| bytes.try_into().ok()).ok_or(SHAPE)?;
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

/// An entry of a log, here or in what another catalog wrote out.
pub(crate) struct Entry {
    seq: i64,
    prev: [u8; 32],
    hash: [u8; 32],
    /// Time, user, host, kind, body.
    texts: [String; 5],
}

impl Entry {
    /// All entries, in their order, for [`Entry::of`].
    pub(crate) const ALL: &str = "SELECT seq, prev, hash, at, actor, host, kind, body FROM event ORDER BY seq";
    const TEXTS: [&str; 5] = ["at", "actor", "host", "kind", "body"];

    pub(crate) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let mut texts: [String; 5] = Default::default();
        for (text, at) in texts.iter_mut().zip(3..) {
            *text = row.get(at)?;
        }
        Ok(Self { seq: row.get(0)?, prev: row.get(1)?, hash: row.get(2)?, texts })
    }

    /// As another catalog wrote it out; `None` where it is none.
    pub(crate) fn read(object: &Map<String, Value>) -> Option<Self> {
        let bytes = |name: &str| bytes_of(object.get(name)?.as_str()?)?.try_into().ok();
        let mut texts: [String; 5] = Default::default();
        for (text, name) in texts.iter_mut().zip(Self::TEXTS) {
            object.get(name)?.as_str()?.clone_into(text);
        }
        Some(Self { seq: object.get("seq")?.as_i64()?, prev: bytes("prev")?, hash: bytes("hash")?, texts })
    }

    /// The object that [`Entry::read`] reads.
    pub(crate) fn told(&self) -> Value {
        let mut object = Map::new();
        object.insert("seq".to_owned(), self.seq.into());
        object.insert("prev".to_owned(), HexBytes(&self.prev).to_string().into());
        object.insert("hash".to_owned(), HexBytes(&self.hash).to_string().into());
        for (name, text) in Self::TEXTS.iter().zip(&self.texts) {
            object.insert((*name).to_owned(), text.clone().into());
        }
        Value::Object(object)
    }

    /// Its number.
    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    /// The head of a log that goes on with it from `last`; in words, where it does not.
    pub(crate) fn follow(&self, last: Head) -> Result<Head, &'static str> {
        if Some(self.seq) != last.seq.checked_add(1) {
            return Err("stands where another is missing");
        }
        if self.prev != last.hash {
            return Err("does not follow from the one before");
        }
        let [at, actor, host, kind, body] = &self.texts;
        if hash(&self.prev, self.seq, [at, actor, host, kind, body]) != self.hash {
            return Err("is not what was written");
        }
        Ok(Head { seq: self.seq, hash: self.hash })
    }
}

pub(crate) fn check(db: &Connection, path: &Path) -> Result<Head> {
    let failed = failing(path);
    let mut head = Head::BEGINNING;
    let mut read = db.prepare(Entry::ALL).map_err(&failed)?;
    let mut rows = read.query([]).map_err(&failed)?;
    while let Some(row) = rows.next().map_err(&failed)? {
        let entry = Entry::of(row).map_err(&failed)?;
        head = entry.follow(head).map_err(|what| Error::Damaged {
            path: path.to_path_buf(),
            what: format!("entry {} of the log {what}", entry.seq),
        })?;
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

/// The bytes of 64 hexadecimal digits: there are no others in a catalog.
pub(crate) fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    wording::unhex(hex).filter(|bytes| bytes.len() == 32)
}
