//! Pages, one after the other.

use std::io::{Seek, SeekFrom, Write};

use bbolt_page::Pgid;

use crate::WriteError;
use crate::branches::{Group, Level};
use crate::page::{self, BUCKET, ELEMENT, HEADER, Leaf};

/// Longest key, in bytes, as bbolt has it.
const LONGEST_KEY: usize = 32_768;
/// Longest value, in bytes, as bbolt has it.
const LONGEST_VALUE: usize = (1 << 31) - 2;
/// Largest page, in bytes.
const LARGEST_PAGE: u32 = 16 << 20;
/// Bytes of a key that an error repeats.
const SHOWN: usize = 64;
/// bbolt keeps a bucket of up to a quarter of a page in its parent.
const INLINE_SHARE: usize = 4;

/// What stands for a bucket in the bucket that holds it: the page of its root, or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketValue(Vec<u8>);

impl BucketValue {
    /// The value that a bucket has already, to be kept.
    #[must_use]
    pub fn kept(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// A database that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Root page of the bucket of buckets.
    pub root: Pgid,
    /// First page that there is not; the file has as many pages.
    pub high_water: Pgid,
}

/// Writes a database: buckets in order of their names, then [`Writer::finish`].
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    page_size: u32,
    next: Pgid,
    room: Vec<u8>,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a file; `out` is empty, and better buffered. Its pages are of `page_size` bytes.
    ///
    /// # Errors
    /// [`WriteError::PageSize`], or what the output says.
    pub fn new(out: W, page_size: u32) -> Result<Self, WriteError> {
        Self::behind(out, page_size, Pgid(2))
    }

    /// Puts new pages behind those that `out` has, from page `first` on; the metas are replaced at the end.
    ///
    /// # Errors
    /// [`WriteError::PageSize`], or what the output says.
    pub fn behind(mut out: W, page_size: u32, first: Pgid) -> Result<Self, WriteError> {
        if !page_size.is_power_of_two() || !(1024..=LARGEST_PAGE).contains(&page_size) {
            return Err(WriteError::PageSize { bytes: page_size });
        }
        out.seek(SeekFrom::Start(first.0 * u64::from(page_size)))?;
        Ok(Self { out, page_size, next: first, room: Vec::new() })
    }

    /// Begins a bucket.
    pub fn bucket(&mut self, sequence: u64) -> BucketWriter<'_, W> {
        BucketWriter {
            tree: Tree { writer: self, leaf: Leaf::default(), levels: Vec::new(), last: Vec::new(), flags: 0 },
            sequence,
        }
    }

    /// Writes the bucket of buckets and both metas, the first of transaction `txid`, the other of the one before it.
    ///
    /// # Errors
    /// [`WriteError::Order`] where names do not ascend, or what the output says.
    pub fn finish(
        mut self,
        buckets: impl IntoIterator<Item = (Vec<u8>, BucketValue)>,
        txid: u64,
    ) -> Result<(W, Finished), WriteError> {
        let mut tree =
            Tree { writer: &mut self, leaf: Leaf::default(), levels: Vec::new(), last: Vec::new(), flags: BUCKET };
        for (name, value) in buckets {
            tree.push(&name, &value.0)?;
        }
        let root = tree.finish()?;
        let high_water = self.next;
        for (id, txid) in [(0, txid), (1, txid.saturating_sub(1))] {
            let mut page = page::meta(Pgid(id), self.page_size, root, high_water, txid);
            page.resize(self.size(), 0);
            self.out.seek(SeekFrom::Start(id * u64::from(self.page_size)))?;
            self.out.write_all(&page)?;
        }
        self.out.seek(SeekFrom::Start(high_water.0 * u64::from(self.page_size)))?;
        self.out.flush()?;
        Ok((self.out, Finished { root, high_water }))
    }

    fn size(&self) -> usize {
        self.page_size as usize
    }

    /// Writes a page that is `size` bytes long without its end, over as many pages as it takes.
    fn emit(&mut self, size: usize, fill: impl FnOnce(Pgid, u32, &mut Vec<u8>)) -> Result<Pgid, WriteError> {
        let (id, pages) = (self.next, size.div_ceil(self.size()).max(1));
        // an element has less than 2 GiB, and no page much more
        let overflow = u32::try_from(pages - 1).unwrap_or(u32::MAX);
        self.room.clear();
        fill(id, overflow, &mut self.room);
        self.room.resize(pages * self.size(), 0);
        self.out.write_all(&self.room)?;
        self.next = Pgid(id.0 + u64::from(overflow) + 1);
        Ok(id)
    }

    fn emit_branch(&mut self, group: &Group) -> Result<page::Child, WriteError> {
        let keys: usize = group.children.iter().map(|(key, _)| ELEMENT + key.len()).sum();
        let id = self.emit(HEADER + keys, |id, overflow, out| page::branch(id, &group.children, overflow, out))?;
        Ok((group.children.first().map(|(key, _)| key.clone()).unwrap_or_default(), id))
    }
}

