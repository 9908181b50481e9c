//! The file as an array of pages, seen through one meta.

use crate::bucket::{Bucket, BucketRoot};
use crate::cursor::{index, offset};
use crate::fault::{Fault, FaultKind, Path};
use crate::leaf::LeafPage;
use crate::meta::{META_LEN, Meta, MetaFault, MetaSlot};
use crate::page::{PageHeader, PageKind, Pgid};
use crate::tree::LeafRef;

/// Largest exponent of the probe for a second meta: pages of 1 KiB to 16 MiB.
const PROBES: std::ops::RangeInclusive<u32> = 10..=24;

/// Why a file cannot be opened at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Too short for two pages.
    #[error("{len} bytes are too few for a bbolt file, which has at least two pages")]
    TooShort {
        /// Bytes there.
        len: u64,
    },
    /// Written on a host of the other byte order.
    #[error(
        "the file was written by a big-endian host (s390x?); its magic is byte-swapped, and no reader on this host can use it"
    )]
    BigEndian,
    /// A bbolt file of another format version.
    #[error("bbolt format version {version} is not known here, expected 2")]
    Version {
        /// What the meta says.
        version: u32,
    },
    /// Neither meta can be believed.
    #[error("no valid meta: meta 0: {meta0}; no valid second meta at any page size from 1 KiB to 16 MiB")]
    NoMeta {
        /// What is wrong with the first.
        meta0: MetaFault,
        /// Whether one of the two places holds bbolt's magic.
        magic_seen: bool,
    },
}

/// A bbolt file seen through one of its metas.
#[derive(Clone, Debug)]
pub struct Db<'a> {
    bytes: &'a [u8],
    slots: [MetaSlot; 2],
    chosen: u8,
    meta: Meta,
}

impl<'a> Db<'a> {
    /// Opens `bytes`, a whole file, through the meta that bbolt itself would use.
    ///
    /// Whatever follows the pages (a trailer, the unused tail of a raw copy) is left to the caller, see [`Self::tail`].
    ///
    /// # Errors
    /// Where no meta can be believed. [`salvage`](crate::salvage) may still find pages then.
    pub fn open(bytes: &'a [u8]) -> Result<Self, OpenError> {
        let slots = find_slots(bytes)?;
        let txid = |slot: &MetaSlot| slot.valid().map(|meta| meta.txid);
        // Equal transactions: meta 0. A valid meta beats an invalid one, since Some > None.
        let chosen = u8::from(txid(&slots[1]) > txid(&slots[0]));
        let [first, second] = &slots;
        match (if chosen == 0 { first } else { second }).outcome {
            Ok(meta) => Ok(Self { bytes, slots, chosen, meta }),
            Err(ref fault) => Err(OpenError::NoMeta { meta0: fault.clone(), magic_seen: false }),
        }
    }

    /// The same file through the meta that lost, where that one is valid too and names another root.
    #[must_use]
    pub fn through_loser(&self) -> Option<Self> {
        let [first, second] = &self.slots;
        let loser = if self.chosen == 0 { second } else { first };
        let meta = *loser.valid()?;
        (meta.root != self.meta.root && meta.page_size == self.meta.page_size).then(|| Self {
            chosen: loser.index,
            meta,
            ..self.clone()
        })
    }

    /// The file through a meta that `salvage` made up.
    pub(crate) fn through(bytes: &'a [u8], meta: Meta, slots: [MetaSlot; 2]) -> Self {
        Self { bytes, slots, chosen: 0, meta }
    }

    /// The meta in use.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Both places where a meta should be.
    #[must_use]
    pub fn slots(&self) -> &[MetaSlot; 2] {
        &self.slots
    }

    /// Index of the meta in use, 0 or 1.
    #[must_use]
    pub fn chosen(&self) -> u8 {
        self.chosen
    }

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Page size in bytes.
    #[must_use]
    pub fn page_size(&self) -> u64 {
        u64::from(self.meta.page_size)
    }

