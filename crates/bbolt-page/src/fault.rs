//! Structural faults, each with its place.

use std::fmt;

use crate::meta::MetaFault;
use crate::page::{PageKind, Pgid};

/// The family of checks that a fault belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Metas: magic, version, checksum, page size, flags, ranges, winner and loser.
    Metas,
    /// File length against the high-water mark.
    Length,
    /// A referenced page is in range, is what its header says, and is a branch or a leaf.
    Reference,
    /// No page is referenced twice; no cycle; no endless depth.
    Sharing,
    /// Elements lie inside their page and do not overlap.
    Elements,
    /// Key order, bounds given by ancestors, equal depth of all leaves.
    Order,
    /// Pages without elements.
    Emptiness,
    /// Inline buckets.
    Inline,
    /// A persisted freelist.
    Freelist,
    /// What the root bucket may hold.
    Root,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// A meta that cannot be believed.
    #[error("meta {slot} is invalid: {fault}")]
    Meta {
        /// 0 or 1.
        slot: u8,
        /// Why.
        fault: MetaFault,
    },
    /// A meta whose page header is not one.
    #[error(
        "meta {slot} has a page header with id {id} and flags `{flags:#06x}`, expected id {slot} and flags `0x0004`"
    )]
    MetaHeader {
        /// 0 or 1.
        slot: u8,
        /// Stored id.
        id: Pgid,
        /// Stored flags.
        flags: u16,
    },
    /// A valid meta with a field that bbolt never writes.
    #[error("meta {slot} has {field} {got}, expected {expected}")]
    MetaField {
        /// 0 or 1.
        slot: u8,
        /// Name of the field.
        field: &'static str,
        /// What stands there.
        got: u64,
        /// What may stand there.
        expected: &'static str,
    },
    /// The file ends before the high-water mark.
    #[error("the file holds {got} bytes of pages, the meta says {expected}: {} bytes are missing", expected - got)]
    Truncated {
        /// High-water mark times page size.
        expected: u64,
        /// Bytes there.
        got: u64,
    },
    /// A reference to a page that was never allocated, or to a meta.
    #[error("reference to page {id}, expected 2 or more and less than the high-water mark {high_water}")]
    OutOfRange {
        /// The page referenced.
        id: Pgid,
        /// First page id never allocated.
        high_water: Pgid,
    },
    /// A referenced page lies behind the end of the file.
    #[error("page {id} (with {overflow} overflow pages) lies behind the end of the file")]
    Missing {
        /// The page referenced.
        id: Pgid,
        /// Continuation pages that it claims.
        overflow: u32,
    },
    /// A run of overflow pages that passes the high-water mark.
    #[error("{overflow} overflow pages reach beyond the high-water mark {high_water}")]
    RunPastHighWater {
        /// Continuation pages claimed.
        overflow: u32,
        /// First page id never allocated.
        high_water: Pgid,
    },
    /// The page says that it is another page.
    #[error("page header says id {got}, expected {expected}")]
    SelfId {
        /// The page's index in the file.
        expected: Pgid,
        /// What the header says.
        got: Pgid,
    },
    /// Flags that name no kind of page.
    #[error("page flags are `{got:#06x}`, expected branch `0x0001` or leaf `0x0002`")]
    Flags {
        /// What stands there.
        got: u16,
    },
    /// A meta or freelist page inside a tree.
    #[error("a {got} page inside a tree, expected branch or leaf")]
    Kind {
        /// What the flags say.
        got: PageKind,
    },
    /// A page that the tree, the metas or the freelist use already.
    #[error("page {id} is referenced a second time")]
    DoubleReference {
        /// The first page of the run that is shared.
        id: Pgid,
    },
    /// A branch that leads back to one of its own ancestors.
    #[error("page {id} is its own ancestor: the tree has a cycle")]
    Cycle {
        /// The page that closes the cycle.
        id: Pgid,
    },
    /// Deeper than any tree that fits a disk.
    #[error("the tree is deeper than {limit} levels")]
    Depth {
        /// The cap.
        limit: usize,
    },
    /// The element array does not fit its page.
    #[error("{count} elements need {need} bytes, the page has {have}")]
    ElementArray {
        /// Elements claimed.
        count: u16,
        /// Bytes needed, header included.
        need: u64,
        /// Bytes there.
        have: u64,
    },
    /// A key or value that leaves its page.
    #[error(
        "element data runs past the page: pos {pos} + key {ksize} + value {vsize}, the page has {have} bytes behind the element"
    )]
    ElementBounds {
        /// Offset of the key, from the element's first byte.
        pos: u32,
        /// Bytes of the key.
        ksize: u32,
        /// Bytes of the value; 0 in a branch.
        vsize: u32,
        /// Bytes from the element's first byte to the end of the run.
        have: u64,
    },
    /// Data that lies on the element array or on another element's data.
    #[error("element data at byte {start} of the page overlaps what precedes it (up to byte {floor})")]
    ElementOverlap {
        /// Where this element's data starts.
        start: u64,
        /// Where the data before it ends.
        floor: u64,
    },
    /// Room between the element array and the first key: for more elements than the header claims.
    #[error("the page has room for {room} elements, the header claims {count}: the others are lost")]
    ElementCount {
        /// Elements claimed.
        count: u16,
        /// Elements that the place of the first key leaves room for.
        room: u64,
    },
    /// Bytes behind the last element that are not zero: writers leave none.
    #[error("the page is not zero behind its last element (byte {from}): an element was cut or lost")]
    Slack {
        /// First byte of the page that no element claims.
        from: u64,
    },
    /// A gap before this element's data: writers pack it, so a size before it was changed.
    #[error("element data starts at byte {start} of the page, the element before it ends at byte {floor}")]
    ElementGap {
        /// Where this element's data starts.
        start: u64,
        /// Where the data before it ends.
        floor: u64,
    },
    /// A continuation page in the midst of a value that cannot be what was written there. Only a salvage looks.
    #[error("continuation page {id} {what}: the value that it is a part of was changed")]
    Continuation {
        /// The continuation page.
        id: Pgid,
        /// What it is.
        what: &'static str,
    },
    /// A key that is empty or longer than bbolt allows.
    #[error("key of {got} bytes, expected 1 to 32768")]
    KeySize {
        /// Bytes of the key.
        got: u32,
    },
    /// Leaf flags other than 0 (value) and 1 (bucket).
    #[error("leaf element flags are `{got:#x}`, expected 0 or 1")]
    ElementFlags {
        /// What stands there.
        got: u32,
    },
    /// A key that is not greater than the one before it.
    #[error("key is not greater than the key before it")]
    KeyOrder,
    /// A key below the lower bound that an ancestor gives.
    #[error("first key is less than the branch key that leads here")]
    BelowBound,
    /// A key at or above the next ancestor key.
    #[error("last key is not less than the next branch key above")]
    AboveBound,
    /// A leaf that is not as deep as the others.
    #[error("leaf at depth {got}, most leaves of this tree are at depth {expected}")]
    UnevenDepth {
        /// Depth of most leaves.
        expected: u8,
        /// Depth of this one.
        got: u8,
    },
    /// A leaf without elements below a branch: its records are gone.
    #[error("leaf below a branch has no elements: whatever it held is lost")]
    EmptyLeaf,
    /// A branch without children.
    #[error("branch has no children: whatever was below it is lost")]
    EmptyBranch,
    /// A bucket's value that is too short for what it says it is.
    #[error("bucket value of {got} bytes, expected {expected}")]
    BucketValue {
        /// Bytes there.
        got: u64,
        /// What is needed.
        expected: &'static str,
    },
    /// The page header inside an inline bucket is not that of a plain leaf.
    #[error("inline bucket page has {field} {got}, expected {expected}")]
    InlineHeader {
        /// Name of the field.
        field: &'static str,
        /// What stands there.
        got: u64,
        /// What must stand there.
        expected: u64,
    },
    /// An inline bucket's value is longer than its elements need; writers make it exact.
    #[error("inline bucket has {have} bytes, its {count} elements need {used}: an element was cut or lost")]
    InlineLength {
        /// Elements claimed.
        count: u16,
        /// Bytes they take, header included.
        used: u64,
        /// Bytes there.
        have: u64,
    },
    /// More buckets than anybody makes.
    #[error("more than {limit} buckets in one: the others are not looked at")]
    TooManyBuckets {
        /// The cap.
        limit: usize,
    },
    /// Inline buckets hold no buckets.
    #[error("a bucket inside an inline bucket")]
    InlineSubBucket,
    /// Larger than bbolt would leave inline.
    #[error("inline bucket of {got} bytes, bbolt moves it to a page of its own above {limit}")]
    InlineSize {
        /// Bytes of the inline page.
        got: u64,
        /// A quarter of the page size.
        limit: u64,
    },
    /// Buckets inside buckets without end.
    #[error("buckets nested deeper than {limit} levels")]
    BucketDepth {
        /// The cap.
        limit: usize,
    },
    /// A plain value among the buckets of the root.
    #[error("the root bucket holds a plain value; only buckets belong there (a torn copy of a live file shows this)")]
    RootValue,
    /// The freelist is not where the meta says, and bbolt refuses to read what is there.
    #[error("freelist page {id} {what}")]
    FreelistPage {
        /// Where the meta points.
        id: Pgid,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A page that bbolt reads as a freelist, with a header that it does not write.
    #[error("freelist page {id} {what}")]
    FreelistHeader {
        /// Where the meta points.
        id: Pgid,
        /// What is wrong with its header.
        what: &'static str,
    },
    /// More ids than the page holds.
    #[error("freelist claims {count} ids, its pages hold {have}")]
    FreelistCount {
        /// Ids claimed.
        count: u64,
        /// Ids that fit.
        have: u64,
    },
    /// An id out of order; bbolt sorts them when it reads them.
    #[error("freelist id {id} follows {previous}: the list must ascend")]
    FreelistOrder {
        /// The offending id.
        id: Pgid,
        /// The id before it.
        previous: Pgid,
    },
    /// An id that is there twice: the page will be given out twice.
    #[error("page {id} is in the freelist twice")]
    FreelistTwice {
        /// The offending id.
        id: Pgid,
    },
    /// A page of the list itself: bbolt frees it with its first write, and finds it free.
    #[error("the freelist names page {id}, which holds it")]
    FreelistOwn {
        /// The offending id.
        id: Pgid,
        /// Whether it is the lowest, and so given out before it is freed.
        first: bool,
    },
    /// An id that cannot be free.
    #[error("freelist names page {id}, expected 2 or more and less than the high-water mark {high_water}")]
    FreelistRange {
        /// The offending id.
        id: Pgid,
        /// First page id never allocated.
        high_water: Pgid,
    },
    /// A page that is in use and free at once.
    #[error("page {id} is in the freelist and in use")]
    FreelistReachable {
        /// The offending id.
        id: Pgid,
    },
    /// Pages that are neither in use nor free.
    #[error("{count} pages are neither in use nor in the freelist, the first is page {first}")]
    FreelistIncomplete {
        /// How many.
        count: u64,
        /// The first of them.
        first: Pgid,
    },
}

