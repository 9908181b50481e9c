//! Snapshots of several members of one cluster: which are that, where they can be compared, and in what they differ.
//!
//! A false alarm here would cost a night, so two snapshots count as members of one cluster that disagree only where
//! something tells that they applied one log: most of what each wrote since they part is in the other, too, or both say the
//! same raft index. Where a cluster was restored meanwhile, and went on, neither is so.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use bbolt_page::Spread;
use etcd_snapshot::{HashKv, Record, Revision, Scan};
use kube_objects::{ObjectHead, StorageKey};

use crate::compare::{self, Cause, Pair, merge};

/// Which cluster a snapshot is of, and how far it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// IDs of the members that it lists.
    pub members: Vec<u64>,
    /// UID of the cluster: that of namespace `kube-system`.
    pub cluster: Option<String>,
    /// Its newest main revision.
    pub revision: i64,
    /// Revision of its last compaction; -1 before the first.
    pub compacted: i64,
    /// Raft index of its last change.
    pub index: Option<u64>,
    /// Raft term of that.
    pub term: Option<u64>,
    /// HashKV at its newest revision.
    pub hash: Option<HashKv>,
    /// Whether nothing in it is damaged.
    pub whole: bool,
}

/// Where two snapshots or more can be compared: at a revision that all retain, after the last compaction of any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Common {
    /// The revision.
    pub revision: i64,
    /// The compaction; -1 where there was none.
    pub compacted: i64,
}

/// In what two snapshots of members differ at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// The first record that is not the same; `None` where that was compacted away.
    pub first: Option<Revision>,
    /// What is most likely behind it.
    pub cause: Cause,
    /// Keys with other values, or in one alone, in byte order, the first of them.
    pub keys: Vec<KeyApart>,
    /// How many there are.
    pub differing: u64,
    /// Keys with the same value, written at another revision.
    pub moved: u64,
}

/// A key that is not the same in two snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyApart {
    /// The key.
    pub key: Vec<u8>,
    /// Main revision that wrote it last in the one; `None` where it is not there.
    pub one: Option<i64>,
    /// The same of the other.
    pub other: Option<i64>,
}

/// Keys that are kept.
const MOST_KEYS: usize = 20;
/// Records behind the first that differs, of each snapshot, by which it is judged whether both applied one log.
const MOST_RECORDS: usize = 200_000;
/// Fewer such records tell nothing.
const ENOUGH: usize = 4;

impl Standing {
    /// Of a walk of the newest view, its hash, and the UID of its cluster.
    #[must_use]
    pub fn of(scan: &Scan<'_>, hash: Option<HashKv>, cluster: Option<String>) -> Self {
        let state = &scan.state;
        Self {
            cluster,
            members: state.members.iter().map(|member| member.id).collect(),
            revision: scan.current(),
            compacted: state.compacted().unwrap_or(-1),
            index: state.consistent_index,
            term: state.term,
            hash,
            whole: !compare::is_damaged(scan),
        }
    }

    /// Whether it is of a cluster of several members: one by itself has nobody to disagree with.
    #[must_use]
    pub fn is_of_several(&self) -> bool {
        self.members.len() > 1
    }

    /// Whether both may be of members of one cluster. Where one was restored, and the other not, they are not.
    #[must_use]
    pub fn is_akin(&self, other: &Self) -> bool {
        let shares = self.members.iter().any(|id| other.members.contains(id));
        let same_cluster = self.cluster.is_none() || other.cluster.is_none() || self.cluster == other.cluster;
        let several = self.is_of_several() && other.is_of_several();
        self.whole && other.whole && several && shares && same_cluster && self.is_restored() == other.is_restored()
    }

    /// Where both can be compared; `None` where one ends before the history of the other begins.
    #[must_use]
    pub fn common(&self, other: &Self) -> Option<Common> {
        let common =
            Common { revision: self.revision.min(other.revision), compacted: self.compacted.max(other.compacted) };
        (common.compacted <= common.revision).then_some(common)
    }

    /// Whether both have applied the same entries of one log, as far as their index tells.
    #[must_use]
    pub fn is_at_index_of(&self, other: &Self) -> bool {
        self.index.is_some() && self.index == other.index && self.term == other.term && !self.is_restored()
    }

    /// Every write takes a raft index of its own, so an index below the revision has begun anew.
    fn is_restored(&self) -> bool {
        compare::is_restored(self.index, self.revision)
    }
}

