//! Two snapshots: which keys differ, and whether their histories are one.

use std::cmp::Ordering;
use std::iter::Peekable;

use etcd_snapshot::{Live, Record, Revision, Scan};
use kube_objects::StorageKey;
use serde_json::Value;

use crate::change::{Change, Compared, changes};
use crate::object::{Object, Unseen, View};
use crate::open::{NotOpened, Opener};

/// A key that is not the same in both.
#[derive(Debug, Clone, Copy)]
pub enum Pair<'a, 'b> {
    /// Only in the new one.
    Added(Live<'b>),
    /// Only in the old one.
    Removed(Live<'a>),
    /// In both.
    Both(Live<'a>, Live<'b>),
}

impl<'a> Pair<'a, 'a> {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &'a [u8] {
        match self {
            Self::Added(live) | Self::Removed(live) | Self::Both(_, live) => live.kv.key,
        }
    }
}

/// Merges two lists of live keys, each in byte order.
pub fn merge<'a, 'b>(
    old: impl Iterator<Item = Live<'a>>,
    new: impl Iterator<Item = Live<'b>>,
) -> impl Iterator<Item = Pair<'a, 'b>> {
    Merge { old: old.peekable(), new: new.peekable() }
}

struct Merge<A: Iterator, B: Iterator> {
    old: Peekable<A>,
    new: Peekable<B>,
}

impl<'a, 'b, A: Iterator<Item = Live<'a>>, B: Iterator<Item = Live<'b>>> Iterator for Merge<A, B> {
    type Item = Pair<'a, 'b>;

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.old.peek(), self.new.peek()) {
            (Some(old), Some(new)) => old.kv.key.cmp(new.kv.key),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        match order {
            Ordering::Less => self.old.next().map(Pair::Removed),
            Ordering::Greater => self.new.next().map(Pair::Added),
            Ordering::Equal => self.old.next().zip(self.new.next()).map(|(old, new)| Pair::Both(old, new)),
        }
    }
}

/// What two values of a key are to each other.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// The same bytes.
    None,
    /// Stored in other bytes, the same when opened: encrypted anew, under another key or another nonce.
    Resealed,
    /// Objects that differ only in what always moves, see [`moves`] and [`is_moving_field`].
    Moved,
    /// Objects that differ in these fields.
    Fields(Vec<Change>),
    /// Bytes that are no objects, or not both; or objects that are the same but for how they are encoded, where
    /// everything is asked for.
    Bytes,
    /// The same bytes under another lease, where everything is asked for.
    Lease,
    /// Stored in other bytes, and at least one of them stays closed: what is inside may be the same.
    Closed(NotOpened),
}

/// How values are compared.
#[derive(Clone, Copy)]
pub struct Comparison<'o> {
    /// Opens values of the old snapshot.
    pub old: &'o dyn Opener,
    /// Opens values of the new one.
    pub new: &'o dyn Opener,
    /// Compare what always moves, too.
    pub all: bool,
    /// Show what is secret.
    pub reveal: bool,
}

impl Comparison<'_> {
    /// Compares two values of one key.
    #[must_use]
    pub fn of(&self, old: &Live<'_>, new: &Live<'_>) -> Difference {
        if old.kv.value == new.kv.value {
            return if self.is_same(old, new) { Difference::None } else { Difference::Lease };
        }
        let key = old.kv.key;
        let opened = self.old.open(key, old.kv.value).and_then(|a| Ok((a, self.new.open(key, new.kv.value)?)));
        let (a, b) = match opened {
            Ok(both) => both,
            Err(why) => return Difference::Closed(why),
        };
        if *a == *b {
            return Difference::Resealed;
        }
        let view = View { reveal: self.reveal, managed_fields: self.all, ..View::default() };
        let read = |plain: &[u8]| Object::of_plain(key, plain, 0, view);
        let (Ok(a), Ok(b)) = (read(&a), read(&b)) else { return Difference::Bytes };
        let mut fields = changes(&a, &b, Compared { managed_fields: self.all });
        if !self.all {
            fields.retain(|change| !is_moving_field(&change.path));
        }
        // Encoded in another way, or changed only where it always moves: nothing that a reader could see.
        match (fields.is_empty(), self.all) {
            (true, true) => Difference::Bytes,
            (true, false) => Difference::Moved,
            (false, _) => Difference::Fields(fields),
        }
    }

    /// Whether two values of one key need no closer look.
    #[must_use]
    pub fn is_same(&self, old: &Live<'_>, new: &Live<'_>) -> bool {
        old.kv.value == new.kv.value && (!self.all || old.kv.lease == new.kv.lease)
    }
}

