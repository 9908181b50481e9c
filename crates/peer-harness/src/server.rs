//! A real etcd on loopback, for one test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::gateway::{Gateway, bytes, number};
use boot::gateway::free_ports;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;

use crate::peer::{json as json_of, run};
use crate::{HarnessError, Peer, PeerVersion};

/// How long a server may take to become healthy on a machine that is very busy; no test that passes waits for it.
const DEADLINE: Duration = Duration::from_secs(600);
/// Pause between two looks at its health.
const PAUSE: Duration = Duration::from_millis(20);
/// Another process may take a port between our choosing it and etcd's listening on it.
const ATTEMPTS: usize = 5;

/// A running server. Dropping it kills the process and removes its data: do not keep one in a `static`,
/// whose drop never runs; keep the [`crate::Answers`] instead.
pub struct EtcdServer {
    peer: Peer,
    process: Child,
    url: String,
    peer_url: String,
    pub(crate) gateway: Gateway,
    dir: TempDir,
}

/// An answer of `etcdctl endpoint hashkv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashKv {
    /// CRC-32C over the kept history up to the revision asked for.
    pub hash: u32,
    /// Revision of the last compaction, -1 if there was none.
    pub compact_revision: i64,
}

impl EtcdServer {
    /// Starts a server on free loopback ports, with an empty data directory, and waits until it is healthy.
    ///
    /// # Errors
    /// [`HarnessError::NotReady`] with the end of the log if it does not come up in ten minutes.
    pub fn start(peer: &Peer) -> Result<Self, HarnessError> {
        Self::start_on(peer, &|_, _| Ok(()), DEADLINE)
    }

    /// Restores a snapshot as a cluster of one, and starts a server on that; `deadline` is how long it may take to become
    /// healthy, and how long a request may take.
    ///
    /// # Errors
    /// [`HarnessError::Command`] where the restore is refused, [`HarnessError::NotReady`] where the server does not start.
    pub fn restored(peer: &Peer, snapshot: &Path, deadline: Duration) -> Result<Self, HarnessError> {
        Self::start_on(peer, &|data, peer_url| restore(peer, snapshot, data, peer_url), deadline)
    }

    /// Starts a server on a data directory that `make` makes, given its path and the URL that the one member, `peer`, has
    /// for its peers.
    ///
    /// # Errors
    /// What `make` says, and [`HarnessError::NotReady`] where the server does not start.
    pub fn made(
        peer: &Peer,
        make: &dyn Fn(&Path, &str) -> Result<(), HarnessError>,
        deadline: Duration,
    ) -> Result<Self, HarnessError> {
        Self::start_on(peer, make, deadline)
    }

    fn start_on(
        peer: &Peer,
        make: &dyn Fn(&Path, &str) -> Result<(), HarnessError>,
        deadline: Duration,
    ) -> Result<Self, HarnessError> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match Self::start_once(peer, make, deadline) {
                // ended at once: most likely the port was taken meanwhile
                Err(HarnessError::NotReady { log, version, why }) if log.contains("address already in use") => {
                    last = Some(HarnessError::NotReady { log, version, why });
                }
                done => return done,
            }
        }
        Err(last.unwrap_or_else(|| HarnessError::answer("starting etcd", "no attempt was made")))
    }

    fn start_once(
        peer: &Peer,
        make: &dyn Fn(&Path, &str) -> Result<(), HarnessError>,
        deadline: Duration,
    ) -> Result<Self, HarnessError> {
        let dir = tempfile::Builder::new()
            .prefix("assay-etcd-")
            .tempdir()
            .map_err(HarnessError::io("a temporary directory"))?;
        let (port, peer_port) = free_ports().map_err(HarnessError::io("a free loopback port"))?;
        let (url, peer_url) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer_port}"));
        make(&dir.path().join("data"), &peer_url)?;
        let process = spawn(peer, dir.path(), &url, &peer_url)?;
        let gateway = Gateway::new(port, deadline);
        let mut server = Self { peer: peer.clone(), process, url, peer_url, gateway, dir };
        server.wait_until_healthy(deadline)?;
        Ok(server)
    }

    /// Kills the server and starts it again on what it left behind.
    ///
    /// # Errors
    /// [`HarnessError::NotReady`] where it does not start.
    pub fn restart(&mut self, deadline: Duration) -> Result<(), HarnessError> {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.process = spawn(&self.peer, self.dir.path(), &self.url, &self.peer_url)?;
        self.wait_until_healthy(deadline)
    }

    /// Whether the server still runs.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// The last lines of its log.
    #[must_use]
    pub fn end_of_log(&self) -> String {
        let log = std::fs::read(self.dir.path().join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
    }

    /// Polls the health endpoint: etcd has no other way to say that it is ready.
    fn wait_until_healthy(&mut self, deadline: Duration) -> Result<(), HarnessError> {
        let began = Instant::now();
        let why = loop {
            if let Some(status) = self.process.try_wait().map_err(HarnessError::io("waiting for etcd"))? {
                break format!("it ended ({status})");
            }
            if self.gateway.healthy() {
                return Ok(());
            }
            if began.elapsed() > deadline {
                break format!("{} s passed", deadline.as_secs());
            }
            std::thread::sleep(PAUSE);
        };
        Err(HarnessError::NotReady { version: self.peer.version.name(), why, log: self.end_of_log() })
    }

    /// Which release runs here.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Client URL, for a command of one's own.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's data directory, `member/snap/db` below it; the server holds it open.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// `etcdctl get PREFIX --prefix --keys-only --rev REVISION -w json`: key names in key order; 0 means now.
    ///
    /// # Errors
    /// [`HarnessError::Command`] if the revision is compacted ([`HarnessError::is_compacted`]) or in the future.
    pub fn get_keys(&self, prefix: &str, revision: i64) -> Result<Vec<Vec<u8>>, HarnessError> {
        let rev = format!("--rev={revision}");
        let answer = self.etcdctl_json(&["get", prefix, "--prefix", "--keys-only", &rev])?;
        let kvs = answer.get("kvs").and_then(Value::as_array).cloned().unwrap_or_default();
        kvs.iter().map(|kv| bytes(kv.get("key"), "etcdctl get")).collect()
    }

    /// `etcdctl endpoint hashkv --rev REVISION -w json`; 0 means now.
    ///
    /// # Errors
    /// [`HarnessError::Command`] if the revision is compacted ([`HarnessError::is_compacted`]) or in the future.
    pub fn hashkv(&self, revision: i64) -> Result<HashKv, HarnessError> {
        let what = "etcdctl endpoint hashkv";
        let answer = self.etcdctl_json(&["endpoint", "hashkv", &format!("--rev={revision}")])?;
        let one = answer.pointer("/0/HashKV").ok_or_else(|| HarnessError::answer(what, &answer))?;
        let hash = u32::try_from(number(one, "hash", what)?).map_err(|e| HarnessError::answer(what, e))?;
        Ok(HashKv { hash, compact_revision: number(one, "compact_revision", what)? })
    }

    /// `etcdctl snapshot save PATH`.
    ///
    /// # Errors
    /// [`HarnessError::Command`] with etcdctl's reason.
    pub fn snapshot(&self, path: &Path) -> Result<(), HarnessError> {
        let mut command = self.command();
        command.args(["snapshot", "save"]).arg(path);
        run(&mut command).map(drop)
    }

    /// `etcdctl defrag`: the server writes its file anew, without free pages.
    ///
    /// # Errors
    /// [`HarnessError::Command`] with etcdctl's reason.
    pub fn defragment(&self) -> Result<(), HarnessError> {
        let mut command = self.command();
        command.arg("defrag");
        run(&mut command).map(drop)
    }

    /// Any `etcdctl` command against this server, for what it does.
    ///
    /// # Errors
    /// [`HarnessError::Command`] with etcdctl's reason.
    pub fn etcdctl(&self, args: &[&str]) -> Result<(), HarnessError> {
        let mut command = self.command();
        command.args(args);
        run(&mut command).map(drop)
    }

    /// Any `etcdctl` command against this server, with `-w json`.
    ///
    /// # Errors
    /// [`HarnessError::Command`] with etcdctl's reason.
    pub fn etcdctl_json(&self, args: &[&str]) -> Result<Value, HarnessError> {
        let mut command = self.command();
        command.args(["-w", "json"]).args(args);
        json_of(&mut command)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.peer.etcdctl);
        command.env("ETCDCTL_API", "3").args(["--endpoints", &self.url]);
        command.args(["--dial-timeout=300s", "--command-timeout=600s"]);
        command
    }
}

