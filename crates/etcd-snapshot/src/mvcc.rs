//! What must hold between records, checked while they pass by in order of revision.

use crate::record::{KeyValue, Place, Record, RecordError};
use crate::revision::Revision;
use crate::store::Before;
use crate::wire::Oddity;

/// The invariant that a fault breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MvccFaultKind {
    /// An element of bucket `key` that is not a record.
    #[error("{0}")]
    Record(RecordError),
    /// It holds what etcd reads, and no etcd writes: a bit of it was changed.
    #[error("it holds what no etcd writes: {0}")]
    Oddity(Oddity),
    /// `mod_revision` is not the revision that the record is stored under.
    #[error("mod_revision is {got}, the record is stored at revision {expected}")]
    ModRevision {
        /// What the record says.
        got: i64,
        /// Main revision of its place.
        expected: i64,
    },
    /// Before the first write that there can be.
    #[error("main revision is {main}, the first write of a store is 2")]
    BelowFirst {
        /// What the record is stored under.
        main: i64,
    },
    /// A key created after it was modified, or never.
    #[error("create_revision is {create}, mod_revision {modified}")]
    CreateRevision {
        /// create_revision.
        create: i64,
        /// mod_revision.
        modified: i64,
    },
    /// A version that does not fit the revisions: 1 if and only if created here.
    #[error("version is {version} with create_revision {create} and mod_revision {modified}")]
    Version {
        /// version.
        version: i64,
        /// create_revision.
        create: i64,
        /// mod_revision.
        modified: i64,
    },
    /// A put that does not continue the one before it.
    #[error(
        "version {version} (created at {create}) follows version {previous_version} (created at {previous_create}) of revision {previous}"
    )]
    Chain {
        /// This record's version.
        version: i64,
        /// This record's create_revision.
        create: i64,
        /// Revision of the record before it.
        previous: Revision,
        /// Version of the record before it.
        previous_version: i64,
        /// create_revision of the record before it.
        previous_create: i64,
    },
    /// A put that changes a key whose earlier record is not there.
    #[error(
        "version {version} of a key created at {create}, but no earlier record of the key is there: a record is missing"
    )]
    Base {
        /// This record's version.
        version: i64,
        /// This record's create_revision.
        create: i64,
    },
    /// Main revisions that are missing above the compaction.
    #[error("revision jumps from {after} to this one: {missing} main revisions are missing")]
    MainGap {
        /// The main revision before: the last record's, or the compaction's.
        after: i64,
        /// How many main revisions are missing.
        missing: i64,
    },
    /// Changes of a transaction that are missing.
    #[error("expected sub revision {expected} of main revision {main}: a change of the transaction is missing")]
    SubGap {
        /// The transaction.
        main: i64,
        /// The change that should stand here.
        expected: i64,
    },
    /// A put that the finished compaction removed although it had to stay.
    #[error(
        "compacted at this revision, a tombstone of it was kept and a change before sub revision {got} was not: \
         a key deleted and created again by one transaction lost its value (etcd issue 22376)"
    )]
    LostToCompaction {
        /// The change that should stand here.
        expected: i64,
        /// The one that does.
        got: i64,
    },
    /// A record that is not behind the one before it.
    #[error("revision is stored twice, once as a put and once as a tombstone: etcd panics when it loads this")]
    Duplicate,
    /// Two puts of a key in one transaction.
    #[error("two puts of one key in one transaction")]
    DoublePut,
    /// A tombstone of a key that has no put before it.
    #[error("tombstone of a key that has no earlier put")]
    LoneTombstone,
    /// A tombstone that holds more than its key: a put that was marked as one.
    #[error("tombstone with version {version} and {value} bytes of a value: a put was marked as a deletion")]
    FullTombstone {
        /// version.
        version: i64,
        /// Bytes of the value.
        value: usize,
    },
    /// A tombstone right behind a tombstone.
    #[error("second tombstone in a row for this key, the first is revision {previous}")]
    DoubleTombstone {
        /// The first tombstone.
        previous: Revision,
    },
    /// More than one record of a key at or below the finished compaction.
    #[error("record {previous} of this key should have been removed by the compaction at {compacted}")]
    Leftover {
        /// The record that should be gone.
        previous: Revision,
        /// Finished compaction.
        compacted: i64,
    },
}

