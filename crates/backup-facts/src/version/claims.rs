//! Statements about the release, each with where it stands and whether it agrees with the conclusion.

use kube_objects::ClusterVersion;
use static_resources::{VersionClaim, VersionClaims};
use version_compat::{Backup, Version, etcd_minor};

use super::{Sources, common, kubelet_minor, minor_of, openshift_minor};

/// Payload versions that one statement lists.
const LISTED: usize = 4;

/// What was concluded, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What is known of the release.
    pub backup: Backup,
    /// Every statement, the weightiest first.
    pub claims: Vec<ReleaseClaim>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseClaim {
    /// What kind of thing states it.
    pub witness: Witness,
    /// Where: an etcd key, a member of the tarball, a name. Escape before printing.
    pub place: String,
    /// What it states. Escape before printing.
    pub says: String,
    /// Whether that is what was concluded; `None` where the two cannot be compared.
    pub agrees: Option<bool>,
}

/// Kinds of statements, the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Witness {
    /// ClusterVersion's history and conditions.
    ClusterVersion,
    /// ClusterOperators.
    ClusterOperators,
    /// `OPERATOR_IMAGE_VERSION` of operators' Deployments.
    Deployments,
    /// `OPERATOR_IMAGE_VERSION` in a static pod's manifest: exact, from 4.19 on.
    PodManifest,
    /// The operator's build in a static pod's ConfigMap: the minor release alone.
    PodBuild,
    /// The name of the directory of a backup made before an update.
    DirectoryName,
    /// MicroShift's file `version`: what wrote the data last.
    VersionFile,
    /// Kubelets of control plane nodes: the minor release alone.
    Kubelets,
    /// etcd's cluster version.
    EtcdClusterVersion,
    /// etcd's storage version.
    EtcdStorageVersion,
}

impl Witness {
    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterVersion => "cluster-version",
            Self::ClusterOperators => "cluster-operators",
            Self::Deployments => "operator-deployments",
            Self::PodManifest => "pod-manifest",
            Self::PodBuild => "pod-build",
            Self::DirectoryName => "directory-name",
            Self::VersionFile => "version-file",
            Self::Kubelets => "kubelets",
            Self::EtcdClusterVersion => "etcd-cluster-version",
            Self::EtcdStorageVersion => "etcd-storage-version",
        }
    }
}

impl Release {
    /// The statements of one kind.
    pub fn of(&self, witness: Witness) -> impl Iterator<Item = &ReleaseClaim> {
        self.claims.iter().filter(move |claim| claim.witness == witness)
    }

    /// The statements that contradict the conclusion.
    pub fn contradictions(&self) -> impl Iterator<Item = &ReleaseClaim> {
        self.claims.iter().filter(|claim| claim.agrees == Some(false))
    }
}

pub(super) fn list(sources: &Sources<'_>, backup: &Backup) -> Vec<ReleaseClaim> {
    let mut all = Vec::new();
    all.extend(sources.cluster_version.and_then(|version| of_cluster_version(version, backup)));
    if let Some(snapshot) = sources.snapshot {
        let place = "/kubernetes.io/config.openshift.io/clusteroperators";
        all.extend(of_many(Witness::ClusterOperators, place, &snapshot.operators, "ClusterOperator", backup));
        let place = "/kubernetes.io/deployments/openshift-*: OPERATOR_IMAGE_VERSION";
        all.extend(of_many(Witness::Deployments, place, &snapshot.deployments, "Deployment", backup));
    }
    if let Some(tarball) = sources.tarball {
        let manifests = tarball.payload.iter().map(|claim| of_claim(Witness::PodManifest, claim, backup));
        all.extend(manifests.take(LISTED));
        all.extend(of_builds(tarball, backup));
    }
    all.extend(sources.directory.map(|version| ReleaseClaim {
        witness: Witness::DirectoryName,
        place: "the directory's name".to_owned(),
        says: version.to_owned(),
        agrees: exact(version, backup),
    }));
    all.extend(sources.version_file.map(|version| ReleaseClaim {
        witness: Witness::VersionFile,
        place: "version".to_owned(),
        says: version.to_owned(),
        agrees: exact(version, backup),
    }));
    if let Some(snapshot) = sources.snapshot
        && let Some((node, version)) = snapshot.kubelets.first_key_value()
    {
        let all_say = common(snapshot.kubelets.values()).is_some();
        let others = snapshot.kubelets.values().find(|other| *other != version);
        let other = others.map(|other| format!(", {other} on others")).unwrap_or_default();
        let by_openshift = sources.platform.is_openshift() || !sources.platform.is_kubernetes();
        let (minor, so) = match by_openshift {
            true => (openshift_minor(version), minor_in_words(openshift_minor(version))),
            false => (kubelet_minor(version), String::new()),
        };
        let nodes = if by_openshift { "/kubernetes.io/minions" } else { "nodes" };
        let agrees = same_minor(minor, backup).map(|same| same && all_say);
        all.push(ReleaseClaim {
            witness: Witness::Kubelets,
            place: format!("{nodes}/{node} and {} more", snapshot.kubelets.len().saturating_sub(1)),
            says: format!("{version}{other}{so}"),
            agrees,
        });
    }
    let etcd = [
        (Witness::EtcdClusterVersion, "bucket cluster, clusterVersion", sources.etcd.cluster),
        (Witness::EtcdStorageVersion, "bucket meta, storageVersion", sources.etcd.storage),
    ];
    all.extend(etcd.into_iter().filter_map(|(witness, place, says)| {
        let says = says?;
        let agrees = minor_of(says).zip(backup.minor().and_then(etcd_minor)).map(|(data, table)| data == table);
        Some(ReleaseClaim { witness, place: place.to_owned(), says: says.to_owned(), agrees })
    }));
    all
}

