//! A quick look: both metas, the list of buckets, the way to the newest revision, and whether the length is right. A few
//! blocks of the file, so that much can be looked at for little.
//!
//! It can say that a backup is bad. It can never say that it is good: one changed byte in the middle is not seen.

use std::collections::BTreeMap;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bbolt_page::{Bounds, BranchPage, Db, InBucket, LeafPage, PageHeader, PageKind, Pgid};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore};

use crate::item::File;
use crate::store::{self, Fault, has_no_ranges};

/// Bytes that are asked for at a time.
const BLOCK: u64 = 64 << 10;
/// Blocks of one file, at most: the last value of a tree may be megabytes long.
const BLOCKS: usize = 64;
/// Levels of a tree.
const DEPTH: usize = 32;
/// Bytes of the hash behind the pages.
const TRAILER: u64 = 32;

/// What a look came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing seen; the newest revision, where there is one.
    Plausible(Option<i64>),
    /// It is bad, or at least odd: it is to be judged whole.
    Suspect(String),
}

/// Where bytes come from.
pub(super) enum Bytes {
    /// A file.
    File(std::fs::File),
    /// An object, as it was planned.
    Object(Arc<dyn ObjectStore>, Key),
}

/// A file in blocks, each asked for once.
struct Blocks<'f> {
    bytes: Bytes,
    file: &'f File,
    there: BTreeMap<u64, Vec<u8>>,
}

