//! What is rebuilt of a full snapshot and its deltas, held against the etcd that had the same writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assay::parts::bbolt_page::{Db, Serial};
use assay::parts::etcd_snapshot::{Options, scan};
use fixtures::{Change, delta, gzip};
use peer_harness::{EtcdServer, Op, Peer, PeerVersion};

use crate::support::{assay, json};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(120);
const LEASE: i64 = 0x7f00_0001;

/// What an etcd was asked to write after a full snapshot: new keys, changes, deletions, transactions, leases, both that the
/// full snapshot knows and one that it does not.
fn write_on(server: &EtcdServer, round: i64) -> i64 {
    server.put(b"/a", format!("a of {round}").as_bytes()).unwrap();
    server.put_with_lease(b"/leased", b"x", LEASE).unwrap();
    server.lease_grant(LEASE + round, 100_000).unwrap();
    server.put_with_lease(format!("/leased/{round}").as_bytes(), b"", LEASE + round).unwrap();
    server.delete(b"/b").unwrap();
    server.put(b"/b", &[0, 255, b'"', b'\\', 10]).unwrap();
    let put = |key: &str, value: Vec<u8>| Op::Put { key: key.into(), value, lease: 0 };
    let big = vec![b'v'; 30_000];
    server.txn(&[put("/t/1", big), put("/t/2", vec![]), Op::Delete { key: b"/a".to_vec() }]).unwrap();
    server.delete_prefix(b"/t/").unwrap()
}

/// The changes after a revision, as etcd has them.
fn changes(snapshot: &Path, after: i64) -> Vec<Change> {
    let bytes = fs::read(snapshot).unwrap();
    let scan = scan(Db::open(&bytes).unwrap(), Options::default(), &Serial);
    let newer = scan.records().filter(|record| record.revision.main > after);
    let change = |record: assay::parts::etcd_snapshot::Record<'_>| {
        let kv = record.kv;
        let put = (kv.value.to_vec(), kv.create_revision, kv.version, kv.lease);
        Change { key: kv.key.to_vec(), revision: record.revision.main, put: (!record.tombstone).then_some(put) }
    };
    newer.map(change).collect()
}

/// Stores what an etcd holds as etcd-backup-restore does: a full snapshot that says less than it holds, and two deltas.
fn store(server: &EtcdServer, folder: &Path) -> (PathBuf, i64, i64) {
    server.lease_grant(LEASE, 100_000).unwrap();
    server.put(b"/a", b"first").unwrap();
    server.put_with_lease(b"/leased", b"y", LEASE).unwrap();
    let full = server.put(b"/b", b"b").unwrap();
    let stored = folder.join("backup");
    fs::create_dir(&stored).unwrap();
    let path = folder.join("full.db");
    server.snapshot(&path).unwrap();
    fs::write(stored.join(format!("Full-00000000-{:08}-1790000000.gz", full - 1)), gzip(&fs::read(&path).unwrap()))
        .unwrap();
    let first = write_on(server, 1);
    server.snapshot(&folder.join("then.db")).unwrap();
    let last = write_on(server, 2);
    let now = folder.join("now.db");
    server.snapshot(&now).unwrap();
    let all = changes(&now, full - 1);
    for (from, to) in [(full, first), (first + 1, last)] {
        let of_it: Vec<_> = all.iter().filter(|it| (from..=to).contains(&it.revision)).cloned().collect();
        fs::write(stored.join(format!("Incr-{from:08}-{to:08}-1790000300.gz")), gzip(&delta(&of_it))).unwrap();
    }
    (stored, first, last)
}

#[test]
fn what_is_rebuilt_of_a_chain_is_what_etcd_had() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "what_is_rebuilt_of_a_chain_is_what_etcd_had") else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = EtcdServer::start(&peer).unwrap();
    let (stored, first, last) = store(&server, folder.path());
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (code, verified) = json(&["verify", &text(&stored)]);
    assert_eq!((code, &verified["artifacts"][0]["newestRestorable"]), (Some(0), &last.into()), "{verified}");

    // all of it, with its history
    let rebuild = |more: &[&str], name: &str| {
        let out = folder.path().join(name);
        let run = assay(&[&["rebuild", &text(&stored), "--out", &text(&out)], more].concat());
        assert_eq!(run.code, Some(0), "{}", run.err);
        out
    };
    let (whole, earlier) = (rebuild(&[], "all.db"), rebuild(&["--rev", &first.to_string()], "earlier.db"));
    let restored = EtcdServer::restored(&peer, &whole, PATIENCE).unwrap();
    for revision in [last, first, first + 3] {
        assert_eq!(restored.hashkv(revision).unwrap(), server.hashkv(revision).unwrap(), "at {revision}");
    }
    assert_eq!(restored.keys_at(last).unwrap(), server.keys_at(last).unwrap());
    drop(restored);

    // inside it, without making a file
    let listed = |more: &[&str]| {
        let run = assay(&[&["ls", &text(&stored)], more].concat());
        assert_eq!(run.code, Some(0), "{}", run.err);
        run.out.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (more, at) in [(vec![], last), (vec!["--rev".to_owned(), first.to_string()], first)] {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let served: Vec<_> =
            server.get_keys("", at).unwrap().into_iter().map(|key| String::from_utf8(key).unwrap()).collect();
        assert_eq!(listed(&more), served);
    }

    // the state at one revision, as a compaction there leaves it: etcd hashes what is after one
    let then = EtcdServer::restored(&peer, &folder.path().join("then.db"), PATIENCE).unwrap();
    let restored = EtcdServer::restored(&peer, &earlier, PATIENCE).unwrap();
    then.compact(first).unwrap();
    let hashes = [&then, &restored].map(|server| {
        assert_eq!(server.put(b"/z", b"z").unwrap(), first + 1);
        server.hashkv(first + 1).unwrap()
    });
    assert_eq!(hashes[0], hashes[1]);
    assert_eq!(restored.keys_at(first).unwrap(), server.keys_at(first).unwrap());

    // what breaks before its end says so, and gives what there is
    let broken = fs::read_dir(&stored).unwrap().map(|entry| entry.unwrap().path());
    let broken = broken.filter(|path| path.to_str().unwrap().contains("/Incr-")).max().unwrap();
    fs::write(&broken, gzip(b"cut off")).unwrap();
    let run = assay(&["ls", &text(&stored)]);
    assert!(
        run.code == Some(1) && run.err.contains(&format!("nothing after revision {first} is shown")),
        "{}",
        run.err
    );
    let out = text(&folder.path().join("none.db"));
    let run = assay(&["rebuild", &text(&stored), "--out", &out]);
    assert!(run.code == Some(2) && run.err.contains(&format!("`--rev {first}` takes")), "{}", run.err);
    // the full snapshot alone is sound: only the directory tells of the deltas
    let verify = format!("`assay verify {}`", text(&stored));
    assert!(run.err.contains(&verify), "no {verify}: {}", run.err);
    assert_eq!(assay(&["verify", &text(&stored)]).code, Some(1));
    let run = assay(&["rebuild", &text(&stored), "--out", &out, "--rev", &first.to_string()]);
    assert_eq!(run.code, Some(0), "{}", run.err);
}
