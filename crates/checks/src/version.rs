//! What releases mean for a restore.

use backup_facts::platform::rules;
use backup_facts::version::{Release, Sources, TargetCluster, Witness};
use version_compat::{Backup, Data, Judgement, Relation, etcd_minor};
use wording::clip;

use crate::asks::Asks;
use crate::finding::{Finding, Findings, Location};
use crate::findings::{
    CLUSTER_VERSION_UNREADABLE, ETCD_DIFFERS, Entry, FAILING, KUBELETS_DIFFER, NAME_DIFFERS, OPERATORS_DIFFER,
    OTHER_CLUSTER, OTHER_RELEASE, RELEASE_UNKNOWN, TARBALL_RELEASE, TARGET_UPDATING, UPDATE_UNDER_WAY, UPDATE_WANTED,
};
use crate::severity::Severity;

/// The object that speaks for the cluster.
const OBJECT: &[u8] = b"/kubernetes.io/config.openshift.io/clusterversions/version";
/// Characters of a message that a name or text from the backup may take.
const LONGEST: usize = 200;

/// A release, and what is asked of it.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseAsked<'f> {
    /// What says which release it is.
    pub sources: Sources<'f>,
    /// What was concluded from it.
    pub release: &'f Release,
    /// The cluster to restore onto, where it is known.
    pub target: Option<&'f TargetCluster>,
    /// What is asked. Of a lone file, only what it says of its own release is told; a target asks for the rest, too.
    pub asks: Asks,
}

impl ReleaseAsked<'_> {
    /// Whether the backup may be restored onto the target; `None` without one.
    #[must_use]
    pub fn judgement(&self) -> Option<Judgement> {
        let data = Data { etcd: self.sources.etcd.minor() };
        Some(rules(self.sources.platform).starts.judge(&self.release.backup, &self.target?.target, data))
    }

    /// The backup's and the target's UUID, where both are known and differ.
    #[must_use]
    pub fn other_cluster(&self) -> Option<(&str, &str)> {
        let ours = self.sources.cluster_version.map(|version| version.spec.cluster_id.as_str())?;
        let theirs = self.target.map(|target| target.cluster_id.as_str())?;
        (!ours.is_empty() && !theirs.is_empty() && !ours.eq_ignore_ascii_case(theirs)).then_some((ours, theirs))
    }
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
    #[must_use]
    pub fn of(sources: Sources<'_>, target: Option<&'t TargetCluster>, asks: Asks) -> Self {
        let release = sources.release();
        let asked = ReleaseAsked { sources, release: &release, target, asks };
        let (judgement, other_cluster) = (asked.judgement(), asked.other_cluster().is_some());
        let findings = check(&asked).into_sorted();
        let findings = findings.into_iter().filter_map(|finding| finding.on(sources.platform)).collect();
        Self { target, judgement, other_cluster, findings, release }
    }

    /// How the backup's release is related to the target's; `None` without a target.
    #[must_use]
    pub fn relation(&self) -> Option<Relation> {
        self.judgement.as_ref().map(|judgement| judgement.relation)
    }

    /// Whether the documentation allows the restore; `None` without a target.
    #[must_use]
    pub fn allowed(&self) -> Option<bool> {
        self.judgement.as_ref().map(|judgement| judgement.allowed() && !self.other_cluster)
    }
}

/// Whether a finding says in its message what the judgement of the release says: who shows both shows it once.
#[must_use]
pub fn is_judgement(finding: &Finding) -> bool {
    [&UPDATE_UNDER_WAY, &OTHER_RELEASE, &RELEASE_UNKNOWN, &TARGET_UPDATING].contains(&finding.entry)
}

/// Judges which release a backup is of, and whether it may be restored onto the target.
#[must_use]
pub fn check(asked: &ReleaseAsked<'_>) -> Findings {
    let mut findings = Findings::default();
    check_update(asked, &mut findings);
    if asked.asks == Asks::Restore || asked.target.is_some() {
        check_target(asked, &mut findings);
        check_contradictions(asked, &mut findings);
    }
    check_cluster_version(asked, &mut findings);
    findings
}

fn check_update(asked: &ReleaseAsked<'_>, findings: &mut Findings) {
    let Backup::Updating { from, to } = &asked.release.backup else { return };
    let from = from.as_ref().map_or_else(|| "another release".to_owned(), ToString::to_string);
    let message = format!("an update from {from} to {to} was under way");
    findings.push(Finding::new(&UPDATE_UNDER_WAY, message).with("from", from).with("to", to.to_string()).at(object()));
}

