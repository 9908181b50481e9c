//! Rows of what came of an item. They hold no time of a clock, no host and no number of an attempt: every attempt at a
//! shard makes the same bytes.

use crate::answer::{Answer, Found, SEVERITIES};
use crate::item::{ClusterFrom, Item, Plan, Role};
use crate::outcome::{Counts, Facts, FindingRow, SCHEMA, State, Verdict, VerdictRow};

/// Findings of a backup that have a row of their own.
const FINDINGS: usize = 1000;
/// The longest message, in characters.
const MESSAGE: usize = 2000;

/// What came of an item: its row, and what stands against it.
pub(crate) struct Judged {
    /// The row.
    pub(crate) verdict: VerdictRow,
    /// Its findings.
    pub(crate) findings: Vec<FindingRow>,
}

/// The row of an item of which nothing is known.
pub(crate) fn unknown(item: &Item, plan: &Plan, state: State, error: Option<String>) -> Judged {
    let main = item.main().cloned().unwrap_or(crate::item::File {
        role: Role::Snapshot,
        uri: String::new(),
        etag: None,
        version: None,
        size: 0,
        modified: String::new(),
    });
    let verdict = VerdictRow {
        schema: SCHEMA.to_owned(),
        run: None,
        item: item.item.clone(),
        shard: item.shard,
        cluster: item.cluster.clone(),
        cluster_from: item.cluster_from,
        folder: item.folder.clone(),
        uri: main.uri,
        etag: main.etag,
        version: main.version,
        over: item.over.clone(),
        size: main.size,
        modified: main.modified,
        depth: item.depth,
        newest: item.newest,
        snapshot: item.has_snapshot(),
        state,
        verdict: None,
        judged: None,
        worst: None,
        counts: Counts::default(),
        sha256: None,
        taken: item.taken.clone(),
        facts: Facts::default(),
        assay: plan.assay.clone(),
        policy: plan.policy.clone(),
        error: error.map(|error| wording::clip(&error, MESSAGE)),
    };
    Judged { verdict, findings: Vec::new() }
}

/// The row of an item that `assay` judged: SHA-256 of its snapshot, where it was carried here, and why its manifest could
/// not be read, where that is so.
pub(super) fn judged(
    item: &Item,
    plan: &Plan,
    answer: &Answer,
    (sha256, odd): (Option<String>, Option<String>),
) -> Judged {
    let facts = answer.facts();
    let mut findings: Vec<FindingRow> = answer.findings.iter().map(|found| finding(item, plan, found)).collect();
    findings.extend(half(item));
    findings.extend(odd.map(|why| {
        let message = wording::clip(&format!("the manifest of the split beside it cannot be read: {why}"), MESSAGE);
        own(item, "FLEET-004", "split-manifest-unreadable", "low", &message)
    }));
    findings.sort_by(|a, b| (&a.id, a.page, a.offset, &a.message).cmp(&(&b.id, b.page, b.offset, &b.message)));
    let counts = counts(&findings);
    let worst = worst(&findings);
    let left_out = findings.len().saturating_sub(FINDINGS);
    if left_out > 0 {
        findings.truncate(FINDINGS);
        findings.push(own(
            item,
            "FLEET-003",
            "findings-left-out",
            "info",
            &format!("{left_out} more findings are not listed"),
        ));
    }
    let none = unknown(item, plan, State::Judged, answer.unreadable().map(str::to_owned)).verdict;
    // who gave no list of clusters is told what the snapshot says
    let (cluster, cluster_from) = match (item.cluster_from, &facts.cluster_id) {
        (ClusterFrom::Path, Some(id)) => {
            (facts.cluster_name.clone().unwrap_or_else(|| id.clone()), ClusterFrom::Snapshot)
        }
        (from, _) => (item.cluster.clone(), from),
    };
    let verdict = VerdictRow {
        cluster,
        cluster_from,
        verdict: Some(answer.verdict()),
        judged: Some(plan.now.clone()),
        worst,
        counts,
        sha256,
        taken: answer.taken().map_or(none.taken, str::to_owned),
        facts,
        ..none
    };
    Judged { verdict, findings }
}

/// The row of a quick look, whose best word is `plausible`.
pub(super) fn quick(item: &Item, plan: &Plan, revision: Option<i64>) -> Judged {
    let none = unknown(item, plan, State::Judged, None).verdict;
    let verdict = VerdictRow {
        verdict: Some(Verdict::Plausible),
        judged: Some(plan.now.clone()),
        facts: Facts { revision, ..Facts::default() },
        ..none
    };
    Judged { verdict, findings: half(item).into_iter().collect() }
}

/// That the other half of a pair is not there. It is no matter of a verdict: a snapshot alone can be restored.
fn half(item: &Item) -> Option<FindingRow> {
    if !item.half {
        return None;
    }
    if !item.has_snapshot() {
        let message = "there is no snapshot of this time beside it";
        return Some(own(item, "FLEET-002", "snapshot-missing", "high", message));
    }
    let message = match item.has(Role::Manifest) {
        false => "there is no static_kuberesources tarball of this time beside it",
        true => {
            "there is no static_kuberesources tarball of this time beside it, only the manifest of one whose keys were taken \
             out: without that tarball it vouches for nothing"
        }
    };
    Some(own(item, "FLEET-001", "tarball-missing", "low", message))
}

fn own(item: &Item, id: &str, name: &str, severity: &str, message: &str) -> FindingRow {
    FindingRow {
        run: None,
        item: item.item.clone(),
        id: id.to_owned(),
        name: name.to_owned(),
        severity: severity.to_owned(),
        message: message.to_owned(),
        page: None,
        offset: None,
        key: None,
        evidence: None,
        waived: None,
    }
}

fn finding(item: &Item, plan: &Plan, found: &Found) -> FindingRow {
    let severity = found.severity();
    let waived = found.waived.as_ref().map(|waived| waived.reason.clone());
    let (page, offset) = (found.location.page, found.location.offset);
    // messages and numbers may name keys, too
    let (message, key, evidence) = if plan.no_keys {
        (found.name.clone(), None, None)
    } else {
        let key = found.location.key.as_ref().map(|key| key.as_str().map_or_else(|| key.to_string(), str::to_owned));
        let evidence =
            (!found.evidence.is_empty()).then(|| serde_json::Value::from(found.evidence.clone()).to_string());
        (wording::clip(&found.message, MESSAGE), key, evidence)
    };
    FindingRow { page, offset, key, evidence, waived, ..own(item, &found.id, &found.name, severity, &message) }
}

fn counts(findings: &[FindingRow]) -> Counts {
    let mut counts = Counts::default();
    for finding in findings.iter().filter(|finding| finding.waived.is_none()) {
        *match finding.severity.as_str() {
            "critical" => &mut counts.critical,
            "high" => &mut counts.high,
            "medium" => &mut counts.medium,
            "low" => &mut counts.low,
            _ => &mut counts.info,
        } += 1;
    }
    counts
}

fn worst(findings: &[FindingRow]) -> Option<String> {
    let counts = |severity: &str| findings.iter().any(|it| it.waived.is_none() && it.severity == severity);
    SEVERITIES.into_iter().find(|severity| counts(severity)).map(str::to_owned)
}
