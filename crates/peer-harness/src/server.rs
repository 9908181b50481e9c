//! A real etcd on loopback, for one test.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::answers::{hex_of, sha256};
use crate::gateway::Gateway;
use crate::peer::{json as json_of, run};
use crate::{HarnessError, LeaseFact, MemberFact, Peer, PeerVersion};

/// How long a server may take to become healthy on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);
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
    gateway: Gateway,
    dir: TempDir,
}

/// One change. Several in one [`EtcdServer::txn`] share a main revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Writes a key; `lease` 0 attaches none and detaches what there was.
    Put {
        /// Name.
        key: Vec<u8>,
        /// Value, any bytes.
        value: Vec<u8>,
        /// Lease to attach, 0 for none.
        lease: i64,
    },
    /// Deletes one key.
    Delete {
        /// Name.
        key: Vec<u8>,
    },
    /// Deletes every key that begins with `prefix`, which must not be empty nor all 0xff.
    DeletePrefix {
        /// Beginning of the names.
        prefix: Vec<u8>,
    },
}

/// What etcd tells of a live key, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFact {
    /// Name.
    #[serde(with = "hex_of")]
    pub key: Vec<u8>,
    /// Main revision of the first put since the key was last absent.
    pub create_revision: i64,
    /// Main revision of the newest put.
    pub mod_revision: i64,
    /// Puts since the key was last absent.
    pub version: i64,
    /// Attached lease, 0 for none.
    pub lease: i64,
    /// Length of the value in bytes.
    pub value_len: usize,
    /// SHA-256 of the value, as hex digits.
    pub value_sha256: String,
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
    /// [`HarnessError::NotReady`] with the end of the log if it does not come up in a minute.
    pub fn start(peer: &Peer) -> Result<Self, HarnessError> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match Self::start_once(peer) {
                // ended at once: most likely the port was taken meanwhile
                Err(HarnessError::NotReady { log, version, why }) if log.contains("address already in use") => {
                    last = Some(HarnessError::NotReady { log, version, why });
                }
                done => return done,
            }
        }
        Err(last.unwrap_or_else(|| HarnessError::answer("starting etcd", "no attempt was made")))
    }

    fn start_once(peer: &Peer) -> Result<Self, HarnessError> {
        let dir = tempfile::Builder::new()
            .prefix("assay-etcd-")
            .tempdir()
            .map_err(HarnessError::io("a temporary directory"))?;
        let (port, peer_port) = free_ports()?;
        let (url, peer_url) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer_port}"));
        let log = dir.path().join("log");
        let sink = File::create(&log).map_err(HarnessError::at(&log))?;
        let mut command = Command::new(&peer.etcd);
        // nothing of the caller's environment may configure it
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ETCD")) {
            command.env_remove(name);
        }
        command
            .args(["--name", "peer", "--log-level", "error"])
            .arg("--data-dir")
            .arg(dir.path().join("data"))
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
            .args(["--listen-peer-urls", &peer_url, "--initial-advertise-peer-urls", &peer_url])
            .args(["--initial-cluster", &format!("peer={peer_url}")]);
        if peer.version == PeerVersion::V35 {
            command.arg("--unsafe-no-fsync"); // its data does not outlive the test; 3.4 has no such flag
        }
        let process = command
            .stdin(Stdio::null())
            .stdout(sink.try_clone().map_err(HarnessError::at(&log))?)
            .stderr(sink)
            .spawn()
            .map_err(HarnessError::at(&peer.etcd))?;
        let mut server = Self { peer: peer.clone(), process, url, gateway: Gateway::new(port), dir };
        server.wait_until_healthy()?;
        Ok(server)
    }

    /// Polls the health endpoint: etcd has no other way to say that it is ready.
    fn wait_until_healthy(&mut self) -> Result<(), HarnessError> {
        let began = Instant::now();
        let why = loop {
            if let Some(status) = self.process.try_wait().map_err(HarnessError::io("waiting for etcd"))? {
                break format!("it ended ({status})");
            }
            if self.gateway.healthy() {
                return Ok(());
            }
            if began.elapsed() > DEADLINE {
                break format!("{} s passed", DEADLINE.as_secs());
            }
            std::thread::sleep(PAUSE);
        };
        let log = std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let log = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n");
        Err(HarnessError::NotReady { version: self.peer.version.name(), why, log })
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

    /// Writes a key; gives the main revision.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn put(&self, key: &[u8], value: &[u8]) -> Result<i64, HarnessError> {
        self.txn(&[Op::Put { key: key.to_vec(), value: value.to_vec(), lease: 0 }])
    }

    /// Writes a key attached to a lease; gives the main revision.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn put_with_lease(&self, key: &[u8], value: &[u8], lease: i64) -> Result<i64, HarnessError> {
        self.txn(&[Op::Put { key: key.to_vec(), value: value.to_vec(), lease }])
    }

    /// Deletes a key; gives the main revision, which stays where it was if there is no such key.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn delete(&self, key: &[u8]) -> Result<i64, HarnessError> {
        self.txn(&[Op::Delete { key: key.to_vec() }])
    }

    /// Deletes every key that begins with `prefix`, in one revision.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn delete_prefix(&self, prefix: &[u8]) -> Result<i64, HarnessError> {
        self.txn(&[Op::DeletePrefix { prefix: prefix.to_vec() }])
    }

    /// Applies changes in one transaction; gives its main revision. One change is sent as the plain request
    /// that clients use, several as a transaction; no key may be changed twice in one.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn txn(&self, ops: &[Op]) -> Result<i64, HarnessError> {
        let answer = match ops {
            [op @ Op::Put { .. }] => self.gateway.post("/v3/kv/put", &op.body())?,
            [op] => self.gateway.post("/v3/kv/deleterange", &op.body())?,
            ops => {
                let success: Vec<Value> = ops.iter().map(|op| json!({ op.name(): op.body() })).collect();
                self.gateway.post("/v3/kv/txn", &json!({ "success": success }))?
            }
        };
        revision_in(&answer)
    }

    /// Grants a lease under an ID of the caller's choosing.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn lease_grant(&self, id: i64, ttl_seconds: i64) -> Result<(), HarnessError> {
        let body = json!({ "ID": id.to_string(), "TTL": ttl_seconds.to_string() });
        self.gateway.post("/v3/lease/grant", &body).map(drop)
    }

    /// Revokes a lease and deletes its keys, in one revision; gives the main revision.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn lease_revoke(&self, id: i64) -> Result<i64, HarnessError> {
        revision_in(&self.gateway.post("/v3/lease/revoke", &json!({ "ID": id.to_string() }))?)
    }

    /// A lease with its keys, sorted.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] if there is no such lease.
    pub fn lease(&self, id: i64) -> Result<LeaseFact, HarnessError> {
        let path = "/v3/lease/timetolive";
        let answer = self.gateway.post(path, &json!({ "ID": id.to_string(), "keys": true }))?;
        let keys = answer.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut keys = keys.iter().map(|key| bytes(Some(key), path)).collect::<Result<Vec<_>, _>>()?;
        keys.sort_unstable();
        Ok(LeaseFact { id, granted_ttl: number(&answer, "grantedTTL", path)?, keys })
    }

    /// Compacts everything older than what is live at `revision`, and returns when it is gone from the file.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn compact(&self, revision: i64) -> Result<(), HarnessError> {
        let body = json!({ "revision": revision.to_string(), "physical": true });
        self.gateway.post("/v3/kv/compaction", &body).map(drop)
    }

    /// Adds a learner that will never be started (a voting member would cost the quorum); gives its ID.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn member_add_learner(&self, peer_url: &str) -> Result<u64, HarnessError> {
        let path = "/v3/cluster/member/add";
        let answer = self.gateway.post(path, &json!({ "peerURLs": [peer_url], "isLearner": true }))?;
        id(answer.pointer("/member/ID"), path)
    }

    /// Removes a member.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] with etcd's reason.
    pub fn member_remove(&self, id: u64) -> Result<(), HarnessError> {
        self.gateway.post("/v3/cluster/member/remove", &json!({ "ID": id.to_string() })).map(drop)
    }

    /// The members, sorted by ID.
    ///
    /// # Errors
    /// [`HarnessError::Answer`] if a member has no ID.
    pub fn members(&self) -> Result<Vec<MemberFact>, HarnessError> {
        let path = "/v3/cluster/member/list";
        let answer = self.gateway.post(path, &json!({}))?;
        let list = answer.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        let fact = |member: &Value| {
            let urls = member.get("peerURLs").and_then(Value::as_array).cloned().unwrap_or_default();
            Ok(MemberFact {
                id: id(member.get("ID"), path)?,
                name: member.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                peer_urls: urls.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                is_learner: member.get("isLearner").and_then(Value::as_bool).unwrap_or_default(),
            })
        };
        let mut members = list.iter().map(fact).collect::<Result<Vec<_>, HarnessError>>()?;
        members.sort_unstable_by_key(|member| member.id);
        Ok(members)
    }

    /// The current main revision.
    ///
    /// # Errors
    /// [`HarnessError::Answer`] if the server does not say.
    pub fn revision(&self) -> Result<i64, HarnessError> {
        revision_in(&self.gateway.post("/v3/maintenance/status", &json!({}))?)
    }

    /// Live keys at a revision, in key order, with what etcd tells of each; 0 means now.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] if the revision is compacted ([`HarnessError::is_compacted`]) or in the future.
    pub fn keys_at(&self, revision: i64) -> Result<Vec<KeyFact>, HarnessError> {
        let path = "/v3/kv/range";
        let all = BASE64_STANDARD.encode([0]);
        let body = json!({ "key": all, "range_end": all, "revision": revision.to_string() });
        let answer = self.gateway.post(path, &body)?;
        let kvs = answer.get("kvs").and_then(Value::as_array).cloned().unwrap_or_default();
        let fact = |kv: &Value| {
            let value = bytes(kv.get("value"), path)?;
            Ok(KeyFact {
                key: bytes(kv.get("key"), path)?,
                create_revision: number(kv, "create_revision", path)?,
                mod_revision: number(kv, "mod_revision", path)?,
                version: number(kv, "version", path)?,
                lease: number(kv, "lease", path)?,
                value_len: value.len(),
                value_sha256: sha256(&value),
            })
        };
        kvs.iter().map(fact).collect()
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

    /// Any `etcdctl` command against this server, with `-w json`.
    ///
    /// # Errors
    /// [`HarnessError::Command`] with etcdctl's reason.
    pub fn etcdctl_json(&self, args: &[&str]) -> Result<Value, HarnessError> {
        let mut command = self.command();
        command.args(args).args(["-w", "json"]);
        json_of(&mut command)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.peer.etcdctl);
        command.env("ETCDCTL_API", "3").args(["--endpoints", &self.url]);
        command.args(["--dial-timeout=30s", "--command-timeout=60s"]);
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

impl Op {
    fn name(&self) -> &'static str {
        match self {
            Self::Put { .. } => "request_put",
            Self::Delete { .. } | Self::DeletePrefix { .. } => "request_delete_range",
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Put { key, value, lease } => json!({
                "key": BASE64_STANDARD.encode(key),
                "value": BASE64_STANDARD.encode(value),
                "lease": lease.to_string(),
            }),
            Self::Delete { key } => json!({ "key": BASE64_STANDARD.encode(key) }),
            Self::DeletePrefix { prefix } => json!({
                "key": BASE64_STANDARD.encode(prefix),
                "range_end": BASE64_STANDARD.encode(after(prefix)),
            }),
        }
    }
}

