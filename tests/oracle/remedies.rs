//! What findings say is to be done, done to a real etcd: afterwards the finding is gone.

use std::fs;
use std::path::Path;
use std::time::Duration;

use peer_harness::{EtcdServer, HarnessError, Peer, PeerVersion};
use snapshot_builder::{Builder, Put};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(120);

struct Remedy {
    id: &'static str,
    builder: Builder,
    done: fn(&EtcdServer) -> Result<(), HarnessError>,
}

/// A cluster's store with one more put.
fn with(key: &[u8], value: &[u8], lease: i64) -> Builder {
    let mut builder = Builder::new();
    let namespace = br#"{"kind":"Namespace","metadata":{"name":"default"}}"#;
    for (main, key, value, lease) in
        [(2, &b"/kubernetes.io/namespaces/default"[..], &namespace[..], 0), (3, key, value, lease)]
    {
        builder.put(main, 0, &Put { key, value, create: main, modified: main, version: 1, lease });
    }
    builder
}

fn deletes(server: &EtcdServer, key: &str) -> Result<(), HarnessError> {
    server.etcdctl(&["del", key])
}

const SECRET: &str = "/kubernetes.io/secrets/a/b";
const MASTER: &str = "/kubernetes.io/masterleases/192.0.2.114";

fn remedies() -> Vec<Remedy> {
    let mut alarm = with(b"k", b"v", 0);
    alarm.set("alarm", &[0x08, 0x01, 0x10, 0x01], b"");
    vec![
        Remedy {
            id: "ETCD-001",
            builder: alarm,
            done: |server| {
                assert!(server.put(b"k", b"w").is_err(), "a server without space writes");
                server.compact(3)?;
                server.defragment()?;
                server.etcdctl(&["alarm", "disarm"])?;
                server.put(b"k", b"w").map(drop)
            },
        },
        Remedy { id: "ETCD-006", builder: with(b"leased", b"v", 77), done: |server| deletes(server, "leased") },
        Remedy {
            id: "KUBE-002",
            builder: with(SECRET.as_bytes(), &[0; 64], 0),
            done: |server| deletes(server, SECRET),
        },
        Remedy { id: "KUBE-003", builder: with(MASTER.as_bytes(), b"{}", 0), done: |server| deletes(server, MASTER) },
        Remedy {
            id: "KUBE-004",
            builder: with(SECRET.as_bytes(), br#"{"kind":"Secret","metadata":{"name":"c","namespace":"a"}}"#, 0),
            done: |server| deletes(server, SECRET),
        },
    ]
}

pub(super) fn has(path: &Path, id: &str) -> bool {
    let judgement = assay::open(path).unwrap().judge(&super::question()).unwrap();
    judgement.findings().any(|(_, finding)| finding.entry().id == id)
}

#[test]
fn what_a_finding_says_is_to_be_done_after_the_restore_does_away_with_it() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "what_a_finding_says_is_to_be_done_...") else { return };
    let folder = tempfile::tempdir().unwrap();
    for Remedy { id, builder, done } in remedies() {
        let (before, after) = (folder.path().join(format!("{id}.db")), folder.path().join(format!("{id}-after.db")));
        fs::write(&before, builder.build()).unwrap();
        assert!(has(&before, id), "{id} is not found");
        let server = EtcdServer::restored(&peer, &before, PATIENCE).unwrap_or_else(|error| panic!("{id}: {error}"));
        done(&server).unwrap_or_else(|error| panic!("{id}: {error}"));
        server.snapshot(&after).unwrap();
        assert!(!has(&after, id), "{id} is still found");
    }
}

/// A copy without a hash is refused, and restored where one does without; a file with one meta is restored.
#[test]
fn what_a_finding_says_of_the_restore_itself_is_so() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "what_a_finding_says_of_the_restore_itself_is_so") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    fs::write(&path, with(b"k", b"v", 0).pages()).unwrap();
    assert!(has(&path, "SNAP-002"));
    assert!(peer.restores(&path, &[]).is_err());
    peer.restores(&path, &["--skip-hash-check"]).unwrap();

    let mut file = with(b"k", b"v", 0).pages();
    file[..4096].fill(0);
    fs::write(&path, file).unwrap();
    assert!(has(&path, "SNAP-005"));
    peer.restores(&path, &["--skip-hash-check"]).unwrap();
}

/// A lease with a negative id is nobody's: what hangs on it is to be deleted by hand, and can be.
#[test]
fn a_lease_that_etcd_does_not_read_ends_nothing() {
    let Some(peer) = Peer::for_test(PeerVersion::V35, "a_lease_that_etcd_does_not_read_ends_nothing") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("negative.db");
    fs::write(&path, with(b"leased", b"v", -5).lease(-5, 60).build()).unwrap();
    assert!(has(&path, "ETCD-008"));
    let server = EtcdServer::restored(&peer, &path, PATIENCE).unwrap();
    let refused = server.etcdctl(&["lease", "revoke", "--", "-5"]).unwrap_err().to_string();
    assert!(refused.contains("requested lease not found"), "{refused}");
    assert_eq!(server.get_keys("leased", 0).unwrap(), [b"leased"]);
    deletes(&server, "leased").unwrap();
    assert_eq!(server.get_keys("leased", 0).unwrap(), <[Vec<u8>; 0]>::default());
}
