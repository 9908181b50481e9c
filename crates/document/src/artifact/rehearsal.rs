//! A restore that was made to see whether it can be: `rehearse`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use wording::{count, group_digits};

use super::{Check, WrittenFile};
use crate::any::Fields;
use crate::values::Word;

/// The data directory of a restored member, and what was proven of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rehearsal {
    /// The snapshot.
    pub path: String,
    /// [`Rehearsal::KIND`].
    pub kind: Word,
    /// The data directory, as given.
    pub out: String,
    /// Whose script's options these are; `None` where the command line said all of them.
    #[serde(rename = "as")]
    pub of: Option<RestoredAs>,
    /// Whose files these are: `3.4`, `3.5`, `3.6`.
    pub etcd_release: Word,
    /// SHA-256 of the snapshot, its integrity hash included, hex.
    pub source_sha256: String,
    /// Whether the snapshot's integrity hash was right; `None` where it has none.
    pub source_trailer: Option<bool>,
    /// Id of the member that the directory is of, hex.
    pub member: String,
    /// Id of its cluster, hex.
    pub cluster: String,
    /// The members of the cluster.
    pub members: Vec<PlannedMember>,
    /// By how much the revision was raised; `None` where it was not.
    pub bump: Option<u64>,
    /// The revision that a server will be at.
    pub revision: i64,
    /// Live keys.
    pub live_keys: u64,
    /// Digest of the live keys and values, hex: the snapshot's.
    pub content: String,
    /// What was written; paths below `out`.
    pub files: Vec<WrittenFile>,
    /// What was proven of it.
    pub checks: Vec<Check>,
    /// What a server did with it; `None` where none was started.
    pub boot: Option<Boot>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// The script that restores so, and what it goes by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestoredAs {
    /// `openshift`, `kubeadm`, ...
    pub platform: Word,
    /// Major and minor of the release whose script it is, off OpenShift of Kubernetes; empty where nothing tells it.
    pub release: String,
    /// The node that is restored on.
    pub node: String,
    /// The cluster's token, which some make anew each time; empty where there is none.
    pub token: String,
}

/// A member of a cluster to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlannedMember {
    /// Its id, hex.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its URLs for its peers.
    #[serde(rename = "peerURLs")]
    pub peer_urls: Vec<String>,
}

impl Rehearsal {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("rehearsal");

    /// Takes in what a server did with it.
    pub fn booted(&mut self, boot: Boot) {
        if let Some(check) = self.checks.iter_mut().find(|check| check.name == "boot") {
            (check.outcome, check.message) = (if boot.served() { "proven" } else { "failed" }.into(), boot.told());
        }
        if let Some(kube) = &boot.kube_apiserver {
            let outcome = if kube.holds() { "proven" } else { "failed" };
            self.checks.push(Check { name: "kube-apiserver".into(), outcome: outcome.into(), message: kube.told() });
        }
        self.boot = Some(boot);
    }

    /// Whether nothing of it failed.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.outcome != "failed")
    }
}

/// What an etcd did with a copy of a data directory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Boot {
    /// When it was started.
    pub at: String,
    /// What it says that it is: `3.5.1`.
    pub etcd_version: String,
    /// The version that the backup's cluster had; `None` where it does not say.
    pub cluster_version: Option<String>,
    /// Seconds until it was ready; `None` where it never was.
    pub ready_seconds: Option<f64>,
    /// Whether it was told to form a cluster without the other members.
    pub alone: bool,
    /// Whether authentication was turned off in the copy.
    pub auth_disabled: bool,
    /// What it was asked, in order.
    pub probes: Vec<Probe>,
    /// Why it did not come up, or ended; `None` where it did neither.
    pub failure: Option<String>,
    /// What that means, where it is known.
    pub meaning: Option<String>,
    /// Ids of the findings that foretold what does not hold.
    pub findings: Vec<String>,
    /// The copy and the log of the server, where they were to be kept.
    pub kept: Option<String>,
    /// What a kube-apiserver on that etcd did; `None` where none was started.
    pub kube_apiserver: Option<KubeApiserver>,
}

