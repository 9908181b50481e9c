//! The answer to a question.

mod backup;
mod vouched;

use std::ops::ControlFlow;

use checks::pair::Members;
use checks::required::Subject;
use checks::{Finding, Verdict};
use document::{Artifact, ClusterRun, Document, JudgedBy, Outcome, Run};

use crate::backups::{Backups, Turn};
use crate::directory;
use crate::documents;
use crate::error::Error;
use crate::hosts::{Roll, Runs};
use crate::judged::{Judged, Part};
use crate::known;
use crate::moment;
use crate::pair;
use crate::question::{Asks, Question};
use crate::watch::{Note, Silent, Watch};

/// One result, handed out before the next backup is read.
pub enum Answer<'a> {
    /// A directory of several backups, and what stands against restoring from it.
    Directory {
        /// The directory.
        directory: &'a directory::Backups,
        /// What was found; never nothing.
        part: &'a Part,
        /// What it adds up to.
        verdict: Verdict,
    },
    /// A backup, or a file by itself.
    Backup(&'a Judged<'a>),
    /// Snapshots of members of one cluster that hold other data than each other, after all that were named.
    Members {
        /// The snapshots, and in what they differ.
        members: &'a Members,
        /// What was found of one of them.
        part: &'a Part,
        /// What it adds up to.
        verdict: Verdict,
    },
    /// A cluster, and what stands against all its backups together; after these.
    Cluster {
        /// What the run came to for it.
        cluster: &'a ClusterRun,
        /// What was found.
        part: &'a Part,
        /// What it adds up to.
        verdict: Verdict,
    },
}

/// All verdicts of one question.
#[derive(Debug)]
pub struct Judgement {
    asks: Asks,
    by: Option<JudgedBy>,
    artifacts: Vec<Artifact>,
    parts: Vec<Part>,
    unread: Vec<Unread>,
    members: Vec<Members>,
    /// What came of each backup.
    outcomes: Vec<Outcome>,
    passed_over: u64,
    cut_short: bool,
    verdict: Option<Verdict>,
}

/// A backup that could not be read, or not all of it.
#[derive(Debug)]
pub struct Unread {
    /// Its name.
    pub name: String,
    /// Why.
    pub error: Error,
}

impl Judgement {
    fn begin(question: &Question) -> Self {
        let policy = question.policy.as_ref().map(|(_, path)| path.to_string_lossy().into_owned());
        let by = JudgedBy { fail_on: question.fail_on, policy };
        Self {
            asks: question.asks,
            by: (question.asks == Asks::Restore).then_some(by),
            artifacts: Vec::new(),
            parts: Vec::new(),
            unread: Vec::new(),
            members: Vec::new(),
            outcomes: Vec::new(),
            passed_over: 0,
            cut_short: false,
            verdict: None,
        }
    }

