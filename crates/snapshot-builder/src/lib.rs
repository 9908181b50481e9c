//! Builds etcd snapshots for tests, record by record.
//!
//! bbolt-rs writes the pages; the metas are then made what etcd on Linux streams: no persisted freelist, both from one
//! transaction, the SHA-256 behind. What a test wants wrong, it says by bucket, key and value.
//!
//! For tests only: it panics where a library would give an error, and its encoder knows nothing of assay's decoder.
#![allow(clippy::disallowed_methods, reason = "not shipped: it reads files of the repository and of tests")]
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "used by tests alone, which fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use bbolt_rs::{Bolt, BoltOptions, BucketRwApi, DbRwAPI, TxRwRefApi};
use sha2::{Digest, Sha256};

/// Buckets that every etcd creates.
const BUCKETS: [&str; 10] =
    ["alarm", "auth", "authRoles", "authUsers", "cluster", "key", "lease", "members", "members_removed", "meta"];
/// Id of the one member of a new builder.
pub const MEMBER: u64 = 0x8e9e_05c5_2164_694d;

/// A snapshot to be.
#[derive(Clone, Debug)]
pub struct Builder {
    buckets: BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>,
    /// Empty buckets inside of buckets.
    inner: BTreeMap<String, BTreeSet<Vec<u8>>>,
    page_size: usize,
    free_list: Option<FreeList>,
}

/// A free list that is kept in the file, on a page behind all others. etcd on Linux keeps none, and trusts one that is
/// there.
#[derive(Clone, Debug, Default)]
pub struct FreeList {
    /// What the metas point to; `None` for the page behind all others.
    pub at: Option<u64>,
    /// Flags of the page; 0x10 are right.
    pub flags: u16,
    /// How many ids it says that it holds.
    pub count: u16,
    /// The ids.
    pub ids: Vec<u64>,
}

impl FreeList {
    /// A list as bbolt writes it.
    #[must_use]
    pub fn of(ids: Vec<u64>) -> Self {
        Self { at: None, flags: 0x10, count: u16::try_from(ids.len()).unwrap(), ids }
    }

    fn page(&self, id: u64, page_size: usize) -> Vec<u8> {
        let mut page = [&id.to_le_bytes()[..], &self.flags.to_le_bytes(), &self.count.to_le_bytes(), &[0; 4]].concat();
        self.ids.iter().for_each(|id| page.extend(id.to_le_bytes()));
        assert!(page.len() <= page_size, "a list of one page");
        page.resize(page_size, 0);
        page
    }
}

/// The fields of a put.
#[derive(Clone, Copy, Debug, Default)]
pub struct Put<'a> {
    /// The user's key.
    pub key: &'a [u8],
    /// Its value.
    pub value: &'a [u8],
    /// Main revision of its creation.
    pub create: i64,
    /// Main revision of this change, as the record says.
    pub modified: i64,
    /// Changes since creation.
    pub version: i64,
    /// Lease, 0 for none.
    pub lease: i64,
}

