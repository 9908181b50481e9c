//! What a filled server says, asked live or recorded.

use std::path::{Path, PathBuf};

use boot::GatewayError;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::fact::{KeyFact, LeaseFact, MemberFact};
use crate::hex::sha256;
use crate::server::{EtcdServer, HashKv};
use crate::{Filled, HarnessError, Peer, PeerVersion, scenario};

/// A snapshot and everything its server and etcd's own tools say of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answers {
    /// First line of `etcd --version`.
    pub etcd: String,
    /// Newest main revision.
    pub last: i64,
    /// Revision of the last compaction.
    pub compacted: i64,
    /// `snapshot status -w json` of the release's own tool: etcdutl from 3.5 on, etcdctl before.
    pub status: SnapshotStatus,
    /// Answers by revision, ascending.
    pub at: Vec<AtRevision>,
    /// Revisions that cannot be answered any more, ascending.
    pub refused: Vec<Refused>,
    /// The leases, by ID.
    pub leases: Vec<LeaseFact>,
    /// The members, by ID.
    pub members: Vec<MemberFact>,
    /// SHA-256 of the snapshot file, trailer included, as hex digits.
    pub snapshot_sha256: String,
    #[serde(skip)]
    file: Option<SnapshotFile>,
}

/// The numbers of `snapshot status` in the meaning of etcd 3.4 and 3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotStatus {
    /// CRC-32C over every bucket's name, keys and values.
    pub hash: u32,
    /// Main revision of the last entry.
    pub revision: i64,
    /// Entries of all buckets together (3.6 counts otherwise).
    pub total_key: i64,
    /// Size of the file in bytes, without the trailer.
    pub total_size: i64,
}

/// What a server says of one revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtRevision {
    /// Main revision.
    pub revision: i64,
    /// `etcdctl endpoint hashkv --rev`; `None` at the revision of the compaction itself, for which 3.4 and 3.5.1
    /// give keys but refuse the hash.
    pub hashkv: Option<HashKv>,
    /// Live keys in key order.
    pub keys: Vec<KeyFact>,
}

/// A revision that the server refuses to answer, and its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Main revision.
    pub revision: i64,
    /// etcd's message.
    pub message: String,
}

/// A snapshot on disk, removed with its directory.
#[derive(Debug)]
struct SnapshotFile {
    path: PathBuf,
    _dir: TempDir,
}

impl Answers {
    /// Starts a server, fills it by the [`scenario`], asks it everything and stops it. `None`, with a word on
    /// stderr, where the release is not installed (see [`Peer::for_test`], which panics under `CI=true`).
    ///
    /// # Errors
    /// What etcd refuses, and [`HarnessError::Model`] where it and the model disagree.
    pub fn live(version: PeerVersion, test: &str) -> Result<Option<Self>, HarnessError> {
        let Some(peer) = Peer::for_test(version, test) else {
            return Ok(None);
        };
        let server = EtcdServer::start(&peer)?;
        let filled = scenario::fill(&server)?;
        Self::ask(&server, &filled).map(Some)
    }

    /// Asks a filled server everything, and saves its snapshot.
    ///
    /// # Errors
    /// What etcd refuses, and [`HarnessError::Model`] where its keys, leases or refusals are not the model's.
    pub fn ask(server: &EtcdServer, filled: &Filled) -> Result<Self, HarnessError> {
        let dir = tempfile::tempdir().map_err(HarnessError::io("a temporary directory"))?;
        let path = dir.path().join("snapshot.db");
        server.snapshot(&path)?;
        let status = serde_json::from_value(server.peer().status_json(&path)?)
            .map_err(|e| HarnessError::answer("snapshot status", e))?;
        let bytes = std::fs::read(&path).map_err(HarnessError::at(&path))?;
        Ok(Self {
            etcd: server.peer().banner.clone(),
            last: filled.last,
            compacted: filled.compacted,
            status,
            at: filled.revisions.iter().map(|&r| at(server, filled, r)).collect::<Result<_, _>>()?,
            refused: filled.refused.iter().map(|&r| refused(server, r)).collect::<Result<_, _>>()?,
            leases: filled.leases.iter().map(|&id| lease(server, filled, id)).collect::<Result<_, _>>()?,
            members: server.members()?,
            snapshot_sha256: sha256(&bytes),
            file: Some(SnapshotFile { path, _dir: dir }),
        })
    }