    /// The worst of all; [`Verdict::Fail`] where something could not be read, or the run was cut short.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.unread.is_empty() && !self.cut_short { self.verdict.unwrap_or(Verdict::Pass) } else { Verdict::Fail }
    }

    /// What the run came to.
    #[must_use]
    pub fn run(&self) -> Run {
        let (unreadable, passed_over) = (self.unread.len() as u64, self.passed_over);
        let mut run = Run { unreadable, passed_over, cut_short: self.cut_short, ..Run::default() };
        self.outcomes.iter().for_each(|outcome| run.add(outcome));
        run.sort();
        run
    }

    /// By artifact in output order, worst first in each.
    pub fn findings(&self) -> impl Iterator<Item = (&str, &Finding)> {
        self.parts.iter().flat_map(|part| part.findings.iter().map(move |finding| (part.name.as_str(), finding)))
    }

    /// What could not be read.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// The same, and nothing else.
    #[must_use]
    pub fn into_unread(self) -> Vec<Unread> {
        self.unread
    }

    /// Whether nothing could be judged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.verdict.is_none()
    }

    /// The document assay/1: render it as often and in as many forms as wanted. Without artifacts and findings where
    /// [`Question::document`] was not set.
    #[must_use]
    pub fn document(&self) -> Document {
        let findings = self.parts.iter().flat_map(|part| documents::findings(&part.findings, &part.name)).collect();
        let unread = self.unread.iter().map(|it| document::Unread::of(&it.name, it.error.to_string()));
        let artifacts = self.artifacts.iter().cloned().chain(unread.map(|it| Artifact::Unread(Box::new(it)))).collect();
        let mut document = documents::document(self.asks.command(), artifacts, findings, self.verdict());
        documents::members::add(&self.members, &mut document);
        match &self.by {
            Some(by) => document.judged_by(by.clone()).run(self.run()),
            None => document,
        }
    }

    /// Takes what members of one cluster say of each other.
    fn members(
        &mut self,
        told: Vec<Members>,
        question: &Question,
        watch: &dyn Watch,
        each: &mut dyn FnMut(&Answer<'_>) -> ControlFlow<()>,
    ) {
        for members in told {
            if members.agree() {
                watch.note(&Note::Agree(members.clone()));
            }
            for (name, finding) in checks::pair::check_members(&members) {
                let part = Part { name, about: Subject::Other, findings: vec![finding] };
                let part = known::apply(part, None, question);
                let verdict = checks::verdict(&part.findings, question.fail_on);
                self.artifacts.iter_mut().for_each(|artifact| documents::members::mark(artifact, &part.name, verdict));
                let of_it = self.outcomes.iter_mut().filter(|outcome| outcome.name == part.name);
                of_it.for_each(|outcome| outcome.verdict = outcome.verdict.max(verdict));
                let flow = each(&Answer::Members { members: &members, part: &part, verdict });
                self.take(if question.document { vec![part] } else { Vec::new() }, verdict);
                if flow.is_break() {
                    return;
                }
            }
            if question.document {
                self.members.push(members);
            }
        }
    }

    /// Holds the newest good backup of each cluster against the age that is allowed, in seconds.
    fn hold_ages(&mut self, limit: i64, question: &Question, each: &mut dyn FnMut(&Answer<'_>) -> ControlFlow<()>) {
        let mut clusters = self.run().clusters;
        if clusters.is_empty() && self.unread.is_empty() {
            // tarballs alone: there is no snapshot at all
            clusters.push(ClusterRun::default());
        }
        let known = clusters.iter().any(|it| it.cluster.is_some());
        for cluster in &clusters {
            // files too damaged to tell of which cluster they are make no further cluster without a backup
            if known && cluster.cluster.is_none() && cluster.newest_good.is_none() {
                continue;
            }
            let newest = cluster.newest_good.as_ref().map(moment::newest_good);
            let Some(finding) = checks::pair::check_age(newest.as_ref(), limit, question.now) else { continue };
            let name = cluster
                .cluster
                .as_ref()
                .map_or_else(|| "cluster unknown".to_owned(), |it| format!("cluster {}", it.id));
            let part = known::apply(Part { name, about: Subject::Other, findings: vec![finding] }, None, question);
            let verdict = checks::verdict(&part.findings, question.fail_on);
            let flow = each(&Answer::Cluster { cluster, part: &part, verdict });
            self.take(if question.document { vec![part] } else { Vec::new() }, verdict);
            if flow.is_break() {
                return;
            }
        }
    }

    fn take(&mut self, parts: Vec<Part>, verdict: Verdict) {
        self.parts.extend(parts);
        self.verdict = self.verdict.max(Some(verdict));
    }
}

impl Backups {
    /// Judges all, one after another. What cannot be read is in the judgement and keeps no other from being judged.
    ///
    /// # Errors
    /// Where nothing could be judged: why the last could not.
    pub fn judge(&self, question: &Question) -> Result<Judgement, Error> {
        let mut judgement = self.judge_each(question, &Silent, &mut |_| ControlFlow::Continue(()));
        match judgement.unread.pop() {
            Some(last) if judgement.is_empty() => Err(last.error),
            Some(last) => {
                judgement.unread.push(last);
                Ok(judgement)
            }
            None => Ok(judgement),
        }
    }

    /// The same, telling of progress and handing out each result with its facts before the next is read. It ends where
    /// `each` breaks it off.
    pub fn judge_each(
        &self,
        question: &Question,
        watch: &dyn Watch,
        each: &mut dyn FnMut(&Answer<'_>) -> ControlFlow<()>,
    ) -> Judgement {
        let mut judgement = Judgement::begin(question);
        let (mut runs, mut roll) = (Runs::default(), Roll::default());
        let flow = self.turns(question, watch, &mut |turn| match turn {
            Turn::Directory(directory) if question.asks == Asks::Restore && directory.backups.len() > 1 => {
                let Some(part) = of_directory(directory, question) else { return ControlFlow::Continue(()) };
                let verdict = checks::verdict(&part.findings, question.fail_on);
                let flow = each(&Answer::Directory { directory, part: &part, verdict });
                judgement.take(if question.document { vec![part] } else { Vec::new() }, verdict);
                flow
            }
            Turn::Directory(_) => ControlFlow::Continue(()),
            Turn::Backup(backup) => match backup.judge(question, watch) {
                Ok(mut judged) => {
                    runs.hold(&mut judged, question);
                    roll.hold(&judged);
                    judgement.outcomes.push(moment::outcome(&judged));
                    let flow = each(&Answer::Backup(&judged));
                    if question.document {
                        judgement.artifacts.extend(judged.artifacts());
                    }
                    let (parts, verdict) = (judged.parts, judged.verdict);
                    judgement.take(if question.document { parts } else { Vec::new() }, verdict);
                    flow
                }
                Err(error) => {
                    judgement.unread.push(Unread { name: backup.name.clone(), error });
                    ControlFlow::Continue(())
                }
            },
            Turn::Unread(name, error) => {
                judgement.unread.push(Unread { name, error });
                ControlFlow::Continue(())
            }
            Turn::PassedOver => {
                judgement.passed_over += 1;
                ControlFlow::Continue(())
            }
            Turn::CutShort => {
                judgement.cut_short = true;
                ControlFlow::Break(())
            }
        });
        if flow.is_continue() {
            judgement.members(roll.call(self.reading(), watch), question, watch, each);
        }
        watch.done();
        if let Some(limit) = question.max_age.filter(|_| !judgement.cut_short) {
            judgement.hold_ages(limit, question, each);
        }
        judgement
    }
}

/// What lies in a directory beside its backups; `None` where there is nothing to say.
fn of_directory(directory: &directory::Backups, question: &Question) -> Option<Part> {
    // which platform its backups are of is not known before they are read: a tarball of static pods tells
    let scripts = match question.platform {
        Some(platform) => platform.has_operators(),
        None => directory.backups.iter().any(|backup| backup.tarball.is_some()),
    };
    if !scripts {
        return None;
    }
    let findings = pair::directory(directory);
    let name = directory.path.to_string_lossy().into_owned();
    let part = Part { name, about: Subject::Other, findings };
    (!part.findings.is_empty()).then(|| known::apply(part, None, question))
}
