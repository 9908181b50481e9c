//! The judgement of one backup, or of a file by itself.

use backup_facts::snapshot::{Integrity, SnapshotFacts};
use checks::required::Subject;
use checks::tarball::TarballAsked;
use checks::version::Compat;
use checks::{Asks as Circumstances, Finding, Verdict};
use document::Artifact;

use super::vouched;
use crate::backup::Backup;
use crate::database::lost;
use crate::documents;
use crate::error::Error;
use crate::escrow;
use crate::judged::{Judged, Part};
use crate::known;
use crate::moment;
use crate::question::{Asks, Question};
use crate::said;
use crate::tarball::Tarball;
use crate::watch::Watch;
use crate::{hazards, pair};

impl Backup {
    /// Judges it.
    ///
    /// # Errors
    /// As [`Backup::facts`]; and where the manifest of an escrow cannot be read, or there is no tarball for it.
    pub fn judge<'b>(&'b self, question: &'b Question, watch: &dyn Watch) -> Result<Judged<'b>, Error> {
        let asks = question.asks;
        if asks == Asks::Restore && question.escrow_manifest.is_some() && self.alone && self.snapshot.is_some() {
            return Err(Error::NoTarball);
        }
        let facts = self.facts(question, watch)?;
        if asks.reads_all()
            && let Some(note) = self.tarball.as_ref().and_then(Tarball::few_fingerprints)
        {
            watch.note(&note);
        }
        let circumstances = match asks {
            Asks::Restore if self.alone => Circumstances::Integrity,
            _ => Circumstances::Restore,
        };
        let compat = Compat::of(facts.sources(), question.target.as_ref(), circumstances);
        let snapshot = facts.snapshot.as_ref();
        let calls_itself = |it: &SnapshotFacts<'_>| {
            it.inventory.openshift()?.infrastructure.as_ref().map(|infra| infra.infrastructure_name.clone())
        };
        let name = snapshot.and_then(calls_itself);
        let cluster = snapshot.and_then(|it| moment::cluster(&it.cluster, &it.scan.state, name.as_deref()));
        let taken = moment::taken(self, snapshot.map(|it| &it.cluster), question.now);
        let mut judged = Judged {
            backup: self,
            asks,
            fail_on: question.fail_on,
            cluster,
            taken,
            facts,
            compat,
            pair: None,
            escrow: None,
            expected: None,
            rehearsal: None,
            parts: Vec::new(),
            verdict: Verdict::Pass,
        };
        judged.weigh(question, watch)?;
        watch.done();
        Ok(judged)
    }
}

