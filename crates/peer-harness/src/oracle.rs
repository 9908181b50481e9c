//! What a real etcd does with a snapshot: the judge of every verdict.

use std::path::Path;
use std::time::Duration;

use boot::GatewayError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::gateway::number;
use crate::hex::hex;
use crate::server::EtcdServer;
use crate::{HarnessError, KeyFact, Peer, PeerVersion};

/// How long a server may take over one thing on a machine that is very busy; a damaged file makes some wait for ever.
const PATIENCE: Duration = Duration::from_secs(120);
/// The key that is written to see whether writing works.
const PROBE: &[u8] = b"\xff\xffassay";
/// How many of the last revisions are looked at.
const PAST: i64 = 48;

/// What became of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// etcd refused it, or ended.
    Ended {
        /// While it did what: `restore`, `start`, `read`, `write`, `second start`.
        during: String,
        /// The line that tells why, as far as one does.
        why: String,
    },
    /// etcd serves it, and can be written to, compacted, and started again.
    Served(Box<Served>),
}

impl Fate {
    /// The same without the words of a log, which name ports and times.
    #[must_use]
    pub fn same(self) -> Self {
        match self {
            Self::Ended { during, .. } => Self::Ended { during, why: String::new() },
            served @ Self::Served(_) => served,
        }
    }
}

/// What etcd serves of a snapshot, right after its start; what it says after a second one is no other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// Its revision.
    pub revision: i64,
    /// How many keys.
    pub keys: usize,
    /// SHA-256 of all keys with revisions, version, lease and value.
    pub content: String,
    /// SHA-256 of the same at each of the last revisions, and of which of them are said to be compacted.
    pub history: String,
    /// Leases, `id ttl`.
    pub leases: Vec<String>,
    /// Alarms, `member kind`.
    pub alarms: Vec<String>,
    /// Whether authentication is on.
    pub auth: bool,
    /// Users with their roles.
    pub users: Vec<String>,
    /// Roles with what they permit.
    pub roles: Vec<String>,
}

impl Served {
    /// In what it differs from what a sound file's etcd serves; empty where in nothing.
    #[must_use]
    pub fn differs_from(&self, sound: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut say = |what: &str, got: String, expected: String| {
            if got != expected {
                found.push(format!("{what}: {got}, was {expected}"));
            }
        };
        say("revision", self.revision.to_string(), sound.revision.to_string());
        say("keys", self.keys.to_string(), sound.keys.to_string());
        say("leases", self.leases.join(", "), sound.leases.join(", "));
        say("alarms", self.alarms.join(", "), sound.alarms.join(", "));
        say("authentication", self.auth.to_string(), sound.auth.to_string());
        say("users", self.users.join(", "), sound.users.join(", "));
        say("roles", self.roles.join(", "), sound.roles.join(", "));
        if self.content != sound.content && self.keys == sound.keys {
            found.push("keys with other revisions, versions, leases or values".to_owned());
        } else if self.history != sound.history && self.revision == sound.revision && self.keys == sound.keys {
            found.push("another past".to_owned());
        }
        found
    }
}

/// Restores a snapshot, starts a server on it, looks at all that it serves, writes, compacts, and starts it again.
///
/// # Errors
/// Where the harness itself fails; what etcd does is the answer.
pub fn ask(peer: &Peer, snapshot: &Path) -> Result<Fate, HarnessError> {
    fate(EtcdServer::restored(peer, snapshot, PATIENCE))
}

/// The same for a data directory that was made otherwise, as [`EtcdServer::made`] has it.
///
/// # Errors
/// Where the harness itself fails.
pub fn ask_made(peer: &Peer, make: &dyn Fn(&Path, &str) -> Result<(), HarnessError>) -> Result<Fate, HarnessError> {
    fate(EtcdServer::made(peer, make, PATIENCE))
}

fn fate(started: Result<EtcdServer, HarnessError>) -> Result<Fate, HarnessError> {
    let ended = |during: &str, why: String| Ok(Fate::Ended { during: during.to_owned(), why: reason(&why) });
    let mut server = match started {
        Ok(server) => server,
        Err(HarnessError::Command { stderr, .. }) => return ended("restore", stderr),
        Err(HarnessError::NotReady { why, log, .. }) => return ended("start", format!("{log}\n{why}")),
        Err(error) => return Err(error),
    };
    let first = match served(&server) {
        Ok(served) => served,
        Err(error) => return ended("read", why(&mut server, &error)),
    };
    if let Err(error) = write(&server) {
        return ended("write", why(&mut server, &error));
    }
    match server.restart(PATIENCE) {
        Ok(()) => {}
        Err(HarnessError::NotReady { why, log, .. }) => return ended("second start", format!("{log}\n{why}")),
        Err(error) => return Err(error),
    }
    match served(&server) {
        Ok(second) if second.revision < first.revision => {
            ended("second start", format!("revision {} after {}", second.revision, first.revision))
        }
        Ok(second) => {
            // what is gone by then was not there to stay: a lease that ends at once takes its keys along
            let (keys, leases) = (second.keys, second.leases.clone());
            let stays = keys == first.keys && leases == first.leases;
            Ok(Fate::Served(Box::new(if stays { first } else { Served { revision: first.revision, ..second } })))
        }
        Err(error) => ended("second start", why(&mut server, &error)),
    }
}