/// Whether keys of this kind change all the time, without anybody doing anything: leases, events, what API servers keep
/// for themselves.
#[must_use]
pub fn moves(key: &[u8]) -> bool {
    let parsed = StorageKey::parse(key);
    if key == b"compact_rev_key" || matches!(parsed.resource, b"masterleases" | b"peerserverleases") {
        return true;
    }
    matches!(
        (parsed.group, parsed.resource),
        (b"coordination.k8s.io", b"leases" | b"leasecandidates") | (b"" | b"events.k8s.io", b"events")
    )
}

/// Whether a field changes all the time: heartbeats of nodes, and leader elections of old.
#[must_use]
pub fn is_moving_field(path: &str) -> bool {
    path.ends_with(".lastHeartbeatTime") || path.ends_with("[\"control-plane.alpha.kubernetes.io/leader\"]")
}

/// Whether two histories are one, as far as both files hold them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// Every record from the first revision to the last is the same in both.
    Same {
        /// First main revision that was compared.
        first: i64,
        /// Last one.
        last: i64,
    },
    /// From this revision on they differ.
    Diverged(Divergence),
    /// No revision is retained in both: one ends before the other begins.
    NoOverlap,
}

/// The first record that is not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// Where it is.
    pub revision: Revision,
    /// Key that the old file holds there; none where it has no record there.
    pub old: Option<Vec<u8>>,
    /// Key that the new file holds there.
    pub new: Option<Vec<u8>>,
    /// What is most likely behind it.
    pub cause: Cause,
}

/// What makes the files of two members, or of two moments, differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No member is in both, or not one record is the same: different clusters, or one of them restored.
    OtherCluster,
    /// Members of one cluster, both at the same raft index, hold different data.
    SameIndex,
    /// Members of one cluster: one has applied a change again that the other applied once.
    AppliedTwice,
    /// Members of one cluster whose users, roles or permissions differ: one refused what the other took.
    Auth,
    /// One lineage, and one of them was restored meanwhile and went on from there.
    Restored,
    /// One of the files is damaged: what it has lost may be all there is to it.
    Damage,
    /// The same members are in both, their data differs, and nothing says why.
    Unknown,
}

impl Cause {
    /// What it means, and the bug that is known for it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::OtherCluster => {
                "no member, or no record, is the same in both: they are of different clusters, or one was restored"
            }
            Self::SameIndex => {
                "members at the same raft index hold different data, as after a kill of etcd 3.5.0 to 3.5.2 (etcd#13766)"
            }
            Self::AppliedTwice => {
                "one member applied changes again, as after a crash during defragmentation in etcd 3.5.0 to 3.5.5 \
                 (etcd#14685)"
            }
            Self::Auth => {
                "users, roles or their revision differ, so one member refused what the other took (etcd#14571, \
                 etcd#11651)"
            }
            Self::Restored => {
                "one raft index is behind its revision: it was restored meanwhile, and went on from there"
            }
            Self::Damage => "a file is damaged, and what it has lost may be all there is to it",
            Self::Unknown => {
                "the same members are in both, and no known bug has left its traces: clusters built alike differ so, too"
            }
        }
    }

    /// A name for scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherCluster => "other-cluster",
            Self::SameIndex => "same-index",
            Self::AppliedTwice => "applied-twice",
            Self::Auth => "auth",
            Self::Restored => "restored",
            Self::Damage => "damage",
            Self::Unknown => "unknown",
        }
    }
}

