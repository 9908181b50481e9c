//! Every byte of the file, once.

use bbolt_page::Walked;
use etcd_snapshot::trailer::TRAILER_LEN;

use super::{Keys, PageBytes};

/// Bytes of a mebibyte, in which the documentation counts what a defragmentation gives back.
const MEBIBYTE: f64 = 1_048_576.0;

/// The bytes of a file by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The last record of each live key.
    pub live: u64,
    /// Records that a later one of their key replaced, and the puts of deleted keys.
    pub history: u64,
    /// Records of deletions.
    pub tombstones: u64,
    /// Elements of bucket `key` that are no records: damage, or the marker of a restore.
    pub other_elements: u64,
    /// etcd's own buckets: members, leases, versions, users, and the names of buckets.
    pub own_state: u64,
    /// Page headers, branches, metas, freelist, and room on pages in use that nothing fills.
    pub page_overhead: u64,
    /// Pages that nothing uses.
    pub free: u64,
    /// The integrity hash at the end of the file.
    pub trailer: u64,
    /// What follows the pages and is no integrity hash: the unused end of a raw copy, or something appended.
    pub tail: u64,
    /// Bytes of the file.
    pub file: u64,
    /// High-water mark times page size: `etcd_mvcc_db_total_size_in_bytes`.
    pub db_size: u64,
}

/// From when on the operator's controller defragments: percent that is free, and bytes of the database.
const OPERATOR_PERCENT: f64 = 45.0;
const OPERATOR_SIZE: u64 = 100 << 20;

/// What could be had back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reclaimable {
    /// `etcd_mvcc_db_total_size_in_bytes`.
    pub db_total_size: u64,
    /// `etcd_mvcc_db_total_size_in_use_in_bytes`.
    pub db_in_use: u64,
    /// What the documentation computes, in MB of 1024 * 1024 bytes: total size less size in use.
    pub defragmentation_mb: f64,
    /// The same in percent of the total size, as the operator's defragmentation controller rounds it.
    pub fragmentation_percent: f64,
    /// Room on pages in use that nothing fills, which a defragmentation gives back in part.
    pub page_overhead: u64,
    /// What a compaction at the last revision takes from the history; a defragmentation then gives it back.
    pub compaction: u64,
}

impl Reclaimable {
    /// Whether the operator's controller would defragment: from 45 % and 100 MiB on.
    #[must_use]
    pub fn is_enough_for_the_operator(&self) -> bool {
        self.fragmentation_percent >= OPERATOR_PERCENT && self.db_total_size >= OPERATOR_SIZE
    }
}

impl Account {
    /// Adds pages of one of etcd's own buckets.
    pub(super) fn add_own(&mut self, bytes: &PageBytes) {
        self.own_state += bytes.elements;
        self.page_overhead += bytes.all.saturating_sub(bytes.elements);
    }

    /// Ends the account with what the walk and the keys add up to; the freelist has so many pages.
    pub(super) fn close(&mut self, walked: &Walked<'_>, freelist: u64, keys: &Keys<'_>) {
        let db = &walked.db;
        let page_size = db.page_size();
        let all = keys.sum();
        (self.live, self.history, self.tombstones) = (all.live, all.history, all.tombstones);
        let list = db.meta().freelist.map_or(0, |id| freelist.min(db.page_limit().saturating_sub(id.0)));
        self.page_overhead += (db.page_limit().min(2) + list) * page_size;
        self.free = walked.pages_free * page_size;
        self.file = u64::try_from(db.bytes().len()).unwrap_or(u64::MAX);
        self.db_size = db.size();
        let behind = self.file.saturating_sub(db.page_limit() * page_size);
        let trailer = db.tail().is_some_and(|tail| tail.len() == TRAILER_LEN);
        (self.trailer, self.tail) = if trailer { (behind, 0) } else { (0, behind) };
    }

    /// What a compaction and a defragmentation would give back.
    #[must_use]
    pub fn reclaimable(&self) -> Reclaimable {
        let in_use = self.db_size.saturating_sub(self.free);
        let hundredths = |part: f64| (part * 100.0).round() / 100.0;
        #[expect(clippy::cast_precision_loss, reason = "figures for people, rounded anyway")]
        let (free, size) = (self.free as f64, self.db_size as f64);
        Reclaimable {
            db_total_size: self.db_size,
            db_in_use: in_use,
            defragmentation_mb: hundredths(free / MEBIBYTE),
            fragmentation_percent: if size > 0.0 { hundredths(free / size * 100.0) } else { 0.0 },
            page_overhead: self.page_overhead,
            compaction: self.history + self.tombstones,
        }
    }

    /// The classes, each with a name, in the order in which they are told. They add up to [`Self::file`].
    #[must_use]
    pub fn classes(&self) -> [(&'static str, u64); 9] {
        [
            ("live", self.live),
            ("history", self.history),
            ("tombstones", self.tombstones),
            ("otherElements", self.other_elements),
            ("ownState", self.own_state),
            ("pageOverhead", self.page_overhead),
            ("free", self.free),
            ("trailer", self.trailer),
            ("tail", self.tail),
        ]
    }
}
