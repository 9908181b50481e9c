//! What can be wrong with an archive or a member of one.

use std::io;

use wording::{Size, escape};

/// What is wrong with an archive, or with a member of one. Names of members are as stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A zip archive without the directory that stands at its end.
    #[error("the directory that ends a zip archive is missing: it was cut off")]
    NoDirectory,
    /// A zip archive of several files.
    #[error("it is one part of a zip archive that is split over several files")]
    Split,
    /// The directory of a zip archive contradicts itself.
    #[error("the directory of the zip archive is damaged: {what} is {found}, {expected} expected")]
    Directory {
        /// Which number.
        what: &'static str,
        /// What it is.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// More members than any backup has.
    #[error("it has more than {limit} members")]
    TooMany {
        /// So many are looked at.
        limit: usize,
    },
    /// Two members of one name: what an unpacked archive would hold depends on who unpacks it.
    #[error("two of its members are called `{}`", escape(.member))]
    Duplicate {
        /// The name.
        member: Vec<u8>,
    },
    /// Two members share bytes, as in archives that are made to explode.
    #[error("its member `{}` overlaps the next one", escape(.member))]
    Overlap {
        /// The first of them.
        member: Vec<u8>,
    },
    /// What stands before a member's data is not what the directory says of it.
    #[error("its own header and the directory of the zip archive differ in the {what}")]
    Header {
        /// In what they differ.
        what: &'static str,
    },
    /// A member that a password seals.
    #[error("it is encrypted by a password of the zip archive")]
    Encrypted,
    /// A member compressed in a way that is not read.
    #[error("it is compressed by method {method} of zip, which is not read")]
    Method {
        /// The method's number.
        method: u16,
    },
    /// A file with holes, as tar stores them.
    #[error("it is stored as a sparse file, which is not read")]
    Sparse,
    /// More content than declared.
    #[error("it declares {}, and holds more", Size(*.declared).exact())]
    Longer {
        /// Bytes.
        declared: u64,
    },
    /// Less content than declared.
    #[error("it declares {}, and ends after {}", Size(*.declared).exact(), Size(*.found).exact())]
    Shorter {
        /// Bytes.
        declared: u64,
        /// Bytes.
        found: u64,
    },
    /// Content of another checksum than declared.
    #[error("its content has the CRC-32 {found:08x}, {declared:08x} declared")]
    Checksum {
        /// As stored.
        declared: u32,
        /// As computed.
        found: u32,
    },
    /// Bytes between the end of a compressed member and the place where it should end.
    #[error("its compressed content ends before its place in the archive does")]
    Behind,
    /// What does not decode.
    #[error("it is damaged after {} of content: {reason}", Size(*.after).exact())]
    Damaged {
        /// Bytes that came out before.
        after: u64,
        /// What the decoder said.
        reason: String,
    },
    /// A tar archive that ends too soon, or whose headers are no headers.
    #[error("the tar archive is damaged behind {}: {reason}", behind(.member))]
    Tar {
        /// The last member that could be read.
        member: Option<Vec<u8>>,
        /// What is wrong.
        reason: String,
    },
    /// More in all than `--max-expanded` allows.
    #[error("it holds more than {} once unpacked", Size(*.cap))]
    OverCap {
        /// The cap in bytes.
        cap: u64,
    },
}

fn behind(member: &Option<Vec<u8>>) -> String {
    member.as_ref().map_or_else(|| "its beginning".to_owned(), |name| format!("the header of `{}`", escape(name)))
}

impl Fault {
    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Split => "put the parts together: `zip -s 0 ARCHIVE --out WHOLE`",
            Self::TooMany { .. } => "unpack it, and pass the files themselves",
            Self::Duplicate { .. } => {
                "look which of them is meant (`unzip -l`, `tar -tvf`), and pass that one, unpacked"
            }
            Self::Encrypted => "unpack it with its password (`unzip`), and pass what it held",
            Self::Method { .. } | Self::Sparse => "unpack it (`unzip`, `7z x`, `tar -xf`), and pass what it held",
            Self::OverCap { .. } => "if you trust the file, raise the limit with `--max-expanded SIZE`",
            Self::Overlap { .. } | Self::Longer { .. } => "do not unpack it: it was not made by a backup",
            _ => "fetch the file again from its source and compare checksums",
        }
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

/// The fault that a reader told of, where it was one.
pub(crate) fn of(error: &io::Error) -> Option<&Fault> {
    error.get_ref()?.downcast_ref()
}
