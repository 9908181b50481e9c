//! Whether a backup is of the release that a cluster runs.

use checks::Verdict;
use checks::version::Compat;
use document::{Reason, ReleaseEvidence, Word};

/// What was judged, and what it rests on.
pub fn of(compat: &Compat<'_>) -> document::Compat {
    let judgement = compat.judgement.as_ref();
    let reasons = judgement.map(|judgement| judgement.reasons.as_slice()).unwrap_or_default();
    let evidence = compat.release.evidence.iter().map(|evidence| ReleaseEvidence {
        source: Word::Borrowed(evidence.source.name()),
        says: evidence.says.clone(),
        place: evidence.place.clone(),
        agrees: evidence.agrees,
    });
    let reason = |reason: &version_compat::Reason| Reason {
        rule: Word::Borrowed(reason.rule.name()),
        text: reason.text.clone(),
        source: Word::Borrowed(reason.source),
    };
    let cluster_id = compat.target.map(|target| target.cluster_id.clone());
    document::Compat {
        target: compat.target.map(|target| target.target.version().to_string()),
        target_cluster_id: cluster_id.filter(|id| !id.is_empty()),
        release: compat.release.backup.describe(),
        relation: judgement.map(|judgement| Word::Borrowed(judgement.relation.name())),
        verdict: compat.allowed().map(|allowed| if allowed { Verdict::Pass } else { Verdict::Fail }),
        reasons: reasons.iter().map(reason).collect(),
        evidence: evidence.collect(),
    }
}
