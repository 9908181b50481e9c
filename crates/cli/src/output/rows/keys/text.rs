//! Lists for people and for `xargs`.

use std::io::Write;

use super::{KeySink, KeysHead};
use crate::exit::Error;
use document::{Hex64, KeyRow, RevisionRow};
use wording::escape;

/// Keys alone.
pub(super) struct Names<'a> {
    out: &'a mut dyn Write,
    end: u8,
    raw: bool,
}

impl<'a> Names<'a> {
    /// A key a line, escaped.
    pub(super) fn lines(out: &'a mut dyn Write) -> Self {
        Self { out, end: b'\n', raw: false }
    }

    /// The bytes of keys, each ended by a NUL, which no path or Kubernetes name holds.
    pub(super) fn raw(out: &'a mut dyn Write) -> Self {
        Self { out, end: 0, raw: true }
    }

    fn write(&mut self, key: &[u8]) -> Result<(), Error> {
        if self.raw {
            self.out.write_all(key)?;
        } else {
            self.out.write_all(escape(key).as_bytes())?;
        }
        Ok(self.out.write_all(&[self.end])?)
    }
}

impl KeySink for Names<'_> {
    fn key(&mut self, row: &KeyRow<'_>) -> Result<(), Error> {
        self.write(row.key.0)
    }

    fn name(&mut self, key: &[u8]) -> Result<(), Error> {
        self.write(key)
    }

    fn revision(&mut self, row: &RevisionRow<'_>) -> Result<(), Error> {
        self.write(row.key.0)
    }

    fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// Fixed columns, the key last: it alone has no width that could be known beforehand.
pub(super) struct Long<'a> {
    out: &'a mut dyn Write,
    width: usize,
}

impl<'a> Long<'a> {
    /// Begins with a line of titles, if a person reads it.
    pub(super) fn begin(out: &'a mut dyn Write, head: &KeysHead) -> Result<Self, Error> {
        let width = head.greatest_revision.to_string().len().max(8);
        if head.titled {
            writeln!(
                out,
                "{:>width$}  {:>7}  {:>9}  {:<20}  {:>16}  KEY",
                "REVISION", "VERSION", "SIZE", "STORED AS", "LEASE"
            )?;
        }
        Ok(Self { out, width })
    }

    fn line(
        &mut self,
        revision: &str,
        version: i64,
        size: u64,
        stored: &str,
        lease: Option<Hex64>,
        key: &[u8],
    ) -> Result<(), Error> {
        let width = self.width;
        let lease = lease.map_or_else(|| "-".to_owned(), |id| id.to_string());
        let key = escape(key);
        Ok(writeln!(self.out, "{revision:>width$}  {version:>7}  {size:>9}  {stored:<20}  {lease:>16}  {key}")?)
    }
}

impl KeySink for Long<'_> {
    fn key(&mut self, row: &KeyRow<'_>) -> Result<(), Error> {
        let stored = match (row.provider, row.key_name) {
            (Some(provider), Some(key_name)) => format!("{}:{}", escape(provider.0), escape(key_name.0)),
            (Some(provider), None) => escape(provider.0).into_owned(),
            _ => row.encoding.unwrap_or("-").to_owned(),
        };
        let revision = row.mod_revision.to_string();
        self.line(&revision, row.version, row.size, &stored, row.lease, row.key.0)
    }

    fn revision(&mut self, row: &RevisionRow<'_>) -> Result<(), Error> {
        let stored = if row.tombstone { "deleted" } else { "-" };
        let revision = format!("{}.{}", row.revision, row.sub);
        self.line(&revision, row.version, row.size, stored, row.lease, row.key.0)
    }

    fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// How many, and nothing else.
pub(super) struct Count<'a> {
    out: &'a mut dyn Write,
    count: u64,
}

impl<'a> Count<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, count: 0 }
    }
}

impl KeySink for Count<'_> {
    fn key(&mut self, _row: &KeyRow<'_>) -> Result<(), Error> {
        self.count += 1;
        Ok(())
    }

    fn name(&mut self, _key: &[u8]) -> Result<(), Error> {
        self.count += 1;
        Ok(())
    }

    fn revision(&mut self, _row: &RevisionRow<'_>) -> Result<(), Error> {
        self.count += 1;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Error> {
        Ok(writeln!(self.out, "{}", self.count)?)
    }
}
