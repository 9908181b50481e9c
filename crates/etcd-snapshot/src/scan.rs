//! One pass over a snapshot: structure, hashes, records, and etcd's own state.

use bbolt_page::{Bucket, Chunk, Db, LeafElement, LeafPage, Spread, Walked, Walker};

use crate::crc::Crc;
use crate::mvcc::{self, MvccFault, MvccFaultKind, MvccFaults, Sequence};
use crate::record::{Place, Record, RecordError};
use crate::revision::Revision;
use crate::slots::{KeyHash, KeyHasher};
use crate::state::{EtcdState, bucket};
use crate::status::{Status, dump_hashes};
use crate::store::{Live, Put, Store};
use crate::sums::{Ends, Sums};

/// Entries of a bucket other than `key` and `lease` that are decoded. etcd has a few dozen.
const ENTRY_CAP: usize = 1_000_000;

/// Room that is made at a time for the records of a piece.
const RECORDS_AT_ONCE: usize = 256;

/// Looks at a key and its value, perhaps on several threads.
pub type Look<'o> = &'o (dyn Fn(&[u8], &[u8]) -> bool + Sync);

/// What a scan should do.
#[derive(Clone, Copy, Default)]
pub struct Options<'o> {
    /// Main revision of the view; `None` for the latest. The caller checks it against [`Scan::answerable`].
    pub at: Option<i64>,
    /// Leaves the checksums out: no status hash, no dump hashes, no HashKV of a file never compacted. For callers that
    /// want the keys alone.
    pub without_hashes: bool,
    /// Whether the value of a put is sound, asked while it is at hand.
    /// [`Store::suspects`] gives those that are not, as far as they are live.
    pub sound: Option<Look<'o>>,
    /// Gets the bytes of leaves done since its last call, perhaps from several threads.
    pub progress: Option<&'o (dyn Fn(u64) + Sync)>,
}

/// How many of what bucket `key` holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records, tombstones included.
    pub records: u64,
    /// Tombstones.
    pub tombstones: u64,
    /// Elements that are no records, and records without content.
    pub damaged: u64,
    /// Those of them that could not be decoded, and are not among the records.
    pub unreadable: u64,
}

/// What a pass found.
#[derive(Debug)]
pub struct Scan<'a> {
    /// Structure: faults, pages in use and free.
    pub walked: Walked<'a>,
    /// The buckets, in byte order of their names.
    pub buckets: Vec<Bucket<'a>>,
    /// What `etcdutl snapshot status` says, and its kin.
    pub status: Status,
    /// etcd's own state.
    pub state: EtcdState,
    /// Every key in the view.
    pub store: Store<'a>,
    /// Records and tombstones in the file.
    pub counts: Counts,
    /// The first record, where there is one.
    pub first: Option<Revision>,
    /// The last record, where there is one.
    pub last: Option<Revision>,
    /// Marker of a restore with `--bump-revision`, the last one where there are several.
    pub bump_marker: Option<Revision>,
    /// Invariants between records that do not hold.
    pub faults: MvccFaults,
    /// Revision of the view.
    pub view: i64,
    pub(crate) hasher: KeyHasher,
    pub(crate) records_crc: Crc,
    /// CRC of the records that etcd's hash takes, where one reading could tell.
    pub(crate) kept_crc: Option<Crc>,
}

/// Why a question about a revision has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevisionError {
    /// History before the compaction is gone.
    #[error("revision {asked} is compacted: history is gone below {compacted}, so the question cannot be answered")]
    Compacted {
        /// The revision asked for.
        asked: i64,
        /// The compaction.
        compacted: i64,
    },
    /// Not written yet.
    #[error("revision {asked} is in the future: the snapshot ends at {current}")]
    Future {
        /// The revision asked for.
        asked: i64,
        /// The last one.
        current: i64,
    },
}

/// A record on its way from the thread that decoded it.
struct Decoded<'a> {
    record: Record<'a>,
    hash: KeyHash,
    suspect: bool,
    /// Element of the piece.
    at: usize,
}

#[derive(Default)]
struct Piece<'a> {
    crc: Crc,
    ends: Ends,
    records: Vec<Decoded<'a>>,
    faults: MvccFaults,
    /// Elements that are no records.
    damaged: Vec<usize>,
    bytes: u64,
}

