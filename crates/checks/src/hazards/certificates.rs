//! Certificates against time: of the backup, and of the restore.

use backup_facts::hazards::{Hazards, Signer, Signs};
use wording::number_of;

use super::Named;
use crate::finding::{Finding, Findings};
use crate::findings::{
    BEFORE_FIRST_ROTATION, CERTIFICATE_ENDS, ETCD_SIGNER_ENDS, KUBELET_CERTIFICATES, PKI_ENDS, SIGNER_ENDED,
};
use crate::severity::Severity;

/// Days after which the authority that signs kubelets' certificates is replaced.
const SIGNER_REPLACED: i64 = 15;
/// Days that a kubelet's certificate lasts at most.
const KUBELET_DAYS: i64 = 30;
/// Hours after which certificates of a new cluster have been rotated.
const FIRST_ROTATION: i64 = 24;
/// Days before its end from which OpenShift warns of etcd's authority, and from which it calls it critical.
const ETCD_WARNING: i64 = 730;
const ETCD_CRITICAL: i64 = 365;

pub(super) fn check(hazards: &Hazards, findings: &mut Findings) {
    check_kubelets(hazards, findings);
    check_first_rotation(hazards, findings);
    check_tarball(hazards, findings);
    check_beside(hazards, findings);
    for signer in hazards.certificates.signers.iter().filter(|signer| signer.signs == Signs::Etcd) {
        check_etcd(hazards, signer, findings);
    }
    check_others(hazards, findings);
}

fn check_kubelets(hazards: &Hazards, findings: &mut Findings) {
    let Some(days) = hazards.age_days().filter(|days| *days >= SIGNER_REPLACED) else { return };
    let nodes = hazards.nodes.nodes.total;
    if nodes == 0 {
        return;
    }
    let (severity, some) = if days >= KUBELET_DAYS { (Severity::Medium, "all") } else { (Severity::Low, "some") };
    let of = number_of(nodes, "node", "nodes");
    let message = format!(
        "{days} days lie between backup and restore: {some} kubelets of {of} have certificates that the backup does not know"
    );
    let finding = Finding::new(&KUBELET_CERTIFICATES, message).with("days", days).with("nodes", nodes);
    findings.push(Finding { severity, ..finding });
}

fn check_first_rotation(hazards: &Hazards, findings: &mut Findings) {
    let Some(hours) = hazards.hours_since_installation().filter(|hours| (0..FIRST_ROTATION).contains(hours)) else {
        return;
    };
    let message =
        format!("the backup was made {} after the installation", number_of(hours.unsigned_abs(), "hour", "hours"));
    findings.push(Finding::new(&BEFORE_FIRST_ROTATION, message).with("hours", hours));
}

fn check_tarball(hazards: &Hazards, findings: &mut Findings) {
    let ending = &hazards.certificates.ending;
    let named = Named::all(ending, |one| format!("`{}` on {}", one.subject, one.not_after));
    if named.is_empty() {
        return;
    }
    let message = format!(
        "{} before the restore on {}: {}",
        named.count("certificate of the tarball ends", "certificates of the tarball end"),
        hazards.restore,
        named.shown()
    );
    let mut finding = named.finding(&CERTIFICATE_ENDS, message);
    // no operator renews it before etcd can be talked to
    if ending.items.iter().any(|one| one.etcd_ca) {
        finding.severity = Severity::Medium;
    }
    findings.push(finding);
}

fn check_beside(hazards: &Hazards, findings: &mut Findings) {
    let named = Named::all(&hazards.certificates.beside, |one| {
        format!("`{}` in {} on {}", one.subject, one.member, one.not_after)
    });
    if !named.is_empty() {
        let message = format!(
            "{} before the restore on {}: {}",
            named.count("certificate beside the snapshot ends", "certificates beside the snapshot end"),
            hazards.restore,
            named.shown()
        );
        findings.push(named.finding(&PKI_ENDS, message));
    }
}

fn check_etcd(hazards: &Hazards, signer: &Signer, findings: &mut Findings) {
    let left = signer.not_after.as_second().saturating_sub(hazards.restore.as_second());
    let days = left.div_euclid(86_400);
    let severity = match days {
        ..0 => Severity::High,
        0..ETCD_CRITICAL => Severity::Medium,
        ETCD_CRITICAL..ETCD_WARNING => Severity::Low,
        _ => return,
    };
    let when = if left < 0 { "ends before" } else { "ends soon after" };
    let message = format!("the authority of etcd in `{}` {when} the restore, on {}", signer.secret, signer.not_after);
    let finding = Finding::new(&ETCD_SIGNER_ENDS, message).with("days", days);
    findings.push(Finding { severity, ..finding.with("notAfter", signer.not_after.to_string()) });
}

fn check_others(hazards: &Hazards, findings: &mut Findings) {
    let signers = hazards.certificates.signers.iter();
    let ended: Vec<String> = signers
        .filter(|signer| signer.signs != Signs::Etcd && signer.not_after < hazards.restore)
        .map(|signer| format!("`{}` on {}", signer.secret, signer.not_after))
        .collect();
    let named = Named { total: ended.len() as u64, names: ended };
    if !named.is_empty() {
        let message = format!("{} before the restore: {}", named.count("signer ends", "signers end"), named.shown());
        findings.push(named.finding(&SIGNER_ENDED, message));
    }
}