    /// High-water mark times page size: what bbolt calls the size of the database. Saturates on a hostile meta.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.meta.high_water.0.saturating_mul(self.page_size())
    }

    /// First page id that is not wholly in the file and below the high-water mark.
    #[must_use]
    pub fn page_limit(&self) -> u64 {
        self.meta.high_water.0.min(offset(self.bytes.len()) / self.page_size())
    }

    /// What follows the pages; `None` where the file ends before them.
    #[must_use]
    pub fn tail(&self) -> Option<&'a [u8]> {
        self.bytes.get(index(self.size())?..)
    }

    /// File offset of a page; saturates.
    #[must_use]
    pub fn offset_of(&self, id: Pgid) -> u64 {
        id.0.saturating_mul(self.page_size())
    }

    /// The header of page `id`, where the file holds it, whatever it says.
    #[must_use]
    pub fn header(&self, id: Pgid) -> Option<PageHeader> {
        let at = index(id.0.checked_mul(self.page_size())?)?;
        PageHeader::read(self.bytes.get(at..)?)
    }

    /// The bytes of page `id` and its `overflow` continuation pages, where the file holds all of them.
    #[must_use]
    pub fn run(&self, id: Pgid, overflow: u32) -> Option<&'a [u8]> {
        let start = id.0.checked_mul(self.page_size())?;
        let len = (u64::from(overflow) + 1).checked_mul(self.page_size())?;
        self.bytes.get(index(start)?..index(start.checked_add(len)?)?)
    }

    /// The leaves of a bucket, in order of their keys; those of a damaged one as far as they can be read.
    pub fn leaves<'s>(&'s self, bucket: &'s Bucket<'a>) -> impl Iterator<Item = LeafPage<'a>> + 's {
        let inline = match &bucket.root {
            BucketRoot::Inline(page) => Some(*page),
            BucketRoot::Tree(_) | BucketRoot::Lost => None,
        };
        let tree = bucket.tree().map(|tree| tree.leaves()).unwrap_or_default();
        inline.into_iter().chain(tree.iter().filter_map(|leaf| self.leaf(leaf)))
    }

    /// A leaf that a walk listed, to read it again.
    #[must_use]
    pub fn leaf(&self, leaf: &LeafRef) -> Option<LeafPage<'a>> {
        let run = self.run(leaf.page, leaf.overflow)?;
        Some(LeafPage::new(run, leaf.count, leaf.page, self.offset_of(leaf.page)))
    }

    /// Where a slice of the file starts in the file; `None` for a slice of anything else.
    #[must_use]
    pub fn offset_in_file(&self, part: &[u8]) -> Option<u64> {
        let distance = part.as_ptr().addr().checked_sub(self.bytes.as_ptr().addr())?;
        (distance <= self.bytes.len()).then(|| offset(distance))
    }

    /// Faults of the metas and of the file's length.
    #[must_use]
    pub fn opening_faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for slot in &self.slots {
            for kind in slot_faults(slot, &self.meta) {
                let page = Some(Pgid(u64::from(slot.index)));
                faults.push(Fault { kind, page, element: None, offset: Some(slot.offset), path: Path::default() });
            }
        }
        let got = offset(self.bytes.len());
        if got < self.size() {
            let kind = FaultKind::Truncated { expected: self.size(), got };
            faults.push(Fault { kind, page: None, element: None, offset: Some(got), path: Path::default() });
        }
        faults
    }
}

/// Finds both metas: meta 0 at the start, or else any valid meta at a power of two, which then gives the page size.
fn find_slots(bytes: &[u8]) -> Result<[MetaSlot; 2], OpenError> {
    let len = offset(bytes.len());
    if bytes.len() < 1024 + PageHeader::LEN + META_LEN {
        return Err(OpenError::TooShort { len });
    }
    let first = MetaSlot::read(bytes, 0, 0);
    if let Some(meta) = first.valid() {
        let second = MetaSlot::read(bytes, 1, u64::from(meta.page_size));
        return Ok([first, second]);
    }
    let mut probes = PROBES.map(|exponent| MetaSlot::read(bytes, 1, 1 << exponent)).collect::<Vec<_>>();
    let fits = |slot: &MetaSlot| slot.valid().is_some_and(|meta| u64::from(meta.page_size) == slot.offset);
    if let Some(found) = probes.iter().position(fits) {
        return Ok([first, probes.swap_remove(found)]);
    }
    let faults = std::iter::once(&first).chain(&probes).filter_map(|slot| slot.outcome.as_ref().err());
    let mut magic_seen = false;
    for fault in faults {
        match fault {
            MetaFault::BigEndian => return Err(OpenError::BigEndian),
            MetaFault::Version { got } => return Err(OpenError::Version { version: *got }),
            MetaFault::Checksum { .. } | MetaFault::PageSize { .. } => magic_seen = true,
            MetaFault::Short | MetaFault::Magic { .. } => {}
        }
    }
    match first.outcome {
        Err(meta0) => Err(OpenError::NoMeta { meta0, magic_seen }),
        Ok(_) => Err(OpenError::TooShort { len }),
    }
}

/// What is wrong with one meta, given the one in use.
fn slot_faults(slot: &MetaSlot, chosen: &Meta) -> Vec<FaultKind> {
    let index = slot.index;
    let meta = match &slot.outcome {
        Ok(meta) => meta,
        Err(fault) => return vec![FaultKind::Meta { slot: index, fault: fault.clone() }],
    };
    let mut faults = Vec::new();
    if let Some(header) = slot.header
        && (header.id.0 != u64::from(index) || header.kind() != Some(PageKind::Meta))
    {
        faults.push(FaultKind::MetaHeader { slot: index, id: header.id, flags: header.flags });
    }
    let mut field = |field, got, expected| {
        faults.push(FaultKind::MetaField { slot: index, field, got, expected });
    };
    if meta.flags != 0 {
        field("flags", u64::from(meta.flags), "0");
    }
    if meta.page_size != chosen.page_size {
        field("page size", u64::from(meta.page_size), "the page size of the other meta");
    }
    if meta.high_water.0 < 3 {
        field("high-water mark", meta.high_water.0, "3 or more");
    }
    // one more transaction, and bbolt would take the other meta for the newer
    if meta.txid.0 > i64::MAX.unsigned_abs() {
        field(FaultKind::TRANSACTION_ID, meta.txid.0, "less than 2^63");
    }
    let inside = |id: Pgid| id.0 >= 2 && id < meta.high_water;
    if !inside(meta.root) {
        field("root page", meta.root.0, "2 or more and less than the high-water mark");
    }
    if let Some(id) = meta.freelist.filter(|&id| !inside(id)) {
        field("freelist page", id.0, "2 or more and less than the high-water mark");
    }
    faults
}