impl Judged<'_> {
    /// What the document has of it: the backup and its files, or the file.
    #[must_use]
    pub fn artifacts(&self) -> Vec<Artifact> {
        documents::of(self)
    }

    fn weigh(&mut self, question: &Question, watch: &dyn Watch) -> Result<(), Error> {
        match self.asks {
            Asks::Keys => {
                let name = self.backup.snapshot.as_ref().map_or_else(|| self.backup.name.clone(), |it| it.name());
                let vouched = vouched::of(question)?.0;
                let findings = self.of_keys().into_iter().chain(self.losses()).chain(vouched).collect();
                self.part(name, Subject::Snapshot, findings);
            }
            Asks::Release => {
                let lost = self.losses().into_iter().chain(self.cut_short());
                let findings = self.compat.findings.iter().cloned().chain(lost).collect();
                self.part(documents::compat::name(self.backup), Subject::Other, findings);
            }
            Asks::Restore | Asks::Contents => self.of_files(question, watch)?,
        }
        let judged: Vec<Part> = std::mem::take(&mut self.parts);
        self.parts = judged
            .into_iter()
            .map(|mut part| {
                // a description keeps the order of its documents: pair, halves, release, worst first in each of them
                if self.asks != Asks::Contents {
                    part.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
                }
                known::apply(part, Some(self), question)
            })
            .collect();
        self.verdict = match self.asks {
            Asks::Release
                if self.compat.allowed() == Some(true) && self.facts.complete && self.cut_short().is_none() =>
            {
                Verdict::Pass
            }
            Asks::Release => Verdict::Fail,
            // what is lost was not tried
            Asks::Keys if !self.facts.complete && question.fail_on.is_some() => Verdict::Fail,
            // to describe is not to judge; but of a file that lost something, or is not what was written, it is half a truth
            Asks::Contents if self.is_whole() => checks::verdict(self.findings(), None),
            Asks::Contents => Verdict::Fail,
            _ => checks::verdict(self.findings(), question.fail_on),
        };
        Ok(())
    }

    /// What says that a copy of the file did not come to its end, within the hash behind its pages.
    fn cut_short(&self) -> Option<Finding> {
        checks::snapshot::cut_short(self.facts.walk.as_deref()?)
    }

    /// Whether nothing of it is lost, and the bytes are those that were written as far as an integrity hash tells.
    fn is_whole(&self) -> bool {
        let snapshot = self.facts.snapshot.as_ref();
        let is_whole = |it: &SnapshotFacts<'_>| it.integrity() != Integrity::Wrong && lost(&it.scan) == (0, 0);
        self.facts.complete && snapshot.is_none_or(is_whole)
    }

    /// Adds what means something for the backup's platform.
    fn part(&mut self, name: String, about: Subject, findings: Vec<Finding>) {
        let platform = self.facts.platform();
        let findings = findings.into_iter().filter_map(|finding| finding.on(platform)).collect();
        self.parts.push(Part { name, about, findings });
    }

    /// What a walk for its keys or its release could not see: an answer about the rest is none about the whole.
    fn losses(&self) -> Vec<Finding> {
        let walk = self.facts.walk.as_deref();
        walk.map(|scan| checks::snapshot::losses(scan).into_sorted()).unwrap_or_default()
    }

    fn of_keys(&self) -> Vec<Finding> {
        let records = || match &self.facts.snapshot {
            Some(snapshot) => checks::keys_fit::check_records(&snapshot.bootstrap),
            None => checks::Findings::default(),
        };
        self.facts.encryption.as_ref().map_or_else(records, checks::keys_fit::check).into_sorted()
    }

    /// What is said of the backup as a whole and of each of its files.
    fn of_files(&mut self, question: &Question, watch: &dyn Watch) -> Result<(), Error> {
        let backup = self.backup;
        if backup.alone {
            let name = match (&backup.snapshot, &backup.tarball) {
                (Some(source), _) => source.name(),
                (None, Some(tarball)) => tarball.path.clone(),
                (None, None) => return Ok(()),
            };
            let (about, mut findings) = match &backup.snapshot {
                Some(_) => (Subject::Snapshot, self.of_snapshot()),
                None => (Subject::Tarball, self.of_tarball(question)),
            };
            if self.asks == Asks::Restore {
                findings.extend(self.compat.findings.iter().cloned());
                findings.extend(self.of_keys());
                findings.extend(vouched::of(question)?.0);
                findings.extend(self.hazards(question));
                findings.extend(self.as_said(question, watch)?);
                findings.extend(self.rehearsed(question)?);
            }
            self.part(name, about, findings);
            return Ok(());
        }
        let own = self.of_both(question, watch)?;
        self.part(backup.name.clone(), Subject::Backup, own);
        if self.asks == Asks::Restore
            && let Some(directory) = backup.directory().filter(|directory| directory.backups.len() == 1)
        {
            let name = directory.path.to_string_lossy().into_owned();
            self.part(name, Subject::Other, pair::directory(directory));
        }
        if let Some(source) = &backup.snapshot {
            let mut findings = self.of_snapshot();
            findings.extend(self.hazards(question));
            self.part(source.name(), Subject::Snapshot, findings);
        }
        if let Some(tarball) = &backup.tarball {
            let mut findings = self.of_tarball(question);
            if self.facts.snapshot.is_none() {
                findings.extend(self.hazards(question));
            }
            self.part(tarball.path.clone(), Subject::Tarball, findings);
        }
        Ok(())
    }

    /// What is said of a backup as a whole.
    fn of_both(&mut self, question: &Question, watch: &dyn Watch) -> Result<Vec<Finding>, Error> {
        let (backup, facts) = (self.backup, &self.facts);
        let mut own = Vec::new();
        if let (Some(snapshot), Some(tarball)) = (&facts.snapshot, facts.tarball) {
            let minor = self.compat.release.backup.minor();
            let mut comparison = pair::judge(&backup.files, snapshot, tarball.resources(), &facts.keys, minor);
            own.extend(std::mem::take(&mut comparison.findings).into_sorted());
            self.pair = Some(comparison);
        }
        own.extend(pair::halves(&backup.files, facts.platform()).into_sorted());
        if self.asks == Asks::Restore {
            own.extend(pair::unread(&backup.unread));
            let chain = facts.deltas.as_ref().map(checks::pair::check_deltas);
            own.extend(chain.unwrap_or_default().into_sorted());
        }
        own.extend(self.compat.findings.iter().cloned());
        own.extend(self.of_keys());
        let (vouched, sum) = match self.asks {
            Asks::Restore => vouched::of(question)?,
            _ => (Vec::new(), None),
        };
        if let Some(manifest) = question.escrow_manifest.as_deref().filter(|_| self.asks == Asks::Restore) {
            let (told, finding) = escrow::hold(backup, manifest, (question, sum.as_ref()), &mut own, watch)?;
            own.push(finding);
            self.escrow = Some(told);
        }
        own.extend(vouched);
        own.extend(self.as_said(question, watch)?);
        own.extend(self.rehearsed(question)?);
        Ok(own)
    }

    /// Held against what was said of it when it was made.
    fn as_said(&mut self, question: &Question, watch: &dyn Watch) -> Result<Vec<Finding>, Error> {
        let Some(expected) = question.expected.as_deref().filter(|_| self.asks == Asks::Restore) else {
            return Ok(Vec::new());
        };
        let (told, findings) = said::hold(self, expected, watch)?;
        self.expected = Some(told);
        Ok(findings)
    }

    /// Restored, and an etcd started on it.
    fn rehearsed(&mut self, question: &Question) -> Result<Option<Finding>, Error> {
        let (Some(rehearse), Some(source)) = (&question.rehearse, &self.backup.snapshot) else { return Ok(None) };
        let boot = rehearse.rehearse(source).map_err(Error::Rehearsal)?;
        let failed = || checks::rehearsed::failed(&boot.told(), &boot.etcd_version, &boot.findings);
        let finding = (!boot.holds()).then(failed);
        self.rehearsal = Some(boot);
        Ok(finding)
    }

    fn of_snapshot(&self) -> Vec<Finding> {
        let snapshot = self.facts.snapshot.as_ref();
        let of_file = snapshot.map(|snapshot| checks::snapshot::check_of(snapshot, self.facts.platform()));
        let log = self.facts.log.as_ref().map(|beside| checks::snapshot::check_log(&beside.log, beside.index));
        of_file.into_iter().flatten().chain(log.unwrap_or_default().into_sorted()).collect()
    }

    fn of_tarball(&self, question: &Question) -> Vec<Finding> {
        let tarball = self.facts.tarball;
        let check = |tarball: &Tarball| {
            let asked = TarballAsked { tarball: &tarball.facts, name: tarball.name(), now: question.now.as_second() };
            checks::tarball::check(&asked).into_sorted()
        };
        tarball.map(check).unwrap_or_default()
    }

    /// What a restore would run into. Of a file by itself only where a restore was spoken of: by its day, its cluster, or how
    /// far that has gone.
    fn hazards(&self, question: &Question) -> Vec<Finding> {
        if self.asks != Asks::Restore {
            return Vec::new();
        }
        let (facts, restore, now) = (&self.facts, question.restore_on, question.now);
        let spoken_of = question.target.is_some() || restore.is_some() || question.live_revision.is_some();
        match (&facts.snapshot, facts.tarball) {
            (Some(_), _) if self.backup.alone && !spoken_of => Vec::new(),
            (Some(snapshot), tarball) => {
                hazards::of_snapshot(self.backup, snapshot, tarball.map(Tarball::resources), &facts.keys, question)
            }
            (None, Some(tarball)) => hazards::of_tarball(tarball.resources(), restore, now),
            (None, None) => Vec::new(),
        }
    }
}