impl FaultKind {
    /// The field of [`FaultKind::MetaField`] by which bbolt chooses between the metas.
    pub const TRANSACTION_ID: &str = "transaction id";

    /// The family of checks that found it.
    #[must_use]
    pub fn check(&self) -> Check {
        use FaultKind as K;
        match self {
            K::Meta { .. } | K::MetaHeader { .. } | K::MetaField { .. } => Check::Metas,
            K::Truncated { .. } => Check::Length,
            K::OutOfRange { .. }
            | K::Missing { .. }
            | K::RunPastHighWater { .. }
            | K::SelfId { .. }
            | K::Flags { .. }
            | K::Kind { .. } => Check::Reference,
            K::DoubleReference { .. } | K::Cycle { .. } | K::Depth { .. } => Check::Sharing,
            K::ElementArray { .. }
            | K::ElementBounds { .. }
            | K::ElementOverlap { .. }
            | K::ElementGap { .. }
            | K::ElementCount { .. }
            | K::Slack { .. }
            | K::Continuation { .. }
            | K::KeySize { .. }
            | K::ElementFlags { .. } => Check::Elements,
            K::KeyOrder | K::BelowBound | K::AboveBound | K::UnevenDepth { .. } => Check::Order,
            K::EmptyLeaf | K::EmptyBranch => Check::Emptiness,
            K::BucketValue { .. }
            | K::InlineHeader { .. }
            | K::InlineSubBucket
            | K::InlineLength { .. }
            | K::TooManyBuckets { .. }
            | K::InlineSize { .. }
            | K::BucketDepth { .. } => Check::Inline,
            K::RootValue => Check::Root,
            K::FreelistPage { .. }
            | K::FreelistHeader { .. }
            | K::FreelistCount { .. }
            | K::FreelistOrder { .. }
            | K::FreelistTwice { .. }
            | K::FreelistOwn { .. }
            | K::FreelistRange { .. }
            | K::FreelistReachable { .. }
            | K::FreelistIncomplete { .. } => Check::Freelist,
        }
    }

