//! What was gathered, as a database of its own: what reads any other snapshot reads it, too.

use std::collections::HashMap;
use std::io::{Seek, Write};

use bbolt_page::Db;
use bbolt_write::Writer;
use etcd_snapshot::state::bucket;
use etcd_snapshot::{BucketKey, KeyValue};

use super::report::{Found, LostBucket, LostRange, Report};
use super::take::Taken;
use super::tree::Other;
use super::union::Union;
use super::{Range, Rung};
use crate::RebuildError;

/// The least transaction of which there is one before.
const FIRST_TXID: u64 = 2;

/// What is left of a source.
#[derive(Debug)]
pub struct Salvaged<'a> {
    records: Vec<(Taken<'a>, Rung)>,
    others: Vec<Other<'a>>,
    page_size: u32,
    txid: u64,
    report: Report,
}

impl<'a> Salvaged<'a> {
    pub(super) fn new(db: &Db<'a>, union: Union<'a>, others: Vec<Other<'a>>) -> Result<Self, RebuildError> {
        let (compacted, conflicts) = (union.compacted, union.conflicts);
        let (mut records, lost) = union.finish();
        if records.is_empty() && !lost.is_empty() {
            return Err(RebuildError::Nothing);
        }
        let gathered = u64::try_from(records.len()).unwrap_or(u64::MAX);
        if !lost.is_empty() {
            records = latest(&records, compacted.unwrap_or(0));
        }
        let mut report = Report { gathered, conflicts, lost, ..Report::default() };
        count(&records, compacted, &mut report);
        for other in &others {
            let entries = u64::try_from(other.entries.len()).unwrap_or(u64::MAX);
            report.buckets.extend(other.lost.iter().map(|lost| {
                let (page, why) = (lost.page, lost.why.clone());
                LostBucket { name: other.name.to_vec(), page, why, entries }
            }));
            report.older_buckets.extend(other.replaced.then(|| other.name.to_vec()));
        }
        let meta = db.meta();
        let txid = meta.txid.0.clamp(FIRST_TXID, i64::MAX.unsigned_abs());
        Ok(Self { records, others, page_size: meta.page_size, txid, report })
    }

    /// What was found, and what was not.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Writes it to `out`, which is empty and better buffered: whole in its structure, with no page unused.
    ///
    /// # Errors
    /// [`RebuildError::Write`] for what the output says.
    pub fn write<W: Write + Seek>(&self, out: W) -> Result<W, RebuildError> {
        let mut writer = Writer::new(out, self.page_size)?;
        let mut named = Vec::new();
        let mut records = Some(&self.records);
        for other in &self.others {
            if other.name > bucket::KEY {
                self.key(&mut writer, records.take(), &mut named)?;
            }
            let mut entries = writer.bucket(other.sequence);
            for entry in &other.entries {
                entries.push(entry.key, entry.value)?;
            }
            named.push((other.name.to_vec(), entries.finish()?));
        }
        self.key(&mut writer, records.take(), &mut named)?;
        Ok(writer.finish(named, self.txid)?.0)
    }

    fn key<W: Write + Seek>(
        &self,
        writer: &mut Writer<W>,
        records: Option<&Vec<(Taken<'a>, Rung)>>,
        named: &mut Vec<(Vec<u8>, bbolt_write::BucketValue)>,
    ) -> Result<(), RebuildError> {
        let Some(records) = records else { return Ok(()) };
        let mut entries = writer.bucket(0);
        for (Taken { revision, tombstone, raw, .. }, _) in records {
            entries.push(&BucketKey { revision: *revision, tombstone: *tombstone }.encode(), raw)?;
        }
        named.push((bucket::KEY.to_vec(), entries.finish()?));
        Ok(())
    }
}

/// What a compaction at the last revision leaves: every key as it is, and deletions of that very revision.
fn latest<'a>(records: &[(Taken<'a>, Rung)], compacted: i64) -> Vec<(Taken<'a>, Rung)> {
    let current = records.last().map_or(0, |(taken, _)| taken.revision.main).max(compacted);
    let mut newest: HashMap<&[u8], usize> = HashMap::new();
    for (at, (taken, _)) in records.iter().enumerate() {
        newest.insert(key_of(taken), at);
    }
    let kept = |(at, (taken, _)): &(usize, &(Taken<'a>, Rung))| {
        newest.get(key_of(taken)) == Some(at) && (!taken.tombstone || taken.revision.main == current)
    };
    records.iter().enumerate().filter(kept).map(|(_, taken)| *taken).collect()
}

fn key_of<'a>(taken: &Taken<'a>) -> &'a [u8] {
    KeyValue::decode(taken.raw).unwrap_or_default().key
}

/// Counts the records of the new file by rung, and those that may be outdated.
fn count(records: &[(Taken<'_>, Rung)], compacted: Option<i64>, report: &mut Report) {
    let open = |lost: &&LostRange| !lost.filled && compacted.is_none_or(|compacted| lost.range.to.main > compacted);
    let changed_until = report.lost.iter().filter(open).map(|lost| lost.range.to).max();
    for (taken, rung) in records {
        if let Some(count) = report.records.get_mut(usize::from(rung.number())) {
            *count += 1;
        }
        if *rung >= Rung::OtherMeta {
            let found = Found { revision: taken.revision, rung: *rung, page: taken.page };
            match report.found.len() < Report::LISTED {
                true => report.found.push(found),
                false => report.found_left_out += 1,
            }
        }
        let is_put = !taken.tombstone && !taken.raw.is_empty();
        let is_compacted = compacted.is_none_or(|compacted| taken.revision.main <= compacted);
        report.possibly_stale +=
            u64::from(is_put && changed_until.is_some_and(|to| to == Range::END || taken.revision < to));
        report.possibly_deleted += u64::from(is_put && is_compacted && *rung >= Rung::OtherMeta);
    }
}
