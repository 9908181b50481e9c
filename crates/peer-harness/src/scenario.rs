//! What a server is filled with, the same each time, and a model of what must then be true.
//!
//! The steps are data. [`fill`] sends each to the server and to the model and compares the revision that both
//! arrive at; [`Filled::live_at`] is the model's word on every revision after.

use std::collections::BTreeMap;

use crate::HarnessError;
use crate::fact::KeyFact;
use crate::hex::sha256;
use crate::requests::Op;
use crate::server::EtcdServer;

/// A lease that keeps its keys.
const KEEPS: i64 = 0x1001;
/// A lease without keys.
const EMPTY: i64 = 0x1002;
/// A lease that is revoked, its keys with it.
const REVOKED: i64 = 0x1003;
/// A lease that loses a key to [`KEEPS`] and another to a put without a lease.
const LOSES: i64 = 0x7fff_1234_5678_9abc;

/// One step of the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Changes that share a main revision.
    Txn(Vec<Op>),
    /// A lease is granted.
    Grant {
        /// Its ID.
        id: i64,
        /// Time to live in seconds: long enough never to expire in a test.
        ttl: i64,
    },
    /// A lease is revoked, its keys deleted.
    Revoke {
        /// Its ID.
        id: i64,
    },
    /// Compaction at the revision `back` before the current one.
    Compact {
        /// How far back.
        back: i64,
    },
    /// A learner joins and leaves: one member removed.
    MemberComesAndGoes,
}

/// A filled server, seen by the model.
#[derive(Debug, Clone)]
pub struct Filled {
    /// Newest main revision.
    pub last: i64,
    /// Revision of the last compaction.
    pub compacted: i64,
    /// Revisions worth asking about, ascending: the compaction, the one after it, some between, the last two.
    pub revisions: Vec<i64>,
    /// Revisions that etcd must refuse as compacted, ascending.
    pub refused: Vec<i64>,
    /// IDs of the leases there are, ascending.
    pub leases: Vec<i64>,
    history: BTreeMap<i64, BTreeMap<Vec<u8>, KeyFact>>,
}

impl Filled {
    /// Keys that must be live at a revision, in key order.
    #[must_use]
    pub fn live_at(&self, revision: i64) -> Vec<KeyFact> {
        let newest = self.history.range(..=revision).next_back();
        newest.map(|(_, live)| live.values().cloned().collect()).unwrap_or_default()
    }

    /// Keys that must be attached to a lease now, in key order.
    #[must_use]
    pub fn attached_to(&self, lease: i64) -> Vec<Vec<u8>> {
        self.live_at(self.last).into_iter().filter(|fact| fact.lease == lease).map(|fact| fact.key).collect()
    }
}

/// Fills a new server.
///
/// # Errors
/// What etcd refuses, and [`HarnessError::Model`] at the first revision that is not the model's.
pub fn fill(server: &EtcdServer) -> Result<Filled, HarnessError> {
    let mut model = Model::new();
    for step in steps() {
        let (got, expected) = match &step {
            Step::Txn(ops) => (server.txn(ops)?, model.txn(ops)),
            Step::Revoke { id } => (server.lease_revoke(*id)?, model.revoke(*id)),
            Step::Grant { id, ttl } => {
                server.lease_grant(*id, *ttl)?;
                model.leases.insert(*id, *ttl);
                continue;
            }
            Step::Compact { back } => {
                model.compacted = model.revision - back;
                server.compact(model.compacted)?;
                continue;
            }
            Step::MemberComesAndGoes => {
                let id = server.member_add_learner("http://127.0.0.1:1")?;
                server.member_remove(id)?;
                continue;
            }
        };
        if got != expected {
            let what = format!("revision after {step:?}");
            return Err(HarnessError::Model { what, got: got.to_string(), expected: expected.to_string() });
        }
    }
    Ok(model.filled())
}

/// The steps, oldest first.
#[must_use]
pub fn steps() -> Vec<Step> {
    [before_compaction(), around_leases(), up_to_the_compaction(), after_compaction()].concat()
}

