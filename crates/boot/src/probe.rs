//! What a server is asked, and what it has to answer.

use std::io::Write;
use std::time::Duration;

use bbolt_page::Spread;
use etcd_snapshot::{ContentDigest, HashKv, Live, Scan};
use serde_json::{Value, json};

use crate::explain::{Failure, Symptom};
use crate::launch::Version;
use crate::wire::{base64, bytes, id, number, revision_in};
use crate::{Gateway, GatewayError, Server};

/// Keys that are asked for at once.
const KEYS: usize = 500;
/// Bytes of values that are asked for at once, unless one alone has more.
const PIECE: u64 = 8 << 20;
/// How long a write may take: one that is skipped has no answer at all.
const WRITE_WITHIN: Duration = Duration::from_secs(5);
/// The first release whose gateway answers for HashKV; before it the path is another question's.
const HASHKV_SINCE: Version = Version { major: 3, minor: 5, patch: 10 };
/// The key that is written, and removed again.
const PROBE: &[u8] = b"assay-rehearsal-probe";

/// What a server has to answer.
#[derive(Clone, Debug)]
pub struct Expected<'e> {
    /// Id of the member.
    pub member: u64,
    /// Id of its cluster.
    pub cluster: u64,
    /// The revision that the server comes up at, and that it is asked at.
    pub revision: i64,
    /// Live keys, in byte order.
    pub live: Vec<Live<'e>>,
    /// Their digest.
    pub content: [u8; 32],
    /// Etcd's own hash, where it can be had.
    pub hash_kv: Option<HashKv>,
}

impl<'e> Expected<'e> {
    /// Of the database that the server gets.
    #[must_use]
    pub fn of(scan: &Scan<'e>, member: u64, cluster: u64, spread: &impl Spread) -> Self {
        Self {
            member,
            cluster,
            revision: scan.current(),
            live: scan.store.live_sorted(|_| true, spread).collect(),
            content: scan.content_digest(spread),
            hash_kv: scan.hash_kv(spread).ok(),
        }
    }
}

/// What is asked, and where to.
pub struct Probing<'p> {
    /// Which etcd it is.
    pub version: Version,
    /// Bytes of its database.
    pub size: u64,
    /// Leaves out what takes as long as the database is big.
    pub quick: bool,
    /// Gets a snapshot of the server, in the end; none without it.
    pub snapshot: Option<&'p mut dyn Write>,
    /// Gets how many keys were compared.
    pub progress: &'p dyn Fn(u64),
}

/// How a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Held,
    /// Not as it should be.
    Failed,
    /// Not asked.
    NotAsked,
}

/// A question, what was wanted, and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// `status`, `member`, `cluster`, `keys`, `content`, `hashkv`, `put`, `delete`, `compaction`, `defragmentation`,
    /// `snapshot`.
    pub name: &'static str,
    /// What was wanted.
    pub want: String,
    /// What came, or why nothing did.
    pub got: String,
    /// Whether that is the same.
    pub outcome: Outcome,
    /// What it shows where it is not, as far as that is known.
    pub symptom: Option<Symptom>,
}

impl Probe {
    pub(crate) fn held(name: &'static str, want: impl Into<String>, got: impl Into<String>) -> Self {
        Self { name, want: want.into(), got: got.into(), outcome: Outcome::Held, symptom: None }
    }

    pub(crate) fn compared(name: &'static str, want: impl ToString, got: impl ToString) -> Self {
        let (want, got) = (want.to_string(), got.to_string());
        let outcome = if want == got { Outcome::Held } else { Outcome::Failed };
        Self { name, want, got, outcome, symptom: None }
    }

    fn failed(name: &'static str, want: impl Into<String>, got: impl Into<String>) -> Self {
        Self { name, want: want.into(), got: got.into(), outcome: Outcome::Failed, symptom: None }
    }

    fn not_asked(name: &'static str, want: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name, want: want.into(), got: why.into(), outcome: Outcome::NotAsked, symptom: None }
    }

    fn error(name: &'static str, want: impl Into<String>, error: &GatewayError) -> Self {
        Self { symptom: Symptom::of_refusal(error), ..Self::failed(name, want, error.to_string()) }
    }
}

/// How long a question that goes through the whole database may take.
fn long(size: u64) -> Duration {
    Duration::from_secs(60 + (size >> 30) * 30)
}

impl Server {
    /// Asks everything, in order; each answer goes to `told`.
    ///
    /// # Errors
    /// Why the server ended, if it did.
    pub fn probe(
        &self,
        expected: &Expected<'_>,
        probing: Probing<'_>,
        told: &mut dyn FnMut(Probe),
    ) -> Result<(), Failure> {
        let asks = Asks { gateway: self.gateway.patient(long(probing.size)), expected };
        let mut ended = None;
        let mut tell = |probe: Probe| {
            if probe.outcome == Outcome::Failed && ended.is_none() {
                ended = self.ended();
            }
            told(probe);
        };
        asks.all(probing, &mut tell);
        ended.or_else(|| self.ended()).map_or(Ok(()), Err)
    }
}