/// The line of a log that tells why, shortened.
fn reason(log: &str) -> String {
    let telling = ["panic", "fatal", "failed", "error", "Error"];
    let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().find(|line| telling.iter().any(|word| line.contains(word))).or_else(|| lines().next());
    line.unwrap_or_default().chars().take(200).collect()
}

fn why(server: &mut EtcdServer, error: &HarnessError) -> String {
    if server.is_running() { error.to_string() } else { format!("{}\n{error}", server.end_of_log()) }
}

fn write(server: &EtcdServer) -> Result<(), HarnessError> {
    let at = server.put(PROBE, b"written")?;
    server.delete(PROBE)?;
    server.compact(at.saturating_sub(1).max(1)).or_else(|error| if error.is_compacted() { Ok(()) } else { Err(error) })
}

/// All keys at a revision, as one digest, and how many; 0 is now.
fn content(server: &EtcdServer, revision: i64) -> Result<(String, usize), HarnessError> {
    let keys: Vec<KeyFact> = server.keys_at(revision)?.into_iter().filter(|fact| fact.key != PROBE).collect();
    let mut sha = Sha256::new();
    for fact in &keys {
        let KeyFact { key, create_revision, mod_revision, version, lease, value_len, value_sha256 } = fact;
        let numbers = format!("{create_revision} {mod_revision} {version} {lease} {value_len} {value_sha256}");
        sha.update(format!("{} {numbers}\n", hex(key)));
    }
    Ok((hex(&sha.finalize()), keys.len()))
}

fn history(server: &EtcdServer, newest: i64) -> Result<String, HarnessError> {
    let mut sha = Sha256::new();
    for revision in newest.saturating_sub(PAST).max(1)..=newest {
        match content(server, revision) {
            Ok((digest, _)) => sha.update(digest),
            Err(HarnessError::Gateway(GatewayError::Refused { .. })) => sha.update("refused"),
            Err(error) => return Err(error),
        }
    }
    Ok(hex(&sha.finalize()))
}

fn served(server: &EtcdServer) -> Result<Served, HarnessError> {
    let (content, keys) = content(server, 0)?;
    let revision = server.revision()?;
    let mut alarms = list(server, "/v3/maintenance/alarm", &json!({ "action": "GET" }), "alarms")?;
    alarms.sort_unstable_by_key(Value::to_string);
    Ok(Served {
        revision,
        keys,
        content,
        history: history(server, revision)?,
        leases: leases(server)?,
        alarms: alarms.iter().map(Value::to_string).collect(),
        auth: authenticates(server)?,
        users: named(server, "user", "users", "roles")?,
        roles: named(server, "role", "roles", "perm")?,
    })
}

/// Whether it says that authentication is on; 3.4 does not say, and answers nobody where it is.
fn authenticates(server: &EtcdServer) -> Result<bool, HarnessError> {
    if server.peer().version == PeerVersion::V34 {
        return Ok(false);
    }
    let status = server.gateway.post("/v3/auth/status", &json!({}))?;
    Ok(status.get("enabled").and_then(Value::as_bool) == Some(true))
}

fn list(server: &EtcdServer, path: &str, body: &Value, field: &str) -> Result<Vec<Value>, HarnessError> {
    let answer = server.gateway.post(path, body)?;
    Ok(answer.get(field).and_then(Value::as_array).cloned().unwrap_or_default())
}

fn leases(server: &EtcdServer) -> Result<Vec<String>, HarnessError> {
    let path = "/v3/lease/leases";
    let mut found = Vec::new();
    for lease in list(server, path, &json!({}), "leases")? {
        let id = number(&lease, "ID", path)?;
        // one that ended meanwhile is not there any more
        if let Ok(lease) = server.lease(id) {
            found.push(format!("{id:x} {}", lease.granted_ttl));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Users with their roles, or roles with their permissions. Where authentication is on, nobody is told.
fn named(server: &EtcdServer, what: &str, all: &str, of: &str) -> Result<Vec<String>, HarnessError> {
    let names = match list(server, &format!("/v3/auth/{what}/list"), &json!({}), all) {
        Ok(names) => names,
        Err(HarnessError::Gateway(GatewayError::Refused { .. })) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for name in names.iter().filter_map(Value::as_str) {
        let body = if what == "user" { json!({ "name": name }) } else { json!({ "role": name }) };
        match list(server, &format!("/v3/auth/{what}/get"), &body, of) {
            Ok(mut has) => {
                has.sort_unstable_by_key(Value::to_string);
                found.push(format!("{name} {}", Value::from(has)));
            }
            Err(HarnessError::Gateway(GatewayError::Refused { message, .. })) => {
                found.push(format!("{name} {message}"))
            }
            Err(error) => return Err(error),
        }
    }
    found.sort_unstable();
    Ok(found)
}
