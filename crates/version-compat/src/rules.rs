//! OpenShift's z-stream rule, as data: what is known, how it relates, and why.

use crate::version::{Version, etcd_minor, kubernetes_minor};

/// What is known of the release that a backup was made on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backup {
    /// The release, from ClusterVersion or from the pod manifests.
    Exact(Version),
    /// An update was under way.
    Updating {
        /// The release updated from, where it is known.
        from: Option<Version>,
        /// The release updated to.
        to: Version,
    },
    /// Only major and minor: what a tarball before 4.19 shows.
    Minor(u64, u64),
    /// Nothing.
    Unknown,
}

/// What the cluster runs that a backup is to be restored onto.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A release.
    Runs(Version),
    /// An update is under way on it, too.
    Updating {
        /// The release updated from, where it is known.
        from: Option<Version>,
        /// The release updated to.
        to: Version,
    },
}

impl Target {
    /// The release that it runs or is going to.
    #[must_use]
    pub fn version(&self) -> &Version {
        match self {
            Self::Runs(version) | Self::Updating { to: version, .. } => version,
        }
    }
}

/// What the data itself tells, beyond the release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// Major and minor of the etcd that wrote it; by the release's table where it is not known.
    pub etcd: Option<(u64, u64)>,
}

/// How a backup relates to the cluster that it is to be restored onto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The same release.
    Same,
    /// Same major, minor and patch, but another pre-release or none.
    OtherPrerelease,
    /// Another patch release of the same minor.
    OtherPatch,
    /// Another minor release.
    OtherMinor,
    /// Another major release.
    OtherMajor,
    /// An update was under way when the backup was made.
    Updating,
    /// Same minor, patch not known.
    PatchUnknown,
    /// Not known at all.
    Unknown,
    /// The cluster to restore onto is itself in the middle of an update.
    TargetUpdating,
}

impl Relation {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Same,
        Self::OtherPrerelease,
        Self::OtherPatch,
        Self::OtherMinor,
        Self::OtherMajor,
        Self::Updating,
        Self::PatchUnknown,
        Self::Unknown,
        Self::TargetUpdating,
    ];

    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::OtherPrerelease => "other-prerelease",
            Self::OtherPatch => "other-patch",
            Self::OtherMinor => "other-minor",
            Self::OtherMajor => "other-major",
            Self::Updating => "updating",
            Self::PatchUnknown => "patch-unknown",
            Self::Unknown => "unknown",
            Self::TargetUpdating => "target-updating",
        }
    }
}

/// What a reason rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The documentation: the same z-stream release.
    ZStream,
    /// The version of etcd's data.
    Etcd,
    /// The versions in which Kubernetes stores objects, CustomResourceDefinitions among them.
    StorageVersions,
    /// The payload's images, which objects in the data name.
    Payload,
    /// How far the release of a server may be from that of its data, off OpenShift.
    Skew,
    /// Which platform it is.
    Platform,
}

impl Rule {
    /// The word that reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ZStream => "z-stream",
            Self::Etcd => "etcd",
            Self::StorageVersions => "storage-versions",
            Self::Payload => "payload",
            Self::Skew => "version-skew",
            Self::Platform => "platform",
        }
    }
}

/// Why the verdict is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it rests on.
    pub rule: Rule,
    /// One sentence, without a full stop.
    pub text: String,
    /// Where the fact is from.
    pub source: &'static str,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// How they relate.
    pub relation: Relation,
    /// Whether the platform's rule allows the restore. What is not known is not allowed.
    pub allowed: bool,
    /// Reasons, the documented rule first; empty where nothing stands against it.
    pub reasons: Vec<Reason>,
}

impl Judgement {
    /// Whether the documentation allows the restore. What is not known is not allowed.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.allowed
    }
}

const DOCUMENTED: &str = "OpenShift documentation, restoring to a previous cluster state (openshift-docs 25313, 28678)";
const SCRIPTS: &str = "openshift/etcd and openshift/kubernetes release branches";

/// Judges whether a backup may be restored onto `target`.
#[must_use]
pub fn judge(backup: &Backup, target: &Target, data: Data) -> Judgement {
    let relation = match target {
        Target::Updating { .. } => Relation::TargetUpdating,
        Target::Runs(version) => relate(backup, version),
    };
    let mut reasons = Vec::new();
    if let Some(text) = documented(backup, target, relation) {
        reasons.push(Reason { rule: Rule::ZStream, text, source: DOCUMENTED });
    }
    if relation != Relation::Same {
        reasons.extend(technical(backup, target.version(), data));
    }
    Judgement { relation, allowed: relation == Relation::Same, reasons }
}