struct Asks<'a> {
    gateway: Gateway,
    expected: &'a Expected<'a>,
}

impl Asks<'_> {
    fn all(&self, probing: Probing<'_>, tell: &mut dyn FnMut(Probe)) {
        let Probing { version, size, quick, snapshot, progress } = probing;
        let header = self.status(version, tell);
        let served = self.keys(tell);
        self.ids(header.as_ref(), tell);
        let short = "left out: `--quick`";
        let total = format!("digest {}", wording::hex(&self.expected.content));
        match (served, quick) {
            // who is not let in has nothing to ask
            (false, _) => return,
            (true, true) => tell(Probe::not_asked("content", total, short)),
            (true, false) => tell(self.content(total, progress)),
        }
        tell(self.hash_kv(version));
        if !self.write(tell) {
            return;
        }
        let Some(out) = snapshot.filter(|_| !quick) else {
            for name in ["compaction", "defragmentation", "snapshot"] {
                tell(Probe::not_asked(name, "done", short));
            }
            return;
        };
        tell(self.compaction());
        tell(self.defragmentation());
        tell(self.snapshot(out, size));
    }

    /// Asks for its version; gives the header of the answer, where there is one.
    fn status(&self, version: Version, tell: &mut dyn FnMut(Probe)) -> Option<Value> {
        let want = format!("version {version}");
        match self.gateway.post("/v3/maintenance/status", &json!({})) {
            Ok(answer) => {
                let said = answer.get("version").and_then(Value::as_str).unwrap_or("none");
                tell(Probe::compared("status", want, format!("version {said}")));
                answer.get("header").cloned()
            }
            Err(error) => {
                tell(Probe::error("status", want, &error));
                None
            }
        }
    }

    fn ids(&self, header: Option<&Value>, tell: &mut dyn FnMut(Probe)) {
        for (name, field, planned) in
            [("member", "member_id", self.expected.member), ("cluster", "cluster_id", self.expected.cluster)]
        {
            let want = format!("{planned:x}");
            tell(match header.map(|header| id(header.get(field), field)) {
                Some(Ok(id)) => Probe::compared(name, want, format!("{id:x}")),
                Some(Err(error)) => Probe::error(name, want, &error),
                None => Probe::not_asked(name, want, "no answer has a header"),
            });
        }
    }

    /// Counts the keys; whether it answers.
    fn keys(&self, tell: &mut dyn FnMut(Probe)) -> bool {
        let Expected { revision, live, .. } = self.expected;
        let want = format!("{} at revision {revision}", live.len());
        let body = json!({ "key": "AA==", "range_end": "AA==", "count_only": true, "revision": revision.to_string() });
        let asked = self.gateway.post("/v3/kv/range", &body);
        let counted = asked.and_then(|answer| Ok((number(&answer, "count", "count")?, revision_in(&answer)?)));
        match counted {
            Ok((count, at)) => {
                let same = u64::try_from(count).is_ok_and(|count| count == live.len() as u64);
                // it is later where a lease has ended since
                tell(match same && at >= *revision {
                    true => Probe::held("keys", want, format!("{count} at revision {revision}")),
                    false => Probe::failed("keys", want, format!("{count}, the server is at revision {at}")),
                });
                true
            }
            Err(error) => {
                tell(Probe::error("keys", want, &error));
                false
            }
        }
    }

    /// Reads every key back, with its revisions, version, lease and value.
    fn content(&self, want: String, progress: &dyn Fn(u64)) -> Probe {
        let (mut digest, mut left) = (ContentDigest::default(), self.expected.live.as_slice());
        let mut start = b"\0".to_vec();
        while !left.is_empty() {
            let (piece, rest) = left.split_at(piece_of(left));
            match self.piece(&start, piece, &mut digest) {
                Ok(None) => {}
                Ok(Some(differs)) => return Probe::failed("content", want, differs),
                Err(error) => return Probe::error("content", want, &error),
            }
            progress(piece.len() as u64);
            left = rest;
            start = piece.last().map(|live| [live.kv.key, b"\0"].concat()).unwrap_or_default();
        }
        Probe::compared("content", want, format!("digest {}", wording::hex(&digest.finish())))
    }

    /// The next keys; in what the first of them differs that does.
    fn piece(
        &self,
        start: &[u8],
        piece: &[Live<'_>],
        digest: &mut ContentDigest,
    ) -> Result<Option<String>, GatewayError> {
        let path = "/v3/kv/range";
        let revision = self.expected.revision.to_string();
        let body = json!({ "key": base64(start), "range_end": "AA==", "limit": piece.len().to_string(),
            "revision": revision });
        // base64, and some words to each; twice of it is enough for a server that has more than it should
        let most = piece.iter().map(|live| (live.kv.key.len() + live.kv.value.len()) as u64 * 4 / 3 + 512).sum::<u64>();
        let answer = self.gateway.post_bounded(path, &body, most.saturating_mul(2) + (1 << 20))?;
        let found = answer.get("kvs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (at, live) in piece.iter().enumerate() {
            let key = shown(live.kv.key);
            let Some(found) = found.get(at) else { return Ok(Some(format!("no key {key}"))) };
            let (key_found, value) = (bytes(found.get("key"), path)?, bytes(found.get("value"), path)?);
            digest.push(&key_found, &value);
            if key_found != live.kv.key {
                return Ok(Some(format!("key {} where {key} should be", shown(&key_found))));
            }
            for (name, expected) in [
                ("create_revision", live.kv.create_revision),
                ("mod_revision", live.kv.mod_revision),
                ("version", live.kv.version),
                ("lease", live.kv.lease),
            ] {
                let got = number(found, name, path)?;
                if got != expected {
                    return Ok(Some(format!("{name} {got} of key {key}, expected {expected}")));
                }
            }
            if value != live.kv.value {
                return Ok(Some(format!("another value of key {key}")));
            }
        }
        Ok(None)
    }

    fn hash_kv(&self, version: Version) -> Probe {
        let Some(hash) = self.expected.hash_kv else {
            return Probe::not_asked("hashkv", "", "the file has none");
        };
        let told = |hash: i64, compacted: i64| format!("{hash}, compacted at {compacted}");
        let want = told(i64::from(hash.hash), hash.compact_revision);
        if version < HASHKV_SINCE {
            return Probe::not_asked("hashkv", want, format!("its gateway answers since etcd {HASHKV_SINCE}"));
        }
        let body = json!({ "revision": self.expected.revision.to_string() });
        let asked = self.gateway.post("/v3/maintenance/hashkv", &body).and_then(|answer| {
            Ok(told(number(&answer, "hash", "hashkv")?, number(&answer, "compact_revision", "hashkv")?))
        });
        match asked {
            Ok(got) => Probe::compared("hashkv", want, got),
            Err(error) => Probe::error("hashkv", want, &error),
        }
    }

    /// Writes a key and removes it; whether both was done.
    fn write(&self, tell: &mut dyn FnMut(Probe)) -> bool {
        let gateway = self.gateway.patient(WRITE_WITHIN);
        let key = base64(PROBE);
        let before = gateway.post("/v3/kv/range", &json!({ "key": key })).and_then(|answer| revision_in(&answer));
        let mut next = before.map(|before| before.saturating_add(1));
        for (name, path, body) in [
            ("put", "/v3/kv/put", json!({ "key": key, "value": key })),
            ("delete", "/v3/kv/deleterange", json!({ "key": key })),
        ] {
            let want = match &next {
                Ok(revision) => format!("revision {revision}"),
                Err(_) => "the next revision".to_owned(),
            };
            let asked = next.and_then(|_| gateway.post(path, &body)).and_then(|answer| revision_in(&answer));
            next = match asked {
                Ok(at) => {
                    tell(self.moved(name, want, at));
                    Ok(at.saturating_add(1))
                }
                Err(error) => {
                    let late = error.is_late().then_some(Symptom::IndexAhead);
                    let probe = Probe::error(name, want, &error);
                    tell(Probe { symptom: probe.symptom.or(late), ..probe });
                    return false;
                }
            };
        }
        true
    }

    /// A lease that ends meanwhile is a revision, too.
    fn moved(&self, name: &'static str, want: String, at: i64) -> Probe {
        let got = format!("revision {at}");
        let leased = self.expected.live.iter().any(|live| live.kv.lease != 0);
        if leased && at > self.expected.revision {
            Probe::held(name, want, got)
        } else {
            Probe::compared(name, want, got)
        }
    }

    fn compaction(&self) -> Probe {
        let at = self.expected.revision;
        let want = format!("at revision {at}");
        let body = json!({ "revision": at.to_string(), "physical": true });
        match self.gateway.post("/v3/kv/compaction", &body) {
            Ok(_) => Probe::held("compaction", want.clone(), want),
            // what was pending when it started is done by then
            Err(error) if error.is_compacted() => Probe::held("compaction", want, "done before"),
            Err(error) => Probe::error("compaction", want, &error),
        }
    }

    fn defragmentation(&self) -> Probe {
        match self.gateway.post("/v3/maintenance/defragment", &json!({})) {
            Ok(_) => Probe::held("defragmentation", "done", "done"),
            Err(error) => Probe::error("defragmentation", "done", &error),
        }
    }

    fn snapshot(&self, out: &mut dyn Write, size: u64) -> Probe {
        // a defragmented file is smaller, and what is written meanwhile is little
        match self.gateway.snapshot(out, size.saturating_mul(2).saturating_add(64 << 20)) {
            Ok(size) => Probe::held("snapshot", "whole", format!("whole, {size} bytes")),
            Err(error) => Probe::error("snapshot", "whole", &error),
        }
    }
}

/// How many of the keys are asked for at once.
fn piece_of(live: &[Live<'_>]) -> usize {
    let mut size = 0_u64;
    let fits = live.iter().take(KEYS).take_while(|live| {
        size += live.kv.value.len() as u64;
        size <= PIECE
    });
    fits.count().max(1)
}

/// The name of a key, short.
fn shown(key: &[u8]) -> String {
    let text = String::from_utf8_lossy(key);
    format!("{:?}", text.chars().take(200).collect::<String>())
}
