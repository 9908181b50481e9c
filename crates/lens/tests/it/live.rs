//! The reader, and the view that `ls` lists, against etcd itself: what was recorded, and what a live server answers.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, Scan, scan};
use flate2::{Compression, GzBuilder};
use lens::{Agreement, Comparison, Difference, NoKeys, Pair, Reader, agreement, merge};
use peer_harness::{Answers, EtcdServer, KeyFact, Op, Peer, PeerVersion};
use serde_json::{Value, json};
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
    scan(Db::open(file).unwrap(), Options { at, without_hashes: true, ..Options::default() }, &Serial)
}

fn fact(kv: &etcd_snapshot::KeyValue<'_>) -> KeyFact {
    KeyFact {
        key: kv.key.to_vec(),
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        lease: kv.lease,
        value_len: kv.value.len(),
        value_sha256: sha256(kv.value),
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What `get` and what `ls` find at a revision, which must be the same.
fn found(file: &[u8], reader: &Reader<'_>, at: i64) -> Vec<KeyFact> {
    reader.answerable(at).unwrap();
    let newest = reader.newest(|_| true, Some(at), usize::MAX, &Serial, &|_| {});
    let live = newest.live();
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

/// What `etcdctl get "" --from-key --rev REVISION -w json` answers, all of it.
fn etcdctl_get(server: &EtcdServer, revision: i64) -> Vec<KeyFact> {
    let answer = server.etcdctl_json(&["get", "", "--from-key", &format!("--rev={revision}")]).unwrap();
    let kvs = answer.get("kvs").and_then(Value::as_array).cloned().unwrap_or_default();
    let bytes =
        |kv: &Value, name| BASE64_STANDARD.decode(kv.get(name).and_then(Value::as_str).unwrap_or_default()).unwrap();
    let number = |kv: &Value, name| kv.get(name).map_or(0, |number| number.as_i64().unwrap());
    let fact = |kv: &Value| {
        let value = bytes(kv, "value");
        KeyFact {
            key: bytes(kv, "key"),
            create_revision: number(kv, "create_revision"),
            mod_revision: number(kv, "mod_revision"),
            version: number(kv, "version"),
            lease: number(kv, "lease"),
            value_len: value.len(),
            value_sha256: sha256(&value),
        }
    };
    kvs.iter().map(fact).collect()
}

/// One digest for all that an answer says, so that fifty of them have room in the repository.
fn digest(keys: &[KeyFact]) -> String {
    let line = |fact: &KeyFact| {
        let KeyFact { key, create_revision, mod_revision, version, lease, value_len, value_sha256 } = fact;
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{key} {create_revision} {mod_revision} {version} {lease} {value_len} {value_sha256}\n")
    };
    sha256(keys.iter().map(line).collect::<String>().as_bytes())
}

/// The revisions that are asked for: that of the compaction, and others at random.
fn random_revisions(compacted: i64, current: i64) -> Vec<i64> {
    let mut dice = Dice(50);
    let span = u64::try_from(current - compacted + 1).unwrap();
    let at_random = (1..REVISIONS).map(|_| compacted + i64::try_from(dice.below(span)).unwrap());
    [compacted].into_iter().chain(at_random).collect()
}

/// Where the answers of a shaken server are recorded.
fn record_of(version: PeerVersion) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format!("shaken-{}", version.name()))
}

/// Writes down what a server answered; `ASSAY_RECORD=1` asks for it.
fn record(server: &EtcdServer, file: &[u8], answers: &[(i64, Vec<KeyFact>)], compacted: i64) {
    let folder = record_of(server.peer().version);
    fs::create_dir_all(&folder).unwrap();
    // No time and no name in the head: the same bytes pack to the same file.
    let mut packed = GzBuilder::new().write(Vec::new(), Compression::best());
    packed.write_all(file).unwrap();
    fs::write(folder.join("snapshot.db.gz"), packed.finish().unwrap()).unwrap();
    let at: Vec<Value> = answers
        .iter()
        .map(|(revision, keys)| json!({"revision": revision, "keys": keys.len(), "sha256": digest(keys)}))
        .collect();
    let refused = server.etcdctl_json(&["get", "", "--from-key", &format!("--rev={}", compacted - 1)]).unwrap_err();
    let document = json!({
        "producer": server.peer().banner,
        "recordedBy": "ASSAY_RECORD=1 cargo test -p etcd-assay-lens --test it live",
        "filledBy": "5000 puts, deletes, transactions and compactions, see crates/lens/tests/it/live.rs",
        "asked": "etcdctl get \"\" --from-key --rev=REVISION -w json",
        "digest": "SHA-256 of a line per key: key in hex, create and mod revision, version, lease, length and SHA-256 of the value",
        "snapshotSha256": sha256(file),
        "compacted": compacted,
        "refused": {"revision": compacted - 1, "isCompacted": refused.is_compacted()},
        "at": at,
    });
    fs::write(folder.join("answers.json"), format!("{document:#}\n")).unwrap();
}

#[test]
fn a_shaken_store_is_answered_as_etcdctl_answered_when_it_was_recorded() {
    for version in PeerVersion::ALL {
        let folder = record_of(version);
        let answers: Value = serde_json::from_slice(&fs::read(folder.join("answers.json")).unwrap()).unwrap();
        let file = fixtures::gunzip(&fs::read(folder.join("snapshot.db.gz")).unwrap());
        assert_eq!(answers["snapshotSha256"], sha256(&file), "{}", version.name());
        let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
        assert_eq!(reader.compacted(), answers["compacted"].as_i64(), "{}", version.name());
        let at = answers["at"].as_array().unwrap();
        assert_eq!(at.len(), REVISIONS);
        let mut live = 0;
        for answer in at {
            let revision = answer["revision"].as_i64().unwrap();
            let keys = found(&file, &reader, revision);
            let shown = format!("{} at {revision}", version.name());
            assert_eq!(Some(keys.len() as u64), answer["keys"].as_u64(), "{shown}");
            assert_eq!(answer["sha256"], digest(&keys), "{shown}");
            live += keys.len();
        }
        assert!(live > 1000, "only {live}");
        let refused = &answers["refused"];
        assert_eq!(refused["isCompacted"], true);
        assert!(reader.answerable(refused["revision"].as_i64().unwrap()).is_err(), "{}", version.name());
    }
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
        let file = fs::read(&path).unwrap();
        let reader = Reader::open(Db::open(&file).unwrap(), &Serial);
        let current = server.revision().unwrap();
        assert_eq!((reader.current(), reader.compacted()), (current, Some(compacted)), "{}", version.name());
        assert!(current > 2500 && compacted > 100, "{current} {compacted}");
        assert!(reader.answerable(compacted - 1).is_err());
        let mut answers = Vec::new();
        for at in random_revisions(compacted, current) {
            let expected = etcdctl_get(&server, at);
            assert!(found(&file, &reader, at) == expected, "{} at {at}", version.name());
            answers.push((at, expected));
        }
        let live: usize = answers.iter().map(|(_, keys)| keys.len()).sum();
        assert!(live > 1000, "only {live}");
        if std::env::var_os("ASSAY_RECORD").is_some() {
            record(&server, &file, &answers, compacted);
        }
        // the same store, every page written anew
        server.defragment().unwrap();
        let path = folder.path().join("defragmented.db");
        server.snapshot(&path).unwrap();
        let other = fs::read(&path).unwrap();
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
        assert_eq!(same.len(), etcdctl_get(&server, 0).len());
        assert!(matches!(agreement(&old, &new), Agreement::Same { .. }));
    }
}
