//! What a sequence of bytes looks like, for messages about files that are not what was expected.

mod raft;
mod says;

use std::fmt;

use wording::escape;

pub(crate) use says::says;

/// bbolt's magic number, as its metas hold it at byte 16 of their page.
const BBOLT_MAGIC: u32 = 0xED0C_DAED;
/// The version that every bbolt writes behind it.
const BBOLT_VERSION: u32 = 2;
/// Where the magic stands in a meta page: after the page header of 16 bytes.
const MAGIC_AT: usize = 16;
/// Least and greatest page size looked for, as powers of two: 1 KiB to 16 MiB.
const PAGE_SHIFTS: std::ops::RangeInclusive<u32> = 10..=24;

/// What the bytes are, as far as a look can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looks {
    /// A bbolt database with at least one meta page.
    Bbolt {
        /// Written by a host of the other byte order (s390x, for one).
        big_endian: bool,
        /// The meta's format version; etcd writes 2.
        version: u32,
    },
    /// Pages of a bbolt database, its metas lost.
    BboltPages {
        /// The page size by which page numbers and places agree.
        page_size: usize,
    },
    /// A gzip stream.
    Gzip,
    /// A Zstandard stream.
    Zstd,
    /// An xz stream.
    Xz,
    /// A bzip2 stream.
    Bzip2,
    /// An lz4 stream.
    Lz4,
    /// A zip archive.
    Zip,
    /// A tar archive.
    Tar {
        /// Its first member, escaped.
        member: String,
        /// Whether that member is where cluster-backup.sh puts static pod resources.
        static_resources: bool,
    },
    /// A segment of an etcd member's write-ahead log (`.wal`).
    WriteAheadLog,
    /// What raft keeps of its state beside an etcd member's database (`.snap`).
    RaftSnapshot,
    /// An SQLite database.
    Sqlite,
    /// An age-encrypted file.
    Age,
    /// PEM text, with its first label.
    Pem(String),
    /// Events since a full snapshot, as etcd-backup-restore stores them (`Incr-...`).
    Delta,
    /// An ELF program.
    Elf,
    /// A JSON document.
    Json,
    /// A YAML document.
    Yaml,
    /// An HTML page, as a failed download leaves behind.
    Html,
    /// A snapshot that something took for text, or wrapped, or put something before: see [`mend::could_be`].
    Transferred,
    /// An XML document, as an object store answers instead of what it was asked for.
    Xml,
    /// Other text.
    Text,
    /// Nothing at all.
    Empty,
    /// Zeros throughout, as far as sampled.
    Zeros,
    /// Bytes without any pattern: encrypted or compressed by something unknown.
    Random,
    /// Something else.
    Unknown,
}

impl Looks {
    /// Whether there is anything in it for a reader of snapshots, damaged or not.
    pub fn is_bbolt(&self) -> bool {
        matches!(self, Self::Bbolt { .. } | Self::BboltPages { .. })
    }
}

impl fmt::Display for Looks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = match self {
            Self::Bbolt { big_endian: true, .. } => "big-endian bbolt database",
            Self::Bbolt { .. } => "bbolt database",
            Self::BboltPages { .. } => "bbolt database without its meta pages",
            Self::Gzip => "gzip stream",
            Self::Zstd => "Zstandard stream",
            Self::Xz => "xz stream",
            Self::Bzip2 => "bzip2 stream",
            Self::Lz4 => "lz4 stream",
            Self::Zip => "zip archive",
            Self::Tar { static_resources: true, .. } => "tarball of static pod resources",
            Self::Tar { member, .. } => return write!(f, "tarball (first member `{member}`)"),
            Self::WriteAheadLog => "write-ahead log of an etcd member",
            Self::RaftSnapshot => "raft snapshot of an etcd member",
            Self::Sqlite => "SQLite database",
            Self::Age => "age-encrypted file",
            Self::Pem(label) => return write!(f, "PEM file (`{label}`)"),
            Self::Delta => "delta snapshot of etcd-backup-restore",
            Self::Elf => "ELF program",
            Self::Json => "JSON document",
            Self::Yaml => "YAML document",
            Self::Html => "HTML page",
            Self::Xml => "XML document",
            Self::Transferred => "etcd snapshot that a transfer changed",
            Self::Text => "text file",
            Self::Empty => "empty file",
            Self::Zeros => "file of zeros",
            Self::Random => "file of random or encrypted bytes",
            Self::Unknown => "file of an unknown kind",
        };
        f.write_str(fixed)
    }
}