impl Put<'_> {
    /// The KeyValue, its fields as given.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        let numbers = [field(2, self.create), field(3, self.modified), field(4, self.version)].concat();
        [bytes(1, self.key), numbers, bytes(5, self.value), field(6, self.lease)].concat()
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// A sound snapshot of an etcd 3.5 with one member and no keys.
    #[must_use]
    pub fn new() -> Self {
        let buckets = BUCKETS.iter().map(|name| ((*name).to_owned(), BTreeMap::new())).collect();
        let mut new = Self { buckets, inner: BTreeMap::new(), page_size: 4096, free_list: None };
        new.set("meta", b"consistent_index", &1_000_000_u64.to_be_bytes())
            .set("meta", b"term", &2_u64.to_be_bytes())
            .set("cluster", b"clusterVersion", b"3.5.0")
            .set("auth", b"authRevision", &1_u64.to_be_bytes())
            .member(MEMBER, "default", false)
            .conf_state(&[MEMBER], &[]);
        new
    }

    /// One with these entries by bucket and nothing else.
    #[must_use]
    pub fn of(buckets: BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>) -> Self {
        Self { buckets, inner: BTreeMap::new(), page_size: 4096, free_list: None }
    }

    /// Its entries by bucket.
    #[must_use]
    pub fn buckets(&self) -> &BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>> {
        &self.buckets
    }

    /// Puts an empty bucket where an entry is, or none.
    pub fn bucket_at(&mut self, bucket: &str, key: &[u8]) -> &mut Self {
        self.buckets.entry(bucket.to_owned()).or_default().remove(key);
        self.inner.entry(bucket.to_owned()).or_default().insert(key.to_vec());
        self
    }

    /// Sets the page size in bytes.
    pub fn page_size(&mut self, bytes: usize) -> &mut Self {
        self.page_size = bytes;
        self
    }

    /// Keeps a free list in the file.
    pub fn free_list(&mut self, list: FreeList) -> &mut Self {
        self.free_list = Some(list);
        self
    }

    /// Sets an entry; the bucket is created if need be.
    pub fn set(&mut self, bucket: &str, key: &[u8], value: &[u8]) -> &mut Self {
        self.buckets.entry(bucket.to_owned()).or_default().insert(key.to_vec(), value.to_vec());
        self
    }

    /// Removes an entry.
    pub fn unset(&mut self, bucket: &str, key: &[u8]) -> &mut Self {
        self.buckets.get_mut(bucket).unwrap().remove(key).expect("an entry to remove");
        self
    }

    /// Removes a whole bucket.
    pub fn drop_bucket(&mut self, bucket: &str) -> &mut Self {
        self.buckets.remove(bucket).expect("a bucket to remove");
        self
    }

    /// Lists a member.
    pub fn member(&mut self, id: u64, name: &str, learner: bool) -> &mut Self {
        let learner = if learner { r#","isLearner":true"# } else { "" };
        let json = format!(r#"{{"id":{id},"peerURLs":["http://127.0.0.1:2380"]{learner},"name":"{name}"}}"#);
        self.set("members", format!("{id:x}").as_bytes(), json.as_bytes())
    }

    /// Sets who votes.
    pub fn conf_state(&mut self, voters: &[u64], learners: &[u64]) -> &mut Self {
        let list = |ids: &[u64]| ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        let json = format!(r#"{{"voters":[{}],"learners":[{}],"auto_leave":false}}"#, list(voters), list(learners));
        self.set("meta", b"confState", json.as_bytes())
    }

    /// Sets the marks of a compaction.
    pub fn compacted(&mut self, scheduled: i64, finished: Option<i64>) -> &mut Self {
        self.set("meta", b"scheduledCompactRev", &revision(scheduled, 0));
        if let Some(finished) = finished {
            self.set("meta", b"finishedCompactRev", &revision(finished, 0));
        }
        self
    }

    /// Grants a lease.
    pub fn lease(&mut self, id: i64, ttl: i64) -> &mut Self {
        let message = [field(1, id), field(2, ttl)].concat();
        self.set("lease", &id.to_be_bytes(), &message)
    }

    /// Stores a put at a revision, its fields as given.
    pub fn put(&mut self, main: i64, sub: i64, put: &Put<'_>) -> &mut Self {
        self.set("key", &revision(main, sub), &put.message())
    }

    /// Stores the first put of a key.
    pub fn create(&mut self, main: i64, key: &str) -> &mut Self {
        self.change(main, key, main, 1)
    }

    /// Stores a put of a key that was created at `create`.
    pub fn change(&mut self, main: i64, key: &str, create: i64, version: i64) -> &mut Self {
        let value = format!("value of {key} at {main}");
        let (key, value) = (key.as_bytes(), value.as_bytes());
        self.put(main, 0, &Put { key, value, create, modified: main, version, lease: 0 })
    }

    /// Stores a tombstone.
    pub fn delete(&mut self, main: i64, sub: i64, key: &str) -> &mut Self {
        let at = [revision(main, sub), b"t".to_vec()].concat();
        self.set("key", &at, &bytes(1, key.as_bytes()))
    }

    /// The file: pages and SHA-256.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut file = self.pages();
        let digest = Sha256::digest(&file);
        file.extend_from_slice(&digest);
        file
    }

    /// The pages alone.
    #[must_use]
    pub fn pages(&self) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("built.db");
        {
            let mut bolt: Bolt = BoltOptions::builder().page_size(self.page_size).build().open(&path).unwrap();
            bolt.update(|mut tx| {
                for (name, entries) in &self.buckets {
                    let mut bucket = tx.create_bucket(name)?;
                    entries.iter().try_for_each(|(key, value)| bucket.put(key, value))?;
                    for key in self.inner.get(name).into_iter().flatten() {
                        bucket.create_bucket(key)?;
                    }
                }
                Ok(())
            })
            .unwrap();
        }
        as_streamed(std::fs::read(path).unwrap(), self.page_size, self.free_list.as_ref())
    }
}