/// Why a look ended early.
enum Stop {
    Suspect(String),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn suspect(what: impl Into<String>) -> Stop {
    Stop::Suspect(what.into())
}

/// Looks at a snapshot.
///
/// # Errors
/// What keeps it from being read: nothing is known of it then.
pub(super) async fn look(bytes: Bytes, file: &File) -> Result<Look, Fault> {
    let mut blocks = Blocks { bytes, file, there: BTreeMap::new() };
    match seen(&mut blocks).await {
        Ok(revision) => Ok(Look::Plausible(revision)),
        Err(Stop::Suspect(what)) => Ok(Look::Suspect(what)),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

async fn seen(blocks: &mut Blocks<'_>) -> Result<Option<i64>, Stop> {
    let size = blocks.file.size;
    let head = blocks.read(0..size.min(2 * BLOCK)).await?;
    let db = Db::open(&head).map_err(|error| suspect(error.to_string()))?;
    let (page, end, root, high) = (db.page_size(), db.size(), db.meta().root, db.meta().high_water);
    if size < end {
        return Err(suspect(format!("cut short: {size} bytes, and its pages alone are {end}")));
    }
    if size == end {
        return Err(suspect("no hash behind its pages: a copy of a running etcd's file, or cut short"));
    }
    if size != end + TRAILER {
        return Err(suspect(format!("{} bytes behind its pages, where a hash of {TRAILER} belongs", size - end)));
    }
    blocks.read(end..size).await?;
    let tree = Tree { page, high };
    let names = tree.rightmost(blocks, root, Some(b"key")).await?;
    let Some(value) = names else { return Err(suspect("there is no bucket `key`")) };
    let Some(bucket) = InBucket::read(&value) else { return Err(suspect("the bucket `key` has no root")) };
    if bucket.root == Pgid(0) {
        return Ok(None); // so small that it lies in its own entry
    }
    let last = tree.rightmost(blocks, bucket.root, None).await?;
    let main = last.as_deref().and_then(|key| key.first_chunk::<8>()).map(|main| i64::from_be_bytes(*main));
    match main {
        Some(main) if main > 0 => Ok(Some(main)),
        _ => Err(suspect("its newest entry is no revision")),
    }
}

/// The pages of a file.
struct Tree {
    page: u64,
    high: Pgid,
}

impl Tree {
    /// Follows the right edge of a tree, or, with a name, the way to it; gives the value of that name, or the last key.
    async fn rightmost(
        &self,
        blocks: &mut Blocks<'_>,
        root: Pgid,
        name: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, Stop> {
        let mut at = root;
        for _ in 0..DEPTH {
            let (header, run) = self.run(blocks, at).await?;
            match header.kind() {
                Some(PageKind::Branch) => {
                    at = child(&run, &header, name).ok_or_else(|| suspect("a branch without a child"))?
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
    async fn run(&self, blocks: &mut Blocks<'_>, id: Pgid) -> Result<(PageHeader, Vec<u8>), Stop> {
        let wrong = || suspect(format!("page {} is not in the file", id.0));
        let start = id.0.checked_mul(self.page).filter(|_| id.0 >= 2 && id.0 < self.high.0).ok_or_else(wrong)?;
        let first = blocks.read(start..start + self.page).await?;
        let header = PageHeader::read(&first).filter(|header| header.id == id).ok_or_else(wrong)?;
        let pages = u64::from(header.overflow) + 1;
        if id.0 + pages > self.high.0 {
            return Err(wrong());
        }
        Ok((header, blocks.read(start..start + pages * self.page).await?))
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
            std::ops::ControlFlow::Continue(())
        },
    );
    found
}

impl Blocks<'_> {
    /// Bytes of the file, by whole blocks.
    async fn read(&mut self, range: Range<u64>) -> Result<Vec<u8>, Stop> {
        if range.end > self.file.size {
            return Err(suspect("it ends too early"));
        }
        let (first, last) = (range.start / BLOCK, range.end.div_ceil(BLOCK));
        let mut bytes = Vec::new();
        for block in first..last {
            if !self.there.contains_key(&block) {
                if self.there.len() >= BLOCKS {
                    return Err(suspect("more is to be read than a quick look reads"));
                }
                let got = self.get(block * BLOCK..((block + 1) * BLOCK).min(self.file.size)).await?;
                self.there.insert(block, got);
            }
            bytes.extend(self.there.get(&block).into_iter().flatten());
        }
        let skip = usize::try_from(range.start - first * BLOCK).unwrap_or(usize::MAX);
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let wanted = bytes.get(skip..).and_then(|bytes| bytes.get(..length));
        wanted.map(<[u8]>::to_vec).ok_or_else(|| suspect("it ends too early"))
    }

    async fn get(&self, range: Range<u64>) -> Result<Vec<u8>, Stop> {
        let length = usize::try_from(range.end - range.start).unwrap_or(0);
        let (store, key) = match &self.bytes {
            Bytes::File(file) => {
                let mut bytes = vec![0; length];
                let read = file.read_exact_at(&mut bytes, range.start);
                return Ok(read.map(|()| bytes).map_err(|error| Fault::Refused(error.kind().to_string()))?);
            }
            Bytes::Object(store, key) => (store, key),
        };
        let options = GetOptions {
            if_match: self.file.etag.clone(),
            version: self.file.version.clone(),
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let got = store.get_opts(key, options).await;
        let got = got.map_err(|error| match has_no_ranges(&error) {
            true => suspect("the store gives out no parts of an object"),
            false => Fault::of(&error).into(),
        })?;
        if got.meta.size != self.file.size || (self.file.etag.is_some() && store::etag(&got.meta) != self.file.etag) {
            return Err(Fault::Changed.into());
        }
        let bytes = got.bytes().await.map_err(|error| Fault::of(&error))?;
        if bytes.len() == length {
            Ok(bytes.to_vec())
        } else {
            Err(Fault::Unavailable("another range".to_owned()).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::item::Role;

    fn look_at(bytes: &[u8]) -> Look {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let listed = File {
            role: Role::Snapshot,
            uri: String::new(),
            etag: None,
            version: None,
            size: bytes.len() as u64,
            modified: String::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(look(Bytes::File(file), &listed)).unwrap()
    }

    #[test]
    fn the_newest_revision_is_found_in_snapshots_of_every_release() {
        for backup in fixtures::all() {
            let current = backup.facts()["live_header_revision"].as_i64();
            let Look::Plausible(revision) = look_at(&backup.bytes()) else { continue };
            assert!(revision > Some(1), "{}", backup.folder().display());
            assert!(current.is_none() || current == revision, "{}: {revision:?}", backup.folder().display());
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
            plausible += usize::from(matches!(look_at(&bytes), Look::Plausible(_)));
        }
        assert!(plausible > 0);
    }
}