    /// Reads back what a server of this release answered when `fixtures/` was made.
    ///
    /// # Errors
    /// [`HarnessError::Io`] or [`HarnessError::Answer`] if the fixture is missing or not what was recorded.
    pub fn recorded(version: PeerVersion) -> Result<Self, HarnessError> {
        let folder = fixtures::root().join("fixtures").join(version.folder());
        let path = folder.join("answers.json");
        let text = std::fs::read(&path).map_err(HarnessError::at(&path))?;
        let mut answers: Self =
            serde_json::from_slice(&text).map_err(|e| HarnessError::answer(path.display().to_string(), e))?;
        let packed = folder.join("snapshot.db.gz");
        let bytes = fixtures::gunzip(&std::fs::read(&packed).map_err(HarnessError::at(&packed))?);
        if sha256(&bytes) != answers.snapshot_sha256 {
            return Err(HarnessError::answer(packed.display().to_string(), "not the snapshot that was recorded"));
        }
        let dir = tempfile::tempdir().map_err(HarnessError::io("a temporary directory"))?;
        let path = dir.path().join("snapshot.db");
        std::fs::write(&path, bytes).map_err(HarnessError::at(&path))?;
        answers.file = Some(SnapshotFile { path, _dir: dir });
        Ok(answers)
    }

    /// Takes the snapshot into memory and removes its file, so that answers may be kept for a whole process: what is in
    /// a `static` is never dropped, nor its directory removed.
    ///
    /// # Errors
    /// [`HarnessError::Io`] if the file cannot be read.
    pub fn in_memory(mut self) -> Result<(Self, Vec<u8>), HarnessError> {
        let bytes = std::fs::read(self.snapshot()).map_err(HarnessError::at(self.snapshot()))?;
        self.file = None;
        Ok((self, bytes))
    }

    /// The snapshot, unpacked; it is there as long as `self`.
    #[must_use]
    pub fn snapshot(&self) -> &Path {
        self.file.as_ref().map_or(Path::new(""), |file| &file.path)
    }
}

fn at(server: &EtcdServer, filled: &Filled, revision: i64) -> Result<AtRevision, HarnessError> {
    let keys = server.keys_at(revision)?;
    same(&format!("live keys at {revision}"), &keys, &filled.live_at(revision))?;
    let names: Vec<_> = keys.iter().map(|fact| fact.key.clone()).collect();
    same(&format!("etcdctl get --prefix --keys-only at {revision}"), &server.get_keys("", revision)?, &names)?;
    let hashkv = match server.hashkv(revision) {
        Err(e) if revision == filled.compacted && e.is_compacted() => None,
        answer => Some(answer?),
    };
    Ok(AtRevision { revision, hashkv, keys })
}

fn refused(server: &EtcdServer, revision: i64) -> Result<Refused, HarnessError> {
    let hashkv = server.hashkv(revision).map_err(|e| e.is_compacted());
    same(&format!("hashkv at the compacted {revision}"), &hashkv.map(drop), &Err(true))?;
    match server.keys_at(revision) {
        Err(HarnessError::Gateway(GatewayError::Refused { message, .. })) => Ok(Refused { revision, message }),
        other => Err(HarnessError::answer(format!("keys at the compacted {revision}"), format!("{other:?}"))),
    }
}

fn lease(server: &EtcdServer, filled: &Filled, id: i64) -> Result<LeaseFact, HarnessError> {
    let fact = server.lease(id)?;
    same(&format!("keys of lease {id:x}"), &fact.keys, &filled.attached_to(id))?;
    Ok(fact)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), HarnessError> {
    if got == expected {
        return Ok(());
    }
    Err(HarnessError::Model { what: what.to_owned(), got: format!("{got:?}"), expected: format!("{expected:?}") })
}
