//! Data directories that assay made, before a real etcd.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use peer_harness::oracle::{ask, ask_made};
use peer_harness::{HarnessError, Peer, PeerVersion};

use crate::support::{assay, root};

/// What assay's own restore is asked for.
fn rehearse(snapshot: &Path, data: &Path, more: &[&str]) {
    let line = [&["rehearse", snapshot.to_str().unwrap(), "--data-dir", data.to_str().unwrap()], more].concat();
    let run = assay(&line);
    assert_eq!(run.code, Some(0), "{line:?}: {}", run.err);
}

/// The sound file and fixtures of each kind: served as after the release's own restore, alarm and authentication included.
#[test]
fn etcd_serves_what_assay_restored_as_what_its_own_tool_restored() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = vec![super::write(&super::sound(), folder.path())];
    for name in ["nospace-alarm", "auth-enabled"] {
        let path = folder.path().join(format!("{name}.db"));
        std::fs::write(&path, fixtures::named(name).bytes()).unwrap();
        files.push(path);
    }
    for version in PeerVersion::ALL {
        let Some(peer) = Peer::for_test(version, "etcd_serves_what_assay_restored_as_...") else { continue };
        for file in &files {
            let make = |data: &Path, peer_url: &str| -> Result<(), HarnessError> {
                let cluster = format!("peer={peer_url}");
                let member = ["--name", "peer", "--initial-cluster", &cluster];
                let urls = ["--initial-advertise-peer-urls", peer_url, "--etcd-release", version.name()];
                rehearse(file, data, &[&member[..], &urls].concat());
                Ok(())
            };
            let (ours, theirs) = (ask_made(&peer, &make).unwrap().same(), ask(&peer, file).unwrap().same());
            assert_eq!(ours, theirs, "etcd {}, {}", version.name(), file.display());
        }
    }
}

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Three directories made one by one, with the same options but for the name, form a cluster: what one takes, all have.
#[test]
fn three_directories_form_a_cluster() {
    let Some(_) = Peer::for_test(PeerVersion::V35, "three_directories_form_a_cluster") else { return };
    let place = |program: &str| {
        let from = std::env::var_os("ASSAY_PEER_35").map_or_else(|| root().join("target/peers/3.5"), Into::into);
        Command::new(from.join(program))
    };
    let folder = tempfile::tempdir().unwrap();
    let snapshot = super::write(&super::sound(), folder.path());
    let ports: Vec<u16> = {
        let held: Vec<TcpListener> = (0..6).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        held.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
    };
    let url = |at: usize| format!("http://127.0.0.1:{}", ports[at]);
    let cluster = (0..3).map(|at| format!("m{at}={}", url(at))).collect::<Vec<_>>().join(",");
    let servers: Vec<Server> = (0..3)
        .map(|at| {
            let (name, peer_url, client_url) = (format!("m{at}"), url(at), url(at + 3));
            let data = folder.path().join(&name);
            let member = ["--name", &name, "--initial-cluster", &cluster, "--initial-advertise-peer-urls", &peer_url];
            rehearse(&snapshot, &data, &member);
            let mut etcd = place("etcd");
            etcd.args(member).arg("--data-dir").arg(&data).args(["--listen-peer-urls", &peer_url]);
            etcd.args(["--listen-client-urls", &client_url, "--advertise-client-urls", &client_url]);
            let log = std::fs::File::create(folder.path().join(format!("{name}.log"))).unwrap();
            etcd.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
            Server(etcd.spawn().unwrap())
        })
        .collect();
    let ctl = |at: usize, line: &[&str]| {
        let mut etcdctl = place("etcdctl");
        etcdctl.env("ETCDCTL_API", "3").args(["--endpoints", &url(at + 3)]);
        etcdctl.args(["--dial-timeout=120s", "--command-timeout=120s"]).args(line);
        let out = etcdctl.output().unwrap();
        assert!(out.status.success(), "member {at}, {line:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    // waits until there is a leader
    ctl(0, &["put", "through", "m0"]);
    for at in 0..3 {
        assert_eq!(ctl(at, &["get", "through", "--print-value-only"]), "m0\n");
        ctl(at, &["put", "through", &format!("m{at}")]);
        ctl(0, &["put", "through", "m0"]);
    }
    let hashes: Vec<String> = (0..3)
        .map(|at| {
            let hash: serde_json::Value =
                serde_json::from_str(&ctl(at, &["endpoint", "hashkv", "--rev", "39", "-w", "json"])).unwrap();
            hash.pointer("/0/HashKV/hash").unwrap().to_string()
        })
        .collect();
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
    drop(servers);
}
