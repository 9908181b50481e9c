//! What findings say of `assay rebuild`, done; and what is salvaged of a damaged file, served by real etcds.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assay::parts::bbolt_page::{Db, Serial};
use assay::parts::etcd_snapshot::{Options, scan};
use peer_harness::{EtcdServer, Peer, PeerVersion};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use snapshot_builder::Builder;

use super::remedies::has;
use crate::support::{assay, snapshot};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// Four hundred keys, each changed once.
fn store() -> Builder {
    let mut builder = Builder::new();
    for at in 0..400 {
        builder.create(at + 2, &format!("key-{at:03}")).change(at + 402, &format!("key-{at:03}"), at + 2, 2);
    }
    builder
}

/// A leaf of bucket `key` in the middle.
fn leaf(pages: &[u8]) -> usize {
    let scan = scan(Db::open(pages).unwrap(), Options::default(), &Serial);
    let leaves = scan.bucket(b"key").unwrap().tree().unwrap().leaves();
    usize::try_from(leaves[leaves.len() / 2].page.0).unwrap() * 4096
}

/// Damaged before it was saved: the hash is right.
fn hashed(pages: &[u8]) -> Vec<u8> {
    [pages, &Sha256::digest(pages)].concat()
}

/// Damaged files, each with the finding that says so, and what is to be added to a rebuild of it.
fn damaged() -> [(&'static str, Vec<u8>, &'static [&'static str]); 4] {
    let pages = store().pages();
    let change = |at: usize, len: usize| {
        let mut pages = pages.clone();
        pages[at..at + len].fill(0);
        pages
    };
    [
        ("PAGE-002", hashed(&change(leaf(&pages), 4096)), &["--salvage"]),
        ("PAGE-009", hashed(&change(leaf(&pages) + 10, 2)), &["--salvage"]),
        ("SNAP-001", change(0, 8192), &["--salvage=orphans", "--drop-auth", "--seal"]),
        ("SNAP-004", pages[..pages.len() * 2 / 3].to_vec(), &["--salvage=orphans", "--drop-auth", "--seal"]),
    ]
}

fn rebuilt(folder: &Path, name: &str, source: &[u8], more: &[&str]) -> (PathBuf, PathBuf, Value) {
    let (from, out) = (folder.join(format!("{name}.db")), folder.join(format!("{name}-new.db")));
    fs::write(&from, source).unwrap();
    let line = [&["rebuild", from.to_str().unwrap(), "--out", out.to_str().unwrap(), "--json"], more].concat();
    let run = assay(&line);
    let document: Value =
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{line:?}: {error} {}", run.err));
    (from, out, document["artifacts"][0].clone())
}

#[test]
fn what_a_finding_says_of_a_rebuild_does_away_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut alarm = store();
    let alarm = alarm.set("alarm", &[0x08, 0x01, 0x10, 0x01], b"").build();
    for (id, source, more) in [
        ("ETCD-001", alarm, &["--compact", "latest", "--drop-alarms"][..]),
        ("PAGE-016", snapshot("plain-etcd34"), &[]),
    ]
    .into_iter()
    .chain(damaged())
    {
        let (from, out, _) = rebuilt(folder.path(), id, &source, more);
        assert!(has(&from, id), "{id} is not found");
        assert!(!has(&out, id), "{id} is still found");
        let Some(peer) = Peer::for_test(PeerVersion::V35, "what_a_finding_says_of_a_rebuild_does_away_with_it") else {
            continue;
        };
        if id == "ETCD-001" {
            let server = EtcdServer::restored(&peer, &out, PATIENCE).unwrap();
            server.put(b"written", b"again").unwrap();
        }
    }
}

/// Live keys and values are what the report says and what the file holds; nothing that was not there is served.
#[test]
fn what_is_salvaged_is_served_by_etcd() {
    let folder = tempfile::tempdir().unwrap();
    for (id, source, more) in damaged() {
        let (_, out, told) = rebuilt(folder.path(), id, &source, more);
        let file = fs::read(&out).unwrap();
        let left = scan(Db::open(&file).unwrap(), Options::default(), &Serial);
        let names = left.store.live_names(|_| true, &Serial).collect::<Vec<_>>();
        assert_eq!(told["liveKeys"], names.len(), "{id}");
        assert!(names.len() > 200 && told["salvage"]["whole"] == Value::Bool(false), "{id}: {told}");
        let verified = assay(&["verify", "--json", out.to_str().unwrap()]);
        assert!(!verified.out.contains("\"PAGE-0") && !verified.out.contains("\"MVCC-0"), "{id}: {}", verified.out);
        for version in PeerVersion::ALL {
            let Some(peer) = Peer::for_test(version, "what_is_salvaged_is_served_by_etcd") else { continue };
            let server = EtcdServer::restored(&peer, &out, PATIENCE).unwrap_or_else(|error| panic!("{id}: {error}"));
            let served = server.get_keys("", 0).unwrap();
            assert!(served == names, "{id}, etcd {}: {} keys of {}", version.name(), served.len(), names.len());
            server.put(b"written", b"after").unwrap();
        }
    }
}
