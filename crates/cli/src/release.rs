//! What says which release a backup is of, put together from its files.

use backup_facts::version::{EtcdVersions, Release, SnapshotVersions, Sources, TargetCluster};
use checks::version::Facts;
use checks::{Asks, Finding};
use kube_objects::{ClusterVersion, StorageKey};
use version_compat::Judgement;

use crate::analysis::Analysis;
use crate::input::Backups;
use crate::tarball::Tarball;

/// What a snapshot says of its release.
#[derive(Debug, Default)]
pub struct SnapshotRelease {
    cluster_version: Option<ClusterVersion>,
    versions: SnapshotVersions,
    etcd_cluster: Option<String>,
    etcd_storage: Option<String>,
}

impl SnapshotRelease {
    /// Looks at the live objects of a scan and nothing else.
    pub fn of(scan: &etcd_snapshot::Scan<'_>) -> Self {
        let mut found = Self {
            etcd_cluster: scan.facts.cluster_version.clone(),
            etcd_storage: scan.facts.storage_version.clone(),
            ..Self::default()
        };
        for live in scan.store.live() {
            found.versions.add(live.kv.key, live.kv.value);
            let key = StorageKey::parse(live.kv.key);
            if (key.group, key.resource, key.name) == (b"config.openshift.io", b"clusterversions", b"version") {
                found.cluster_version = ClusterVersion::read(live.kv.value).ok();
            }
        }
        found
    }

    /// What it says, to be judged.
    pub fn sources(&self) -> Sources<'_> {
        Sources {
            cluster_version: self.cluster_version.as_ref(),
            snapshot: Some(&self.versions),
            etcd: EtcdVersions { cluster: self.etcd_cluster.as_deref(), storage: self.etcd_storage.as_deref() },
            ..Sources::default()
        }
    }
}

/// `base`, and what a directory says of the backup in it.
pub fn of_directory<'a>(directory: Option<&'a Backups>, base: Sources<'a>) -> Sources<'a> {
    let Some(found) = directory else { return base };
    Sources { directory: found.release(), version_file: found.version_file.as_deref(), ..base }
}

/// What the halves of a backup say, as far as they are there.
pub fn sources<'a>(
    analysis: Option<&'a Analysis<'_>>,
    tarball: Option<&'a Tarball>,
    directory: Option<&'a Backups>,
) -> Sources<'a> {
    let of_snapshot = analysis.map(|analysis| Sources {
        cluster_version: analysis.inventory.openshift().and_then(|openshift| openshift.version.as_ref()),
        snapshot: Some(&analysis.versions),
        etcd: EtcdVersions {
            cluster: analysis.scan.facts.cluster_version.as_deref(),
            storage: analysis.scan.facts.storage_version.as_deref(),
        },
        ..Sources::default()
    });
    let tarball = tarball.map(|tarball| &tarball.resources.facts.version);
    Sources { tarball, ..of_directory(directory, of_snapshot.unwrap_or_default()) }
}

/// Which release it is, and whether it may be restored onto the target.
#[derive(Debug)]
pub struct Compat<'t> {
    /// The target, where one was given.
    pub target: Option<&'t TargetCluster>,
    /// What was concluded, and from what.
    pub release: Release,
    /// Whether the release is the target's; `None` without a target.
    pub judgement: Option<Judgement>,
    /// Whether the target is known to be another cluster.
    pub other_cluster: bool,
    /// What the checks say, worst first.
    pub findings: Vec<Finding>,
}

impl<'t> Compat<'t> {
    /// Judges.
    pub fn of(sources: Sources<'_>, target: Option<&'t TargetCluster>, asks: Asks) -> Self {
        let release = sources.release();
        let facts = Facts { sources, release: &release, target, asks };
        let (judgement, other_cluster) = (facts.judgement(), facts.other_cluster().is_some());
        let findings = checks::version::check(&facts).into_sorted();
        Self { target, judgement, other_cluster, findings, release }
    }

    /// Whether the documentation allows the restore; `None` without a target.
    pub fn allowed(&self) -> Option<bool> {
        self.judgement.as_ref().map(|judgement| judgement.allowed() && !self.other_cluster)
    }
}
