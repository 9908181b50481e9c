//! What is wrong with a tarball, and where.
use thiserror::Error;

use crate::limits::Limit;
use crate::path::MemberPath;

/// A fault and its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} ({} offset {offset}{})", if self.kind.is_of_gzip() { "file" } else { "inner tar" }, self.member.as_ref().map(|path| format!(", member `{path}`")).unwrap_or_default())]
pub struct Fault {
    /// Where, in bytes of the inner tar; for faults of the gzip layer, of the compressed file.
    pub offset: u64,
    /// The member it concerns.
    pub member: Option<MemberPath>,
    /// What is wrong.
    pub kind: FaultKind,
}

/// The flavour of a sparse file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sparse {
    /// GNU type `S`.
    Gnu,
    /// pax records `GNU.sparse.*`.
    Pax,
}

/// The kinds of faults.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FaultKind {
    // the gzip layer
    /// The file is a bare tar; `cluster-restore.sh` expects gzip.
    #[error("the file is not compressed with gzip")]
    NotGzip,
    /// The compressed stream ends too early.
    #[error("the gzip stream is truncated")]
    GzipTruncated,
    /// The compressed stream is damaged, or its CRC-32 or length does not fit.
    #[error("the gzip stream is damaged")]
    GzipDamaged,
    /// Another gzip member follows; it is read too, as gzip does.
    #[error("several gzip members one after another")]
    GzipConcatenated,
    /// Bytes follow the last gzip member.
    #[error("{bytes} bytes after the gzip stream{}", if *.zero { ", all zero" } else { "" })]
    GzipTrailing {
        /// How many.
        bytes: u64,
        /// All are zero, as tape blocks leave them.
        zero: bool,
    },

    // the tar layer
    /// A header's checksum does not fit; nothing after it can be trusted.
    #[error("header checksum is {computed}, stored {stored:?}")]
    Checksum {
        /// The stored sum; `None` if that field is no number.
        stored: Option<u64>,
        /// The sum of the header's bytes.
        computed: u64,
    },
    /// A numeric field is no number or out of range.
    #[error("header field `{field}` is not a number in range")]
    Field {
        /// The field.
        field: &'static str,
    },
    /// The archive ends inside a header or inside a member.
    #[error("the archive ends {missing} bytes too early")]
    Truncated {
        /// Bytes that are missing from the current block or member.
        missing: u64,
    },
    /// The two zero blocks that end an archive are missing.
    #[error("the end of the archive is not marked")]
    NoEnd,
    /// Zeros stand where the first member should: nothing was backed up, or space was reserved and never written. What
    /// follows is not read.
    #[error("it holds no member: it is zeros from its beginning")]
    NoMembers,
    /// One zero block stands alone; tar takes it for the end.
    #[error("a single zero block stands for the end of the archive")]
    LoneZeroBlock,
    /// Bytes that are not zero follow the end of the archive; no reader extracts them.
    #[error("{bytes} bytes that are not zero follow the end of the archive")]
    TrailingData {
        /// How many bytes are not zero.
        bytes: u64,
    },
    /// An extension header (long name, pax) belongs to no member.
    #[error("an extension header belongs to no member")]
    OrphanExtension,
    /// An extension header is malformed.
    #[error("an extension header is malformed: {what}")]
    BadExtension {
        /// What is wrong.
        what: &'static str,
    },
    /// A pax header for the whole rest of the archive.
    #[error("a global pax header")]
    GlobalPax,
    /// A pax record gives another size than the header: readers disagree where the next member
    /// begins, so reading stops.
    #[error("pax size `{pax}` differs from header size {header}")]
    SizeConflict {
        /// The pax record, at most 32 characters of it.
        pax: String,
        /// The header's size.
        header: u64,
    },
    /// A directory, link or device with data: readers disagree where the next member begins,
    /// so reading stops.
    #[error("a member that is no file has {size} bytes of data")]
    DataWithoutFile {
        /// The size.
        size: u64,
    },
    /// A cap was reached; reading stops.
    #[error("cap reached: {limit:?}")]
    Limit {
        /// Which one.
        limit: Limit,
    },

    // members
    /// The path is empty.
    #[error("the path is empty")]
    PathEmpty,
    /// The path begins with a slash.
    #[error("the path is absolute")]
    PathAbsolute,
    /// The path has a component `..`.
    #[error("the path has a component `..`")]
    PathEscapes,
    /// The path holds control characters.
    #[error("the path holds control characters")]
    PathControl,
    /// The path is not UTF-8.
    #[error("the path is not UTF-8")]
    PathNotText,
    /// The path has `.` or empty components; `cluster-restore.sh` looks members up by text.
    #[error("the path has `.` or empty components")]
    PathNotPlain,
    /// The path does not begin with `static-pod-resources/`.
    #[error("the member is outside `static-pod-resources`")]
    OutsideRoot,
    /// Another member has the same path; on extraction the last one wins.
    #[error("the path was already used at offset {first}")]
    Duplicate {
        /// The header offset of the first one.
        first: u64,
    },
    /// A symbolic or hard link.
    #[error("a link to `{target}`")]
    Link {
        /// Its target.
        target: MemberPath,
    },
    /// A device or named pipe.
    #[error("a device or named pipe")]
    Special,
    /// A sparse file: its stored bytes are not its bytes.
    #[error("a sparse file ({0:?})")]
    SparseFile(Sparse),
    /// A type flag that is not known.
    #[error("unknown type flag 0x{flag:02x}")]
    UnknownType {
        /// The flag.
        flag: u8,
    },
    /// The member is larger than the cap for examination: it was only searched for markers.
    #[error("{size} bytes are too many to examine in full")]
    NotExamined {
        /// Its size.
        size: u64,
    },
    /// A certificate that does not parse.
    #[error("certificate {index} does not parse")]
    BadCertificate {
        /// Its place among the member's certificates, from 0.
        index: usize,
    },
    /// A manifest or configuration that does not parse; its facts are missing.
    #[error("not valid JSON or YAML: its facts are missing")]
    Unreadable,
    /// A manifest without kind `Pod` or without containers, a configuration without a kind.
    #[error("neither a pod with containers nor a configuration: it says nothing")]
    Hollow,
}

impl FaultKind {
    /// Says whether it is a fault of the gzip layer, whose offset counts compressed bytes.
    #[must_use]
    pub fn is_of_gzip(&self) -> bool {
        use FaultKind::*;
        matches!(self, NotGzip | GzipTruncated | GzipDamaged | GzipConcatenated | GzipTrailing { .. })
    }

    /// Says whether reading stopped there, so that members after it are unknown.
    #[must_use]
    pub fn stops(&self) -> bool {
        use FaultKind::*;
        matches!(
            self,
            GzipTruncated
                | GzipDamaged
                | Checksum { .. }
                | Field { .. }
                | Truncated { .. }
                | NoMembers
                | SizeConflict { .. }
                | DataWithoutFile { .. }
                | Limit { .. }
        )
    }
}
