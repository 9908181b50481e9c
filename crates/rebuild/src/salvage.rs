//! What is left of a damaged snapshot, from the surest source to the least, and what is lost.
//!
//! Pages of bbolt carry no checksum: what is believed is believed for its structure and for what records say of each other.
//! Each record keeps the [`Rung`] of the ladder on which it was found. A record is never made up and never mended, and from
//! beside the tree only what lies in a lost range is taken: free pages of a sound file hold what was compacted and deleted.

mod beside;
mod file;
mod range;
mod report;
mod take;
mod tree;
mod union;

use bbolt_page::{Db, OpenError, Spread};
use beside::Beside;
use etcd_snapshot::mvcc::{MvccFault, MvccFaultKind};
use etcd_snapshot::salvage::{find_root, open_without_root, pages};
use etcd_snapshot::state::bucket;
use etcd_snapshot::{Options, Scan, scan};
use take::Leaf;
use tree::{Other, Tree};
use union::Union;

use crate::RebuildError;

pub use file::Salvaged;
pub use range::Range;
pub use report::{Found, LostBucket, LostRange, Report, Why};

/// How sure a record is: where it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// In a tree without any fault.
    Sound,
    /// In the intact part of a damaged tree.
    Intact,
    /// In the tree of the other meta, one transaction older.
    OtherMeta,
    /// On a whole leaf that no tree leads to.
    Orphan,
    /// On what is left of a leaf.
    Torn,
    /// By its shape alone.
    Raw,
}

impl Rung {
    /// All of them, the surest first.
    pub const ALL: [Self; 6] = [Self::Sound, Self::Intact, Self::OtherMeta, Self::Orphan, Self::Torn, Self::Raw];

    /// Its number on the ladder, from 0.
    #[must_use]
    pub fn number(self) -> u8 {
        Self::ALL.iter().zip(0..).find(|(rung, _)| **rung == self).map_or(0, |(_, number)| number)
    }

    /// Where it is, in a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sound => "sound-tree",
            Self::Intact => "intact-part",
            Self::OtherMeta => "other-meta",
            Self::Orphan => "orphan-page",
            Self::Torn => "torn-page",
            Self::Raw => "raw-bytes",
        }
    }
}

/// How far a salvage goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// Whether users and roles may be lost: they are then left out, and authentication is off.
    pub without_auth: bool,
    /// Where lost records are looked for besides.
    pub beside: Sources,
}

/// Where records are looked for that no tree has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sources {
    /// Nowhere.
    #[default]
    Tree,
    /// On leaves that nothing leads to, also where no meta and no root is left.
    Orphans,
    /// Everywhere, by their shape.
    Raw,
}

impl Sources {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Orphans => "orphans",
            Self::Raw => "raw",
        }
    }
}

/// What became of a source.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// Nothing is wrong with its pages and records: it can be rebuilt as it is.
    Sound(Report),
    /// Something is; what is left was gathered.
    Salvaged(Box<Salvaged<'a>>),
}

/// Gathers what is left of a source. Where something is lost, that is every key as it was last seen: a history with holes
/// must not be watched.
///
/// Memory: some 64 bytes a record, and only where something is wrong.
///
/// # Errors
/// [`RebuildError::Open`] for a file without metas, unless orphans are taken; [`RebuildError::Auth`] where users and roles are
/// lost and not given up; [`RebuildError::Nothing`] where no record is left.
pub fn salvage<'a>(bytes: &'a [u8], how: How, spread: &impl Spread) -> Result<Outcome<'a>, RebuildError> {
    match Db::open(bytes) {
        Ok(db) => with_meta(&db, how, spread),
        Err(error @ (OpenError::BigEndian | OpenError::Version { .. })) => Err(error.into()),
        Err(error) if how.beside == Sources::Tree => Err(error.into()),
        // whether users and roles of a root that was found are the last ones, nothing tells
        Err(_) if !how.without_auth => Err(RebuildError::Auth),
        Err(error) => {
            let db = find_root(bytes).or_else(|| open_without_root(bytes)).ok_or(error)?;
            without_meta(&db, how)
        }
    }
}

