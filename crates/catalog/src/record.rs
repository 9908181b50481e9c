//! What a document of `verify` says of one backup, as far as the catalog keeps it.

use std::collections::BTreeSet;

use checks::{Severity, Verdict, verdict_of};
use document::{Artifact, Backup as Judged, Document, Encryption, Material, Snapshot, Tarball};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::backup::Half;

/// Findings that say what the catalog asks by itself: who has the keys, and whether the other half is there.
const ASKED_APART: [&str; 3] = ["KEY-002", "KEY-032", "PAIR-019"];

/// Before the name of a key that nobody has seen.
pub(crate) const UNSEEN: &str = "name:";

/// What was judged of a backup.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The cluster, by an ID that stands in the snapshot.
    pub cluster: Option<String>,
    /// How the cluster calls itself.
    pub cluster_name: Option<String>,
    /// When it was taken; `None` where nothing tells.
    pub taken: Option<Timestamp>,
    /// By which clock: `data`, `name`.
    pub taken_by: Option<String>,
    /// etcd's newest revision; 0 without a snapshot.
    pub revision: i64,
    /// The release, as the document has it.
    pub release: Option<String>,
    /// Name of the platform.
    pub platform: String,
    /// Topology of the control plane.
    pub topology: Option<String>,
    /// But for what it says of keys.
    pub verdict: Verdict,
    /// `not-needed`, `at-hand`, `escrow`, `missing`, `wrong`.
    pub keys: &'static str,
    /// Whether an update was under way.
    pub updating: bool,
    /// Whether values were being encrypted anew.
    pub migrating: bool,
    /// What a restore needs and is not there.
    pub missing: Option<Half>,
    /// `never`, `served`, `failed`.
    pub rehearsed: &'static str,
    /// What was found, of severity low and above.
    pub findings: Vec<Said>,
    /// Fingerprints of the keys that its tarball has.
    pub has: BTreeSet<String>,
    /// Fingerprints of the keys that its live values need, and `name:aescbc/1` of one that nobody has seen.
    pub needs: BTreeSet<String>,
    /// Bytes of the database.
    pub size: Option<u64>,
    /// Bytes of its pages that hold something.
    pub in_use: Option<u64>,
}

/// A finding, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Its ID.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// In one line.
    pub message: String,
}

impl Record {
    /// What a document about one backup says; `None` where there is no snapshot and no tarball in it.
    #[must_use]
    pub fn of(document: &Document) -> Option<Self> {
        let (mut snapshot, mut tarball, mut backup) = (None::<&Snapshot>, None::<&Tarball>, None::<&Judged>);
        for artifact in &document.artifacts {
            match artifact {
                Artifact::Snapshot(it) => snapshot = snapshot.or(Some(it)),
                Artifact::Tarball(it) => tarball = tarball.or(Some(it)),
                Artifact::Backup(it) => backup = backup.or(Some(it)),
                _ => {}
            }
        }
        if snapshot.is_none() && tarball.is_none() {
            return None;
        }
        let openshift = snapshot.and_then(|it| it.openshift.as_ref());
        let cluster = snapshot.and_then(|it| it.cluster.as_ref());
        let taken = snapshot.and_then(|it| it.taken.as_ref());
        let encryption = backup.and_then(|it| it.encryption.as_ref());
        let halves = matches!(backup, Some(it) if found(document, "PAIR-019") || it.snapshot.is_none());
        Some(Self {
            cluster: cluster.map(|it| it.id.clone()),
            cluster_name: cluster.and_then(|it| it.name.clone()),
            taken: taken.and_then(|it| it.at.parse().ok()),
            taken_by: taken.map(|it| it.by.to_string()),
            revision: snapshot.map_or(0, |it| it.revisions.current),
            release: release(snapshot, tarball),
            platform: snapshot.map_or_else(|| "unknown".to_owned(), |it| it.platform.name.to_string()),
            topology: openshift.and_then(|it| it.topology.clone()),
            verdict: verdict(document),
            keys: keys(snapshot, tarball, backup),
            updating: openshift.is_some_and(|it| it.updating),
            migrating: encryption.is_some_and(|it| it.coverage.iter().any(|of| of.migration == "under-way")),
            missing: match (snapshot, halves) {
                (None, _) => Some(Half::Snapshot),
                (Some(_), true) => Some(Half::Resources),
                (Some(_), false) => None,
            },
            rehearsed: rehearsed(snapshot, backup),
            findings: document.findings.iter().filter(|it| it.severity > Severity::Info).map(said).collect(),
            has: tarball.map(fingerprints).unwrap_or_default(),
            needs: encryption.map(|it| needs(it, tarball)).unwrap_or_default(),
            size: snapshot.map(|it| it.space.db_size),
            in_use: snapshot.map(|it| it.space.in_use),
        })
    }
}

