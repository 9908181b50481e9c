//! A source with records behind those that it has: what was written after it was saved.

use std::io::{Seek, Write};

use bbolt_page::{Db, LeafElement, Spread};
use bbolt_write::Writer;
use etcd_snapshot::state::bucket;
use etcd_snapshot::{BucketKey, KeyValue, Revision};

use crate::RebuildError;
use crate::plan::read;
use crate::write::FIRST_TXID;

/// A record as it will be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    revision: Revision,
    tombstone: bool,
    value: Vec<u8>,
}

impl Added {
    /// A put, or a deletion, of which only the key is stored.
    #[must_use]
    pub fn new(revision: Revision, kv: &KeyValue<'_>, tombstone: bool) -> Self {
        let mut value = Vec::new();
        kv.encode(&mut value);
        Self { revision, tombstone, value }
    }

    /// Bytes that it takes, as good as.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.value.len() as u64 + 64
    }
}

/// Writes a source and the records that go on from it, in their order, to `out`, which is empty and better buffered: pages
/// without a hash behind them.
///
/// # Errors
/// [`RebuildError`] for a source that is damaged; [`RebuildError::Write`] where records do not go on from it.
pub fn extend<W: Write + Seek>(db: Db<'_>, added: &[Added], out: W, spread: &impl Spread) -> Result<W, RebuildError> {
    let scan = read(db, None, spread)?;
    let meta = scan.walked.db.meta();
    let mut writer = Writer::new(out, meta.page_size)?;
    let mut named = Vec::new();
    for source in &scan.buckets {
        let name = source.name();
        let mut entries = writer.bucket(source.sequence);
        for element in scan.elements(source) {
            if element.is_bucket() {
                return Err(RebuildError::Nested { name: name.to_vec() });
            }
            let LeafElement { key, value, .. } = element;
            entries.push(key, value)?;
        }
        for Added { revision, tombstone, value } in added.iter().filter(|_| name == bucket::KEY) {
            entries.push(&BucketKey { revision: *revision, tombstone: *tombstone }.encode(), value)?;
        }
        named.push((name.to_vec(), entries.finish()?));
    }
    let txid = meta.txid.0.clamp(FIRST_TXID, i64::MAX.unsigned_abs());
    Ok(writer.finish(named, txid)?.0)
}