/// What is left where no meta is: the tree of the newest root that was found is beside a tree like everything else.
fn without_meta<'a>(db: &Db<'a>, how: How) -> Result<Outcome<'a>, RebuildError> {
    let tree = Tree::of(db);
    let newest =
        tree.key.leaves.last().and_then(|leaf| Leaf::read(leaf, None, None).records.last().map(|r| r.revision));
    // a root that is not the last one knows of an earlier compaction
    let is_last = tree.key.lost.is_empty() && pages(db).newest <= newest;
    let mut union = Union::new(tree.compacted().filter(|_| is_last));
    for leaf in &tree.key.leaves {
        union.add_tree(&Leaf::read(leaf, union.before(), tree.compacted()), Rung::Orphan);
    }
    union.lose(&tree.key.lost);
    union.lose_tail(db);
    look_beside(db, &tree, how, &mut union);
    union.look_for_gaps();
    Salvaged::new(db, union, tree.others).map(|salvaged| Outcome::Salvaged(Box::new(salvaged)))
}

fn look_beside<'a>(db: &Db<'a>, tree: &Tree<'a>, how: How, union: &mut Union<'a>) {
    let beside = Beside::new(db, tree);
    if how.beside >= Sources::Orphans && union.has_lost() {
        beside.orphans(union);
    }
    if how.beside >= Sources::Raw && union.has_lost() {
        beside.raw(union);
    }
}

fn with_meta<'a>(db: &Db<'a>, how: How, spread: &impl Spread) -> Result<Outcome<'a>, RebuildError> {
    let tree = Tree::of(db);
    let rung = if tree.key.lost.is_empty() { Rung::Sound } else { Rung::Intact };
    let mut union = Union::new(tree.compacted());
    for leaf in &tree.key.leaves {
        union.add_tree(&Leaf::read(leaf, union.before(), tree.compacted()), rung);
    }
    union.lose(&tree.key.lost);
    union.lose_tail(db);
    let mut buckets = tree.others.clone();
    if let Some(other) = db.through_loser().filter(|_| union.has_lost() || buckets.iter().any(|other| other.is_lost()))
    {
        let other = Tree::of(&other);
        union.fill(other.key.leaves.iter().map(|leaf| Leaf::read(leaf, None, other.compacted())), Rung::OtherMeta);
        buckets.iter_mut().for_each(|bucket| bucket.take_from(&other.others));
    }
    look_beside(db, &tree, how, &mut union);
    if !how.without_auth && buckets.iter().any(|bucket| bucket.is_lost() && is_auth(bucket.name)) {
        return Err(RebuildError::Auth);
    }
    union.look_for_gaps();
    if !union.has_lost() {
        let scan = scan(db.clone(), Options { without_hashes: true, ..Options::default() }, spread);
        union.conflicts += contradictions(&scan);
        if union.conflicts == 0 && is_sound(&scan) && buckets.iter().all(Other::is_untouched) {
            return Ok(Outcome::Sound(Report::whole(scan.counts.records)));
        }
    }
    Salvaged::new(db, union, buckets).map(|salvaged| Outcome::Salvaged(Box::new(salvaged)))
}

fn is_auth(name: &[u8]) -> bool {
    [bucket::AUTH, bucket::AUTH_USERS, bucket::AUTH_ROLES].contains(&name)
}

/// Records that contradict each other though all are there; one is known that a compaction of etcd's own lost.
fn contradictions(scan: &Scan<'_>) -> u64 {
    let unknown = |fault: &&MvccFault| !matches!(fault.kind, MvccFaultKind::LostToCompaction { .. });
    scan.faults.kept().iter().filter(unknown).count() as u64 + scan.faults.dropped()
}

/// Whether a rebuild takes it as it is.
fn is_sound(scan: &Scan<'_>) -> bool {
    scan.walked.faults.costly().is_none()
        && scan.counts.damaged == 0
        && [bucket::KEY, bucket::META].into_iter().all(|name| scan.bucket(name).is_some())
}