/// Compares the records that both files retain, one by one, in order of revision.
///
/// Below the later compaction of the two nothing is compared: what is left there depends on when each was compacted.
#[must_use]
pub fn agreement(old: &Scan<'_>, new: &Scan<'_>) -> Agreement {
    let compacted = old.state.compacted().max(new.state.compacted()).unwrap_or(0);
    let last = old.current().min(new.current());
    let first = compacted.saturating_add(1);
    if first > last {
        return Agreement::NoOverlap;
    }
    let within = |record: &Record<'_>| (first..=last).contains(&record.revision.main) && !record.is_bump_marker();
    let (mut a, mut b) = (old.records().filter(within), new.records().filter(within));
    let mut is_one = false;
    loop {
        let (x, y) = (a.next(), b.next());
        let same = match (&x, &y) {
            (None, None) => return Agreement::Same { first, last },
            (Some(x), Some(y)) => is_same_record(x, y),
            _ => false,
        };
        if !same {
            let revision = [&x, &y].into_iter().flatten().map(|record| record.revision).min().unwrap_or_default();
            let at = |record: &Option<Record<'_>>| {
                record.filter(|record| record.revision == revision).map(|record| record.kv.key.to_vec())
            };
            let cause = cause(old, new, is_one, x.as_ref(), y.as_ref());
            return Agreement::Diverged(Divergence { revision, old: at(&x), new: at(&y), cause });
        }
        is_one = true;
    }
}

/// Whether two records are one, byte for byte.
pub(crate) fn is_same_record(x: &Record<'_>, y: &Record<'_>) -> bool {
    x.revision == y.revision && x.tombstone == y.tombstone && x.raw == y.raw
}

/// Every write takes a raft index of its own, so an index below the revision has begun anew.
pub(crate) fn is_restored(index: Option<u64>, revision: i64) -> bool {
    let revision = u64::try_from(revision).unwrap_or(0);
    index.is_some_and(|index| index.saturating_add(1) < revision)
}

/// `is_one` says that at least one record before was the same: two clusters may have members of the same ID.
pub(crate) fn cause(
    old: &Scan<'_>,
    new: &Scan<'_>,
    is_one: bool,
    x: Option<&Record<'_>>,
    y: Option<&Record<'_>>,
) -> Cause {
    let (a, b) = (&old.state, &new.state);
    let restored = |scan: &Scan<'_>| is_restored(scan.state.consistent_index, scan.current());
    if is_damaged(old) || is_damaged(new) {
        return Cause::Damage;
    }
    if restored(old) != restored(new) {
        return Cause::Restored;
    }
    let same_index = a.consistent_index.is_some() && a.consistent_index == b.consistent_index;
    let is_member = a.members.iter().any(|member| b.members.iter().any(|other| other.id == member.id));
    if !is_member || (!is_one && !same_index) {
        return Cause::OtherCluster;
    }
    let same_auth = a.auth_enabled == b.auth_enabled && a.auth_revision == b.auth_revision;
    if same_index && !same_auth {
        return Cause::Auth;
    }
    if old.current() != new.current() && (is_again(old, x) || is_again(new, y)) {
        return Cause::AppliedTwice;
    }
    match (same_index, same_auth) {
        (true, _) => Cause::SameIndex,
        (false, false) => Cause::Auth,
        (false, true) => Cause::Unknown,
    }
}

/// Whether records may be missing from what was read.
pub(crate) fn is_damaged(scan: &Scan<'_>) -> bool {
    let faults = &scan.walked.faults;
    scan.counts.damaged > 0 || faults.dropped() > 0 || faults.kept().iter().any(|fault| !fault.kind.is_harmless())
}

/// Whether a record does once more what the one before it of its key did.
fn is_again(scan: &Scan<'_>, record: Option<&Record<'_>>) -> bool {
    let Some(record) = record else { return false };
    let earlier = scan.records().filter(|other| other.kv.key == record.kv.key && other.revision < record.revision);
    earlier.last().is_some_and(|earlier| earlier.tombstone == record.tombstone && earlier.kv.value == record.kv.value)
}