fn before_compaction() -> Vec<Step> {
    let mut steps: Vec<Step> = (0..40).map(|i| put(&config_map(i), i, i * i * 37 % 1500)).collect();
    steps.extend([
        put(b"\0", 100, 7),
        put(b"\xff\xfe\xfd/binary", 101, 2),
        put(b"/kubernetes.io/configmaps/ns-0/new\nline", 102, 1),
        put("/kubernetes.io/configmaps/ns-0/é中😀".as_bytes(), 103, 4),
        put(b"/kubernetes.io/configmaps/ns-0/empty", 104, 0),
        // longer than a page, so that its leaf has overflow pages
        put(b"/kubernetes.io/configmaps/ns-0/large", 105, 20_000),
        put(&[b'k'; 600], 106, 3),
    ]);
    for round in 1..3 {
        steps.extend((0..40).step_by(3).map(|i| put(&config_map(i), 1000 * round + i, 64)));
    }
    steps.extend((0..40).step_by(7).map(|i| delete(&config_map(i))));
    steps.push(delete(b"/kubernetes.io/configmaps/ns-0/never-was")); // no revision
    steps.extend((0..30).map(|i| put(b"/kubernetes.io/leases/kube-system/hot", 2000 + i, 120)));
    steps.push(Step::Compact { back: 5 }); // in the middle of the hot key's versions
    // one revision, several entries: two creations, an overwrite, a deletion
    steps.push(Step::Txn(vec![
        put_op(b"/kubernetes.io/secrets/ns-0/from-txn-a", 3000, 80, 0),
        put_op(b"/kubernetes.io/secrets/ns-0/from-txn-b", 3001, 81, 0),
        put_op(&config_map(1), 3002, 82, 0),
        Op::Delete { key: config_map(2) },
    ]));
    // one revision, many tombstones
    steps.push(Step::Txn(vec![Op::DeletePrefix { prefix: b"/kubernetes.io/configmaps/ns-2/".to_vec() }]));
    // deleted and created anew: version 1 again
    steps.extend([0, 7, 14].map(|i| put(&config_map(i), 4000 + i, 33)));
    steps
}

fn around_leases() -> Vec<Step> {
    let event = |i: usize| format!("/kubernetes.io/events/ns-0/event-{i:02}").into_bytes();
    let attach = |i: usize, lease| Step::Txn(vec![put_op(&event(i), 5000 + i, 200, lease)]);
    let mut steps: Vec<Step> = [(KEEPS, 86_400), (EMPTY, 3_600), (REVOKED, 7_200), (LOSES, 100_000)]
        .map(|(id, ttl)| Step::Grant { id, ttl })
        .into();
    steps.extend((0..5).map(|i| attach(i, KEEPS)));
    steps.extend((5..9).map(|i| attach(i, REVOKED)));
    steps.extend((9..12).map(|i| attach(i, LOSES)));
    steps.push(attach(9, KEEPS)); // moves to another lease
    steps.push(attach(10, 0)); // is detached
    steps.push(delete(&event(4))); // a deleted key is attached to nothing
    steps.push(Step::Revoke { id: REVOKED });
    steps
}

fn up_to_the_compaction() -> Vec<Step> {
    let mut steps: Vec<Step> = (3..12).map(|i| put(&config_map(i), 6000 + i, 90)).collect();
    steps.push(put(b"/kubernetes.io/configmaps/ns-1/gone-at-compaction", 6100, 10));
    steps.push(delete(&config_map(3)));
    // the compaction falls on the revision of a deletion: its tombstone is the one HashKV's rule is about
    steps.push(delete(b"/kubernetes.io/configmaps/ns-1/gone-at-compaction"));
    steps.push(Step::Compact { back: 0 });
    steps
}

fn after_compaction() -> Vec<Step> {
    let mut steps: Vec<Step> = (20..40).map(|i| put(&config_map(i), 7000 + i, i * 53 % 900)).collect();
    steps.push(Step::MemberComesAndGoes);
    steps.push(put(b"/kubernetes.io/configmaps/ns-1/gone-at-compaction", 7100, 11)); // comes back
    steps.extend((20..40).step_by(4).map(|i| delete(&config_map(i))));
    steps.push(Step::Txn(vec![
        Op::DeletePrefix { prefix: b"/kubernetes.io/secrets/".to_vec() },
        put_op(&config_map(20), 7200, 5, 0),
        put_op(&config_map(1), 7201, 6, KEEPS),
        Op::Delete { key: b"\xff\xfe\xfd/binary".to_vec() },
    ]));
    steps.extend((0..6).map(|i| put(b"/kubernetes.io/leases/kube-system/hot", 7300 + i, 121)));
    steps.push(delete(b"\0"));
    steps.push(put(b"\0", 7400, 8));
    steps.push(delete(b"/kubernetes.io/leases/kube-system/hot")); // ends deleted
    steps.push(put(b"/kubernetes.io/configmaps/ns-0/last", 7500, 12));
    steps
}

fn config_map(i: usize) -> Vec<u8> {
    format!("/kubernetes.io/configmaps/ns-{}/cm-{i:03}", i % 3).into_bytes()
}

fn put(key: &[u8], seed: usize, len: usize) -> Step {
    Step::Txn(vec![put_op(key, seed, len, 0)])
}

fn put_op(key: &[u8], seed: usize, len: usize, lease: i64) -> Op {
    Op::Put { key: key.to_vec(), value: filler(seed, len), lease }
}

