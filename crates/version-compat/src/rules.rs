//! The z-stream rule, as data: what is known, how it relates, and why.

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
}

/// Why the verdict is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// One sentence.
    pub text: String,
    /// Where the fact is from.
    pub source: &'static str,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// How they relate.
    pub relation: Relation,
    /// Reasons, the documented rule first; empty where nothing stands against it.
    pub reasons: Vec<Reason>,
}

impl Judgement {
    /// Whether the documentation allows the restore. What is not known is not allowed.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.relation == Relation::Same
    }
}

const DOCUMENTED: &str = "OpenShift documentation, restoring to a previous cluster state (openshift-docs 25313, 28678)";
const SCRIPTS: &str = "openshift/etcd and openshift/kubernetes release branches";

/// Judges whether a backup may be restored onto a cluster of release `target`.
#[must_use]
pub fn judge(backup: &Backup, target: &Version) -> Judgement {
    let relation = relate(backup, target);
    let mut reasons = Vec::new();
    if let Some(text) = documented(backup, target, relation) {
        reasons.push(Reason { text, source: DOCUMENTED });
    }
    if matches!(relation, Relation::OtherMinor | Relation::OtherMajor) {
        reasons.extend(technical(minor_of(backup), target.minor()));
    }
    Judgement { relation, reasons }
}

fn relate(backup: &Backup, target: &Version) -> Relation {
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

fn minor_of(backup: &Backup) -> Option<(u64, u64)> {
    match backup {
        Backup::Exact(version) => Some(version.minor()),
        Backup::Minor(major, minor) => Some((*major, *minor)),
        Backup::Updating { .. } | Backup::Unknown => None,
    }
}

fn documented(backup: &Backup, target: &Version, relation: Relation) -> Option<String> {
    let rule = "a backup is restored onto the same z-stream release";
    match (relation, backup) {
        (Relation::Same, _) => None,
        (Relation::Updating, Backup::Updating { from, to }) => {
            let from = from.as_ref().map_or_else(|| "another release".to_owned(), ToString::to_string);
            Some(format!("{rule}; this one was made while an update from {from} to {to} was under way"))
        }
        (Relation::PatchUnknown, Backup::Minor(major, minor)) => {
            Some(format!("{rule}; of this one only {major}.{minor} is known, and the cluster runs {target}"))
        }
        (Relation::Unknown, _) => Some(format!("{rule}; of this one the release is not known")),
        (_, Backup::Exact(version)) => Some(format!("{rule}; this one is of {version}, and the cluster runs {target}")),
        (_, Backup::Minor(major, minor)) => {
            Some(format!("{rule}; this one is of {major}.{minor}, and the cluster runs {target}"))
        }
        _ => Some(rule.to_owned()),
    }
}

fn technical(backup: Option<(u64, u64)>, target: (u64, u64)) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let Some(backup) = backup else { return reasons };
    if let (Some(ours), Some(theirs)) = (etcd_minor(backup), etcd_minor(target))
        && ours != theirs
    {
        let later = if ours > theirs { "; an older etcd refuses newer data" } else { "" };
        let text =
            format!("the data is of etcd {}.{}, the cluster runs {}.{}{later}", ours.0, ours.1, theirs.0, theirs.1);
        reasons.push(Reason { text, source: SCRIPTS });
    }
    if let (Some(ours), Some(theirs)) = (kubernetes_minor(backup), kubernetes_minor(target)) {
        let text = format!(
            "objects are stored in the versions of Kubernetes 1.{ours}, the cluster serves those of 1.{theirs}; \
             manifests and operators in the data name images of the old payload"
        );
        reasons.push(Reason { text, source: SCRIPTS });
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Every pair of a set that has two of each kind: the relation follows from the numbers alone, and only equality
    /// is allowed.
    #[test]
    fn every_pair_of_releases() {
        let all = [
            "4.17.1",
            "4.17.2",
            "4.18.0-ec.1",
            "4.18.0-rc.1",
            "4.18.0-rc.2",
            "4.18.0-0.nightly-2026-01-01-000000",
            "4.18.0-okd-scos.1",
            "4.18.0",
            "4.18.30",
            "4.18.31",
            "5.0.0",
            "5.0.1",
        ];
        for a in all {
            for b in all {
                let (backup, target) = (version(a), version(b));
                let judgement = judge(&Backup::Exact(backup.clone()), &target);
                let expected = if a == b {
                    Relation::Same
                } else if backup.minor().0 != target.minor().0 {
                    Relation::OtherMajor
                } else if backup.minor() != target.minor() {
                    Relation::OtherMinor
                } else if backup.patch() != target.patch() {
                    Relation::OtherPatch
                } else {
                    Relation::OtherPrerelease
                };
                assert_eq!(judgement.relation, expected, "{a} onto {b}");
                assert_eq!(judgement.allowed(), a == b, "{a} onto {b}");
                assert_eq!(judgement.reasons.is_empty(), a == b, "{a} onto {b}");
            }
        }
    }

    #[test]
    fn what_is_not_known_is_not_allowed() {
        let target = version("4.18.30");
        let updating = |from: Option<&str>| Backup::Updating { from: from.map(version), to: version("4.18.30") };
        for (backup, relation, word) in [
            (Backup::Unknown, Relation::Unknown, "not known"),
            (Backup::Minor(4, 18), Relation::PatchUnknown, "only 4.18 is known"),
            (Backup::Minor(4, 17), Relation::OtherMinor, "of 4.17"),
            (Backup::Minor(5, 0), Relation::OtherMajor, "of 5.0"),
            (updating(Some("4.18.21")), Relation::Updating, "from 4.18.21 to 4.18.30"),
            (updating(None), Relation::Updating, "from another release"),
        ] {
            let judgement = judge(&backup, &target);
            assert_eq!((judgement.relation, judgement.allowed()), (relation, false), "{backup:?}");
            assert!(judgement.reasons[0].text.contains(word), "{}", judgement.reasons[0].text);
        }
    }

    #[test]
    fn the_etcd_between_minors_is_named() {
        let reasons = |backup: &str, target: &str| {
            let judgement = judge(&Backup::Exact(version(backup)), &version(target));
            judgement.reasons.into_iter().map(|reason| reason.text).collect::<Vec<_>>().join("\n")
        };
        assert!(reasons("4.21.1", "4.20.5").contains("an older etcd refuses newer data"));
        assert!(reasons("4.20.5", "4.21.1").contains("etcd 3.5, the cluster runs 3.6"));
        assert!(!reasons("4.17.1", "4.18.1").contains("the data is of etcd"), "3.5 both");
        assert!(reasons("4.17.1", "4.18.1").contains("1.30") && reasons("4.17.1", "4.18.1").contains("1.31"));
    }
}