/// UID of the cluster that a snapshot is of: that of namespace `kube-system`.
#[must_use]
pub fn cluster(scan: &Scan<'_>) -> Option<String> {
    let is_it = |key: &[u8]| {
        let parsed = StorageKey::parse(key);
        (parsed.group, parsed.resource, parsed.name) == (b"", b"namespaces", b"kube-system")
    };
    let live = scan.store.live().find(|live| live.kv.key.ends_with(b"/kube-system") && is_it(live.kv.key))?;
    let uid = ObjectHead::read(live.kv.value).ok()?.metadata.uid.into_owned();
    Some(uid).filter(|uid| !uid.is_empty())
}

/// In what two snapshots differ whose walks are of the view at the common revision; `None` where they do not, or nothing
/// tells that they are of members of one cluster.
#[must_use]
pub fn apart(one: &Scan<'_>, other: &Scan<'_>, common: Common, spread: &impl Spread) -> Option<Apart> {
    let first = common.compacted.saturating_add(1);
    let within =
        |record: &Record<'_>| (first..=common.revision).contains(&record.revision.main) && !record.is_bump_marker();
    let (mut a, mut b) = (one.records().filter(within), other.records().filter(within));
    let mut same = 0_u64;
    let parting = loop {
        match (a.next(), b.next()) {
            (None, None) => break None,
            (Some(x), Some(y)) if compare::is_same_record(&x, &y) => same += 1,
            pair => break Some(pair),
        }
    };
    let standing = [one, other].map(|scan| Standing::of_state(scan));
    let [here, there] = &standing;
    let same_index = here.is_at_index_of(there) && (same > 0 || common.compacted > 0);
    let cause = match &parting {
        None if same > 0 || same_index => Cause::Unknown,
        None => return None,
        Some((x, y)) => {
            if !(of_one_log(x.iter().copied().chain(a), y.iter().copied().chain(b)) || same_index) {
                return None;
            }
            compare::cause(one, other, true, x.as_ref(), y.as_ref())
        }
    };
    let revisions = parting.iter().flat_map(|(x, y)| [x, y]).flatten().map(|record| record.revision);
    let mut apart = Apart { first: revisions.min(), cause, keys: Vec::new(), differing: 0, moved: 0 };
    apart.compare(one, other, spread);
    (apart.first.is_some() || apart.differing + apart.moved > 0).then_some(apart)
}

/// Whether most of what the shorter wrote is in the other, too.
fn of_one_log<'a>(one: impl Iterator<Item = Record<'a>>, other: impl Iterator<Item = Record<'a>>) -> bool {
    let hasher = RandomState::new();
    let content = |record: Record<'a>| hasher.hash_one((record.kv.key, record.kv.value, record.tombstone));
    let mut counts: HashMap<u64, u32> = HashMap::new();
    let (mut ours, mut theirs, mut shared) = (0, 0, 0);
    for record in one.take(MOST_RECORDS) {
        *counts.entry(content(record)).or_default() += 1;
        ours += 1;
    }
    for record in other.take(MOST_RECORDS) {
        theirs += 1;
        if let Some(left) = counts.get_mut(&content(record)).filter(|left| **left > 0) {
            *left -= 1;
            shared += 1;
        }
    }
    let fewer: usize = ours.min(theirs);
    fewer >= ENOUGH && shared * 2 >= fewer
}

impl Standing {
    fn of_state(scan: &Scan<'_>) -> Self {
        let state = &scan.state;
        Self { revision: scan.current(), index: state.consistent_index, term: state.term, ..Self::default() }
    }
}

impl Apart {
    fn compare(&mut self, one: &Scan<'_>, other: &Scan<'_>, spread: &impl Spread) {
        for pair in merge(one.store.live_sorted(|_| true, spread), other.store.live_sorted(|_| true, spread)) {
            let (key, here, there) = match pair {
                Pair::Removed(live) => (live.kv.key, Some(live.revision.main), None),
                Pair::Added(live) => (live.kv.key, None, Some(live.revision.main)),
                Pair::Both(a, b) if a.kv.value == b.kv.value => {
                    self.moved += u64::from(a.revision.cmp(&b.revision) != Ordering::Equal || a.kv != b.kv);
                    continue;
                }
                Pair::Both(a, b) => (a.kv.key, Some(a.revision.main), Some(b.revision.main)),
            };
            self.differing += 1;
            if self.keys.len() < MOST_KEYS {
                self.keys.push(KeyApart { key: key.to_vec(), one: here, other: there });
            }
        }
    }
}