    /// Whether readers accept the file as it is: a deviation to mention, not damage.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        matches!(self, Self::InlineSize { .. })
    }
}

/// One branch on the way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The branch page.
    pub page: Pgid,
    /// Its element that was followed.
    pub element: u16,
}

/// The way from the root bucket to a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Names of the buckets entered, outermost first, long ones cut; empty in the root bucket.
    pub buckets: Vec<Vec<u8>>,
    /// Branches followed inside the last bucket, root page first.
    pub steps: Vec<Step>,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("root")?;
        for bucket in &self.buckets {
            write!(f, " > bucket `{}`", bucket.escape_ascii())?;
        }
        for Step { page, element } in &self.steps {
            write!(f, " > page {page} element {element}")?;
        }
        Ok(())
    }
}

/// A fault and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The page it is in (for an inline bucket: the page that holds it).
    pub page: Option<Pgid>,
    /// The element it is in.
    pub element: Option<u16>,
    /// File offset, in bytes, of the page, or of the element where there is one.
    pub offset: Option<u64>,
    /// How the walk got there.
    pub path: Path,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        let mut lead = " (";
        if let Some(page) = self.page {
            write!(f, "{lead}page {page}")?;
            lead = ", ";
        }
        if let Some(element) = self.element {
            write!(f, "{lead}element {element}")?;
            lead = ", ";
        }
        if let Some(offset) = self.offset {
            write!(f, "{lead}file offset {offset:#x}")?;
            lead = ", ";
        }
        if lead == ", " { f.write_str(")") } else { Ok(()) }
    }
}

