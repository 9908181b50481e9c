//! The two meta pages: candidates first, then the one that is believed.

use crate::cursor::{array_at, u32_at, u64_at};
use crate::page::{PageHeader, Pgid, Txid};

/// First four bytes of a meta.
pub(crate) const MAGIC: u32 = 0xED0C_DAED;
/// The only on-disk version there has been since 2014.
pub(crate) const VERSION: u32 = 2;
/// Stored in place of the freelist's page id when the list is not persisted.
const NO_FREELIST: u64 = u64::MAX;
/// Bytes of a meta, checksum included.
pub(crate) const META_LEN: usize = 64;
/// Bytes that the checksum covers.
const SUMMED_LEN: usize = 56;

/// A meta as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Page size in bytes.
    pub page_size: u32,
    /// Flags, never used by bbolt; 0 in every file it writes.
    pub flags: u32,
    /// Root page of the bucket that holds all top-level buckets.
    pub root: Pgid,
    /// The root bucket's sequence; 0 in etcd.
    pub sequence: u64,
    /// Page of the freelist, or `None` where the list is not persisted.
    pub freelist: Option<Pgid>,
    /// First page id that was never allocated; the field bbolt calls `pgid`.
    pub high_water: Pgid,
    /// Transaction that wrote this meta.
    pub txid: Txid,
    /// FNV-1a 64 as stored.
    pub checksum: u64,
}

/// Why a meta is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetaFault {
    /// The file ends before the meta does.
    #[error("the file ends before the meta does")]
    Short,
    /// Not a bbolt meta.
    #[error("magic is `{got:#010x}`, expected `0xed0cdaed`")]
    Magic {
        /// What stands there.
        got: u32,
    },
    /// A meta that a big-endian host wrote.
    #[error("magic is byte-swapped: the file was written by a big-endian host (s390x?)")]
    BigEndian,
    /// A format that this crate does not know.
    #[error("bbolt format version is {got}, expected 2")]
    Version {
        /// What stands there.
        got: u32,
    },
    /// Damaged between magic and checksum.
    #[error("checksum is `{computed:016x}`, stored `{stored:016x}`")]
    Checksum {
        /// FNV-1a 64 as stored.
        stored: u64,
        /// FNV-1a 64 of what stands there.
        computed: u64,
    },
    /// A page size that no bbolt writes.
    #[error("page size {got} is not a power of two between 1024 and 16777216")]
    PageSize {
        /// What stands there.
        got: u32,
    },
}

/// One of the two places where a meta should be, and what was found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaSlot {
    /// 0 or 1.
    pub index: u8,
    /// File offset of the page.
    pub offset: u64,
    /// The page header, where the file reaches that far.
    pub header: Option<PageHeader>,
    /// The meta, or why it is not believed.
    pub outcome: Result<Meta, MetaFault>,
}

impl MetaSlot {
    /// The meta, where it is valid.
    #[must_use]
    pub fn valid(&self) -> Option<&Meta> {
        self.outcome.as_ref().ok()
    }

    /// Reads the slot whose page starts at `offset` of `bytes`.
    pub(crate) fn read(bytes: &[u8], index: u8, offset: u64) -> Self {
        let page = crate::cursor::index(offset).and_then(|at| bytes.get(at..)).unwrap_or_default();
        Self {
            index,
            offset,
            header: PageHeader::read(page),
            outcome: Meta::read(page.get(PageHeader::LEN..).unwrap_or_default()),
        }
    }
}

impl Meta {
    /// Reads and validates the meta at the start of `data`: magic, version, checksum, page size.
    ///
    /// # Errors
    /// The first of these that does not hold.
    pub fn read(data: &[u8]) -> Result<Self, MetaFault> {
        let raw = array_at::<META_LEN>(data, 0).ok_or(MetaFault::Short)?.as_slice();
        let magic = u32_at(raw, 0).ok_or(MetaFault::Short)?;
        if magic == MAGIC.swap_bytes() {
            return Err(MetaFault::BigEndian);
        }
        if magic != MAGIC {
            return Err(MetaFault::Magic { got: magic });
        }
        let version = u32_at(raw, 4).ok_or(MetaFault::Short)?;
        if version != VERSION {
            return Err(MetaFault::Version { got: version });
        }
        let stored = u64_at(raw, SUMMED_LEN).ok_or(MetaFault::Short)?;
        let computed = fnv1a(raw.get(..SUMMED_LEN).unwrap_or_default());
        if stored != computed {
            return Err(MetaFault::Checksum { stored, computed });
        }
        let page_size = u32_at(raw, 8).ok_or(MetaFault::Short)?;
        if !plausible_page_size(page_size) {
            return Err(MetaFault::PageSize { got: page_size });
        }
        let word = |at| u64_at(raw, at).ok_or(MetaFault::Short);
        Ok(Self {
            page_size,
            flags: u32_at(raw, 12).ok_or(MetaFault::Short)?,
            root: Pgid(word(16)?),
            sequence: word(24)?,
            freelist: Some(word(32)?).filter(|&id| id != NO_FREELIST).map(Pgid),
            high_water: Pgid(word(40)?),
            txid: Txid(word(48)?),
            checksum: stored,
        })
    }
}

/// Whether bbolt could have written pages of this size.
pub(crate) fn plausible_page_size(size: u32) -> bool {
    size.is_power_of_two() && (1024..=16 << 20).contains(&size)
}

/// The checksum of a meta: FNV-1a, 64 bit, of the bytes before it.
#[must_use]
pub fn checksum(meta: &[u8]) -> u64 {
    fnv1a(meta)
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1a_of_published_vectors() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn page_sizes_that_bbolt_can_write() {
        for good in [1024, 4096, 16384, 65536, 16 << 20] {
            assert!(plausible_page_size(good), "{good}");
        }
        for bad in [0, 1, 512, 4095, 4097, 32 << 20, u32::MAX] {
            assert!(!plausible_page_size(bad), "{bad}");
        }
    }
}