fn delete(key: &[u8]) -> Step {
    Step::Txn(vec![Op::Delete { key: key.to_vec() }])
}

/// Bytes that compress badly, so that a wrong offset shows: a linear congruential generator's high bytes.
fn filler(seed: usize, len: usize) -> Vec<u8> {
    let next =
        |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    let states = std::iter::successors(Some(seed as u64), next);
    states.skip(1).take(len).map(|state| state.to_be_bytes()[0]).collect()
}

/// etcd's key space as its documentation has it: no code of etcd's or ours.
struct Model {
    revision: i64,
    compacted: i64,
    live: BTreeMap<Vec<u8>, KeyFact>,
    leases: BTreeMap<i64, i64>,
    history: BTreeMap<i64, BTreeMap<Vec<u8>, KeyFact>>,
}

impl Model {
    fn new() -> Self {
        // an empty etcd is at revision 1
        Self { revision: 1, compacted: -1, live: BTreeMap::new(), leases: BTreeMap::new(), history: BTreeMap::new() }
    }

    fn txn(&mut self, ops: &[Op]) -> i64 {
        let revision = self.revision + 1;
        let mut changed = false;
        for op in ops {
            changed |= match op {
                Op::Put { key, value, lease } => {
                    let old = self.live.get(key);
                    let fact = KeyFact {
                        key: key.clone(),
                        create_revision: old.map_or(revision, |old| old.create_revision),
                        mod_revision: revision,
                        version: old.map_or(1, |old| old.version + 1),
                        lease: *lease,
                        value_len: value.len(),
                        value_sha256: sha256(value),
                    };
                    self.live.insert(key.clone(), fact);
                    true
                }
                Op::Delete { key } => self.live.remove(key).is_some(),
                Op::DeletePrefix { prefix } => self.drop_where(|fact| fact.key.starts_with(prefix)),
            };
        }
        self.commit(revision, changed)
    }

    fn revoke(&mut self, id: i64) -> i64 {
        self.leases.remove(&id);
        let changed = self.drop_where(|fact| fact.lease == id);
        self.commit(self.revision + 1, changed)
    }

    fn drop_where(&mut self, goes: impl Fn(&KeyFact) -> bool) -> bool {
        let before = self.live.len();
        self.live.retain(|_, fact| !goes(fact));
        self.live.len() < before
    }

    /// A transaction that changes nothing takes no revision.
    fn commit(&mut self, revision: i64, changed: bool) -> i64 {
        if changed {
            self.revision = revision;
            self.history.insert(revision, self.live.clone());
        }
        self.revision
    }

    fn filled(self) -> Filled {
        let (first, last) = (self.compacted, self.revision);
        let span = last - first;
        let mut revisions = vec![first, first + 1, first + span / 3, first + span / 2, last - 2, last - 1, last];
        // where one revision holds several entries, half a transaction would show
        let neighbours = self.history.values().zip(self.history.iter().skip(1));
        revisions.extend(neighbours.filter_map(|(before, (&revision, after))| {
            let many = before.len().abs_diff(after.len()) > 1;
            (many && revision > first).then_some(revision)
        }));
        revisions.sort_unstable();
        revisions.dedup();
        Filled {
            last,
            compacted: first,
            revisions,
            refused: vec![1, first / 2, first - 1],
            leases: self.leases.into_keys().collect(),
            history: self.history,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_follows_etcds_documentation() {
        let mut model = Model::new();
        let key = b"k".to_vec();
        let fact =
            |model: &Model| model.live.get(b"k".as_slice()).map(|f| (f.create_revision, f.mod_revision, f.version));
        let put = [put_op(b"k", 1, 1, 0)];
        assert_eq!((model.txn(&put), fact(&model)), (2, Some((2, 2, 1))));
        assert_eq!((model.txn(&put), fact(&model)), (3, Some((2, 3, 2))));
        assert_eq!((model.txn(&[Op::Delete { key: key.clone() }]), fact(&model)), (4, None));
        assert_eq!((model.txn(&[Op::Delete { key }]), fact(&model)), (4, None));
        assert_eq!((model.txn(&put), fact(&model)), (5, Some((5, 5, 1))));
    }

    #[test]
    fn every_step_is_there_and_nothing_depends_on_the_run() {
        let steps = steps();
        assert_eq!(steps, super::steps());
        let count = |is: fn(&Step) -> bool| steps.iter().filter(|step| is(step)).count();
        assert_eq!(count(|s| matches!(s, Step::Compact { .. })), 2);
        assert_eq!(count(|s| matches!(s, Step::Revoke { .. })), 1);
        assert!(count(|s| matches!(s, Step::Txn(ops) if ops.len() > 1)) >= 2);
        assert!(count(|s| matches!(s, Step::Txn(_))) > 150);
    }
}
