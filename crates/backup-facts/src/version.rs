//! Which release a backup is of, and what says so.
//!
//! No single statement is trusted alone. [`SnapshotVersions`] takes what the objects of a snapshot say while they pass
//! by; [`Sources::release`] puts it beside ClusterVersion, the tarball, etcd and the name of the directory, draws the
//! conclusion, and keeps every statement with its place and whether it agrees.

mod claims;
mod snapshot;
mod target;

pub use claims::{Release, ReleaseClaim, Witness};
pub use snapshot::{SnapshotRelease, SnapshotVersions};
pub use target::{TargetCluster, TargetError};

use kube_objects::ClusterVersion;
use static_resources::VersionClaims;
use version_compat::{Backup, Version};

use crate::platform::Platform;

/// Where a cluster keeps its version, behind whatever prefix.
const VERSION_KEY: &[u8] = b"/config.openshift.io/clusterversions/version";

/// Whether a key is that of a cluster's ClusterVersion.
#[must_use]
pub fn is_cluster_version(key: &[u8]) -> bool {
    key.ends_with(VERSION_KEY)
}

/// The Kubernetes minor release that wrote the objects of a cluster, as the value of its ClusterVersion says.
#[must_use]
pub fn minor_of_server(cluster_version: &[u8]) -> Option<u32> {
    let version = ClusterVersion::read(cluster_version).ok()?;
    let newest = version.status.history.iter().find(|update| update.state == "Completed")?;
    let version: Version = newest.version.parse().ok()?;
    u32::try_from(version_compat::kubernetes_minor(version.minor())?).ok()
}

/// What etcd says of its own data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EtcdVersions<'s> {
    /// Bucket `cluster`, `clusterVersion`: the lowest version that all members support.
    pub cluster: Option<&'s str>,
    /// Bucket `meta`, `storageVersion`: since 3.6.
    pub storage: Option<&'s str>,
}

impl EtcdVersions<'_> {
    /// Major and minor, of the data where it says so.
    #[must_use]
    pub fn minor(&self) -> Option<(u64, u64)> {
        self.storage.and_then(minor_of).or_else(|| self.cluster.and_then(minor_of))
    }
}

/// Everything that may tell the release.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources<'s> {
    /// The object `version`.
    pub cluster_version: Option<&'s ClusterVersion>,
    /// What the other objects say.
    pub snapshot: Option<&'s SnapshotVersions>,
    /// What etcd says.
    pub etcd: EtcdVersions<'s>,
    /// What the tarball says.
    pub tarball: Option<&'s VersionClaims>,
    /// The version in the name `upgrade-backup-<version>-<timestamp>` of the directory.
    pub directory: Option<&'s str>,
    /// The version in the file `version` of a copy of `/var/lib/microshift`.
    pub version_file: Option<&'s str>,
    /// Which platform it is of: what its releases are numbered by.
    pub platform: Platform,
}

impl<'s> From<&'s SnapshotRelease> for Sources<'s> {
    fn from(found: &'s SnapshotRelease) -> Self {
        Self {
            cluster_version: found.cluster_version.as_ref(),
            snapshot: Some(&found.versions),
            etcd: EtcdVersions { cluster: found.etcd_cluster.as_deref(), storage: found.etcd_storage.as_deref() },
            ..Self::default()
        }
    }
}

