//! A look at a few blocks of a snapshot that lies far away: both metas, the list of buckets, the way to the newest revision,
//! and whether the length is right.
//!
//! It asks for bytes and is given them, so that whoever looks says where they come from. It can tell that a snapshot is bad. It
//! can never tell that one is good: one changed byte in the middle is not seen.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use bbolt_page::{Bounds, BranchPage, Db, InBucket, LeafPage, PageHeader, PageKind, Pgid};

use crate::trailer::TRAILER_LEN;

/// Bytes that are asked for at a time.
const BLOCK: u64 = 64 << 10;
/// Blocks of one file, at most: the last value of a tree may be megabytes long.
const BLOCKS: usize = 64;
/// Levels of a tree.
const DEPTH: usize = 32;

/// A file, as far as it was looked at.
#[derive(Debug, Clone)]
pub struct Look {
    size: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These bytes of the file are to be given, all of them.
    Wants(Range<u64>),
    /// Nothing was seen; the newest revision, where there is one.
    Plausible(Option<i64>),
    /// It is bad, or at least odd, and why: it is to be read whole.
    Suspect(String),
}

/// Why a look goes no further.
enum Stop {
    Wants(Range<u64>),
    Suspect(String),
}

fn suspect(what: impl Into<String>) -> Stop {
    Stop::Suspect(what.into())
}

impl Look {
    /// Nothing is known yet of a file of `size` bytes.
    #[must_use]
    pub fn new(size: u64) -> Self {
        Self { size, blocks: BTreeMap::new() }
    }

    /// Gives the bytes that were wanted.
    pub fn give(&mut self, wanted: &Range<u64>, bytes: Vec<u8>) {
        self.blocks.insert(wanted.start / BLOCK, bytes);
    }

    /// Looks as far as what was given reaches.
    #[must_use]
    pub fn step(&self) -> Step {
        match self.seen() {
            Ok(revision) => Step::Plausible(revision),
            Err(Stop::Suspect(what)) => Step::Suspect(what),
            Err(Stop::Wants(range)) => Step::Wants(range),
        }
    }

    fn seen(&self) -> Result<Option<i64>, Stop> {
        let size = self.size;
        let head = self.read(0..size.min(2 * BLOCK))?;
        let db = Db::open(&head).map_err(|error| suspect(error.to_string()))?;
        let (end, root) = (db.size(), db.meta().root);
        let tree = Tree { look: self, page: db.page_size(), high: db.meta().high_water };
        if size < end {
            return Err(suspect(format!("cut short: {size} bytes, and its pages alone are {end}")));
        }
        if size == end {
            return Err(suspect("no hash behind its pages: a copy of a running etcd's file, or cut short"));
        }
        if size - end != TRAILER_LEN as u64 {
            return Err(suspect(format!(
                "{} bytes behind its pages, where a hash of {TRAILER_LEN} belongs",
                size - end
            )));
        }
        self.read(end..size)?;
        let value = tree.rightmost(root, Some(b"key"))?.ok_or_else(|| suspect("there is no bucket `key`"))?;
        let bucket = InBucket::read(&value).ok_or_else(|| suspect("the bucket `key` has no root"))?;
        if bucket.root == Pgid(0) {
            return Ok(None); // so small that it lies in its own entry
        }
        let last = tree.rightmost(bucket.root, None)?;
        let main = last.as_deref().and_then(|key| key.first_chunk::<8>()).map(|main| i64::from_be_bytes(*main));
        main.filter(|main| *main > 0).map(Some).ok_or_else(|| suspect("its newest entry is no revision"))
    }

    /// Bytes of the file, by whole blocks.
    fn read(&self, range: Range<u64>) -> Result<Vec<u8>, Stop> {
        let early = || suspect("it ends too early");
        if range.end > self.size {
            return Err(early());
        }
        let (first, last) = (range.start / BLOCK, range.end.div_ceil(BLOCK));
        let mut bytes = Vec::new();
        for block in first..last {
            let Some(there) = self.blocks.get(&block) else {
                if self.blocks.len() >= BLOCKS {
                    return Err(suspect("more is to be read than a quick look reads"));
                }
                return Err(Stop::Wants(block * BLOCK..((block + 1) * BLOCK).min(self.size)));
            };
            bytes.extend_from_slice(there);
        }
        let skip = usize::try_from(range.start - first * BLOCK).unwrap_or(usize::MAX);
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let wanted = bytes.get(skip..).and_then(|bytes| bytes.get(..length));
        wanted.map(<[u8]>::to_vec).ok_or_else(early)
    }
}