/// Walks the database once and gives everything that one pass can tell. Damage is reported, never an error.
pub fn scan<'a>(db: Db<'a>, options: Options<'_>, spread: &impl Spread) -> Scan<'a> {
    let mut walker = Walker::new(db);
    let buckets = walker.buckets(spread);
    let mut state = EtcdState::default();
    let mut status = Status::new(walker.db().size());
    let mut crcs: Vec<Crc> = Vec::with_capacity(buckets.len());
    let mut dump = dump_hashes();
    for bucket in &buckets {
        let entries = if bucket.name() == bucket::KEY {
            Crc::default()
        } else {
            read_entries(&mut walker, bucket, spread, &mut state, &mut status)
        };
        crcs.push(entries);
    }
    state.sort();
    let mut pass = Pass::new(walker.db().bytes(), &state, options);
    for (bucket, crc) in buckets.iter().zip(&mut crcs) {
        if bucket.name() == bucket::KEY {
            pass.run(&mut walker, bucket, spread);
            *crc = pass.crc;
        }
    }
    for (bucket, crc) in buckets.iter().zip(crcs) {
        status.add_bucket(bucket.name(), crc);
        dump.add_bucket(walker.db(), bucket, crc);
    }
    let of_key = pass.counts.records + pass.counts.unreadable;
    status.finish(of_key, pass.last, pass.latest_live(), &state, dump);
    pass.finish(walker.finish(spread), buckets, status, state)
}

/// Reads a bucket other than `key` and hands its entries to `state`.
fn read_entries<'a>(
    walker: &mut Walker<'a>,
    bucket: &Bucket<'a>,
    spread: &impl Spread,
    state: &mut EtcdState,
    status: &mut Status,
) -> Crc {
    let mut sum = Crc::default();
    let mut taken = 0_usize;
    let capped = bucket.name() != bucket::LEASE;
    let read = |chunk: &mut Chunk<'_, 'a>| {
        let mut crc = Crc::default();
        let mut entries = Vec::new();
        for (page, _) in chunk {
            for element in page.elements() {
                crc.add_element(&element);
                entries.push(element);
            }
        }
        (crc, entries)
    };
    walker.visit(bucket, spread, read, |(crc, entries)| {
        sum = sum.then(crc);
        for element in entries {
            status.entries += 1;
            taken += 1;
            if taken <= ENTRY_CAP || !capped {
                let value = if element.is_bucket() { None } else { Some(element.value) };
                state.take(bucket.name(), element.key, value);
            }
        }
    });
    sum
}

/// The pass over bucket `key`.
struct Pass<'a, 'o> {
    options: Options<'o>,
    view: i64,
    store: Store<'a>,
    /// Live keys at the end of the file, where the view is not there.
    sequence: Sequence,
    hasher: KeyHasher,
    counts: Counts,
    faults: MvccFaults,
    crc: Crc,
    /// `None` where another reading has to tell which records etcd's hash takes.
    sums: Option<Sums>,
    first: Option<Revision>,
    last: Option<Revision>,
    bump_marker: Option<Revision>,
    compacted: Option<i64>,
}

impl<'a, 'o> Pass<'a, 'o> {
    fn new(file: &'a [u8], state: &EtcdState, options: Options<'o>) -> Self {
        let main = |revision: Option<Revision>| revision.map(|revision| revision.main);
        Self {
            options,
            view: options.at.unwrap_or(i64::MAX),
            store: Store::new(file, options.sound.is_some()),
            sequence: Sequence::new(main(state.scheduled_compaction), main(state.finished_compaction)),
            hasher: KeyHasher::default(),
            counts: Counts::default(),
            faults: MvccFaults::default(),
            crc: Crc::default(),
            sums: None,
            first: None,
            last: None,
            bump_marker: None,
            compacted: state.compacted(),
        }
    }