pub(crate) fn relate(backup: &Backup, target: &Version) -> Relation {
    let by_minor = |minor: (u64, u64), same| match (minor, target.minor()) {
        (a, b) if a.0 != b.0 => Relation::OtherMajor,
        (a, b) if a.1 != b.1 => Relation::OtherMinor,
        _ => same,
    };
    match backup {
        Backup::Unknown => Relation::Unknown,
        Backup::Updating { .. } => Relation::Updating,
        Backup::Minor(major, minor) => by_minor((*major, *minor), Relation::PatchUnknown),
        Backup::Exact(version) if version == target => Relation::Same,
        Backup::Exact(version) => {
            let same_minor =
                if version.patch() == target.patch() { Relation::OtherPrerelease } else { Relation::OtherPatch };
            by_minor(version.minor(), same_minor)
        }
    }
}

impl Backup {
    /// Major and minor; during an update those of the release updated to.
    #[must_use]
    pub fn minor(&self) -> Option<(u64, u64)> {
        match self {
            Self::Exact(version) | Self::Updating { to: version, .. } => Some(version.minor()),
            Self::Minor(major, minor) => Some((*major, *minor)),
            Self::Unknown => None,
        }
    }

    /// What was running, in words: `4.18.30`, `4.18 (z not known)`, `between 4.18.21 and 4.18.30`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Exact(version) => version.to_string(),
            Self::Minor(1, minor) => format!("Kubernetes 1.{minor}"),
            Self::Minor(3, minor) => format!("etcd 3.{minor}"),
            Self::Minor(major, minor) => format!("{major}.{minor} (z not known)"),
            Self::Updating { from: Some(from), to } => format!("between {from} and {to}"),
            Self::Updating { from: None, to } => format!("on the way to {to}"),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

fn documented(backup: &Backup, target: &Target, relation: Relation) -> Option<String> {
    let rule = "a backup is restored onto the same z-stream release";
    if let Target::Updating { from, to } = target {
        let from = from.as_ref().map_or_else(|| "another release".to_owned(), ToString::to_string);
        return Some(format!("{rule}; the cluster is itself being updated from {from} to {to}, so it runs neither"));
    }
    let target = target.version();
    match (relation, backup) {
        (Relation::Same, _) => None,
        (_, Backup::Updating { from, to }) => {
            let from = from.as_ref().map_or_else(|| "another release".to_owned(), ToString::to_string);
            Some(format!("{rule}; this one was made while an update from {from} to {to} was under way"))
        }
        (Relation::PatchUnknown, Backup::Minor(major, minor)) => {
            Some(format!("{rule}; of this one only {major}.{minor} is known, and the cluster runs {target}"))
        }
        (_, Backup::Unknown) => Some(format!("{rule}; of this one the release is not known")),
        (_, Backup::Exact(version)) => Some(format!("{rule}; this one is of {version}, and the cluster runs {target}")),
        (_, Backup::Minor(major, minor)) => {
            Some(format!("{rule}; this one is of {major}.{minor}, and the cluster runs {target}"))
        }
    }
}

/// What would go wrong, as far as it follows from the two releases and the data.
fn technical(backup: &Backup, target: &Version, data: Data) -> Vec<Reason> {
    let ours = backup.minor();
    let etcd = data.etcd.or_else(|| etcd_minor(ours?)).zip(etcd_minor(target.minor()));
    let etcd = etcd.filter(|(ours, theirs)| ours != theirs).map(|(ours, theirs)| {
        let later = if ours > theirs { "; an older etcd refuses newer data" } else { "" };
        format!("the data is of etcd {}.{}, the cluster runs {}.{}{later}", ours.0, ours.1, theirs.0, theirs.1)
    });
    let kubernetes = ours.and_then(kubernetes_minor).zip(kubernetes_minor(target.minor()));
    let stored = kubernetes.filter(|(ours, theirs)| ours != theirs).map(|(ours, theirs)| {
        format!(
            "objects and CustomResourceDefinitions are stored in the versions of Kubernetes 1.{ours}, \
             the cluster serves those of 1.{theirs}"
        )
    });
    let payload = match backup {
        Backup::Exact(version) if version != target => Some(format!("images of {version}")),
        Backup::Updating { .. } => Some("images of two releases".to_owned()),
        Backup::Minor(major, minor) if (*major, *minor) != target.minor() => Some(format!("images of {major}.{minor}")),
        _ => None,
    };
    let payload = payload.map(|which| {
        format!(
            "ClusterVersion, operators and pods in the data name {which}, the nodes run those of {target}: \
             the update would begin again, or go backwards"
        )
    });
    [(Rule::Etcd, etcd), (Rule::StorageVersions, stored), (Rule::Payload, payload)]
        .into_iter()
        .filter_map(|(rule, text)| Some(Reason { rule, text: text?, source: SCRIPTS }))
        .collect()
}

#[cfg(test)]
mod tests;