/// Looks at bytes, reading a bounded part of them.
pub fn sniff(bytes: &[u8]) -> Looks {
    if bytes.is_empty() {
        return Looks::Empty;
    }
    if let Some(found) = bbolt_meta(bytes).or_else(|| by_magic(bytes)).or_else(|| raft::look(bytes)) {
        return found;
    }
    if let Some(tar) = tar_header(bytes) {
        return tar;
    }
    if let Some(page_size) = bbolt_page_size(bytes) {
        return Looks::BboltPages { page_size };
    }
    if samples(bytes).all(|part| part.iter().all(|byte| *byte == 0)) {
        return Looks::Zeros;
    }
    if mend::could_be(bytes) {
        return Looks::Transferred;
    }
    text_kind(bytes).unwrap_or_else(|| if is_random(bytes) { Looks::Random } else { Looks::Unknown })
}

pub(super) fn by_magic(bytes: &[u8]) -> Option<Looks> {
    let table: [(&[u8], Looks); 12] = [
        (b"[{\"etcdEvent\":", Looks::Delta),
        (b"\x1f\x8b", Looks::Gzip),
        (b"\x28\xb5\x2f\xfd", Looks::Zstd),
        (b"\xfd7zXZ\0", Looks::Xz),
        (b"BZh", Looks::Bzip2),
        (b"\x04\x22\x4d\x18", Looks::Lz4),
        (b"PK\x03\x04", Looks::Zip),
        (b"SQLite format 3\0", Looks::Sqlite),
        (b"age-encryption.org/", Looks::Age),
        (b"-----BEGIN AGE ENCRYPTED FILE-----", Looks::Age),
        (b"\x7fELF", Looks::Elf),
        (b"PK\x05\x06", Looks::Zip),
    ];
    table
        .into_iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|(_, looks)| looks)
        .or_else(|| is_zstd_skippable(bytes).then_some(Looks::Zstd))
}

/// Whether bytes are the beginning of what etcd-backup-restore stores: a database, or events.
pub(super) fn begins_as_stored(bytes: &[u8]) -> bool {
    let meta = u32_at(bytes, MAGIC_AT).map(u32::from_le_bytes) == Some(BBOLT_MAGIC);
    meta && u32_at(bytes, MAGIC_AT + 4).map(u32::from_le_bytes) == Some(BBOLT_VERSION)
        || by_magic(bytes) == Some(Looks::Delta)
}