/// What a kube-apiserver did on an etcd with a backup in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KubeApiserver {
    /// What it says that it is: `1.20.2`.
    pub version: String,
    /// Seconds until it was ready; `None` where it never was.
    pub ready_seconds: Option<f64>,
    /// What the keys of its objects begin with: `kubernetes.io`.
    pub prefix: String,
    /// Resources that it listed.
    pub resources: u64,
    /// Objects that it listed as they are stored: namespace, name, uid and resourceVersion.
    pub objects: u64,
    /// Of them, those that are encrypted.
    pub encrypted: u64,
    /// Of all, Secrets and ConfigMaps whose values are equal to what is stored.
    pub values: u64,
    /// Stored objects of resources that it does not serve.
    pub elsewhere: u64,
    /// Objects that are missing, not stored, or other than stored, and how; the first of them.
    pub differing: Vec<String>,
    /// How many there are besides.
    pub differing_left_out: u64,
    /// What it was asked, in order.
    pub probes: Vec<Probe>,
    /// Why it did not come up, or ended; `None` where it did neither.
    pub failure: Option<String>,
    /// What that means, where it is known.
    pub meaning: Option<String>,
}

impl KubeApiserver {
    /// What came of it, in a line.
    #[must_use]
    pub fn told(&self) -> String {
        let what = match &self.failure {
            Some(failure) => failure.clone(),
            None if self.holds() => format!(
                "{} of {} as stored, {} of them encrypted",
                count(self.objects, "object"),
                count(self.resources, "resource"),
                group_digits(self.encrypted)
            ),
            None => {
                let wrong: Vec<&str> =
                    self.probes.iter().filter(|probe| probe.ok == Some(false)).map(|probe| &*probe.name).collect();
                format!("{} as stored, and wrong: {}", count(self.objects, "object"), wrong.join(", "))
            }
        };
        format!("kube-apiserver {}: {what}", self.version)
    }

    /// Whether it came up, and all that it listed is as it is stored.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.failure.is_none() && self.probes.iter().all(|probe| probe.ok != Some(false))
    }
}

/// A question that a server was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    /// Its name, which stays: `content`.
    pub name: Word,
    /// What was wanted.
    pub want: String,
    /// What came, or why nothing did.
    pub got: String,
    /// Whether that is the same; `None` where it was not asked.
    pub ok: Option<bool>,
    /// What it means that it is not, where that is known.
    pub meaning: Option<String>,
}

impl Boot {
    /// What came of it, in a line.
    #[must_use]
    pub fn told(&self) -> String {
        let wrong: Vec<&str> =
            self.probes.iter().filter(|probe| probe.ok == Some(false)).map(|probe| &*probe.name).collect();
        let right = self.probes.iter().filter(|probe| probe.ok == Some(true)).count() as u64;
        let what = match (&self.failure, wrong.is_empty()) {
            (Some(failure), _) => failure.clone(),
            (None, true) => format!("it served what it should: {} right", count(right, "answer")),
            (None, false) => format!("{} right, and wrong: {}", count(right, "answer"), wrong.join(", ")),
        };
        let foretold =
            if self.findings.is_empty() { String::new() } else { format!(" ({})", self.findings.join(", ")) };
        format!("etcd {}: {what}{foretold}", self.etcd_version)
    }

    /// Whether the server came up, and all that it was asked was as it should be, and what a kube-apiserver did with it.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.served() && self.kube_apiserver.as_ref().is_none_or(KubeApiserver::holds)
    }

    /// The same of the etcd alone.
    #[must_use]
    pub fn served(&self) -> bool {
        self.failure.is_none() && self.probes.iter().all(|probe| probe.ok != Some(false))
    }
}