/// 17 bytes: main, `_`, sub.
#[must_use]
pub fn revision(main: i64, sub: i64) -> Vec<u8> {
    [&main.to_be_bytes()[..], b"_", &sub.to_be_bytes()].concat()
}

/// Rewrites the metas as `Tx.WriteTo` does, without a free list or with this one, and cuts the file to its pages.
fn as_streamed(mut file: Vec<u8>, page_size: usize, list: Option<&FreeList>) -> Vec<u8> {
    let word = |file: &[u8], at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
    let metas = [16, page_size + 16];
    let winner = metas.into_iter().max_by_key(|at| word(&file, at + 48)).unwrap();
    let mut meta = file[winner..winner + 64].to_vec();
    let (mut high_water, txid) = (word(&meta, 40), word(&meta, 48));
    file.truncate(usize::try_from(high_water).unwrap() * page_size);
    let mut at = u64::MAX;
    if let Some(list) = list {
        file.extend(list.page(high_water, page_size));
        at = list.at.unwrap_or(high_water);
        high_water += 1;
    }
    meta[32..40].copy_from_slice(&at.to_le_bytes());
    meta[40..48].copy_from_slice(&high_water.to_le_bytes());
    for (at, txid) in metas.into_iter().zip([txid, txid - 1]) {
        meta[48..56].copy_from_slice(&txid.to_le_bytes());
        put_meta(&mut file[at..], &mut meta);
    }
    file
}

/// Writes a meta with its sum.
fn put_meta(place: &mut [u8], meta: &mut [u8]) {
    let sum = meta[..56]
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    meta[56..64].copy_from_slice(&sum.to_le_bytes());
    place[..64].copy_from_slice(meta);
}

/// Pages of 4096 bytes as a copy of a live file has them, one transaction later: `pages` lie behind all others once more, as
/// the newer meta's, each leading to the next. The first is the root.
#[must_use]
pub fn as_copied_live(mut file: Vec<u8>, pages: &[u64]) -> Vec<u8> {
    let page_size = 4096;
    let high_water = (file.len() / page_size) as u64;
    for (at, page) in pages.iter().enumerate() {
        let from = usize::try_from(*page).unwrap() * page_size;
        let mut copy = file[from..from + page_size].to_vec();
        copy[..8].copy_from_slice(&(high_water + at as u64).to_le_bytes());
        if let Some(child) = pages.get(at + 1) {
            let place = copy.windows(8).position(|word| word == child.to_le_bytes()).unwrap();
            copy[place..place + 8].copy_from_slice(&(high_water + at as u64 + 1).to_le_bytes());
        }
        file.extend(copy);
    }
    let mut meta = file[16..80].to_vec();
    let root = meta[16..24].to_vec();
    let above = (file.len() / page_size) as u64;
    for (slot, root, txid) in [(0, root, 6_u64), (1, high_water.to_le_bytes().to_vec(), 7)] {
        meta[16..24].copy_from_slice(&root);
        meta[40..48].copy_from_slice(&above.to_le_bytes());
        meta[48..56].copy_from_slice(&txid.to_le_bytes());
        put_meta(&mut file[slot * page_size + 16..], &mut meta);
    }
    file
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
    out
}

fn field(number: u64, value: i64) -> Vec<u8> {
    if value == 0 { Vec::new() } else { [varint(number << 3), varint(value.cast_unsigned())].concat() }
}

fn bytes(number: u64, value: &[u8]) -> Vec<u8> {
    if value.is_empty() {
        return Vec::new();
    }
    [varint(number << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}