    fn run(&mut self, walker: &mut Walker<'a>, bucket: &Bucket<'a>, spread: &impl Spread) {
        let (hasher, options) = (self.hasher.clone(), self.options);
        let elements = bucket.tree().map(|tree| tree.leaves().iter().map(|leaf| u64::from(leaf.count)).sum());
        let elements = elements.unwrap_or(0);
        self.store.reserve(elements);
        self.sums = (!options.without_hashes).then(|| Sums::for_keys(elements));
        let decode = |chunk: &mut Chunk<'_, 'a>| {
            let piece = decode(chunk, &hasher, options);
            if let Some(progress) = options.progress {
                progress(piece.bytes);
            }
            piece
        };
        walker.visit(bucket, spread, decode, |piece| {
            self.crc = self.crc.then(piece.crc);
            self.counts.damaged += piece.damaged.len() as u64;
            self.counts.unreadable += piece.damaged.len() as u64;
            self.faults.append(piece.faults);
            self.sums = self.sums.take().and_then(|mut sums| sums.start(piece.ends).then_some(sums));
            piece.damaged.into_iter().for_each(|at| self.leave_out(at));
            for decoded in &piece.records {
                self.take(decoded);
            }
        });
    }

    fn leave_out(&mut self, at: usize) {
        if let Some(sums) = &mut self.sums {
            sums.leave_out(at);
        }
    }

    fn take(&mut self, Decoded { record, hash, suspect, at }: &Decoded<'a>) {
        self.counts.records += 1;
        self.counts.tombstones += u64::from(record.tombstone);
        self.first.get_or_insert(record.revision);
        let before = self.last.replace(record.revision);
        if before.is_some_and(|before| record.revision <= before) {
            self.sums = None;
        }
        // etcd's hash takes all that is newer than the last compaction
        let counts = record.revision.main > self.compacted.unwrap_or(-1);
        if record.is_bump_marker() {
            if mvcc::is_raised(record.revision, before, self.compacted) {
                if self.bump_marker.replace(record.revision).is_some() {
                    self.sums = None;
                }
                if record.revision.main > self.view {
                    self.leave_out(*at);
                }
                return self.sequence.pass_bump_marker(record);
            }
            self.lose(record, RecordError::Empty, counts, *at);
        } else if record.kv.key.is_empty() {
            self.lose(record, RecordError::NoKey, counts, *at);
        } else if record.revision.main > self.view {
            self.leave_out(*at);
        } else {
            let Put { number, kept, before } = self.store.put(record, *hash, *suspect, self.view);
            if let Some(sums) = &mut self.sums {
                let counts_still = before.is_some_and(|before| before.revision.main > self.compacted.unwrap_or(-1));
                sums.supersede(number, *at, counts_still);
                if !counts && !kept {
                    sums.leave_out(*at);
                }
            }
            self.sequence.check(record, before.as_ref());
        }
    }

    /// Notes a record that etcd loses.
    fn lose(&mut self, record: &Record<'a>, error: RecordError, counts: bool, at: usize) {
        self.counts.damaged += 1;
        if !counts || record.revision.main > self.view {
            self.leave_out(at);
        }
        self.sequence.note_lost(record, error);
    }

    /// Live keys as etcd 3.6 counts them, where the view is at the end of the file.
    fn latest_live(&self) -> Option<u64> {
        self.options.at.is_none().then(|| self.store.live_count() + u64::from(self.bump_marker.is_some()))
    }

    fn finish(self, walked: Walked<'a>, buckets: Vec<Bucket<'a>>, status: Status, state: EtcdState) -> Scan<'a> {
        let mut faults = self.faults;
        faults.append(self.sequence.faults);
        let current = current_revision(self.last, &state);
        // where a compaction keeps none, etcd skips none
        let kept_crc =
            self.sums.filter(|_| self.bump_marker.is_some() || self.store.keeps_any()).map(|sums| sums.sum());
        Scan {
            walked,
            buckets,
            status,
            store: self.store,
            counts: self.counts,
            first: self.first,
            last: self.last,
            bump_marker: self.bump_marker,
            faults,
            view: self.options.at.unwrap_or(current),
            hasher: self.hasher,
            records_crc: self.crc,
            kept_crc,
            state,
        }
    }
}

/// The revision that a server would be at after it opened the file.
fn current_revision(last: Option<Revision>, state: &EtcdState) -> i64 {
    last.map(|last| last.main).max(state.compacted()).unwrap_or(1).max(1)
}

impl<'a> Scan<'a> {
    /// The revision that a server would be at after it opened the file: the last record's, or that of a compaction
    /// that removed everything up to itself.
    #[must_use]
    pub fn current(&self) -> i64 {
        current_revision(self.last, &self.state)
    }

