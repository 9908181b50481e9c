//! What an etcd itself writes is never called damaged.

use std::fs;
use std::path::Path;
use std::time::Duration;

use assay::{Severity, Verdict};
use peer_harness::{EtcdServer, Peer, PeerVersion, fill};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is serious in a file, and the verdict.
fn said(path: &Path) -> (Verdict, Vec<&'static str>) {
    let judgement = assay::open(path).unwrap().judge(&super::question()).unwrap();
    let serious = judgement.findings().filter(|(_, finding)| finding.severity() >= Severity::Medium);
    (judgement.verdict(), serious.map(|(_, finding)| finding.entry().id).collect())
}

struct Watched<'w> {
    release: &'static str,
    folder: &'w Path,
}

impl Watched<'_> {
    /// Saves a snapshot of the server as it is now, and expects nothing serious to be found in it.
    fn sound(&self, server: &EtcdServer, when: &str) {
        self.has(server, when, &[]);
    }

    fn has(&self, server: &EtcdServer, when: &str, expected: &[&str]) {
        let path = self.folder.join(format!("{}-{when}.db", self.release));
        server.snapshot(&path).unwrap();
        let (verdict, mut ids) = said(&path);
        // a lease that nobody uses
        ids.retain(|id| *id != "ETCD-007");
        assert_eq!(ids, expected, "etcd {}, {when}", self.release);
        assert_ne!(verdict, Verdict::Fail, "etcd {}, {when}", self.release);
    }
}

fn users(server: &EtcdServer) {
    for line in [
        "role add writer",
        "role grant-permission writer readwrite /a /b",
        "role grant-permission writer read --prefix /registry/",
        "role grant-permission writer read --from-key z",
        "role grant-permission writer write /one",
        "role add empty",
        "user add plain:secret",
        "user grant-role plain writer",
        "user grant-role plain empty",
        "user add root:secret",
        "user grant-role root root",
        "user add gone:secret",
        "user delete gone",
        "role revoke-permission writer /one",
        "user revoke-role plain empty",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        // 3.4 does not make the role by itself
        let made = server.etcdctl(&words).or_else(|_| {
            server.etcdctl(&["role", "add", "root"])?;
            server.etcdctl(&words)
        });
        made.unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn what_a_live_etcd_writes_is_sound() {
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "what_a_live_etcd_writes_is_sound") else { continue };
        let folder = tempfile::tempdir().unwrap();
        let watched = Watched { release: version.name(), folder: folder.path() };
        let mut server = EtcdServer::start(&peer).unwrap();
        watched.sound(&server, "new");
        fill(&server).unwrap();
        watched.sound(&server, "filled");
        users(&server);
        // it may have been on: only whoever set the users up knows
        watched.has(&server, "users", &["ETCD-020"]);
        server.etcdctl(&["auth", "enable"]).unwrap();
        server.etcdctl(&["--user", "root:secret", "auth", "disable"]).unwrap();
        watched.sound(&server, "users-once-enabled");
        server.compact(server.revision().unwrap()).unwrap();
        watched.sound(&server, "compacted");
        server.defragment().unwrap();
        watched.sound(&server, "defragmented");
        server.put(b"after", b"defrag").unwrap();
        server.restart(PATIENCE).unwrap();
        watched.sound(&server, "killed");
        server.etcdctl(&["del", "", "--prefix"]).unwrap();
        watched.sound(&server, "emptied");
        server.put(b"again", b"v").unwrap();

        let saved = folder.path().join("saved.db");
        server.snapshot(&saved).unwrap();
        let mut restored = EtcdServer::restored(&peer, &saved, PATIENCE).unwrap();
        watched.sound(&restored, "restored");
        restored.put(b"restored", b"v").unwrap();
        restored.restart(PATIENCE).unwrap();
        watched.sound(&restored, "restored-and-killed");
        restored.etcdctl(&["auth", "enable"]).unwrap();

        // a copy of the file itself, authentication on: it has no hash, and that is all
        let copy = folder.path().join("copy.db");
        restored.restart(PATIENCE).unwrap();
        fs::copy(restored.data_dir().join("member/snap/db"), &copy).unwrap();
        // half of all copies can be told from a snapshot whose hash was cut off
        let (verdict, mut ids) = said(&copy);
        ids.retain(|id| *id != "SNAP-008");
        assert_eq!((verdict, ids), (Verdict::Fail, vec!["SNAP-002"]), "etcd {}", version.name());
    }
}