/// Takes the entries of one bucket, in order of their keys.
#[derive(Debug)]
pub struct BucketWriter<'w, W> {
    tree: Tree<'w, W>,
    sequence: u64,
}

impl<W: Write + Seek> BucketWriter<'_, W> {
    /// Adds an entry behind all others.
    ///
    /// # Errors
    /// [`WriteError::Key`], [`WriteError::Value`] and [`WriteError::Order`] for what bbolt does not take; what the output says.
    pub fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), WriteError> {
        self.tree.push(key, value)
    }

    /// Takes a leaf that is there already, whose first key is this; what it holds is not looked at. Before any other entry.
    ///
    /// # Errors
    /// [`WriteError::Order`], or what the output says.
    pub fn adopt(&mut self, first: &[u8], leaf: Pgid) -> Result<(), WriteError> {
        self.tree.comes_next(first)?;
        self.tree.add(0, (first.to_vec(), leaf))
    }

    /// Ends the bucket. A small one is kept whole in its value, as bbolt does.
    ///
    /// # Errors
    /// What the output says.
    pub fn finish(mut self) -> Result<BucketValue, WriteError> {
        let inline = self.tree.levels.is_empty() && self.tree.leaf.size() <= self.tree.writer.size() / INLINE_SHARE;
        let mut value = vec![0; 8];
        value.extend(self.sequence.to_le_bytes());
        if inline {
            self.tree.leaf.drain_to(Pgid(0), 0, 0, &mut value);
        } else {
            let root = self.tree.finish()?;
            value.splice(..8, root.0.to_le_bytes());
        }
        Ok(BucketValue(value))
    }
}

#[derive(Debug)]
struct Tree<'w, W> {
    writer: &'w mut Writer<W>,
    leaf: Leaf,
    /// From the one above the leaves upwards.
    levels: Vec<Level>,
    last: Vec<u8>,
    /// Of every element.
    flags: u32,
}

impl<W: Write + Seek> Tree<'_, W> {
    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), WriteError> {
        if key.is_empty() || key.len() > LONGEST_KEY {
            return Err(WriteError::Key { len: key.len() });
        }
        if value.len() > LONGEST_VALUE {
            return Err(WriteError::Value { len: value.len() });
        }
        self.comes_next(key)?;
        if self.leaf.len() > 0 && !self.leaf.takes(ELEMENT + key.len() + value.len(), self.writer.size()) {
            self.end_leaf()?;
        }
        self.leaf.push(key, value);
        Ok(())
    }

    fn comes_next(&mut self, key: &[u8]) -> Result<(), WriteError> {
        if key <= self.last.as_slice() {
            let shown = |key: &[u8]| key.get(..key.len().min(SHOWN)).unwrap_or_default().to_vec();
            return Err(WriteError::Order { key: shown(key), before: shown(&self.last) });
        }
        self.last.clear();
        self.last.extend_from_slice(key);
        Ok(())
    }

    fn end_leaf(&mut self) -> Result<(), WriteError> {
        let (first, flags, leaf) = (self.leaf.first().to_vec(), self.flags, &mut self.leaf);
        let page = self.writer.emit(leaf.size(), |id, overflow, out| leaf.drain_to(id, flags, overflow, out))?;
        self.add(0, (first, page))
    }

    /// Adds a child to a level; branches that are complete by that go up.
    fn add(&mut self, mut level: usize, mut child: page::Child) -> Result<(), WriteError> {
        loop {
            if self.levels.len() == level {
                self.levels.push(Level::default());
            }
            let Some(branches) = self.levels.get_mut(level) else { return Ok(()) };
            let Some(complete) = branches.push(child, self.writer.page_size as usize) else { return Ok(()) };
            child = self.writer.emit_branch(&complete)?;
            level += 1;
        }
    }

    /// Ends the tree and gives its root.
    fn finish(&mut self) -> Result<Pgid, WriteError> {
        if self.leaf.len() > 0 || self.levels.is_empty() {
            self.end_leaf()?;
        }
        let mut level = 0;
        loop {
            let Some(branches) = self.levels.get_mut(level) else { return Ok(Pgid(0)) };
            let groups = std::mem::take(branches).close();
            let top = level + 1 == self.levels.len();
            if let ([group], true) = (groups.as_slice(), top)
                && let [(_, root)] = group.children.as_slice()
            {
                return Ok(*root);
            }
            for group in groups {
                let child = self.writer.emit_branch(&group)?;
                self.add(level + 1, child)?;
            }
            level += 1;
        }
    }
}
