//! Backups that are judged together, and were made on several hosts at one moment.

use checks::pair::{Run, check_hosts};
use checks::required::Subject;

use crate::judged::{Judged, Part};
use crate::known;
use crate::question::{Asks, Question};

/// The most runs that are remembered.
const MOST: usize = 10_000;

/// Runs that were seen so far.
#[derive(Default)]
pub(crate) struct Runs {
    seen: Vec<Run>,
}

impl Runs {
    /// Holds a backup against those before it, and remembers it.
    pub(crate) fn hold(&mut self, judged: &mut Judged<'_>, question: &Question) {
        let Some(run) = run_of(judged) else { return };
        if let Some(finding) = check_hosts(&run, &self.seen) {
            let part = Part { name: run.name.clone(), about: Subject::Other, findings: vec![finding] };
            let part = known::apply(part, Some(judged), question);
            judged.parts.push(part);
            judged.verdict = checks::verdict(judged.findings(), question.fail_on);
        }
        if self.seen.len() < MOST {
            self.seen.push(run);
        }
    }
}

/// The run that a backup is of; `None` where it does not tell all of it.
fn run_of(judged: &Judged<'_>) -> Option<Run> {
    let facts = &judged.facts;
    if judged.asks != Asks::Restore || !facts.platform().has_operators() {
        return None;
    }
    let (snapshot, tarball) = (facts.snapshot.as_ref()?, facts.tarball?);
    let version = snapshot.inventory.openshift()?.version.as_ref()?;
    Some(Run {
        name: judged.name().to_owned(),
        cluster: Some(version.spec.cluster_id.clone()).filter(|id| !id.is_empty())?,
        node: tarball.resources().static_pods.node.as_ref()?.value.clone(),
        taken: snapshot.cluster.renewed?,
    })
}