/// A value of a key in one of the snapshots, masked unless it is to be revealed.
///
/// # Errors
/// [`Unseen`], where it stays closed or is no object.
pub fn shown(opener: &dyn Opener, live: &Live<'_>, reveal: bool) -> Result<Value, Unseen> {
    let view = View { reveal, ..View::default() };
    Object::read(opener, live.kv.key, live.kv.value, live.kv.mod_revision, view).map(Object::into_shown)
}

#[cfg(test)]
mod tests {
    use etcd_snapshot::KeyValue;

    use super::*;
    use crate::open::NoKeys;

    fn live<'a>(key: &'a str, value: &'a str) -> Live<'a> {
        let kv = KeyValue { key: key.as_bytes(), value: value.as_bytes(), ..KeyValue::default() };
        Live { kv, revision: Revision::default() }
    }

    #[test]
    fn both_lists_are_walked_side_by_side() {
        let old = [live("a", "1"), live("b", "1"), live("d", "1")];
        let new = [live("b", "2"), live("c", "1"), live("d", "1"), live("e", "1")];
        let merged: Vec<String> = merge(old.into_iter(), new.into_iter())
            .map(|pair| match pair {
                Pair::Added(live) => format!("+{}", live.kv.key.escape_ascii()),
                Pair::Removed(live) => format!("-{}", live.kv.key.escape_ascii()),
                Pair::Both(old, new) => format!("{}{}", old.kv.key.escape_ascii(), new.kv.key.escape_ascii()),
            })
            .collect();
        assert_eq!(merged, ["-a", "bb", "+c", "dd", "+e"]);
    }

