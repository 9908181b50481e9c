//! Compaction, held against a model and against a real etcd.

use std::collections::BTreeMap;
use std::time::Duration;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Options, scan};
use peer_harness::{EtcdServer, Peer, PeerVersion, fill};
use proptest::prelude::*;
use rebuild::{Compact, Wanted};
use snapshot_builder::{Builder, revision};

use crate::{Buckets, buckets, rebuilt, sound};

fn at(revision: i64) -> Wanted {
    Wanted { compact: Compact::At(revision), ..Wanted::default() }
}

/// Records by revision: the user's key, and whether it was deleted.
pub(crate) type Records = BTreeMap<(i64, i64), (String, bool)>;

/// A history of transactions, each a few changes of different keys: `true` deletes a key that is there.
pub(crate) fn history(transactions: &[Vec<(u8, bool)>]) -> (Builder, Records, i64) {
    let (mut builder, mut records, mut live) = (Builder::new(), Records::new(), BTreeMap::new());
    let mut main = 1;
    for changes in transactions {
        let (mut sub, mut done) = (0, Vec::new());
        for (key, deletes) in changes {
            let key = format!("key-{key}");
            if done.contains(&key) || (*deletes && !live.contains_key(&key)) {
                continue;
            }
            if *deletes {
                builder.delete(main + 1, sub, &key);
                live.remove(&key);
            } else {
                let (create, version) =
                    live.get(&key).map_or((main + 1, 1), |(create, version)| (*create, version + 1));
                let put = snapshot_builder::Put {
                    key: key.as_bytes(),
                    value: b"v",
                    create,
                    modified: main + 1,
                    version,
                    lease: 0,
                };
                builder.put(main + 1, sub, &put);
                live.insert(key.clone(), (create, version));
            }
            records.insert((main + 1, sub), (key.clone(), *deletes));
            done.push(key);
            sub += 1;
        }
        main += i64::from(sub > 0);
    }
    (builder, records, main)
}

/// What etcd keeps: everything later, and of each key its last record until then, a deletion only of that very revision.
pub(crate) fn kept(records: &Records, compacted: i64) -> Vec<Vec<u8>> {
    let mut last = BTreeMap::new();
    for (revision, (key, _)) in records.iter().filter(|((main, _), _)| *main <= compacted) {
        last.insert(key, *revision);
    }
    let stays = |revision: &(i64, i64), key: &String, deletes: bool| {
        revision.0 > compacted || (last.get(key) == Some(revision) && (!deletes || revision.0 == compacted))
    };
    let kept = records.iter().filter(|(revision, (key, deletes))| stays(revision, key, *deletes));
    kept.map(|((main, sub), (_, deletes))| {
        [revision(*main, *sub), if *deletes { b"t".to_vec() } else { Vec::new() }].concat()
    })
    .collect()
}

pub(crate) fn keys(buckets: &Buckets) -> Vec<Vec<u8>> {
    buckets[&b"key"[..]].iter().map(|(key, _)| key.clone()).collect()
}

pub(crate) fn transactions() -> impl Strategy<Value = Vec<Vec<(u8, bool)>>> {
    prop::collection::vec(prop::collection::vec((0..6_u8, any::<bool>()), 1..4), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]
    #[test]
    fn a_compaction_keeps_what_the_model_keeps(
        transactions in transactions(),
        share in (0..=100_i64, 0..=100_i64),
    ) {
        let (builder, records, current) = history(&transactions);
        let file = builder.pages();
        let (one, two) = (current * share.0.min(share.1) / 100, current * share.0.max(share.1) / 100);
        for compacted in [one, two, current].into_iter().filter(|revision| *revision > 0) {
            let (written, told) = rebuilt(&file, at(compacted)).unwrap();
            let copy = sound(&written);
            prop_assert_eq!(keys(&buckets(&copy)), kept(&records, compacted));
            prop_assert_eq!((told.revision, copy.current()), (current, current));
            prop_assert_eq!(copy.state.compacted(), Some(compacted));
            prop_assert!(rebuilt(&written, at(compacted)).unwrap().0 == written, "twice is once");
        }
        if one > 0 {
            let step = rebuilt(&rebuilt(&file, at(one)).unwrap().0, at(two)).unwrap().0;
            prop_assert!(step == rebuilt(&file, at(two)).unwrap().0, "in two steps as in one");
        }
    }
}

/// A compaction that etcd had begun is finished, whether it was asked for or not.
#[test]
fn a_compaction_that_was_begun_is_carried_out() {
    let (mut builder, records, current) =
        history(&[vec![(1, false)], vec![(1, false)], vec![(2, false)], vec![(1, true)]]);
    let file = builder.compacted(3, None).pages();
    for (wanted, compacted) in [(Wanted::default(), 3), (at(2), 3), (at(current), current)] {
        let (written, _) = rebuilt(&file, wanted).unwrap();
        assert_eq!(keys(&buckets(&sound(&written))), kept(&records, compacted), "{wanted:?}");
    }
}

/// What a real etcd holds after it compacted what we compact. A deletion at the very revision is kept by later releases
/// than the one asked here, so none is there.
#[test]
fn etcd_keeps_the_same_records() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "etcd_keeps_the_same_records") else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = EtcdServer::start(&peer).unwrap();
    fill(&server).unwrap();
    let path = folder.path().join("before.db");
    server.snapshot(&path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let source = scan(Db::open(&before).unwrap(), Options::default(), &Serial);
    let (from, to) = (source.state.compacted().unwrap_or(1), source.current());
    let deletes = |main: i64| source.records().any(|record| record.tombstone && record.revision.main == main);
    let candidates: Vec<i64> = (from + 1..=to).filter(|main| !deletes(*main)).collect();
    for compacted in [candidates[0], candidates[candidates.len() / 2], candidates[candidates.len() - 1]] {
        let mut server = EtcdServer::restored(&peer, &path, Duration::from_secs(120)).unwrap();
        server.etcdctl(&["compact", &compacted.to_string(), "--physical"]).unwrap();
        // what it is doing in the background is done when it starts
        server.restart(Duration::from_secs(120)).unwrap();
        let after = folder.path().join(format!("{compacted}.db"));
        server.snapshot(&after).unwrap();
        let theirs = std::fs::read(&after).unwrap();
        let theirs = buckets(&scan(Db::open(&theirs).unwrap(), Options::default(), &Serial));
        let ours = buckets(&sound(&rebuilt(&before, at(compacted)).unwrap().0));
        assert!(ours[&b"key"[..]] == theirs[&b"key"[..]], "compacted at {compacted}");
        let marks = |buckets: &Buckets| {
            let marks = buckets[&b"meta"[..]].iter().filter(|(key, _)| key.ends_with(b"CompactRev"));
            marks.cloned().collect::<Vec<_>>()
        };
        assert_eq!(marks(&ours), marks(&theirs), "compacted at {compacted}");
    }
}
