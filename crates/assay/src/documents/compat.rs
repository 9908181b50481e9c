//! Whether a backup is of the release that a cluster runs.

use checks::Verdict;
use checks::version::Compat;
use document::{Artifact, CompatOf, Reason, ReleaseEvidence, Word};

use crate::backup::Backup;
use crate::judged::Judged;

/// What was judged, and what it rests on.
pub fn of(compat: &Compat<'_>) -> document::Compat {
    let judgement = compat.judgement.as_ref();
    let reasons = judgement.map(|judgement| judgement.reasons.as_slice()).unwrap_or_default();
    let claims = compat.release.claims.iter().map(|claim| ReleaseEvidence {
        source: Word::Borrowed(claim.witness.name()),
        says: claim.says.clone(),
        place: claim.place.clone(),
        agrees: claim.agrees,
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
        evidence: claims.collect(),
    }
}

/// Whether findings are about a backup as a whole, not about its one file.
fn is_whole(backup: &Backup) -> bool {
    let halves = backup.snapshot().is_some() && backup.tarball().is_some();
    !backup.is_alone() && (halves || backup.files().timestamp.is_some())
}

fn paths(backup: &Backup) -> (Option<String>, Option<String>) {
    (backup.snapshot().map(artifact::Contents::name), backup.tarball().map(|tarball| tarball.path.clone()))
}

/// What findings about its release call a backup.
pub(crate) fn name(backup: &Backup) -> String {
    if is_whole(backup) {
        return backup.name().to_owned();
    }
    let (snapshot, tarball) = paths(backup);
    snapshot.or(tarball).unwrap_or_default()
}

/// A backup of which the release alone was asked.
pub(super) fn artifact(judged: &Judged<'_>) -> Artifact {
    let backup = judged.backup;
    let (snapshot, tarball) = paths(backup);
    let kind = match (is_whole(backup), &snapshot) {
        (true, _) => "backup",
        (false, Some(_)) => "snapshot",
        (false, None) => "static-kuberesources",
    };
    Artifact::Compat(Box::new(CompatOf {
        kind: Word::Borrowed(kind),
        path: name(backup),
        snapshot,
        tarball,
        compat: of(&judged.compat),
        ..CompatOf::default()
    }))
}