fn found(document: &Document, id: &str) -> bool {
    document.findings.iter().any(|finding| finding.id == id && finding.waived.is_none())
}

fn said(finding: &document::Finding) -> Said {
    Said { id: finding.id.to_string(), severity: finding.severity, message: finding.message.clone() }
}

/// The document's verdict without what it says of keys.
fn verdict(document: &Document) -> Verdict {
    let counts = document.findings.iter().filter(|it| it.waived.is_none() && !ASKED_APART.contains(&it.id.as_ref()));
    verdict_of(counts.map(|it| it.severity).max(), document.fail_on())
}

fn release(snapshot: Option<&Snapshot>, tarball: Option<&Tarball>) -> Option<String> {
    let of_snapshot = snapshot.and_then(|it| it.openshift.as_ref()?.version.clone());
    of_snapshot.or_else(|| tarball.and_then(|it| it.version.exact.clone().or_else(|| it.version.minor.clone())))
}

fn keys(snapshot: Option<&Snapshot>, tarball: Option<&Tarball>, backup: Option<&Judged>) -> &'static str {
    let is_encrypted = snapshot.is_some_and(|it| it.keys.resources.iter().any(|of| !of.encrypted.is_empty()));
    let fit = match backup {
        Some(it) => it.encryption.as_ref().and_then(|of| of.keys_fit),
        None => snapshot.and_then(|it| it.keys_fit),
    };
    let in_escrow = backup.and_then(|it| it.escrow.as_ref()).map(|it| it.matches);
    let keyless = tarball.is_some_and(|it| it.keyless);
    match (is_encrypted, fit, in_escrow) {
        (false, ..) => "not-needed",
        (true, Some(false), _) => "wrong",
        (true, _, Some(true)) => "escrow",
        (true, Some(true), _) if !keyless => "at-hand",
        (true, ..) => "missing",
    }
}

fn rehearsed(snapshot: Option<&Snapshot>, backup: Option<&Judged>) -> &'static str {
    let boot = backup.and_then(|it| it.rehearsal.as_ref()).or_else(|| snapshot.and_then(|it| it.rehearsal.as_ref()));
    match boot {
        None => "never",
        Some(boot) if boot.served() => "served",
        Some(_) => "failed",
    }
}

/// What the tarball's keys are known by; one whose fingerprint was left out is known by nothing.
fn fingerprints(tarball: &Tarball) -> BTreeSet<String> {
    let material = tarball.key_material.iter().filter(|it| it.class == "encryption-config");
    material.filter_map(|it| it.fingerprint.clone()).collect()
}

/// What live values are encrypted with, by the fingerprint that the tarball has for a key of that name.
fn needs(encryption: &Encryption, tarball: Option<&Tarball>) -> BTreeSet<String> {
    let material = tarball.map(|it| it.key_material.as_slice()).unwrap_or_default();
    let used =
        encryption.coverage.iter().flat_map(|it| &it.keys).filter(|key| key.live > 0 && !key.provider.is_empty());
    used.map(|key| {
        let is_it = |it: &&Material| {
            let of_provider = it.algorithm.as_deref().is_some_and(|algorithm| algorithm.starts_with(&key.provider));
            it.class == "encryption-config" && it.key_name.as_deref() == Some(&key.key) && of_provider
        };
        // two keys of one name: which of them it is, nobody knows
        let mut found: Vec<&String> = material.iter().filter(is_it).filter_map(|it| it.fingerprint.as_ref()).collect();
        found.dedup();
        match found.as_slice() {
            [one] => (*one).clone(),
            _ => format!("{UNSEEN}{}/{}", key.provider, key.key),
        }
    })
    .collect()
}