fn of_cluster_version(version: &ClusterVersion, backup: &Backup) -> Option<ReleaseClaim> {
    let newest = version.status.history.first()?;
    let mut says = format!("{} {}", newest.version, newest.state);
    let progressing = version.condition("Progressing").is_some_and(|condition| condition.status == "True");
    if progressing {
        says += ", Progressing";
    }
    let steady = newest.state == "Completed" && !progressing;
    Some(ReleaseClaim {
        witness: Witness::ClusterVersion,
        place: "/kubernetes.io/config.openshift.io/clusterversions/version".to_owned(),
        says,
        agrees: if steady { exact(&newest.version, backup) } else { None },
    })
}

/// What many objects of a kind say: what most of them say, and who says something else.
fn of_many(
    witness: Witness,
    place: &str,
    all: &std::collections::BTreeMap<String, String>,
    kind: &str,
    backup: &Backup,
) -> Option<ReleaseClaim> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for version in all.values() {
        match counts.iter_mut().find(|(known, _)| known == version) {
            Some((_, count)) => *count += 1,
            None => counts.push((version, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let (most, _) = counts.first()?;
    let says = match counts.as_slice() {
        [(version, count)] => format!("{version} ({count} {kind}s, all the same)"),
        _ => {
            let listed = counts.iter().take(LISTED).map(|(version, count)| {
                let who = all.iter().find(|(_, said)| said == version).map(|(name, _)| name.as_str());
                let who = who.filter(|_| *count == 1).map(|name| format!(": {name}")).unwrap_or_default();
                format!("{version} ({count}{who})")
            });
            let more = counts.len().saturating_sub(LISTED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{}{more}", listed.collect::<Vec<_>>().join(", "))
        }
    };
    let agrees = exact(most, backup).map(|same| same && counts.len() == 1);
    Some(ReleaseClaim { witness, place: place.to_owned(), says, agrees })
}

fn of_claim(witness: Witness, claim: &VersionClaim, backup: &Backup) -> ReleaseClaim {
    let agrees = exact(&claim.raw, backup);
    ReleaseClaim { witness, place: claim.member.to_string(), says: claim.raw.clone(), agrees }
}

/// Builds repeat themselves in every pod: one statement for each that differs.
fn of_builds(tarball: &VersionClaims, backup: &Backup) -> Vec<ReleaseClaim> {
    let mut seen: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    for claim in &tarball.builds {
        if seen.contains(&claim.raw.as_str()) || all.len() >= LISTED {
            continue;
        }
        seen.push(&claim.raw);
        let minor = claim.minor.as_deref().and_then(minor_of);
        all.push(ReleaseClaim {
            witness: Witness::PodBuild,
            place: claim.member.to_string(),
            says: format!("{}{}", claim.raw, minor_in_words(minor)),
            agrees: same_minor(minor, backup),
        });
    }
    all
}

fn minor_in_words(minor: Option<(u64, u64)>) -> String {
    minor.map(|(major, minor)| format!(" (so {major}.{minor})")).unwrap_or_default()
}

/// Whether a payload version is the one concluded. During an update either end will do.
fn exact(text: &str, backup: &Backup) -> Option<bool> {
    let version: Option<Version> = text.parse().ok();
    match (backup, version) {
        (Backup::Unknown, _) => None,
        (_, None) => Some(false),
        (Backup::Exact(release), Some(version)) => Some(*release == version),
        (Backup::Updating { from, to }, Some(version)) => Some(*to == version || from.as_ref() == Some(&version)),
        (Backup::Minor(major, minor), Some(version)) => Some(version.minor() == (*major, *minor)),
    }
}

fn same_minor(minor: Option<(u64, u64)>, backup: &Backup) -> Option<bool> {
    match backup {
        Backup::Unknown => None,
        Backup::Updating { from, to } => {
            let ends = from.iter().chain([to]).any(|version| Some(version.minor()) == minor);
            minor.map(|_| ends)
        }
        other => minor.map(|minor| other.minor() == Some(minor)),
    }
}