    /// Whether the state at main revision `asked` can be known from the file.
    ///
    /// # Errors
    /// Where it is compacted or not written yet.
    pub fn answerable(&self, asked: i64) -> Result<(), RevisionError> {
        match (self.state.compacted(), self.current()) {
            (Some(compacted), _) if asked < compacted => Err(RevisionError::Compacted { asked, compacted }),
            (_, current) if asked > current => Err(RevisionError::Future { asked, current }),
            _ => Ok(()),
        }
    }

    /// The bucket of that name, where the file has it.
    #[must_use]
    pub fn bucket(&self, name: &[u8]) -> Option<&Bucket<'a>> {
        self.buckets.iter().find(|bucket| bucket.name() == name)
    }

    /// The key of that name as the view has it; `None` where it is not live.
    #[must_use]
    pub fn live(&self, key: &[u8]) -> Option<Live<'a>> {
        self.store.live_at(key, self.hasher.hash(key))
    }

    /// Whether a record is the value of a live key in the view, rather than its past.
    #[must_use]
    pub fn is_live(&self, record: &Record<'_>) -> bool {
        !record.tombstone && self.store.is_live(record, self.hasher.hash(record.kv.key))
    }

    /// Whether a record, tombstone or not, is the last one of its key in the view: what a compaction at the view's revision
    /// keeps, a tombstone only where it is of that very revision.
    #[must_use]
    pub fn is_newest(&self, record: &Record<'_>) -> bool {
        self.store.is_last(record, self.hasher.hash(record.kv.key))
    }

    /// The elements of a bucket in order of their keys, inner buckets among them. Reads the leaves again.
    pub fn elements<'s>(&'s self, bucket: &'s Bucket<'a>) -> impl Iterator<Item = LeafElement<'a>> + 's {
        self.walked.db.leaves(bucket).flat_map(|page| page.elements())
    }

    /// The intact records, in order of revision, tombstones and the bump marker included. Reads the leaves again.
    pub fn records(&self) -> impl Iterator<Item = Record<'a>> + '_ {
        let leaves = self.bucket(bucket::KEY).into_iter().flat_map(move |bucket| self.walked.db.leaves(bucket));
        leaves.flat_map(|page| {
            let records = page.elements().filter(|element| !element.is_bucket());
            records.filter_map(move |element| Record::decode(&element, place(&page, &element)).ok())
        })
    }
}

pub(crate) fn place(page: &LeafPage<'_>, element: &LeafElement<'_>) -> Place {
    Place { page: page.page(), element: element.index, offset: page.offset_of(element.index) }
}

fn decode<'a>(chunk: &mut Chunk<'_, 'a>, hasher: &KeyHasher, options: Options<'_>) -> Piece<'a> {
    let mut piece = Piece::default();
    let is_sound = |record: &Record<'_>| options.sound.is_none_or(|sound| sound(record.kv.key, record.kv.value));
    let mut at = 0;
    for (page, shape) in chunk {
        piece.records.reserve(usize::from(page.count()).min(RECORDS_AT_ONCE));
        piece.bytes += shape.used;
        let mut payload = page.payload(&shape).filter(|_| !options.without_hashes);
        for element in page.elements() {
            if !options.without_hashes {
                piece.add(&element, &mut payload);
            }
            let place = place(&page, &element);
            let decoded = match element.is_bucket() {
                true => Err(RecordError::Bucket),
                false => Record::decode(&element, place),
            };
            match decoded {
                Ok(record) => {
                    let hash = hasher.hash(record.kv.key);
                    let suspect = !record.tombstone && !is_sound(&record);
                    piece.records.push(Decoded { record, hash, suspect, at });
                }
                Err(error) => {
                    piece.damaged.push(at);
                    let kind = MvccFaultKind::Record(error);
                    piece.faults.push(MvccFault { kind, revision: None, key: None, place });
                }
            }
            at += 1;
        }
    }
    piece
}

impl<'a> Piece<'a> {
    /// Sums an element: from the front of `payload`, where key and value lie side by side there.
    fn add(&mut self, element: &LeafElement<'a>, payload: &mut Option<&'a [u8]>) {
        let from = self.crc.len;
        let len = element.key.len().saturating_add(element.value.len());
        match payload.and_then(|payload| payload.split_at_checked(len)) {
            Some((data, rest)) => {
                self.crc.update(data);
                *payload = Some(rest);
            }
            None => self.crc.add_element(element),
        }
        self.ends.push(self.crc, from);
    }
}