/// The pages of a file.
struct Tree<'l> {
    look: &'l Look,
    page: u64,
    high: Pgid,
}

impl Tree<'_> {
    /// Follows the right edge of a tree, or, with a name, the way to it; gives the value of that name, or the last key.
    fn rightmost(&self, root: Pgid, name: Option<&[u8]>) -> Result<Option<Vec<u8>>, Stop> {
        let mut at = root;
        for _ in 0..DEPTH {
            let (header, run) = self.run(at)?;
            match header.kind() {
                Some(PageKind::Branch) => {
                    at = child(&run, &header, name).ok_or_else(|| suspect("a branch without a child"))?;
                }
                Some(PageKind::Leaf) => {
                    let leaf = LeafPage::new(&run, header.count, at, at.0.saturating_mul(self.page));
                    return Ok(match name {
                        Some(name) => {
                            leaf.elements().find(|it| it.key == name && it.is_bucket()).map(|it| it.value.to_vec())
                        }
                        None => {
                            header.count.checked_sub(1).and_then(|last| leaf.element(last)).map(|it| it.key.to_vec())
                        }
                    });
                }
                _ => return Err(suspect(format!("page {} is no page of a tree", at.0))),
            }
        }
        Err(suspect("a tree without an end"))
    }

    /// A page and those that continue it.
    fn run(&self, id: Pgid) -> Result<(PageHeader, Vec<u8>), Stop> {
        let wrong = || suspect(format!("page {} is not in the file", id.0));
        let start = id.0.checked_mul(self.page).filter(|_| id.0 >= 2 && id.0 < self.high.0).ok_or_else(wrong)?;
        let first = self.look.read(start..start + self.page)?;
        let header = PageHeader::read(&first).filter(|header| header.id == id).ok_or_else(wrong)?;
        let pages = u64::from(header.overflow) + 1;
        if id.0 + pages > self.high.0 {
            return Err(wrong());
        }
        Ok((header, self.look.read(start..start + pages * self.page)?))
    }
}

fn child(run: &[u8], header: &PageHeader, name: Option<&[u8]>) -> Option<Pgid> {
    let mut found = None;
    BranchPage::new(run, header).check(
        Bounds::default(),
        |_, _| (),
        |element| {
            if found.is_none() || name.is_none_or(|name| element.key <= name) {
                found = Some(element.child);
            }
            ControlFlow::Continue(())
        },
    );
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_at(bytes: &[u8]) -> Step {
        let mut look = Look::new(bytes.len() as u64);
        loop {
            match look.step() {
                Step::Wants(range) => {
                    let start = usize::try_from(range.start).unwrap();
                    let given = bytes[start..usize::try_from(range.end).unwrap()].to_vec();
                    look.give(&range, given);
                }
                step => return step,
            }
        }
    }

    #[test]
    fn the_newest_revision_is_found_in_snapshots_of_every_release() {
        for backup in fixtures::all() {
            let current = backup.facts()["live_header_revision"].as_i64();
            let Step::Plausible(revision) = look_at(&backup.bytes()) else { continue };
            assert!(revision > Some(1), "{}", backup.folder().display());
            assert!(current.is_none() || current == revision, "{}: {revision:?}", backup.folder().display());
        }
    }

    #[test]
    fn a_length_that_is_wrong_is_told() {
        let whole = fixtures::named("plain-etcd36").bytes();
        for (bytes, what) in [
            (&whole[..whole.len() - 32], "no hash behind its pages"),
            (&whole[..whole.len() - 40], "cut short"),
            (&[&whole[..], b"1"].concat(), "33 bytes behind its pages"),
            (&whole[..100], "too few for a bbolt file"),
            (&[][..], "too few for a bbolt file"),
        ] {
            let Step::Suspect(told) = look_at(bytes) else { panic!("{what}") };
            assert!(told.contains(what), "{told}");
        }
    }

    #[test]
    fn campaign_whatever_stands_in_a_file_a_look_ends() {
        let whole = fixtures::named("plain-etcd36").bytes();
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % below
        };
        let mut plausible = 0;
        for _ in 0..fixtures::rounds(300, 20_000) {
            let mut bytes = whole.clone();
            for _ in 0..=next(8) {
                // heads of pages: where ids, counts and positions are
                let at = next(bytes.len() / 4096) * 4096 + next(64);
                bytes[at] = next(256).to_le_bytes()[0];
            }
            if next(4) == 0 {
                bytes.truncate(next(bytes.len()));
            }
            plausible += usize::from(matches!(look_at(&bytes), Step::Plausible(_)));
        }
        assert!(plausible > 0);
    }
}
