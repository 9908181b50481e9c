//! Why nothing of a restore must be done.

use checks::{Finding, Severity};
use document::Refusal;
use version_compat::Relation;

use crate::plan::Plan;
use crate::procedure::Procedure;

/// Why nothing of it must be done; empty where it may be.
pub(crate) fn of(plan: &Plan<'_>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    refusals.extend(other_release(plan));
    refusals.extend(other_cluster(plan));
    refusals.extend(no_snapshot(plan));
    refusals.extend(no_tarball(plan));
    refusals.extend(recovery_host(plan));
    refusals.extend(nobody_left(plan));
    let told: Vec<Option<String>> = refusals.iter().map(|refusal| refusal.finding.clone()).collect();
    let critical = counted(plan).filter(|finding| finding.severity() == Severity::Critical);
    let mut critical: Vec<Refusal> = critical.map(by_finding).filter(|one| !told.contains(&one.finding)).collect();
    critical.dedup_by(|a, b| a.finding == b.finding);
    refusals.extend(critical);
    refusals
}

fn counted<'p>(plan: &'p Plan<'_>) -> impl Iterator<Item = &'p Finding> {
    plan.known.findings.iter().filter(|finding| finding.waiver().is_none())
}

/// The first of these IDs that was found.
fn found(plan: &Plan<'_>, ids: &[&str]) -> Option<String> {
    let id = ids.iter().find(|id| counted(plan).any(|finding| finding.entry().id == **id));
    id.map(|id| (*id).to_owned())
}

fn by_finding(finding: &Finding) -> Refusal {
    Refusal {
        finding: Some(finding.entry().id.to_owned()),
        text: finding.message().to_owned(),
        instead: finding.remedy().to_owned(),
    }
}

fn other_release(plan: &Plan<'_>) -> Option<Refusal> {
    let judgement = plan.known.judgement.as_ref().filter(|judgement| !judgement.allowed)?;
    if matches!(judgement.relation, Relation::Same | Relation::PatchUnknown | Relation::Unknown) {
        return None; // R-01 is to be settled on site
    }
    let target = plan.asked.target.as_ref().map_or_else(|| "the cluster".to_owned(), ToString::to_string);
    if matches!(plan.procedure, Procedure::Elsewhere(_)) {
        return Some(Refusal {
            finding: found(plan, &["VER-001", "VER-002", "VER-011"]),
            text: format!("the backup is of {}, and {target} does not start on its data", plan.known.release),
            instead: "take a backup of the release that the cluster runs".to_owned(),
        });
    }
    Some(Refusal {
        finding: found(plan, &["VER-001", "VER-002", "VER-011"]),
        text: format!("the backup is of {}, and the cluster runs {target}", plan.known.release),
        instead: "take a backup of the very release that the cluster runs, the third number too".to_owned(),
    })
}

fn other_cluster(plan: &Plan<'_>) -> Option<Refusal> {
    plan.known.other_cluster.then(|| Refusal {
        finding: found(plan, &["VER-012"]),
        text: "the backup is of another cluster".to_owned(),
        instead: "take a backup of the cluster that is to be restored".to_owned(),
    })
}

fn no_snapshot(plan: &Plan<'_>) -> Option<Refusal> {
    plan.known.snapshot.is_none().then(|| Refusal {
        finding: found(plan, &["PAIR-020"]),
        text: "there is no snapshot".to_owned(),
        instead: "find the snapshot of the same run, or take another backup".to_owned(),
    })
}

/// The script does not look for the tarball until it has stopped the pods.
fn no_tarball(plan: &Plan<'_>) -> Option<Refusal> {
    let read = matches!(plan.procedure, Procedure::Long | Procedure::Short | Procedure::SingleNode);
    if !read || plan.known.tarball.is_some() {
        return None;
    }
    let instead = if plan.is_single() && !plan.is_long() {
        "find the tarball of the same run; on a single node ETCD_ETCDCTL_RESTORE=1 restores without it, see R-10"
    } else {
        "find the tarball of the same run, or take another backup"
    };
    Some(Refusal {
        finding: found(plan, &["PAIR-019"]),
        text: "there is no tarball: cluster-restore.sh would stop the pods, and fail then".to_owned(),
        instead: instead.to_owned(),
    })
}

/// The scripts need a host on which etcd ran.
fn nobody_left(plan: &Plan<'_>) -> Option<Refusal> {
    let left = plan.control_plane().any(|host| !host.lost && !host.arbiter);
    (!left && plan.known.platform.has_operators()).then(|| Refusal {
        finding: None,
        text: "every control-plane host is said to be lost".to_owned(),
        instead: "bring one of them back: the scripts run on a host of this cluster alone, not on a new one".to_owned(),
    })
}

fn recovery_host(plan: &Plan<'_>) -> Option<Refusal> {
    let named = plan.asked.recovery_host.as_deref()?;
    let known = plan.control_plane().find(|host| host.node == named && !host.arbiter);
    let names = plan.control_plane().filter(|host| !host.lost && !host.arbiter).map(|host| host.node.as_str());
    let instead = format!("name one of {}", names.collect::<Vec<_>>().join(", "));
    let text = match known {
        Some(host) if host.lost => format!("{named} is named both as lost and as the host to restore on"),
        Some(_) => return None,
        None => format!("{named} is no control-plane node of the backup"),
    };
    Some(Refusal { finding: None, text, instead })
}
