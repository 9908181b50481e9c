//! Against real etcd 3.4 and 3.5: everything their servers and tools say of a database full of puts, deletes,
//! transactions, leases and a compaction, at every revision asked.

use std::sync::OnceLock;

use bbolt_page::{Db, Serial};
use etcd_snapshot::{Live, Options, Scan, scan, trailer};
use peer_harness::{Answers, AtRevision, KeyFact, PeerVersion, hex};
use sha2::{Digest, Sha256};

/// Runs `check` on what was recorded once, and on what a live server answers where the release is installed. A server is
/// started, filled and asked once a process, not once a test.
fn each(test: &str, check: impl Fn(&Answers, &[u8])) {
    static ASKED: OnceLock<Vec<(Answers, Vec<u8>)>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| {
        let recorded = PeerVersion::ALL.map(|version| Some(Answers::recorded(version).unwrap()));
        let live = PeerVersion::ALL.map(|version| Answers::live(version, test).unwrap());
        recorded.into_iter().chain(live).flatten().map(|answers| answers.in_memory().unwrap()).collect()
    });
    asked.iter().for_each(|(answers, bytes)| check(answers, bytes));
}

fn at<'a>(bytes: &'a [u8], revision: Option<i64>) -> Scan<'a> {
    scan(Db::open(bytes).unwrap(), Options { at: revision, ..Options::default() }, &Serial)
}

fn fact(live: &Live<'_>) -> KeyFact {
    KeyFact {
        key: live.kv.key.to_vec(),
        create_revision: live.kv.create_revision,
        mod_revision: live.kv.mod_revision,
        version: live.kv.version,
        lease: live.kv.lease,
        value_len: live.kv.value.len(),
        value_sha256: hex(&Sha256::digest(live.kv.value)),
    }
}

#[test]
fn status_numbers_are_those_of_snapshot_status() {
    each("status_numbers_are_those_of_snapshot_status", |answers, bytes| {
        let scan = at(bytes, None);
        let (status, expected) = (&scan.status, &answers.status);
        assert_eq!((status.hash, status.revision), (expected.hash, expected.revision), "{}", answers.etcd);
        assert_eq!(i64::try_from(status.total_key).unwrap(), expected.total_key, "{}", answers.etcd);
        assert_eq!(i64::try_from(status.total_size).unwrap(), expected.total_size, "{}", answers.etcd);
    });
}

#[test]
fn a_saved_snapshot_is_sound() {
    each("a_saved_snapshot_is_sound", |answers, bytes| {
        let scan = at(bytes, None);
        assert_eq!(trailer::read(bytes, |_| {}).valid(), Some(true), "{}", answers.etcd);
        assert_eq!(hex(&trailer::read(bytes, |_| {}).file), answers.snapshot_sha256, "{}", answers.etcd);
        assert!(scan.walked.faults.is_empty(), "{}: {:?}", answers.etcd, scan.walked.faults.kept());
        assert_eq!(scan.faults.kept(), [], "{}", answers.etcd);
        assert_eq!(scan.current(), answers.last, "{}", answers.etcd);
        assert_eq!(scan.state.compacted(), Some(answers.compacted), "{}", answers.etcd);
    });
}

#[test]
fn keys_are_those_of_etcdctl_get_at_every_revision() {
    each("keys_are_those_of_etcdctl_get_at_every_revision", |answers, bytes| {
        assert!(answers.at.len() >= 5, "revisions asked");
        for AtRevision { revision, keys, .. } in &answers.at {
            let scan = at(bytes, Some(*revision));
            scan.answerable(*revision).unwrap();
            let got: Vec<_> = scan.store.live_sorted(|_| true, &Serial).map(|live| fact(&live)).collect();
            assert!(got == *keys, "{} at {revision}: {} keys, expected {}", answers.etcd, got.len(), keys.len());
        }
    });
}

#[test]
fn hash_kv_is_that_of_the_server_at_every_revision() {
    each("hash_kv_is_that_of_the_server_at_every_revision", |answers, bytes| {
        let mut compared = 0;
        for AtRevision { revision, hashkv, .. } in &answers.at {
            let Some(expected) = hashkv else { continue };
            let got = at(bytes, Some(*revision)).hash_kv(&Serial).unwrap();
            assert_eq!(got.hash, expected.hash, "{} at {revision}", answers.etcd);
            assert_eq!(got.compact_revision, expected.compact_revision, "{} at {revision}", answers.etcd);
            compared += 1;
        }
        assert!(compared >= 4, "{}: {compared} hashes compared", answers.etcd);
    });
}

#[test]
fn what_the_server_refuses_has_no_answer() {
    each("what_the_server_refuses_has_no_answer", |answers, bytes| {
        let scan = at(bytes, None);
        assert!(!answers.refused.is_empty());
        for refused in &answers.refused {
            let error = scan.answerable(refused.revision).expect_err("refused by the server");
            let compacted = error.to_string().contains("compacted");
            assert_eq!(compacted, refused.message.contains("compacted"), "{}: {error}", answers.etcd);
        }
    });
}

#[test]
fn leases_and_members_are_those_of_the_server() {
    each("leases_and_members_are_those_of_the_server", |answers, bytes| {
        let scan = at(bytes, None);
        let leases: Vec<_> = scan.state.leases.iter().map(|lease| (lease.id, lease.ttl)).collect();
        let expected: Vec<_> = answers.leases.iter().map(|lease| (lease.id, lease.granted_ttl)).collect();
        assert_eq!(leases, expected, "{}", answers.etcd);
        for lease in &answers.leases {
            let attached = scan.store.live_sorted(|_| true, &Serial).filter(|live| live.kv.lease == lease.id);
            let keys: Vec<_> = attached.map(|live| live.kv.key.to_vec()).collect();
            assert_eq!(keys, lease.keys, "{} lease {:x}", answers.etcd, lease.id);
        }
        let members: Vec<_> = scan.state.members.iter().map(|m| (m.id, m.name.clone(), m.peer_urls.clone())).collect();
        let expected: Vec<_> = answers.members.iter().map(|m| (m.id, m.name.clone(), m.peer_urls.clone())).collect();
        assert_eq!(members, expected, "{}", answers.etcd);
    });
}
