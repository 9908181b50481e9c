//! HashKV: the hash by which members compare their data.

use bbolt_page::{BucketRoot, LeafPage, Spread};

use crate::crc::Crc;
use crate::record::Record;
use crate::scan::{RevisionError, Scan, place};
use crate::state::bucket;

/// What `etcdutl hashkv` and `etcdctl endpoint hashkv` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKv {
    /// CRC-32C over the records up to the hash revision, without those that a compaction there would remove.
    pub hash: u32,
    /// Main revision that the hash is for.
    pub hash_revision: i64,
    /// Compaction that the hash takes into account; -1 before the first.
    pub compact_revision: i64,
}

/// Leaves hashed in one piece of work.
const LEAVES_AT_ONCE: usize = 128;

impl Scan<'_> {
    /// Hashes the records up to the revision of the scan's view.
    ///
    /// Where a compaction is pending, the hash is the one after it: a server finishes it when it opens the file.
    ///
    /// # Errors
    /// Where the view's revision is compacted or in the future.
    pub fn hash_kv(&self, spread: &impl Spread) -> Result<HashKv, RevisionError> {
        self.answerable(self.view)?;
        let compact_revision = self.state.compacted().unwrap_or(-1);
        let seed = Crc::of(bucket::KEY);
        let whole = compact_revision < 0 && self.view >= self.current();
        let known = if whole { Some(self.records_crc) } else { self.kept_crc };
        let records = known.unwrap_or_else(|| self.sum_kept(compact_revision, spread));
        Ok(HashKv { hash: seed.then(records).sum, hash_revision: self.view, compact_revision })
    }

    /// The same as after a compaction at `compacted`, or at that of the file where it is later: files that were compacted
    /// at different revisions, and hold the same data, have one hash so.
    ///
    /// # Errors
    /// As [`Self::hash_kv`].
    pub fn hash_kv_compacted(&self, compacted: i64, spread: &impl Spread) -> Result<HashKv, RevisionError> {
        self.answerable(self.view)?;
        let compact_revision = self.state.compacted().unwrap_or(-1).max(compacted);
        // a compaction has removed what etcd's hash leaves out, also where that keeps no record at all
        let records = self.sum(compact_revision, true, spread);
        Ok(HashKv { hash: Crc::of(bucket::KEY).then(records).sum, hash_revision: self.view, compact_revision })
    }

    fn sum_kept(&self, compacted: i64, spread: &impl Spread) -> Crc {
        self.sum(compacted, self.store.keeps_any() || self.bump_marker.is_some(), spread)
    }

    fn sum(&self, compacted: i64, keeps_any: bool, spread: &impl Spread) -> Crc {
        let sum_page = |crc: &mut Crc, page: &LeafPage<'_>| {
            for element in page.elements().filter(|element| !element.is_bucket()) {
                let Ok(record) = Record::decode(&element, place(page, &element)) else { continue };
                if self.counts_in(&record, compacted, keeps_any) {
                    crc.update(element.key);
                    crc.update(element.value);
                }
            }
        };
        let mut sum = Crc::default();
        match self.bucket(bucket::KEY).map(|bucket| &bucket.root) {
            Some(BucketRoot::Inline(page)) => sum_page(&mut sum, page),
            Some(BucketRoot::Tree(tree)) => {
                let leaves = tree.leaves();
                let piece = |at: usize| {
                    let mut crc = Crc::default();
                    let some = leaves.iter().skip(at * LEAVES_AT_ONCE).take(LEAVES_AT_ONCE);
                    some.filter_map(|leaf| self.walked.db.leaf(leaf)).for_each(|page| sum_page(&mut crc, &page));
                    crc
                };
                spread.map_fold(leaves.len().div_ceil(LEAVES_AT_ONCE), piece, |crc| sum = sum.then(crc));
            }
            Some(BucketRoot::Lost) | None => {}
        }
        sum
    }

    /// Whether a record is part of the hash, by the rule of etcd 3.4.34, 3.5.16 and 3.6.
    fn counts_in(&self, record: &Record<'_>, compacted: i64, keeps_any: bool) -> bool {
        let main = record.revision.main;
        if main > self.view {
            return false;
        }
        if main > compacted {
            return true;
        }
        if main == compacted && record.tombstone {
            return false;
        }
        if !keeps_any {
            return true;
        }
        if record.is_bump_marker() {
            return self.bump_marker == Some(record.revision);
        }
        self.store.keeps(record, self.hasher.hash(record.kv.key))
    }
}

#[cfg(test)]
mod tests {
    use bbolt_page::{Db, Serial};
    use proptest::prelude::*;
    use snapshot_builder::{Builder, Put};

    use crate::{Options, scan};

    #[derive(Clone, Debug)]
    enum Operation {
        Put(u8),
        Delete(u8),
        Marker,
        Nameless,
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            8 => (0..4_u8).prop_map(Operation::Put),
            3 => (0..4_u8).prop_map(Operation::Delete),
            1 => Just(Operation::Marker),
            1 => Just(Operation::Nameless),
        ]
    }

    proptest! {
        /// One reading says what a second one would, whatever is compacted, damaged or asked for.
        #[test]
        fn what_is_summed_on_the_way_is_what_another_reading_sums(
            operations in prop::collection::vec((operation(), 0..3_i64), 0..40),
            compacted in prop::option::of(0..60_i64),
            at in prop::option::of(1..60_i64),
            flips in prop::collection::vec((0..1_usize << 16, 1..=255_u8), 0..3),
        ) {
            let mut snapshot = Builder::new();
            let (mut main, mut sub) = (2, 0);
            for (operation, step) in operations {
                (main, sub) = if step == 0 { (main, sub + 1) } else { (main + step, 0) };
                match operation {
                    Operation::Put(key) => {
                        let key = format!("key-{key}");
                        snapshot.put(main, sub, &Put { key: key.as_bytes(), create: main, version: 1, ..Put::default() })
                    }
                    Operation::Delete(key) => snapshot.delete(main, sub, &format!("key-{key}")),
                    Operation::Marker => snapshot.set("key", &snapshot_builder::revision(main, sub), b""),
                    Operation::Nameless => snapshot.set("key", &snapshot_builder::revision(main, sub), b"\x20\x01"),
                };
            }
            if let Some(compacted) = compacted {
                snapshot.compacted(compacted, Some(compacted));
            }
            let mut file = snapshot.build();
            for (at, with) in flips {
                let at = at % file.len();
                file[at] ^= with;
            }
            let Ok(db) = Db::open(&file) else { return Ok(()) };
            let scan = scan(db, Options { at, ..Options::default() }, &Serial);
            if let Some(known) = scan.kept_crc {
                prop_assert_eq!(known, scan.sum_kept(scan.state.compacted().unwrap_or(-1), &Serial));
            }
        }
    }
}