/// A broken invariant and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MvccFault {
    /// What is wrong.
    pub kind: MvccFaultKind,
    /// The record's revision, where its key could be read.
    pub revision: Option<Revision>,
    /// The user's key, where the value could be read.
    pub key: Option<Vec<u8>>,
    /// Where the record lies.
    pub place: Place,
}

/// Faults in order of revision. Past a cap they are counted, not kept.
#[derive(Clone, Debug, Default)]
pub struct MvccFaults {
    kept: Vec<MvccFault>,
    dropped: u64,
}

impl MvccFaults {
    /// How many are kept with their place.
    pub const CAP: usize = 10_000;
    /// Longest part of a key that is kept, in bytes.
    const KEY_CAP: usize = 1024;

    pub(crate) fn push(&mut self, fault: MvccFault) {
        if self.kept.len() < Self::CAP {
            self.kept.push(fault);
        } else {
            self.dropped += 1;
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        other.kept.into_iter().for_each(|fault| self.push(fault));
        self.dropped += other.dropped;
    }

    fn of(&mut self, record: &Record<'_>, kind: MvccFaultKind) {
        let key = record.kv.key.get(..record.kv.key.len().min(Self::KEY_CAP)).map(<[u8]>::to_vec);
        self.push(MvccFault { kind, revision: Some(record.revision), key, place: record.place });
    }

    /// The faults kept.
    #[must_use]
    pub fn kept(&self) -> &[MvccFault] {
        &self.kept
    }

    /// How many more there were.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// What a record says that cannot be, whatever stands beside it.
fn contradictions(record: &Record<'_>, mut report: impl FnMut(MvccFaultKind)) {
    if record.oddity.any() {
        report(MvccFaultKind::Oddity(record.oddity));
    }
    let KeyValue { key, create_revision: create, mod_revision: modified, version, value, .. } = record.kv;
    if record.tombstone {
        if record.kv != (KeyValue { key, ..KeyValue::default() }) {
            report(MvccFaultKind::FullTombstone { version, value: value.len() });
        }
        return;
    }
    if modified != record.revision.main {
        report(MvccFaultKind::ModRevision { got: modified, expected: record.revision.main });
    }
    if create > modified || create <= 0 {
        report(MvccFaultKind::CreateRevision { create, modified });
    }
    // each change of a key takes a revision, so there are no more of them than revisions since its creation
    let most = modified.saturating_sub(create).saturating_add(1);
    if version < 1 || (version == 1) != (create == modified) || (version > most && create <= modified) {
        report(MvccFaultKind::Version { version, create, modified });
    }
}

/// Whether a record can be believed by itself: it names a key, is of a revision that there can be, and contradicts itself in
/// nothing.
#[must_use]
pub fn stands_alone(record: &Record<'_>) -> bool {
    let mut sound = !record.kv.key.is_empty() && record.revision.main > FIRST_REVISION;
    contradictions(record, |_| sound = false);
    sound
}

/// Whether an empty record at `at` stands where a restore that raises the revision puts one: at the revision that it marks as
/// compacted, a gap behind the record `before` it. A later compaction leaves it behind; then only the width of the gap tells
/// it from a record that lost its bytes, and nobody raises a revision by less than a thousand.
#[must_use]
pub fn is_raised(at: Revision, before: Option<Revision>, compacted: Option<i64>) -> bool {
    let gap = at.main.saturating_sub(before.map_or(0, |before| before.main));
    let marked = Some(at.main) == compacted;
    at.sub == 0 && Some(at.main) <= compacted && (gap >= RAISED_BY || (marked && gap > 1))
}

/// The least by which a revision is raised: the advice is a billion.
const RAISED_BY: i64 = 1000;
/// The revision of a store that has never been written to.
const FIRST_REVISION: i64 = 1;

/// Follows the records in order and notes what cannot be.
#[derive(Debug)]
pub(crate) struct Sequence {
    /// History is complete only above this main revision.
    compacted: i64,
    /// Nothing below this is left twice; `None` while a compaction is pending.
    finished: Option<i64>,
    last: Option<Revision>,
    /// A tombstone of the finished compaction's own revision was met.
    kept_tombstone: bool,
    pub(crate) faults: MvccFaults,
}

impl Sequence {
    /// `scheduled` and `finished` are the main revisions of the compactions in bucket `meta`.
    pub(crate) fn new(scheduled: Option<i64>, finished: Option<i64>) -> Self {
        let compacted = scheduled.max(finished).unwrap_or(0);
        let finished = finished.filter(|&finished| scheduled.is_none_or(|scheduled| scheduled <= finished));
        Self { compacted, finished, last: None, kept_tombstone: false, faults: MvccFaults::default() }
    }

    /// Checks `record` against `before`, the record of the same key that precedes it.
    pub(crate) fn check(&mut self, record: &Record<'_>, before: Option<&Before>) {
        self.check_order(record);
        contradictions(record, |kind| self.faults.of(record, kind));
        if record.tombstone {
            self.check_tombstone(record, before);
        } else {
            self.check_put(record, before);
        }
    }

    /// Notes the marker of a bumped restore: the gap before it is what it is for.
    pub(crate) fn pass_bump_marker(&mut self, record: &Record<'_>) {
        self.last = Some(record.revision);
    }

    /// Notes a record that names no key: `why` tells whether it is empty.
    pub(crate) fn note_lost(&mut self, record: &Record<'_>, why: RecordError) {
        self.check_order(record);
        self.faults.of(record, MvccFaultKind::Record(why));
    }

    fn check_order(&mut self, record: &Record<'_>) {
        let at = record.revision;
        let previous = self.last.replace(at);
        if previous == Some(at) {
            return self.faults.of(record, MvccFaultKind::Duplicate);
        }
        if at.main <= FIRST_REVISION {
            self.faults.of(record, MvccFaultKind::BelowFirst { main: at.main });
        }
        if at.main <= self.compacted {
            return self.check_compacted(record, previous);
        }
        let before = previous.map_or(0, |previous| previous.main);
        let expected =
            if before == at.main { previous.map_or(0, |previous| previous.sub.saturating_add(1)) } else { 0 };
        let after = before.max(self.compacted).max(FIRST_REVISION);
        let missing = at.main.saturating_sub(after).saturating_sub(1);
        if missing > 0 {
            self.faults.of(record, MvccFaultKind::MainGap { after, missing });
        }
        if at.sub > expected {
            self.faults.of(record, MvccFaultKind::SubGap { main: at.main, expected });
        }
    }

    /// At its own revision a compaction keeps every put. It keeps tombstones as well, or (etcd before 3.4.34 and 3.5.16)
    /// none; where one is kept, whatever is missing behind it was a put. That the last change of the transaction is
    /// missing cannot be told from a transaction without it.
    fn check_compacted(&mut self, record: &Record<'_>, previous: Option<Revision>) {
        let at = record.revision;
        if self.finished != Some(at.main) {
            return;
        }
        let expected = previous.filter(|before| before.main == at.main).map(|before| before.sub.saturating_add(1));
        if let Some(expected) = expected.filter(|&expected| self.kept_tombstone && at.sub > expected) {
            self.faults.of(record, MvccFaultKind::LostToCompaction { expected, got: at.sub });
        }
        self.kept_tombstone |= record.tombstone;
    }

    fn check_put(&mut self, record: &Record<'_>, before: Option<&Before>) {
        let (main, create, version) = (record.revision.main, record.kv.create_revision, record.kv.version);
        let Some(before) = before.filter(|before| !before.tombstone) else {
            if version > 1 && main > self.compacted {
                self.faults.of(record, MvccFaultKind::Base { version, create });
            }
            return;
        };
        let previous = before.revision;
        if previous.main == main {
            return self.faults.of(record, MvccFaultKind::DoublePut);
        }
        if let Some(compacted) = self.finished.filter(|&finished| main <= finished) {
            return self.faults.of(record, MvccFaultKind::Leftover { previous, compacted });
        }
        let (previous_version, previous_create) = (i64::from(before.version), before.create_revision);
        let follows = version == previous_version + 1 || previous_version == i64::from(u32::MAX);
        if main > self.compacted && (create != previous_create || !follows) {
            let kind = MvccFaultKind::Chain { version, create, previous, previous_version, previous_create };
            self.faults.of(record, kind);
        }
    }

    fn check_tombstone(&mut self, record: &Record<'_>, before: Option<&Before>) {
        match before {
            Some(before) if before.tombstone => {
                let previous = before.revision;
                self.faults.of(record, MvccFaultKind::DoubleTombstone { previous });
            }
            // A compaction may keep a tombstone that lies exactly at its revision, without the put before it.
            None if record.revision.main > self.compacted => self.faults.of(record, MvccFaultKind::LoneTombstone),
            _ => {}
        }
    }
}
