//! The answer to a question.

use backup_facts::version::TargetCluster;
use checks::tarball::Facts as TarballCheck;
use checks::version::Compat;
use checks::{Asks, Finding, Severity, Verdict};

use crate::backup::{Backup, Backups, Facts};
use crate::error::Error;
use crate::pair;
use crate::question::Question;
use crate::tarball;
use crate::watch::{Silent, Watch};

/// One backup, judged: what it says, what that means, and the verdict. No `Debug`: see [`Facts`].
#[non_exhaustive]
pub struct Judged<'b> {
    /// The backup's name.
    pub name: &'b str,
    /// What it says.
    pub facts: Facts<'b>,
    /// Findings by the artifact that they are about, worst first in each.
    pub parts: Vec<(String, Vec<Finding>)>,
    /// What they add up to.
    pub verdict: Verdict,
}

/// All verdicts of one question.
#[derive(Debug, Default)]
pub struct Judgement {
    parts: Vec<(String, Vec<Finding>)>,
    unread: Vec<Unread>,
    verdict: Option<Verdict>,
}

/// A backup that could not be read, and so not be judged.
#[derive(Debug)]
pub struct Unread {
    /// Its name.
    pub name: String,
    /// Why.
    pub error: Error,
}

impl Judgement {
    /// The worst of all; [`Verdict::Fail`] where something could not be read.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.unread.is_empty() { self.verdict.unwrap_or(Verdict::Pass) } else { Verdict::Fail }
    }

    /// By artifact in output order, worst first in each.
    pub fn findings(&self) -> impl Iterator<Item = (&str, &Finding)> {
        self.parts.iter().flat_map(|(name, findings)| findings.iter().map(move |finding| (name.as_str(), finding)))
    }

    /// What could not be read.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    fn take(&mut self, parts: Vec<(String, Vec<Finding>)>, verdict: Verdict) {
        self.parts.extend(parts);
        self.verdict = self.verdict.max(Some(verdict));
    }
}

impl Backups {
    /// Judges all, one after another. What cannot be read is in the judgement and keeps no other from being judged.
    ///
    /// # Errors
    /// Where a file was named and cannot be read.
    pub fn judge(&self, question: &Question) -> Result<Judgement, Error> {
        self.judge_each(question, &Silent, &mut |_| {})
    }

    /// The same, telling of progress and handing out each result with its facts before the next is read.
    ///
    /// # Errors
    /// As [`Self::judge`].
    pub fn judge_each(
        &self,
        question: &Question,
        watch: &dyn Watch,
        each: &mut dyn FnMut(&Judged<'_>),
    ) -> Result<Judgement, Error> {
        let mut judgement = Judgement::default();
        if let Some(path) = &self.alone {
            let backup = self.read_alone(path, watch)?;
            let judged = backup.judge(question, watch)?;
            each(&judged);
            judgement.take(judged.parts, judged.verdict);
        }
        for directory in self.directories() {
            if directory.backups.len() > 1 {
                let findings = pair::directory(directory);
                let verdict = checks::verdict(&findings, question.fail_on);
                judgement.take(vec![(directory.path.to_string_lossy().into_owned(), findings)], verdict);
            }
            for files in &directory.backups {
                let mut judge = || {
                    let backup = self.read(files, watch)?;
                    let judged = backup.judge(question, watch)?;
                    each(&judged);
                    judgement.take(judged.parts, judged.verdict);
                    Ok(())
                };
                if let Err(error) = judge() {
                    judgement.unread.push(Unread { name: directory.name_of(files), error });
                }
            }
        }
        Ok(judgement)
    }
}

impl Backup {
    /// Judges it.
    ///
    /// # Errors
    /// As [`Backup::facts`].
    pub fn judge(&self, question: &Question, watch: &dyn Watch) -> Result<Judged<'_>, Error> {
        let facts = self.facts(question, watch)?;
        let (target, lone) = (question.target.as_ref(), self.is_alone());
        let asks = if lone { Asks::Integrity } else { Asks::Restore };
        let mut own = self.of_both(&facts, target, asks);
        let mut parts = Vec::new();
        if !lone {
            parts.push((self.name.clone(), std::mem::take(&mut own)));
            if let Some(directory) = self.directory.as_deref().filter(|directory| directory.backups.len() == 1) {
                parts.push((directory.path.to_string_lossy().into_owned(), pair::directory(directory)));
            }
        }
        self.of_files(&facts, question, &mut parts);
        if let Some((_, findings)) = parts.first_mut().filter(|_| lone) {
            findings.extend(own);
        }
        for (_, findings) in &mut parts {
            findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        }
        let verdict = checks::verdict(parts.iter().flat_map(|(_, findings)| findings), question.fail_on);
        Ok(Judged { name: &self.name, facts, parts, verdict })
    }

    /// What is said of the backup as a whole.
    fn of_both(&self, facts: &Facts<'_>, target: Option<&TargetCluster>, asks: Asks) -> Vec<Finding> {
        let compat = Compat::of(facts.sources(), target, asks);
        let mut own = Vec::new();
        if let (Some(snapshot), Some(tarball)) = (&facts.snapshot, facts.tarball) {
            let minor = compat.release.backup.minor();
            let outcome = pair::judge(&self.files, snapshot, &tarball.resources, &facts.keys, minor);
            own.extend(outcome.findings.into_sorted());
        }
        if asks == Asks::Restore {
            own.extend(pair::halves(&self.files, facts.platform).into_sorted());
            own.extend(pair::unread(&self.unread));
        }
        own.extend(compat.findings);
        own.extend(facts.encryption.iter().flat_map(|found| checks::keys_fit::check(found).into_sorted()));
        own
    }

    /// What is said of each of its files.
    fn of_files(&self, facts: &Facts<'_>, question: &Question, parts: &mut Vec<(String, Vec<Finding>)>) {
        let asks_of_restore = !self.is_alone() || question.target.is_some() || question.restore_on.is_some();
        let (restore, now) = (question.restore_on, question.now);
        let resources = facts.tarball.map(|tarball| &tarball.resources);
        if let (Some(source), Some(snapshot)) = (&self.snapshot, &facts.snapshot) {
            let findings = checks::snapshot::check(snapshot).into_sorted();
            let mut findings = checks::pair::as_made_by(facts.platform, findings);
            if asks_of_restore {
                findings.extend(pair::hazards(snapshot, resources, &facts.keys, restore, now));
            }
            parts.push((source.name(), findings));
        }
        if let Some(found) = &self.tarball {
            let name = tarball::name(found.file_name.as_deref());
            let check = TarballCheck { tarball: &found.facts, name, now: now.as_second() };
            let mut findings = checks::tarball::check(&check).into_sorted();
            if facts.snapshot.is_none() {
                findings.extend(pair::hazards_of_tarball(&found.facts.resources, restore, now));
            }
            parts.push((found.path.clone(), findings));
        }
    }
}

impl Judged<'_> {
    /// The worst finding's severity; `None` where there is none.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.parts.iter().flat_map(|(_, findings)| findings).map(|finding| finding.severity()).max()
    }
}
