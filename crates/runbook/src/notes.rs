//! What one must know before the first step.

use checks::{Severity, Verdict};
use document::{BookNote, Refusal, Word};
use jiff::Timestamp;

use crate::plan::Plan;

/// What one must know, the weightiest first.
pub(crate) fn of(plan: &Plan<'_>, refusals: &[Refusal]) -> Vec<BookNote> {
    let of_operators = plan.known.platform.has_operators();
    let notes = [
        ("verdict", verdict(plan, refusals)),
        ("age", age(plan)),
        ("revision", revision(plan)),
        ("unknown", Some(unknown())),
        ("target", target(plan)),
        ("hosts", unknown_hosts(plan)),
        ("certificates", certificates(plan).filter(|_| of_operators)),
        ("kubelets", kubelets(plan).filter(|_| of_operators)),
        ("keys", keys_apart(plan).filter(|_| of_operators)),
        ("keys", if of_operators { rotated(plan) } else { keys_elsewhere(plan) }),
        ("tokens", plan.known.platform.is_kubernetes().then(tokens)),
        ("sealed", sealed(plan)),
        ("unread", unread(plan)),
    ];
    let note =
        |(about, text): (&'static str, Option<String>)| Some(BookNote { about: Word::Borrowed(about), text: text? });
    notes.into_iter().filter_map(note).collect()
}

/// What else the backup fails by, besides what it is refused for.
fn verdict(plan: &Plan<'_>, refusals: &[Refusal]) -> Option<String> {
    let told = |id: &str| refusals.iter().any(|refusal| refusal.finding.as_deref() == Some(id));
    let counted = plan.known.findings.iter().filter(|finding| finding.waiver().is_none());
    let serious = counted.filter(|finding| finding.severity() >= Severity::High);
    let mut ids: Vec<&str> = serious.map(|finding| finding.entry().id).filter(|id| !told(id)).collect();
    ids.dedup();
    (plan.known.verdict == Verdict::Fail && !ids.is_empty())
        .then(|| format!("The backup fails assay verify: {}. Read its report before you begin.", ids.join(", ")))
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

fn age(plan: &Plan<'_>) -> Option<String> {
    let hazards = plan.known.hazards;
    let taken = hazards.taken?;
    let days = hazards.age_days()?;
    let before = match days {
        ..0 => "after the planned restore: look at the date that was given".to_owned(),
        0 => "less than a day before the restore".to_owned(),
        1 => "1 day before the restore".to_owned(),
        _ => format!("{days} days before the restore"),
    };
    Some(format!("Made {}, {before}.", taken.strftime("%Y-%m-%d %H:%M UTC")))
}

fn revision(plan: &Plan<'_>) -> Option<String> {
    let revision = plan.known.revision?;
    let platform = plan.known.platform;
    if !platform.is_kubernetes() {
        return Some(format!("It ends at revision {revision}."));
    }
    let client = if platform.is_openshift() { "oc" } else { "kubectl" };
    Some(format!(
        "It ends at revision {revision}. If the API still answers: the resourceVersion that \
         `{client} get --raw '/api/v1/nodes?limit=1'` shows first, less {revision}, is how many changes are lost.",
    ))
}

fn unknown() -> String {
    "What the cluster wrote after the backup is lost, and the backup cannot tell what it was.".to_owned()
}

fn target(plan: &Plan<'_>) -> Option<String> {
    let settled = if plan.known.platform.has_operators() { "R-01 has to settle it" } else { "see to it yourself" };
    let asks = plan.asked.target.is_none() && plan.known.platform.has_operators();
    asks.then(|| format!("The release of the cluster was not said: {settled}."))
}

fn unknown_hosts(plan: &Plan<'_>) -> Option<String> {
    let known = |name: &&String| plan.control_plane().any(|host| host.node == **name);
    let unknown: Vec<&str> = plan.asked.lost.iter().filter(|name| !known(name)).map(String::as_str).collect();
    (!unknown.is_empty())
        .then(|| format!("Said to be lost, and no control-plane node of the backup: {}.", unknown.join(", ")))
}

fn certificates(plan: &Plan<'_>) -> Option<String> {
    let hazards = plan.known.hazards;
    let certificates = &hazards.certificates;
    let signers = certificates.signers.iter().map(|signer| signer.not_after).filter(|end| *end < hazards.restore);
    let tarball = certificates.ending.items.iter().map(|one| one.not_after);
    let ends: Vec<Timestamp> = signers.chain(tarball).collect();
    let first = ends.iter().min()?;
    let etcd = certificates.ending.items.iter().any(|one| one.etcd_ca);
    let authority = if etcd { " An authority of etcd is among them." } else { "" };
    Some(format!(
        "Of the certificates of the backup {} will have ended on {}, the first on {}. The cluster renews its own; \
         kubelets wait for R-13.{authority}",
        ends.len(),
        day(hazards.restore),
        day(*first),
    ))
}

fn has(plan: &Plan<'_>, ids: &[&str]) -> bool {
    plan.known.findings.iter().any(|finding| ids.contains(&finding.entry().id))
}

fn kubelets(plan: &Plan<'_>) -> Option<String> {
    has(plan, &["HAZ-016"])
        .then(|| "Kubelets have renewed their certificates since: expect nodes that are NotReady, R-11.".to_owned())
}

fn keys_apart(plan: &Plan<'_>) -> Option<String> {
    plan.known.keys_apart.then(|| {
        "The encryption keys are kept apart from the tarball. Without them nothing encrypted can be read after the \
         restore: put them back first, R-03."
            .to_owned()
    })
}

fn rotated(plan: &Plan<'_>) -> Option<String> {
    if !plan.known.encrypted {
        return None;
    }
    let rotation = has(plan, &["KEY-017", "KEY-023", "KEY-025", "KEY-038"]);
    let also = if rotation { " A rotation or a migration was under way in the backup, or overdue." } else { "" };
    let place = if plan.known.keys_apart { "those are kept apart" } else { "they come with its tarball" };
    Some(format!(
        "Values are encrypted. The cluster rotates its keys every week: the restored data need those of the backup, and \
         {place}.{also}",
    ))
}

/// Off OpenShift no operator renews them.
fn keys_elsewhere(plan: &Plan<'_>) -> Option<String> {
    let keys = backup_facts::platform::rules(plan.known.platform).keys;
    plan.known.encrypted.then(|| format!("Values are encrypted, and need the keys of the time of the backup: {keys}."))
}

fn tokens() -> String {
    "Tokens and passwords are those of the backup again: newer ones are unknown, and what was revoked since is valid again."
        .to_owned()
}

fn sealed(plan: &Plan<'_>) -> Option<String> {
    let sealed = plan.known.hazards.sealed;
    (sealed > 0).then(|| {
        format!(
            "{} could not be opened: what they would say is left blank here.",
            wording::count(sealed, "encrypted object"),
        )
    })
}

fn unread(plan: &Plan<'_>) -> Option<String> {
    let unread = plan.known.hazards.unread.total.saturating_add(plan.known.site.unread.total);
    (unread > 0).then(|| {
        format!("{} could not be read: what they would say is missing here.", wording::count(unread, "object"))
    })
}
