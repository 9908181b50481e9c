//! Snapshots that were rebuilt in part, under other keys and without secrets, before a real etcd: it serves what is in them.

use std::path::Path;

use assay::parts::bbolt_page::{Db, Serial};
use assay::parts::etcd_snapshot::{Options, scan};
use peer_harness::oracle::{Fate, ask};
use peer_harness::{Peer, PeerVersion};
use sha2::{Digest, Sha256};

use crate::support::assay;

/// The live keys of a file with all that is stored of each, as the harness sums what a server gives; and how many.
fn content(path: &Path) -> (String, usize) {
    let file = std::fs::read(path).unwrap();
    let scan = scan(Db::open(&file).unwrap(), Options::default(), &Serial);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (mut sha, mut keys) = (Sha256::new(), 0);
    for live in scan.store.live_sorted(|_| true, &Serial) {
        let kv = live.kv;
        let value = hex(&Sha256::digest(kv.value));
        let numbers = format!(
            "{} {} {} {} {} {value}",
            kv.create_revision,
            kv.mod_revision,
            kv.version,
            kv.lease,
            kv.value.len()
        );
        sha.update(format!("{} {numbers}\n", hex(kv.key)));
        keys += 1;
    }
    (hex(&sha.finalize()), keys)
}

#[test]
fn etcd_serves_what_a_rewritten_snapshot_holds() {
    let backup = fixtures::named("aescbc-rotated");
    let folder = tempfile::tempdir().unwrap();
    let (snapshot, tarball) = (backup.snapshot(), backup.tarball());
    let other = fixtures::named("partially-encrypted").tarball();
    let keys = ["--keys", tarball.to_str().unwrap()];
    let lines: [&[&str]; 4] = [
        &["--drop", "resource:secrets", "--only", "prefix:/kubernetes.io/"],
        &["--rev", "1400"],
        &[&keys[..], &["--reencrypt", other.to_str().unwrap()]].concat(),
        &[&keys[..], &["--sanitize"]].concat(),
    ];
    let files: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(number, more)| {
            let out = folder.path().join(format!("{number}.db"));
            let line = [&["rebuild", snapshot.to_str().unwrap(), "--out", out.to_str().unwrap()], *more].concat();
            let run = assay(&line);
            assert_eq!(run.code, Some(0), "{line:?}: {}", run.err);
            out
        })
        .collect();
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "etcd_serves_what_a_rewritten_snapshot_holds") else { continue };
        for (file, more) in files.iter().zip(&lines) {
            let Fate::Served(served) = ask(&peer, file).unwrap() else { panic!("{more:?}: not served") };
            let revision = if more.contains(&"--rev") { 1400 } else { 1497 };
            assert_eq!((served.content, served.keys), content(file), "etcd {}, {more:?}", version.name());
            assert_eq!(served.revision, revision, "etcd {}, {more:?}", version.name());
        }
    }
}