impl Drop for EtcdServer {
    fn drop(&mut self) {
        // nothing to save: killed, not asked; waited for, so that its directory can be removed
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(peer: &Peer, dir: &Path, url: &str, peer_url: &str) -> Result<Child, HarnessError> {
    let log = dir.join("log");
    let sink = File::create(&log).map_err(HarnessError::at(&log))?;
    let mut command = Command::new(&peer.etcd);
    // nothing of the caller's environment may configure it
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ETCD")) {
        command.env_remove(name);
    }
    command
        .args(["--name", "peer", "--log-level", "error"])
        // a member that is alone need not wait a second for the votes of others
        .args(["--heartbeat-interval", "10", "--election-timeout", "100"])
        .arg("--data-dir")
        .arg(dir.join("data"))
        .args(["--listen-client-urls", url, "--advertise-client-urls", url])
        .args(["--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url])
        .args(["--initial-cluster", &format!("peer={peer_url}")]);
    if peer.version == PeerVersion::V35 {
        command.arg("--unsafe-no-fsync"); // its data does not outlive the test; 3.4 has no such flag
    }
    command
        .stdin(Stdio::null())
        .stdout(sink.try_clone().map_err(HarnessError::at(&log))?)
        .stderr(sink)
        .spawn()
        .map_err(HarnessError::at(&peer.etcd))
}

/// `snapshot restore`, as a cluster of one.
fn restore(peer: &Peer, snapshot: &Path, data: &Path, peer_url: &str) -> Result<(), HarnessError> {
    let cluster = format!("peer={peer_url}");
    let line = ["--name", "peer", "--initial-advertise-peer-urls", peer_url, "--initial-cluster", &cluster];
    peer.restore(snapshot, data, &line)
}

impl Peer {
    /// `snapshot restore` with `more` arguments, for nothing but to see whether it is done.
    ///
    /// # Errors
    /// [`HarnessError::Command`] where it is refused.
    pub fn restores(&self, snapshot: &Path, more: &[&str]) -> Result<(), HarnessError> {
        let dir = tempfile::tempdir().map_err(HarnessError::io("a temporary directory"))?;
        self.restore(snapshot, &dir.path().join("data"), more)
    }

    /// `snapshot restore` into a directory, with `more` arguments.
    ///
    /// # Errors
    /// [`HarnessError::Command`] where it is refused.
    pub fn restore(&self, snapshot: &Path, data: &Path, more: &[&str]) -> Result<(), HarnessError> {
        let mut command = Command::new(self.etcdutl.as_ref().unwrap_or(&self.etcdctl));
        command
            .env("ETCDCTL_API", "3")
            .args(["snapshot", "restore"])
            .arg(snapshot)
            .arg("--data-dir")
            .arg(data)
            .args(more);
        run(&mut command).map(drop)
    }
}