/// The least key above every key with this prefix; etcd's own rule.
fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    vec![0]
}

/// Two free ports: held together, so that they differ, and then let go.
fn free_ports() -> Result<(u16, u16), HarnessError> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(HarnessError::io("a free loopback port"));
    let port = |l: &TcpListener| l.local_addr().map(|a| a.port()).map_err(HarnessError::io("a free loopback port"));
    let (a, b) = (bind()?, bind()?);
    Ok((port(&a)?, port(&b)?))
}

fn revision_in(answer: &Value) -> Result<i64, HarnessError> {
    number(answer.get("header").unwrap_or_default(), "revision", "header")
}

/// An integer, which protobuf's JSON writes as a string if it is 64 bits wide and leaves out if it is 0.
fn number(object: &Value, name: &str, what: &str) -> Result<i64, HarnessError> {
    match object.get(name) {
        None => Ok(0),
        Some(Value::String(text)) => text.parse().map_err(|_| HarnessError::answer(what, object)),
        Some(value) => value.as_i64().ok_or_else(|| HarnessError::answer(what, object)),
    }
}

fn id(value: Option<&Value>, what: &str) -> Result<u64, HarnessError> {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.parse().map_err(|_| HarnessError::answer(what, format!("no ID: {value:?}")))
}

fn bytes(value: Option<&Value>, what: &str) -> Result<Vec<u8>, HarnessError> {
    // left out when empty
    let text = value.map_or(Some(""), Value::as_str);
    text.and_then(|t| BASE64_STANDARD.decode(t).ok())
        .ok_or_else(|| HarnessError::answer(what, format!("no base64: {value:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix() {
        let table: [(&[u8], &[u8]); 4] = [(b"a", b"b"), (b"a\xff", b"b"), (b"a/", b"a0"), (b"\xff\xff", b"\0")];
        for (prefix, end) in table {
            assert_eq!(after(prefix), end);
        }
    }

    #[test]
    fn numbers_as_etcd_writes_them() {
        let object = json!({ "a": "12", "b": 12, "c": "x" });
        assert_eq!(number(&object, "a", "t").unwrap(), 12);
        assert_eq!(number(&object, "b", "t").unwrap(), 12);
        assert_eq!(number(&object, "absent", "t").unwrap(), 0);
        assert!(number(&object, "c", "t").is_err());
    }
}