    #[test]
    fn what_always_moves_is_no_difference_unless_all_is_asked_for() {
        let node = |heartbeat: &str, ready: &str| {
            format!(
                r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"n","managedFields":[{{"time":"{heartbeat}"}}]}},
                "status":{{"conditions":[{{"type":"Ready","status":"{ready}","lastHeartbeatTime":"{heartbeat}"}}]}}}}"#
            )
        };
        let texts = [node("1", "True"), node("2", "True"), node("2", "False")];
        let of = |all, a: usize, b: usize| {
            let comparison = Comparison { old: &NoKeys, new: &NoKeys, all, reveal: false };
            comparison.of(&live("/kubernetes.io/minions/n", &texts[a]), &live("/kubernetes.io/minions/n", &texts[b]))
        };
        assert_eq!(of(false, 0, 0), Difference::None);
        assert_eq!(of(false, 0, 1), Difference::Moved);
        let paths = |difference| match difference {
            Difference::Fields(fields) => fields.into_iter().map(|change| change.path).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(paths(of(false, 0, 2)), [".status.conditions[type=Ready].status"]);
        assert_eq!(
            paths(of(true, 0, 1)),
            [".metadata.managedFields[0].time", ".status.conditions[type=Ready].lastHeartbeatTime"]
        );
    }

    #[test]
    fn all_leaves_nothing_out() {
        let of = |all, old: &Live<'_>, new: &Live<'_>| {
            Comparison { old: &NoKeys, new: &NoKeys, all, reveal: false }.of(old, new)
        };
        let (one, spaced) = (r#"{"apiVersion":"v1","kind":"Pod"}"#, r#"{"apiVersion":"v1", "kind":"Pod"}"#);
        let (one, spaced) = (live("/kubernetes.io/pods/a/b", one), live("/kubernetes.io/pods/a/b", spaced));
        assert_eq!(of(false, &one, &spaced), Difference::Moved);
        assert_eq!(of(true, &one, &spaced), Difference::Bytes);
        let mut leased = one;
        leased.kv.lease = 7;
        assert_eq!(of(false, &one, &leased), Difference::None);
        assert_eq!(of(true, &one, &leased), Difference::Lease);
    }

    #[test]
    fn closed_values_differ_as_far_as_can_be_told() {
        let comparison = Comparison { old: &NoKeys, new: &NoKeys, all: false, reveal: false };
        let (a, b) = (live("/k", "k8s:enc:aescbc:v1:1:one"), live("/k", "k8s:enc:aescbc:v1:1:two"));
        assert!(matches!(comparison.of(&a, &b), Difference::Closed(NotOpened::NoKeys { .. })));
        assert_eq!(comparison.of(&a, &a), Difference::None);
        assert_eq!(comparison.of(&live("/k", "x"), &live("/k", "y")), Difference::Bytes);
    }

    #[test]
    fn the_first_divergence_and_what_is_known_of_it_are_named() {
        use bbolt_page::{Db, Serial};
        use etcd_snapshot::Options;
        use snapshot_builder::{Builder, MEMBER};
        let base = |builder: &mut Builder| {
            builder.create(2, "a").create(3, "b").change(4, "a", 2, 2);
        };
        let judge = |change: &dyn Fn(&mut Builder)| {
            let (mut one, mut other) = (Builder::new(), Builder::new());
            base(&mut one);
            one.create(5, "c");
            base(&mut other);
            change(&mut other);
            let files = [one.build(), other.build()];
            let [old, new] =
                files.each_ref().map(|file| etcd_snapshot::scan(Db::open(file).unwrap(), Options::default(), &Serial));
            match agreement(&old, &new) {
                Agreement::Diverged(found) => (found.revision.main, found.cause.name()),
                Agreement::Same { first, last } => (last - first, "same"),
                Agreement::NoOverlap => (0, "none"),
            }
        };
        assert_eq!(
            judge(&|other| {
                other.create(5, "c");
            }),
            (4, "same")
        );
        assert_eq!(judge(&|_| ()), (3, "same"), "what one of them has not written yet is no divergence");
        assert_eq!(
            judge(&|other| {
                other.create(5, "d");
            }),
            (5, "same-index")
        );
        let index = |other: &mut Builder| {
            other.set("meta", b"consistent_index", &1_000_001_u64.to_be_bytes());
        };
        assert_eq!(
            judge(&|other| {
                index(other);
                other.create(5, "d");
            }),
            (5, "unknown")
        );
        assert_eq!(
            judge(&|other| {
                other.create(5, "d").set("auth", b"authRevision", &9_u64.to_be_bytes());
            }),
            (5, "auth")
        );
        assert_eq!(
            judge(&|other| {
                let id = format!("{MEMBER:x}");
                other.unset("members", id.as_bytes()).member(7, "else", false).create(5, "d");
            }),
            (5, "other-cluster")
        );
        assert_eq!(
            judge(&|other| {
                other.create(5, "d").set("meta", b"consistent_index", &2_u64.to_be_bytes());
            }),
            (5, "restored")
        );
        // the put of revision 4 once more, with the rest shifted behind it
        assert_eq!(
            judge(&|other| {
                let value = b"value of a at 4";
                let put = snapshot_builder::Put { key: b"a", value, create: 2, modified: 5, version: 3, lease: 0 };
                other.put(5, 0, &put).create(6, "c");
            }),
            (5, "applied-twice")
        );
        assert_eq!(
            judge(&|other| {
                other.create(9, "d").compacted(8, Some(8));
            }),
            (0, "none")
        );
    }

    #[test]
    fn keys_that_move_are_known() {
        for (key, moving) in [
            ("/kubernetes.io/leases/kube-node-lease/w1", true),
            ("/kubernetes.io/events/default/x", true),
            ("/kubernetes.io/masterleases/10.0.0.1", true),
            ("/kubernetes.io/peerserverleases/x", true),
            ("compact_rev_key", true),
            ("/kubernetes.io/pods/a/b", false),
            ("/kubernetes.io/example.com/events/a/b", false),
        ] {
            assert_eq!(moves(key.as_bytes()), moving, "{key}");
        }
    }
}
