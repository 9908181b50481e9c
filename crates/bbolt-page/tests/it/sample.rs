//! Files for tests: written by bbolt-rs, or real, and then damaged by the names of their fields.

use std::fs;

use bbolt_page::{Db, Fault, Pgid, Serial, Walker};
use bbolt_rs::{Bolt, BoltOptions, BucketRwApi, DbRwAPI, TxRwRefApi};

/// A real snapshot of etcd 3.6, freelist not persisted, its trailer cut off.
pub(crate) fn real() -> Vec<u8> {
    let mut bytes = fixtures::named("plain-etcd36").bytes();
    bytes.truncate(bytes.len() - 32);
    bytes
}

/// A database of bbolt-rs with pages of `page_size` bytes: a large bucket, a small (inline) one, an empty one, one
/// with buckets inside, and a value longer than many pages. The freelist is persisted, and not empty.
pub(crate) fn written(page_size: usize) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.db");
    {
        let options = BoltOptions::builder().page_size(page_size).build();
        let mut bolt: Bolt = options.open(&path).unwrap();
        bolt.update(|mut tx| {
            let mut large = tx.create_bucket("large")?;
            for n in 0..3000_u32 {
                large.put(format!("key-{n:06}"), vec![n as u8; 40 + n as usize % 300])?;
            }
            large.put("long", vec![0x5a; 5 * page_size])?;
            tx.create_bucket("small")?.put("one", "value")?;
            tx.create_bucket("empty")?;
            let mut outer = tx.create_bucket("outer")?;
            outer.put("beside", "a value beside a bucket")?;
            let mut inner = outer.create_bucket("inner")?;
            for n in 0..500_u32 {
                inner.put(format!("{n:04}"), vec![1; 64])?;
            }
            Ok(())
        })
        .unwrap();
        bolt.update(|mut tx| {
            let mut large = tx.bucket_mut("large").unwrap();
            (1000..1400_u32).try_for_each(|n| large.delete(format!("key-{n:06}")))
        })
        .unwrap();
    }
    fs::read(path).unwrap()
}

/// All faults of a walk over all leaves.
pub(crate) fn faults(bytes: &[u8]) -> Vec<Fault> {
    let mut walker = Walker::new(Db::open(bytes).expect("a meta is left"));
    for bucket in walker.buckets(&Serial) {
        walker.visit(&bucket, &Serial, |chunk| chunk.for_each(drop), |()| {});
    }
    walker.finish(&Serial).faults.kept().to_vec()
}

/// All keys and values of all buckets that can be read, nested ones not.
pub(crate) fn entries(bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let mut all = Vec::new();
    let mut walker = Walker::new(Db::open(bytes).expect("a meta is left"));
    for bucket in walker.buckets(&Serial) {
        let read = |chunk: &mut bbolt_page::Chunk<'_, '_>| {
            let elements = chunk.flat_map(|(page, _)| page.elements().collect::<Vec<_>>());
            elements.filter(|e| !e.is_bucket()).map(|e| (e.key.to_vec(), e.value.to_vec())).collect::<Vec<_>>()
        };
        walker.visit(&bucket, &Serial, read, |found| {
            all.extend(found.into_iter().map(|(key, value)| (bucket.name().to_vec(), key, value)));
        });
    }
    all
}

/// A file to be damaged by page, element and field.
pub(crate) struct Patient {
    pub(crate) bytes: Vec<u8>,
    pub(crate) page_size: usize,
}

impl Patient {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let page_size = Db::open(&bytes).unwrap().page_size() as usize;
        Self { bytes, page_size }
    }

    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(crate) fn at(&self, page: Pgid) -> usize {
        page.0 as usize * self.page_size
    }

    /// Byte of element `element` of a page.
    pub(crate) fn element(&self, page: Pgid, element: usize) -> usize {
        self.at(page) + 16 + 16 * element
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().unwrap())
    }

    pub(crate) fn header(&self, page: Pgid) -> bbolt_page::PageHeader {
        bbolt_page::PageHeader::read(&self.bytes[self.at(page)..]).unwrap()
    }

    /// Root page of a top-level bucket.
    pub(crate) fn root_of(&self, name: &str) -> Pgid {
        let (at, _) = self.bucket_value(name);
        Pgid(u64::from_le_bytes(self.bytes[at..at + 8].try_into().unwrap()))
    }

    /// Where the value of a top-level bucket lies, and how long it is.
    pub(crate) fn bucket_value(&self, name: &str) -> (usize, usize) {
        let root = Db::open(&self.bytes).unwrap().meta().root;
        for n in 0..self.header(root).count as usize {
            let element = self.element(root, n);
            let [pos, ksize, vsize] = [4, 8, 12].map(|field| self.u32(element + field) as usize);
            if &self.bytes[element + pos..][..ksize] == name.as_bytes() {
                return (element + pos + ksize, vsize);
            }
        }
        panic!("no bucket {name}");
    }

    /// The children of a branch page, in order.
    pub(crate) fn children(&self, branch: Pgid) -> Vec<Pgid> {
        let child = |n| {
            let at = self.element(branch, n) + 8;
            Pgid(u64::from_le_bytes(self.bytes[at..at + 8].try_into().unwrap()))
        };
        (0..self.header(branch).count as usize).map(child).collect()
    }

    /// Makes the checksum of a meta right again after its fields were changed.
    pub(crate) fn seal_meta(&mut self, slot: usize) {
        let at = slot * self.page_size + 16;
        let sum = self.bytes[at..at + 56]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        self.put(at + 56, &sum.to_le_bytes());
    }
}
