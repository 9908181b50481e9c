//! Whether the bytes that are served are those that etcd wrote: what the SHA-256 at the end of a snapshot tells.

use assay::parts::bbolt_page::Db;
use assay::parts::etcd_snapshot::trailer;
use backup_facts::snapshot::{Integrity, appended};
use wording::count;

/// Files up to this size are hashed before they are served, in a tenth of a second; larger ones while they are.
pub(crate) const AT_ONCE: u64 = 32 << 20;

/// What is known of a backup's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// They are not hashed yet.
    Pending,
    /// They are hashed.
    Hashed(Integrity),
    /// The file is not the one that was opened any more.
    Changed,
}

impl Proof {
    /// Hashes them.
    pub(crate) fn of(db: &Db<'_>) -> Self {
        let trailer = trailer::read(db.bytes(), |_| {});
        Self::Hashed(Integrity::of(Some(&trailer), appended(db)))
    }

    /// Whether every byte is proven.
    pub(crate) fn is_good(self) -> bool {
        self == Self::Hashed(Integrity::Right)
    }

    /// For the line of a banner.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Self::Pending => "SHA-256 not checked yet",
            Self::Hashed(Integrity::Right) => "SHA-256 right",
            Self::Hashed(Integrity::RightBefore(_)) => "SHA-256 right, bytes behind it",
            Self::Hashed(Integrity::Wrong) => "SHA-256 WRONG",
            Self::Hashed(Integrity::None) => "no SHA-256",
            Self::Changed => "file CHANGED",
        }
    }

    /// What is wrong, where something is.
    pub(crate) fn fault(self) -> Option<String> {
        Some(match self {
            Self::Pending | Self::Hashed(Integrity::Right) => return None,
            Self::Hashed(Integrity::RightBefore(bytes)) => {
                format!("{} behind the snapshot; its SHA-256 is right", count(bytes, "byte"))
            }
            Self::Hashed(Integrity::Wrong) => {
                "the snapshot's SHA-256 does not match its bytes: any value may be wrong".to_owned()
            }
            Self::Hashed(Integrity::None) => "the snapshot has no SHA-256: no value is proven".to_owned(),
            Self::Changed => "the snapshot's file was changed while it was served: any value may be wrong".to_owned(),
        })
    }

    /// What to do about it.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Hashed(Integrity::None) => "prefer a file that `etcdctl snapshot save` wrote to a copy of a database",
            Self::Hashed(Integrity::RightBefore(_)) => "`assay mend FILE --out NEW` takes them away",
            Self::Changed => "copy the file to where nothing writes, and serve the copy",
            _ => "fetch it again or serve another; `assay verify FILE` tells what is wrong",
        }
    }

    /// What the version that is told ends in: build metadata, which says it without being in the way.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Pending => ".unchecked",
            Self::Hashed(Integrity::Right | Integrity::RightBefore(_)) => "",
            Self::Hashed(Integrity::None) => ".unproven",
            Self::Hashed(Integrity::Wrong) | Self::Changed => ".damaged",
        }
    }
}
