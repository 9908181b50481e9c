//! The reader, and the view that `ls` lists, against etcd itself: what was recorded, and what a live server answers.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, Scan, scan};
use lens::{Agreement, Comparison, Difference, NoKeys, Pair, Reader, agreement, merge};
use peer_harness::{Answers, EtcdServer, KeyFact, Op, Peer, PeerVersion};
use sha2::{Digest, Sha256};

/// Changes that are made, and revisions that are compared.
const CHANGES: usize = 5000;
const REVISIONS: usize = 50;

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn small(&mut self, limit: u8) -> u8 {
        u8::try_from(self.below(limit.into())).unwrap()
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn open(file: &[u8], at: Option<i64>) -> Scan<'_> {
    scan(Db::open(file).unwrap(), Options { at, without_hashes: true, progress: None }, &Serial)
}

fn fact(kv: &etcd_snapshot::KeyValue<'_>) -> KeyFact {
    KeyFact {
        key: kv.key.to_vec(),
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        lease: kv.lease,
        value_len: kv.value.len(),
        value_sha256: Sha256::digest(kv.value).iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// What `get` and what `ls` find at a revision, which must be the same.
fn found(file: &[u8], reader: &Reader<'_>, at: i64) -> Vec<KeyFact> {
    reader.answerable(at).unwrap();
    let newest = reader.newest(|_| true, Some(at), usize::MAX, &Serial, &|_| {});
    let live = newest.keys.values().filter(|found| !found.record.tombstone);
    let by_get: Vec<KeyFact> = live.map(|found| fact(&found.record.kv)).collect();
    let view = open(file, Some(at));
    let by_ls: Vec<KeyFact> = view.store.live_sorted(|_| true, &Serial).map(|live| fact(&live.kv)).collect();
    assert!(by_get == by_ls, "get and ls disagree at {at}");
    by_get
}

#[test]
fn every_recorded_revision_is_answered_as_etcd_did() {
    for version in PeerVersion::ALL {
        let answers = Answers::recorded(version).unwrap();
        let file = std::fs::read(answers.snapshot()).unwrap();
        let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
        for at in &answers.at {
            assert!(found(&file, &reader, at.revision) == at.keys, "{} at {}", version.name(), at.revision);
        }
        for refused in &answers.refused {
            assert!(reader.answerable(refused.revision).is_err(), "{} at {}", version.name(), refused.revision);
        }
        assert!(!answers.at.is_empty() && !answers.refused.is_empty());
    }
}

/// Puts, deletes, transactions and compactions, and the revision of the last compaction.
fn shake(server: &EtcdServer) -> i64 {
    let mut dice = Dice(20_261_123);
    let mut compacted = 0;
    server.lease_grant(77, 100_000).unwrap();
    let key =
        |dice: &mut Dice| format!("/kubernetes.io/configmaps/ns-{}/{}", dice.below(9), dice.below(40)).into_bytes();
    let put = |dice: &mut Dice| {
        let value = vec![b'a' + dice.small(26); usize::from(dice.small(250)) * 3];
        let lease = if dice.below(10) == 0 { 77 } else { 0 };
        Op::Put { key: key(dice), value, lease }
    };
    let mut done = 0;
    while done < CHANGES {
        let mut ops: Vec<Op> = match dice.below(20) {
            0..=11 => vec![put(&mut dice)],
            12..=15 => vec![Op::Delete { key: key(&mut dice) }],
            16 => vec![Op::DeletePrefix {
                prefix: format!("/kubernetes.io/configmaps/ns-{}/3", dice.below(9)).into_bytes(),
            }],
            _ => (0..dice.below(5) + 2).map(|_| put(&mut dice)).collect(),
        };
        // no key twice in a transaction: etcd refuses that
        let mut seen = std::collections::BTreeSet::new();
        ops.retain(|op| match op {
            Op::Put { key, .. } | Op::Delete { key } | Op::DeletePrefix { prefix: key } => seen.insert(key.clone()),
        });
        done += ops.len();
        let revision = server.txn(&ops).unwrap();
        if dice.below(400) == 0 && revision > compacted + 20 {
            compacted = revision - 10;
            server.compact(compacted).unwrap();
        }
    }
    compacted
}

fn post(server: &EtcdServer, path: &str) -> String {
    let address = server.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_live_etcd_answers_the_same_at_random_revisions() {
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "a_live_etcd_answers_the_same_at_random_revisions") else { continue };
        let server = EtcdServer::start(&peer).unwrap();
        let compacted = shake(&server);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("snapshot.db");
        server.snapshot(&path).unwrap();
        let file = std::fs::read(&path).unwrap();
        let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
        let current = server.revision().unwrap();
        assert_eq!((reader.current(), reader.compacted()), (current, Some(compacted)), "{}", version.name());
        assert!(current > 2500 && compacted > 100, "{current} {compacted}");
        assert!(reader.answerable(compacted - 1).is_err());
        let mut dice = Dice(50);
        let span = (current - compacted + 1) as u64;
        let mut live = 0;
        for number in 0..REVISIONS {
            let at = if number == 0 { compacted } else { compacted + dice.below(span) as i64 };
            let expected = server.keys_at(at).unwrap();
            assert!(found(&file, &reader, at) == expected, "{} at {at}", version.name());
            live += expected.len();
            if number % 10 == 0 {
                let names = server.get_keys("/", at).unwrap();
                assert!(names == expected.into_iter().map(|fact| fact.key).collect::<Vec<_>>());
            }
        }
        assert!(live > 1000, "only {live}");
        // the same store, every page written anew
        assert!(post(&server, "/v3/maintenance/defragment").starts_with("HTTP/1.1 200"));
        let path = folder.path().join("defragmented.db");
        server.snapshot(&path).unwrap();
        let other = std::fs::read(&path).unwrap();
        assert_ne!(file.len(), other.len(), "nothing was defragmented");
        let (old, new) = (open(&file, None), open(&other, None));
        let comparison = Comparison { old: &NoKeys, new: &NoKeys, all: true, reveal: false };
        let all = merge(old.store.live_sorted(|_| true, &Serial), new.store.live_sorted(|_| true, &Serial));
        let mut same = BTreeMap::new();
        for pair in all {
            let Pair::Both(a, b) = pair else { panic!("a key is in one of them only") };
            assert_eq!(comparison.of(&a, &b), Difference::None);
            same.insert(a.kv.key, a.revision);
        }
        assert_eq!(same.len(), server.keys_at(0).unwrap().len());
        assert!(matches!(agreement(&old, &new), Agreement::Same { .. }));
    }
}
