//! Letting go of backups: a plan that is shown, and the same plan carried out.
//!
//! A plan is made of what [`retain`](crate::retain()) says and of what is on the disk. It has a digest, so that what is
//! carried out is what somebody saw. Nothing is deleted: files move to a folder `.assay-trash` beside them, an entry of the
//! log before and one after, and whoever is killed in between goes on when asked again. [`Catalog::purge`] deletes later.

mod apply;
mod digest;
mod plan;
mod purge;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use wording::inert;

use crate::add::Kind;
use crate::restorable::Unfit;
use crate::retain::{Kept, Rules};

pub use apply::{Applied, Failed, Refused};
pub use purge::Purged;

/// The folder into which files are moved, beside where they lay.
pub const TRASH: &str = ".assay-trash";

/// What is to be let go.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What is to be kept.
    pub rules: Rules,
    /// Halves of backups without their other half, too.
    pub orphans: bool,
    /// Files that were written in so short a time before now are left alone.
    pub young: SignedDuration,
    /// The host whose files these are.
    pub host: String,
    /// When this is asked.
    pub now: Timestamp,
}

/// What would be let go, and why the rest stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Backups by cluster; those of none that is known come first.
    pub groups: Vec<Group>,
    /// SHA-256 of what was asked and of all that the plan says.
    pub digest: [u8; 32],
}

/// The backups of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its ID.
    pub cluster: Option<String>,
    /// The newest first.
    pub backups: Vec<Planned>,
}

/// What becomes of one backup.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Its name.
    pub id: String,
    /// When it was taken.
    pub taken: Timestamp,
    /// What stands against restoring it.
    pub unfit: Vec<Unfit>,
    /// Whether it is a half without its other half.
    pub orphan: bool,
    /// Why it stays, every reason; it goes where there is none.
    pub stays: Vec<Why>,
    /// Files of it that move.
    pub moves: Vec<Move>,
    /// Files of it that stay though it goes.
    pub left: Vec<Left>,
    /// Its files on this host, by which it is read again before others go.
    pub(crate) files: Vec<(String, [u8; 32])>,
}

impl Planned {
    /// Whether it goes.
    #[must_use]
    pub fn goes(&self) -> bool {
        self.stays.is_empty()
    }
}

/// Why a backup stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// By a rule, or the floor.
    Rule(Kept),
    /// A half of a backup goes only when that is asked for.
    Half,
    /// The other half may still come: so many hours are given to it.
    HalfYoung,
    /// A file of it was written just now.
    Young(String),
    /// A file of it is not what it was when it was last read.
    Changed(String),
    /// A file of it is being written by its name.
    Unfinished(String),
    /// What the file system says of a file of it cannot be had.
    Unseen(String),
    /// It lies in an archive alone, of which no part is moved.
    Packed(String),
    /// It lies on other hosts alone.
    Elsewhere,
}

impl Why {
    /// The word for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rule(kept) => kept.name(),
            Self::Half => "half",
            Self::HalfYoung => "half-young",
            Self::Young(_) => "young",
            Self::Changed(_) => "changed",
            Self::Unfinished(_) => "unfinished",
            Self::Unseen(_) => "unseen",
            Self::Packed(_) => "packed",
            Self::Elsewhere => "elsewhere",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(kept) => kept.fmt(f),
            Self::Half => f.write_str("its other half is missing: it goes with --orphans"),
            Self::HalfYoung => f.write_str("its other half may still come"),
            Self::Young(path) => write!(f, "`{}` was written just now", inert(path)),
            Self::Changed(path) => write!(f, "`{}` is not what it was: add it again", inert(path)),
            Self::Unfinished(path) => write!(f, "`{}` is being written", inert(path)),
            Self::Unseen(path) => write!(f, "`{}` cannot be looked at", inert(path)),
            Self::Packed(path) => write!(f, "`{}` is in an archive", inert(path)),
            Self::Elsewhere => f.write_str("it lies on other hosts alone"),
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Needed { backup, key } => {
                write!(f, "the snapshot of {backup} needs key {}, and nothing else that stays has it", inert(key))
            }
            Self::Shared(backup) => write!(f, "it is a part of {backup}, too"),
            Self::Packed => f.write_str("it is in an archive, of which no part is moved"),
            Self::NotThere => f.write_str("it is not there any more, or is another file by now"),
        }
    }
}

/// A file that moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// What it is.
    pub kind: Kind,
    /// From where.
    pub from: String,
    /// Where to, but for the digest of the plan: see [`Move::to`].
    pub(crate) folder: String,
    pub(crate) name: String,
    pub(crate) content: [u8; 32],
    pub(crate) stored: [u8; 32],
    pub(crate) stat: crate::add::Stat,
}

impl Move {
    /// Where it goes to.
    #[must_use]
    pub fn to(&self, plan: &[u8; 32]) -> String {
        let Self { folder, name, .. } = self;
        let plan = wording::hex(plan.iter().take(8));
        format!("{folder}{TRASH}/{plan}/{name}")
    }

    /// Its bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.stat.size
    }
}

/// A file that stays though its backup goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What it is.
    pub kind: Kind,
    /// Where.
    pub path: String,
    /// Why.
    pub because: Because,
}

/// Why a file stays though its backup goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// A snapshot that stays needs a key that nothing else that stays has.
    Needed {
        /// The backup of the snapshot.
        backup: String,
        /// The key's fingerprint.
        key: String,
    },
    /// It is a part of a backup that stays, too.
    Shared(String),
    /// It is a member of an archive.
    Packed,
    /// It is not there, or is another file by now.
    NotThere,
}
