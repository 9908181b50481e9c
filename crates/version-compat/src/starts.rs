//! Which releases may start on data of another: the rule of each kind of platform.

use crate::rules::{Backup, Data, Judgement, Reason, Relation, Rule, Target, judge, relate};

/// Whose rule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Starts {
    /// OpenShift: the same z-stream release.
    ZStream,
    /// MicroShift: the same minor release or a newer one, by one minor; from one with extended support by two.
    MicroShift,
    /// Kubernetes: the same minor release, or the one after it.
    Kubernetes,
    /// etcd: the same minor release, or the one after it.
    Etcd,
    /// Not known.
    Unknown,
}

const MICROSHIFT: &str =
    "openshift/microshift pkg/admin/prerun/version.go; MicroShift documentation, troubleshoot updates";
const SKEW: &str = "Kubernetes version skew policy, kube-apiserver: upgrades skip no minor release, and none goes back";
const ETCD: &str = "etcd documentation, upgrading: one minor release at a time; downgrades need their own procedure";

impl Starts {
    /// The rule, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ZStream => "the same z-stream release",
            Self::MicroShift => {
                "the same minor release or the next; from one with extended support (4.14, 4.16, ...) the next but one, too"
            }
            Self::Kubernetes => "kube-apiserver of the same minor release or the next",
            Self::Etcd => "etcd of the same minor release or the next",
            Self::Unknown => "not known",
        }
    }

    /// Judges whether `target` may start on the data of a backup.
    #[must_use]
    pub fn judge(self, backup: &Backup, target: &Target, data: Data) -> Judgement {
        match self {
            Self::ZStream => judge(backup, target, data),
            Self::MicroShift => by_minor(backup, target, microshift),
            Self::Kubernetes => by_minor(backup, target, |ours, theirs| in_step(ours, theirs, 1, "Kubernetes", SKEW)),
            Self::Etcd => by_minor(backup, target, |ours, theirs| in_step(ours, theirs, 3, "etcd", ETCD)),
            Self::Unknown => {
                let text =
                    "nothing tells which platform the backup is of, and so which releases may start on it".to_owned();
                let reason = Reason { rule: Rule::Platform, text, source: "assay: --platform NAME says it" };
                Judgement { relation: Relation::Unknown, allowed: false, reasons: vec![reason] }
            }
        }
    }
}

/// The answer of a rule that goes by minor releases; `None` where nothing stands against it.
fn by_minor(backup: &Backup, target: &Target, rule: impl Fn((u64, u64), (u64, u64)) -> Option<Reason>) -> Judgement {
    let version = target.version();
    if let Target::Updating { .. } = target {
        let text = format!("the cluster is itself on the way to {version}");
        let reasons = vec![Reason { rule: Rule::Skew, text, source: "assay: what runs is not known" }];
        return Judgement { relation: Relation::TargetUpdating, allowed: false, reasons };
    }
    let relation = relate(backup, version);
    let reason = match backup.minor() {
        Some(ours) => rule(ours, version.minor()),
        None => {
            let text = format!("of the backup the release is not known, the target is {version}");
            Some(Reason { rule: Rule::Skew, text, source: "assay: no object tells it" })
        }
    };
    Judgement { relation, allowed: reason.is_none(), reasons: reason.into_iter().collect() }
}

/// Releases of 4 and 5 in one row: 5.0 follows 4.22.
fn in_a_row((major, minor): (u64, u64)) -> Option<u64> {
    match major {
        4 => Some(minor),
        5 => minor.checked_add(23),
        _ => None,
    }
}

fn microshift(ours: (u64, u64), theirs: (u64, u64)) -> Option<Reason> {
    let (data, program) = (format!("{}.{}", ours.0, ours.1), format!("{}.{}", theirs.0, theirs.1));
    let refused = |text: String| Some(Reason { rule: Rule::Skew, text, source: MICROSHIFT });
    let (Some(from), Some(to)) = (in_a_row(ours), in_a_row(theirs)) else {
        return refused(format!("{program} is no release of MicroShift"));
    };
    let extended = from % 2 == 0;
    match to.checked_sub(from) {
        None => refused(format!("MicroShift {program} does not start on data of {data}: it is older")),
        Some(0 | 1) => None,
        Some(2) if extended => None,
        Some(skew) => {
            let most = if extended { 2 } else { 1 };
            refused(format!(
                "MicroShift {program} does not start on data of {data}: {skew} minor releases lie between, {most} may"
            ))
        }
    }
}