impl Sources<'_> {
    /// Draws the conclusion: ClusterVersion first, as it alone knows of updates; then exact statements that all agree;
    /// then the minor release.
    #[must_use]
    pub fn release(&self) -> Release {
        let backup = match self.platform {
            Platform::Etcd => self.etcd.minor().map(|(major, minor)| Backup::Minor(major, minor)),
            platform if platform.is_kubernetes() && !platform.is_openshift() => self.by_kubelets(),
            _ => self.by_cluster_version().or_else(|| self.by_exact()).or_else(|| self.by_minor()),
        };
        let backup = backup.unwrap_or(Backup::Unknown);
        Release { claims: claims::list(self, &backup), backup }
    }

    /// The release of Kubernetes, off OpenShift: that of the control plane's kubelets, where they agree.
    fn by_kubelets(&self) -> Option<Backup> {
        let mut minors = self.snapshot?.kubelets.values().map(|version| kubelet_minor(version));
        let first = minors.next()??;
        minors.all(|minor| minor == Some(first)).then_some(Backup::Minor(first.0, first.1))
    }

    fn by_cluster_version(&self) -> Option<Backup> {
        running(self.cluster_version?)
    }

    /// `None` where nothing says exactly; where statements differ, what they have in common.
    fn by_exact(&self) -> Option<Backup> {
        let tarball = self.tarball.and_then(VersionClaims::exact).map(|claim| claim.raw.as_str());
        let deployments = self.snapshot.and_then(|snapshot| common(snapshot.deployments.values()));
        let operators = self.snapshot.and_then(|snapshot| common(snapshot.operators.values()));
        let said = [tarball, deployments, operators, self.version_file]
            .into_iter()
            .flatten()
            .filter_map(|text| text.parse().ok());
        let said: Vec<Version> = said.collect();
        let first = said.first()?;
        let (major, minor) = first.minor();
        Some(if said.iter().all(|version| version == first) {
            Backup::Exact(first.clone())
        } else if said.iter().all(|version| version.minor() == (major, minor)) {
            Backup::Minor(major, minor)
        } else {
            Backup::Unknown
        })
    }

    fn by_minor(&self) -> Option<Backup> {
        let build = self.tarball.and_then(VersionClaims::minor).and_then(|claim| minor_of(claim.minor.as_deref()?));
        let kubelets = || {
            let kubelets = self.snapshot?.kubelets.values();
            let mut minors = kubelets.map(|version| openshift_minor(version));
            let first = minors.next()??;
            minors.all(|minor| minor == Some(first)).then_some(first)
        };
        build.or_else(kubelets).map(|(major, minor)| Backup::Minor(major, minor))
    }
}

/// What ClusterVersion says was running; `None` where it names no version that can be read.
#[must_use]
pub fn running(version: &ClusterVersion) -> Option<Backup> {
    let status = &version.status;
    let newest = status.history.first()?;
    let read = |text: &str| text.parse::<Version>().ok();
    let before = || {
        let done = status.history.iter().skip(1).find(|update| update.state == "Completed");
        done.and_then(|update| read(&update.version))
    };
    if newest.state != "Completed" {
        return Some(Backup::Updating { from: before(), to: read(&newest.version)? });
    }
    let newest = read(&newest.version)?;
    if version.condition("Progressing").is_some_and(|progressing| progressing.status == "True") {
        // begun, and not yet in the history
        return Some(match read(&status.desired.version) {
            Some(to) if to != newest => Backup::Updating { from: Some(newest), to },
            _ => Backup::Updating { from: before(), to: newest },
        });
    }
    Some(Backup::Exact(newest))
}

/// The one value that all share.
fn common<'t>(mut texts: impl Iterator<Item = &'t String>) -> Option<&'t str> {
    let first = texts.next()?;
    texts.all(|text| text == first).then_some(first)
}

/// Major and minor of `4.18`, `4.18.30` or `3.5.0`.
pub(crate) fn minor_of(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.split('.');
    let number = |part: &str| part.parse().ok().filter(|_| part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit()));
    Some((number(parts.next()?)?, number(parts.next()?)?))
}

/// The OpenShift minor of a kubelet such as `v1.31.14` or `v1.23.3+e419edf`.
fn openshift_minor(kubelet: &str) -> Option<(u64, u64)> {
    let (major, minor) = kubelet_minor(kubelet)?;
    version_compat::openshift_minor(minor).filter(|_| major == 1)
}

/// Major and minor of a kubelet.
fn kubelet_minor(kubelet: &str) -> Option<(u64, u64)> {
    minor_of(kubelet.strip_prefix('v')?)
}

#[cfg(test)]
mod tests;
