//! What `etcdutl snapshot status` says of a file, and the hashes that are its kin.

use bbolt_page::{Bucket, BucketRoot, Db, LeafPage};

use crate::crc::Crc;
use crate::revision::Revision;
use crate::state::{EtcdState, bucket};

/// The numbers of `etcdutl snapshot status`, in the meaning of each etcd version that has one of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// CRC-32C over the names, keys and values of all buckets. Differs between members, and between two saves of an
    /// idle cluster: it covers the raft index.
    pub hash: u32,
    /// Main revision of the last record; 0 without one.
    pub revision: i64,
    /// Entries of all buckets: what etcd up to 3.5 calls totalKey.
    pub total_key: u64,
    /// Live user keys: what etcd from 3.6 on calls totalKey. `None` where the view is not at the end of the file.
    pub total_key_36: Option<u64>,
    /// High-water mark times page size, in bytes. The file is 32 bytes longer, or any length for a raw copy.
    pub total_size: u64,
    /// Storage version; empty before 3.6.
    pub version: String,
    /// What `etcd-dump-db hash` and the Hash call give: comparable between members at the same raft index.
    pub dump: DumpHashes,
    pub(crate) entries: u64,
    crc: Crc,
}

/// The status hash without the entries that differ between members; which those are changed twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DumpHashes {
    /// As etcd 3.4 counts: without the consistent index.
    pub v34: u32,
    /// As etcd 3.5 counts: without consistent index and term.
    pub v35: u32,
    /// As etcd 3.6 counts: without consistent index, term and storage version.
    pub v36: u32,
}

impl Status {
    pub(crate) fn new(total_size: u64) -> Self {
        Self { total_size, ..Self::default() }
    }

    pub(crate) fn add_bucket(&mut self, name: &[u8], entries: Crc) {
        self.crc = self.crc.then(Crc::of(name)).then(entries);
    }

    /// Completes it; `of_key` is how many entries bucket `key` has.
    pub(crate) fn finish(
        &mut self,
        of_key: u64,
        last: Option<Revision>,
        live: Option<u64>,
        state: &EtcdState,
        dump: DumpPass,
    ) {
        self.hash = self.crc.sum;
        self.revision = last.map_or(0, |last| last.main);
        self.total_key = self.entries + of_key;
        self.total_key_36 = live;
        self.version = state.storage_version.clone().unwrap_or_default();
        let [v34, v35, v36] = dump.crcs.map(|crc| crc.sum);
        self.dump = DumpHashes { v34, v35, v36 };
    }
}

/// Entries of bucket `meta` that the three dump hashes leave out.
const SKIPPED: [&[&[u8]]; 3] =
    [&[b"consistent_index"], &[b"consistent_index", b"term"], &[b"consistent_index", b"term", b"storageVersion"]];

/// Sums the dump hashes bucket by bucket.
#[derive(Default)]
pub(crate) struct DumpPass {
    crcs: [Crc; 3],
}

pub(crate) fn dump_hashes() -> DumpPass {
    DumpPass::default()
}

impl DumpPass {
    /// Adds a bucket whose entries have the CRC `entries`; bucket `meta` is read again, without what is left out.
    pub(crate) fn add_bucket(&mut self, db: &Db<'_>, bucket: &Bucket<'_>, entries: Crc) {
        let name = Crc::of(bucket.name());
        let is_meta = bucket.name() == bucket::META;
        for (crc, skipped) in self.crcs.iter_mut().zip(SKIPPED) {
            let entries = if is_meta { entries_without(db, bucket, skipped) } else { entries };
            *crc = crc.then(name).then(entries);
        }
    }
}

fn entries_without(db: &Db<'_>, bucket: &Bucket<'_>, skipped: &[&[u8]]) -> Crc {
    let mut crc = Crc::default();
    let mut add = |page: &LeafPage<'_>| {
        for element in page.elements().filter(|element| !skipped.contains(&element.key)) {
            crc.add_element(&element);
        }
    };
    match &bucket.root {
        BucketRoot::Inline(page) => add(page),
        BucketRoot::Tree(tree) => tree.leaves().iter().filter_map(|leaf| db.leaf(leaf)).for_each(|page| add(&page)),
        BucketRoot::Lost => {}
    }
    crc
}