fn check_target(asked: &ReleaseAsked<'_>, findings: &mut Findings) {
    if let Some((ours, theirs)) = asked.other_cluster() {
        let message = format!(
            "the backup is of cluster {}, the target is cluster {}",
            clip(ours, LONGEST),
            clip(theirs, LONGEST)
        );
        findings.push(
            Finding::new(&OTHER_CLUSTER, message)
                .with("backup", clip(ours, LONGEST))
                .with("target", clip(theirs, LONGEST)),
        );
    }
    let (Some(judgement), Some(target)) = (asked.judgement(), asked.target) else { return };
    if judgement.allowed() {
        return;
    }
    let entry: &'static Entry = match judgement.relation {
        // said by VER-002, with or without a target
        Relation::Same | Relation::Updating => return,
        Relation::OtherPrerelease | Relation::OtherPatch | Relation::OtherMinor | Relation::OtherMajor => {
            &OTHER_RELEASE
        }
        Relation::PatchUnknown | Relation::Unknown => &RELEASE_UNKNOWN,
        Relation::TargetUpdating => &TARGET_UPDATING,
    };
    let reasons: Vec<&str> = judgement.reasons.iter().map(|reason| reason.text.as_str()).collect();
    let finding = Finding::new(entry, reasons.join("; "))
        .with("backup", asked.release.backup.describe())
        .with("target", target.target.version().to_string())
        .with("relation", judgement.relation.name());
    findings.push(finding);
}

fn check_contradictions(asked: &ReleaseAsked<'_>, findings: &mut Findings) {
    let concluded = asked.release.backup.describe();
    for claim in asked.release.contradictions() {
        let (entry, what): (&'static Entry, &str) = match claim.witness {
            Witness::ClusterVersion => continue, // the conclusion is its own
            Witness::ClusterOperators => (&OPERATORS_DIFFER, "ClusterOperators say"),
            Witness::Deployments => (&OPERATORS_DIFFER, "Deployments of operators say"),
            Witness::PodManifest | Witness::PodBuild => (&TARBALL_RELEASE, "the tarball says"),
            Witness::DirectoryName => (&NAME_DIFFERS, "the directory's name says"),
            Witness::VersionFile => (&NAME_DIFFERS, "file `version` of the directory says"),
            Witness::Kubelets => (&KUBELETS_DIFFER, "kubelets of the control plane say"),
            // both versions of etcd speak of the same data
            Witness::EtcdClusterVersion if asked.release.of(Witness::EtcdStorageVersion).next().is_some() => continue,
            Witness::EtcdClusterVersion => (&ETCD_DIFFERS, "etcd's cluster version is"),
            Witness::EtcdStorageVersion => (&ETCD_DIFFERS, "etcd's storage version is"),
        };
        let message = format!("the release is {concluded}; {what} {}", clip(&claim.says, LONGEST));
        let mut finding = Finding::new(entry, message)
            .with("release", concluded.clone())
            .with("says", clip(&claim.says, LONGEST))
            .with("place", clip(&claim.place, LONGEST));
        if matches!(claim.witness, Witness::PodManifest | Witness::PodBuild) {
            finding.location.member = Some(clip(&claim.place, LONGEST));
        }
        // data of an older etcd is read by every newer one
        if entry == &ETCD_DIFFERS && asked.sources.etcd.minor() < asked.release.backup.minor().and_then(etcd_minor) {
            finding.severity = Severity::Low;
        }
        findings.push(finding);
    }
}

fn check_cluster_version(asked: &ReleaseAsked<'_>, findings: &mut Findings) {
    let unreadable = asked.sources.snapshot.and_then(|snapshot| snapshot.unreadable.as_deref());
    if let Some(reason) = unreadable {
        findings.push(Finding::new(&CLUSTER_VERSION_UNREADABLE, clip(reason, LONGEST)).at(object()));
    }
    let Some(version) = asked.sources.cluster_version else { return };
    let newest = version.status.history.first();
    if unreadable.is_none() && backup_facts::version::running(version).is_none() {
        let message = match newest {
            None => "its history is empty".to_owned(),
            Some(newest) => format!("its newest release is `{}`", clip(&newest.version, LONGEST)),
        };
        findings.push(Finding::new(&CLUSTER_VERSION_UNREADABLE, message).at(object()));
    }
    let wanted = version.spec.desired_update.as_ref().map(|wanted| wanted.version.as_str());
    if let (Some(wanted), Some(newest), Backup::Exact(_)) = (wanted, newest, &asked.release.backup)
        && !wanted.is_empty()
        && wanted != newest.version
    {
        let message =
            format!("an update from {} to {} was asked for", clip(&newest.version, LONGEST), clip(wanted, LONGEST));
        findings.push(Finding::new(&UPDATE_WANTED, message).with("to", clip(wanted, LONGEST)).at(object()));
    }
    if let Some(failing) = version.condition("Failing").filter(|failing| failing.status == "True") {
        let text = if failing.message.is_empty() { &failing.reason } else { &failing.message };
        let text = if text.is_empty() { "no reason is given" } else { text };
        let finding = Finding::new(&FAILING, format!("condition Failing: {}", clip(text, LONGEST)));
        findings.push(finding.with("reason", clip(&failing.reason, LONGEST)).at(object()));
    }
}

fn object() -> Location {
    Location { key: Some(OBJECT.to_vec()), ..Location::default() }
}