/// Faults in the order of the walk. Past a cap they are counted, not kept, so that a hostile file cannot fill memory.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    kept: Vec<Fault>,
    dropped: u64,
}

impl Faults {
    /// How many faults are kept with their place.
    pub const CAP: usize = 10_000;

    /// Adds one.
    pub fn push(&mut self, fault: Fault) {
        self.push_with(|| fault);
    }

    /// Adds one that is only made where it is kept.
    pub fn push_with(&mut self, fault: impl FnOnce() -> Fault) {
        if self.kept.len() < Self::CAP {
            self.kept.push(fault());
        } else {
            self.dropped += 1;
        }
    }

    /// Adds all of `other` behind these.
    pub fn append(&mut self, other: Self) {
        other.kept.into_iter().for_each(|fault| self.push(fault));
        self.dropped += other.dropped;
    }

    /// The faults by which a copy of all entries would not be whole, how many and the first: all but what readers accept,
    /// and what is wrong with the list of free pages.
    #[must_use]
    pub fn costly(&self) -> Option<(u64, &Fault)> {
        let costly = |fault: &&Fault| !fault.kind.is_harmless() && fault.kind.check() != Check::Freelist;
        let first = self.kept.iter().find(costly)?;
        Some((self.kept.iter().filter(costly).count() as u64 + self.dropped, first))
    }

    /// The faults kept.
    #[must_use]
    pub fn kept(&self) -> &[Fault] {
        &self.kept
    }

    /// How many more there were.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}
