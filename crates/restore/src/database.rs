//! The database of a restored member: the snapshot's pages, and behind them what a restore changes.

use std::collections::BTreeMap;
use std::io::{Seek, Write};

use bbolt_page::{Bucket, BucketRoot, Db, Serial, Walker};
use bbolt_write::{BucketValue, WriteError, Writer};
use etcd_snapshot::state::bucket;
use etcd_snapshot::{BucketKey, Revision};

use crate::{Cluster, Release};

/// Raises the revision, so that no client waits for one that the cluster had and lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bump {
    /// By how much: `--bump-revision`.
    pub by: u64,
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Pages that are not whole.
    #[error("{faults} structural faults, the first: {first}")]
    Damaged {
        /// How many.
        faults: u64,
        /// The first of them.
        first: Box<bbolt_page::Fault>,
    },
    /// A bucket that a restore writes to.
    #[error("bucket `{name}` is not there")]
    NoBucket {
        /// Its name.
        name: &'static str,
    },
    /// A revision beyond all revisions.
    #[error("revision {latest} raised by {by} is none that etcd can have")]
    Bump {
        /// The last one there is.
        latest: i64,
        /// `--bump-revision`.
        by: u64,
    },
    /// It is not written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<std::io::Error> for RestoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error.into())
    }
}

/// Writes the database to `out`, which is empty and better buffered; gives the revision that it is raised to.
///
/// The snapshot's pages come first, as they are; `progress` gets their bytes.
///
/// # Errors
/// [`RestoreError`].
pub fn database<W: Write + Seek>(
    db: &Db<'_>,
    cluster: &Cluster,
    release: Release,
    bump: Option<Bump>,
    mut out: W,
    progress: impl Fn(u64),
) -> Result<(W, Option<i64>), RestoreError> {
    let mut walker = Walker::new(db.clone());
    let buckets = walker.buckets(&Serial);
    let root = walker.root().cloned();
    let named: BTreeMap<&[u8], &Bucket<'_>> = buckets.iter().map(|bucket| (bucket.name(), bucket)).collect();
    let walked = walker.finish(&Serial);
    if let Some((faults, first)) = walked.faults.costly() {
        return Err(RestoreError::Damaged { faults, first: Box::new(first.clone()) });
    }
    let needed = |name, bytes: &[u8]| named.get(bytes).copied().ok_or(RestoreError::NoBucket { name });
    let (meta, key) = (needed("meta", bucket::META)?, needed("key", bucket::KEY)?);
    let pages = usize::try_from(db.size()).ok().and_then(|size| db.bytes().get(..size)).unwrap_or_default();
    for piece in pages.chunks(1 << 20) {
        out.write_all(piece)?;
        progress(piece.len() as u64);
    }
    let mut writer = Writer::behind(out, db.meta().page_size, db.meta().high_water)?;
    let mut values: BTreeMap<Vec<u8>, BucketValue> = BTreeMap::new();
    for page in root.iter().flat_map(|root| db.leaves(root)) {
        values.extend(page.elements().map(|entry| (entry.key.to_vec(), BucketValue::kept(entry.value.to_vec()))));
    }
    let mut marks: BTreeMap<Vec<u8>, Vec<u8>> = entries(db, meta);
    marks.insert(b"consistent_index".to_vec(), cluster.count().to_be_bytes().to_vec());
    if release > Release::V34 {
        marks.insert(b"term".to_vec(), 1_u64.to_be_bytes().to_vec());
        let members = cluster.members.iter().map(|member| (member.hex().into_bytes(), member.json().into_bytes()));
        values.insert(bucket::MEMBERS.to_vec(), small(&mut writer, members.collect())?);
        values.insert(bucket::MEMBERS_REMOVED.to_vec(), small(&mut writer, BTreeMap::new())?);
    }
    let raised = bump.map(|bump| raised(db, key, bump)).transpose()?;
    if let Some(main) = raised {
        let mark = BucketKey { revision: Revision { main, sub: 0 }, tombstone: false }.encode();
        values.insert(bucket::KEY.to_vec(), with_last(&mut writer, db, key, &mark)?);
        marks.insert(b"scheduledCompactRev".to_vec(), mark);
    }
    values.insert(bucket::META.to_vec(), small(&mut writer, marks)?);
    let (out, _) = writer.finish(values, db.meta().txid.0.saturating_add(2))?;
    Ok((out, raised))
}

fn entries(db: &Db<'_>, bucket: &Bucket<'_>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let entries = db.leaves(bucket).flat_map(|page| page.elements());
    entries.map(|entry| (entry.key.to_vec(), entry.value.to_vec())).collect()
}

fn small<W: Write + Seek>(
    writer: &mut Writer<W>,
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
) -> Result<BucketValue, RestoreError> {
    let mut bucket = writer.bucket(0);
    entries.iter().try_for_each(|(key, value)| bucket.push(key, value))?;
    Ok(bucket.finish()?)
}

/// The last record's revision, raised. Revisions that only a compaction mark tells of do not count, as in etcdutl.
fn raised(db: &Db<'_>, key: &Bucket<'_>, bump: Bump) -> Result<i64, RestoreError> {
    let last = db.leaves(key).last().and_then(|page| page.elements().last());
    let latest = last.and_then(|entry| BucketKey::decode(entry.key).ok()).map_or(0, |key| key.revision.main);
    let raised = i64::try_from(bump.by).ok().and_then(|by| latest.checked_add(by));
    raised.ok_or(RestoreError::Bump { latest, by: bump.by })
}

/// The bucket with one more entry behind all others: its leaves stay where they are, but for the last.
fn with_last<W: Write + Seek>(
    writer: &mut Writer<W>,
    db: &Db<'_>,
    source: &Bucket<'_>,
    key: &[u8],
) -> Result<BucketValue, RestoreError> {
    let mut bucket = writer.bucket(source.sequence);
    let mut leaves = db.leaves(source).peekable();
    while let Some(leaf) = leaves.next() {
        let stays = leaves.peek().is_some() && !matches!(source.root, BucketRoot::Inline(_));
        match leaf.elements().next() {
            Some(first) if stays => bucket.adopt(first.key, leaf.page())?,
            _ => leaf.elements().try_for_each(|entry| bucket.push(entry.key, entry.value))?,
        }
    }
    bucket.push(key, b"")?;
    Ok(bucket.finish()?)
}
