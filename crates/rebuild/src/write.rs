//! The buckets of a source, one after the other, into a new file.

use std::io::{Seek, Write};

use bbolt_page::{Bucket, LeafElement, Pgid};
use bbolt_write::{BucketWriter, Writer};
use etcd_snapshot::state::bucket;
use etcd_snapshot::{BucketKey, Record, Revision};

use crate::plan::Room;
use crate::{Plan, RebuildError};

/// The least transaction of which there is one before.
pub(crate) const FIRST_TXID: u64 = 2;
const SCHEDULED: &[u8] = b"scheduledCompactRev";
const FINISHED: &[u8] = b"finishedCompactRev";

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// The revision that a server will be at: the source's, or the earlier one that was asked for.
    pub revision: i64,
    /// Records of bucket `key` in the source.
    pub records_before: u64,
    /// ... and in the new file.
    pub records: u64,
    /// Alarms that were left out.
    pub alarms_dropped: u64,
    /// Entries of users, roles and authentication that were left out.
    pub auth_dropped: u64,
    /// Leases that were left out.
    pub leases_dropped: u64,
    /// Bytes of a page.
    pub page_size: u32,
    /// Pages, all in use.
    pub pages: u64,
    /// What `etcdutl snapshot status` will say: CRC-32C over names, keys and values of all buckets.
    pub status_hash: u32,
}

/// Writes an entry and sums it.
struct Sink<'w, W> {
    bucket: BucketWriter<'w, W>,
    crc: u32,
    entries: u64,
}

impl<W: Write + Seek> Sink<'_, W> {
    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), RebuildError> {
        self.crc = crc32c::crc32c_append(crc32c::crc32c_append(self.crc, key), value);
        self.entries += 1;
        Ok(self.bucket.push(key, value)?)
    }
}

impl Plan<'_> {
    /// Bytes that the new file will have at most, the integrity hash included.
    #[must_use]
    pub fn at_most(&self) -> u64 {
        let page_size = self.page_size();
        let db = &self.scan.walked.db;
        // a page more per bucket, and a last leaf that is not full
        db.size().max(u64::from(page_size) * 4) + u64::from(page_size) * 4 * (self.scan.buckets.len() as u64 + 1) + 32
    }

    fn page_size(&self) -> u32 {
        self.wanted.page_size.unwrap_or_else(|| self.scan.walked.db.meta().page_size)
    }

    /// Writes pages and metas to `out`, which is empty and better buffered; `progress` gets the bytes of the source that
    /// were gone through.
    ///
    /// # Errors
    /// [`RebuildError::Nested`], and [`RebuildError::Write`] for what the output says.
    pub fn write<W: Write + Seek>(&self, out: W, progress: impl Fn(u64)) -> Result<(W, Rebuilt), RebuildError> {
        let mut writer = Writer::new(out, self.page_size())?;
        let (mut named, mut crc) = (Vec::new(), 0);
        let mut rebuilt = Rebuilt {
            revision: self.wanted.rev.unwrap_or_else(|| self.scan.current()),
            records_before: self.scan.counts.records,
            records: 0,
            alarms_dropped: 0,
            auth_dropped: 0,
            leases_dropped: 0,
            page_size: self.page_size(),
            pages: 0,
            status_hash: 0,
        };
        for source in &self.scan.buckets {
            let name = source.name();
            crc = crc32c::crc32c_append(crc, name);
            let mut sink = Sink { bucket: writer.bucket(source.sequence), crc, entries: 0 };
            if name == bucket::KEY {
                self.records(&mut sink, &progress)?;
                rebuilt.records = sink.entries;
            } else {
                let dropped = self.entries(source, &mut sink)?;
                *match name {
                    bucket::ALARM => &mut rebuilt.alarms_dropped,
                    bucket::LEASE => &mut rebuilt.leases_dropped,
                    _ => &mut rebuilt.auth_dropped,
                } += dropped;
            }
            crc = sink.crc;
            named.push((name.to_vec(), sink.bucket.finish()?));
        }
        let txid = self.scan.walked.db.meta().txid.0.clamp(FIRST_TXID, i64::MAX.unsigned_abs());
        let (out, finished) = writer.finish(named, txid)?;
        let Pgid(pages) = finished.high_water;
        Ok((out, Rebuilt { pages, status_hash: crc, ..rebuilt }))
    }

    fn records<W: Write + Seek>(&self, sink: &mut Sink<'_, W>, progress: impl Fn(u64)) -> Result<(), RebuildError> {
        let (mut value, mut message) = (Room::default(), Room::default());
        for record in self.kept() {
            let key = BucketKey { revision: record.revision, tombstone: record.tombstone };
            sink.push(&key.encode(), self.rewritten(&record, &mut value, &mut message)?)?;
            progress(record.raw.len() as u64);
        }
        Ok(())
    }

    /// Whether a compaction leaves a record: what is newer, and every key as it was, a deletion only of that very revision.
    pub(crate) fn keeps(&self, record: &Record<'_>) -> bool {
        if self.leaves_out(record) {
            return false;
        }
        let Some(at) = self.compact_at else { return true };
        if record.revision.main > at {
            return true;
        }
        if record.is_bump_marker() {
            return self.scan.bump_marker == Some(record.revision);
        }
        self.scan.is_newest(record) && (!record.tombstone || record.revision.main == at)
    }

    /// Copies a bucket, and tells how many entries were left out.
    fn entries<W: Write + Seek>(&self, source: &Bucket<'_>, sink: &mut Sink<'_, W>) -> Result<u64, RebuildError> {
        let name = source.name();
        let auth = [bucket::AUTH, bucket::AUTH_USERS, bucket::AUTH_ROLES].contains(&name);
        if (self.wanted.drop_alarms && name == bucket::ALARM) || (self.wanted.drop_auth && auth) {
            return Ok(self.scan.elements(source).count() as u64);
        }
        let mut marks = Vec::new();
        if let Some(at) = self.compact_at.filter(|_| name == bucket::META) {
            let mark = BucketKey { revision: Revision { main: at, sub: 0 }, tombstone: false }.encode();
            marks = vec![(FINISHED, mark.clone()), (SCHEDULED, mark)];
        }
        let mut marks = marks.into_iter().peekable();
        let leases = if name == bucket::LEASE { self.leases() } else { None };
        let mut dropped = 0;
        for element in self.scan.elements(source) {
            let LeafElement { key, value, .. } = element;
            if element.is_bucket() {
                return Err(RebuildError::Nested { name: name.to_vec() });
            }
            if leases.as_ref().is_some_and(|used| !used.holds(key)) {
                dropped += 1;
                continue;
            }
            while let Some((mark, value)) = marks.next_if(|(mark, _)| *mark < key) {
                sink.push(mark, &value)?;
            }
            match marks.next_if(|(mark, _)| *mark == key) {
                Some((mark, value)) => sink.push(mark, &value)?,
                None => match self.rewritten_entry(name, key, value) {
                    Some(value) => sink.push(key, &value)?,
                    None => sink.push(key, value)?,
                },
            }
        }
        for (mark, value) in marks {
            sink.push(mark, &value)?;
        }
        Ok(dropped)
    }
}