/// The same minor release or the next, of that major.
fn in_step(ours: (u64, u64), theirs: (u64, u64), major: u64, what: &str, source: &'static str) -> Option<Reason> {
    let (data, program) = (format!("{}.{}", ours.0, ours.1), format!("{}.{}", theirs.0, theirs.1));
    let refused = |text: String| Some(Reason { rule: Rule::Skew, text, source });
    if theirs.0 != major || ours.0 != major {
        return refused(format!("the data is of {what} {data}, and {program} is no release of it that follows"));
    }
    match theirs.1.checked_sub(ours.1) {
        None => refused(format!("the data is of {what} {data}, and {program} is older: it may not read all of it")),
        Some(0 | 1) => None,
        Some(_) => refused(format!("the data is of {what} {data}, and {program} skips minor releases")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(starts: Starts, backup: Backup, target: &str) -> bool {
        let target = Target::Runs(target.parse().unwrap_or_else(|error| panic!("{error}")));
        let judgement = starts.judge(&backup, &target, Data::default());
        assert_eq!(judgement.allowed(), judgement.reasons.is_empty(), "{judgement:?}");
        judgement.allowed()
    }

    #[test]
    fn microshift_goes_forward_by_one_and_from_extended_support_by_two() {
        let exact = |text: &str| Backup::Exact(text.parse().unwrap_or_else(|error| panic!("{error}")));
        for (data, target, expected) in [
            ("4.18.3", "4.18.3", true),
            ("4.18.3", "4.18.9", true),
            ("4.18.9", "4.18.3", true),
            ("4.18.3", "4.19.1", true),
            ("4.18.3", "4.20.0", true),
            ("4.18.3", "4.21.0", false),
            ("4.18.3", "4.17.9", false),
            ("4.17.3", "4.19.0", false),
            ("4.17.3", "4.18.0", true),
            ("4.22.1", "5.0.0", true),
            ("4.22.1", "5.1.0", true),
            ("4.21.1", "5.0.0", false),
            ("5.0.1", "4.22.0", false),
            ("4.18.3", "1.31.0", false),
        ] {
            assert_eq!(allowed(Starts::MicroShift, exact(data), target), expected, "{data} {target}");
        }
        assert!(!allowed(Starts::MicroShift, Backup::Unknown, "4.18.3"));
    }

    #[test]
    fn kubernetes_and_etcd_go_forward_by_one() {
        for (starts, minor, target, expected) in [
            (Starts::Kubernetes, (1, 31), "1.31.9", true),
            (Starts::Kubernetes, (1, 31), "1.32.0", true),
            (Starts::Kubernetes, (1, 31), "1.33.0", false),
            (Starts::Kubernetes, (1, 31), "1.30.9", false),
            (Starts::Kubernetes, (1, 31), "4.18.9", false),
            (Starts::Etcd, (3, 5), "3.5.30", true),
            (Starts::Etcd, (3, 5), "3.6.1", true),
            (Starts::Etcd, (3, 6), "3.5.30", false),
            (Starts::Unknown, (4, 18), "4.18.1", false),
        ] {
            assert_eq!(allowed(starts, Backup::Minor(minor.0, minor.1), target), expected, "{minor:?} {target}");
        }
    }

    #[test]
    fn a_cluster_under_way_runs_nothing_that_is_known() {
        let target = Target::Updating { from: None, to: "1.32.0".parse().unwrap_or_else(|error| panic!("{error}")) };
        let judgement = Starts::Kubernetes.judge(&Backup::Minor(1, 31), &target, Data::default());
        assert!(!judgement.allowed() && judgement.relation == Relation::TargetUpdating);
    }
}