/// Whether a Zstandard stream begins with a frame to skip, as pzstd and seekable writers do.
fn is_zstd_skippable(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn u32_at(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok()
}

/// A meta page stands at 0 and at one page size; either may be lost.
fn bbolt_meta(bytes: &[u8]) -> Option<Looks> {
    std::iter::once(0).chain(PAGE_SHIFTS.map(|shift| 1usize << shift)).find_map(|page| {
        let magic = u32_at(bytes, page + MAGIC_AT)?;
        let version = u32_at(bytes, page + MAGIC_AT + 4)?;
        if u32::from_le_bytes(magic) == BBOLT_MAGIC {
            let version = u32::from_le_bytes(version);
            Some(Looks::Bbolt { big_endian: false, version })
        } else if u32::from_be_bytes(magic) == BBOLT_MAGIC {
            let version = u32::from_be_bytes(version);
            Some(Looks::Bbolt { big_endian: true, version })
        } else {
            None
        }
    })
}

/// The page size at which pages say they are where they stand, if there is one.
///
/// Pages name their own number, so a database without metas still gives itself away. Data written
/// over by zeros or by something else does not: three pages must agree.
fn bbolt_page_size(bytes: &[u8]) -> Option<usize> {
    const SAMPLED: usize = 4096;
    PAGE_SHIFTS.map(|shift| 1usize << shift).find(|size| {
        let pages = bytes.len() / size;
        let step = (pages / SAMPLED).max(1);
        (2..pages)
            .step_by(step)
            .filter(|number| {
                let at = number * size;
                let id = bytes.get(at..at + 8).and_then(|id| id.try_into().ok());
                let flags = bytes.get(at + 8..at + 10);
                id.map(u64::from_le_bytes) == Some(*number as u64) && matches!(flags, Some([0x01 | 0x02 | 0x10, 0]))
            })
            .nth(2)
            .is_some()
    })
}

/// A tar header names its own checksum; that is proof enough, also for the oldest form.
fn tar_header(bytes: &[u8]) -> Option<Looks> {
    let header = bytes.get(..512)?;
    let stored = header.get(148..156)?;
    let digits: String =
        stored.iter().map(|byte| char::from(*byte)).skip_while(|c| *c == ' ').take_while(|c| c.is_digit(8)).collect();
    let stored = u64::from_str_radix(&digits, 8).ok()?;
    let computed: u64 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) })
        .sum();
    let name = header.get(..100)?.split(|byte| *byte == 0).next()?;
    (stored == computed && !name.is_empty()).then(|| Looks::Tar {
        member: escape(name).into_owned(),
        static_resources: name.strip_prefix(b"./").unwrap_or(name).starts_with(b"static-pod-resources"),
    })
}

fn text_kind(bytes: &[u8]) -> Option<Looks> {
    let head = bytes.get(..4096).unwrap_or(bytes);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // Cut within a character by the sample's end, not by the writer.
        Err(error) if error.error_len().is_none() && head.len() < bytes.len() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if let Some(rest) = start.strip_prefix("-----BEGIN ") {
        let label = rest.split("-----").next().unwrap_or("");
        return Some(Looks::Pem(escape(label.as_bytes()).into_owned()));
    }
    let lower = start.get(..16.min(start.len())).unwrap_or("").to_ascii_lowercase();
    let html = ["<!doctype html", "<html", "<head", "<body"];
    Some(if html.iter().any(|begins| lower.starts_with(begins)) {
        Looks::Html
    } else if matches!(lower.as_bytes(), [b'<', b'?' | b'a'..=b'z', ..]) {
        Looks::Xml
    } else if start.starts_with(['{', '[']) {
        Looks::Json
    } else if start.starts_with("---\n") || start.starts_with("apiVersion:") || start.starts_with("kind:") {
        Looks::Yaml
    } else {
        Looks::Text
    })
}

/// Up to 64 parts of 4 KiB, spread evenly.
fn samples(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    const PART: usize = 4096;
    let step = (bytes.len() / 64).max(PART);
    (0..bytes.len()).step_by(step).filter_map(move |at| bytes.get(at..(at + PART).min(bytes.len())))
}

/// Whether all byte values are about equally frequent (chi-square of 255 degrees of freedom).
fn is_random(bytes: &[u8]) -> bool {
    let mut seen = [0u64; 256];
    let mut total = 0u64;
    for byte in samples(bytes).flatten() {
        if let Some(count) = seen.get_mut(usize::from(*byte)) {
            *count += 1;
        }
        total += 1;
    }
    if total < 2048 {
        return false;
    }
    // sum((seen - expected)^2 / expected) < 350, kept in whole numbers.
    let spread: u128 = seen.iter().map(|count| u128::from((count * 256).abs_diff(total)).pow(2)).sum();
    spread < 350 * 256 * u128::from(total)
}

#[cfg(test)]
mod tests;
