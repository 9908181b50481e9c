//! Backups that are judged together: what one says of another. They were made on several hosts at one moment, or of several
//! members of one cluster.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact::{Contents, Reading};
use checks::Severity;
use checks::pair::{Members, Run, check_hosts};
use checks::required::Subject;
use lens::members::Standing;

use crate::judged::{Judged, Part};
use crate::known;
use crate::members::{self, Sighting};
use crate::question::{Asks, Question};
use crate::watch::{Phase, Watch};

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

/// Snapshots of clusters of several members that were seen so far.
#[derive(Default)]
pub(crate) struct Roll {
    seen: Vec<Sighting>,
    /// Where each can be had once more.
    paths: Vec<Option<PathBuf>>,
}

impl Roll {
    /// Remembers where a snapshot stands.
    pub(crate) fn hold(&mut self, judged: &Judged<'_>) {
        let (Some(facts), Some(source)) = (&judged.facts.snapshot, judged.backup.snapshot()) else { return };
        if judged.asks != Asks::Restore || facts.scan.state.members.len() < 2 || self.seen.len() >= MOST {
            return;
        }
        let standing = Standing::of(&facts.scan, facts.hash_kv, facts.cluster.uid.clone());
        let digest = facts.trailer.as_ref().map(|trailer| trailer.computed);
        let sound = judged.worst() < Some(Severity::High);
        self.seen.push(Sighting { name: judged.name().to_owned(), standing, digest, sound });
        self.paths.push(source.path().filter(|path| lies_in_a_file(path)).map(Path::to_path_buf));
    }

    /// Holds those of one cluster against each other. Files are opened again where their hashes alone do not tell.
    pub(crate) fn call(&self, reading: &Reading, watch: &dyn Watch) -> Vec<Members> {
        let reopen = |number: usize| {
            let contents = Contents::open_with(self.paths.get(number)?.as_ref()?, reading).ok()?;
            watch.phase(Phase::Reading, None);
            let contents = contents.ready(reading, &|bytes| watch.advance(bytes)).ok();
            watch.done();
            contents.map(Arc::new)
        };
        members::compare(&self.seen, &reopen)
    }
}

/// Whether a path leads to a file, or to what lies in one: a pipe cannot be read again.
fn lies_in_a_file(path: &Path) -> bool {
    path.ancestors().find(|path| path.exists()).is_some_and(Path::is_file)
}
