//! Which findings say beforehand what an etcd does with a backup.

use std::path::Path;

use artifact::Reading;
use assay::{Input, Question, Severity};
use boot::Symptom;
use jiff::Timestamp;

/// Findings about a database, looked up when something does not hold.
pub(super) struct Foretold<'f> {
    path: &'f Path,
    reading: &'f Reading,
    now: Timestamp,
    judged: Option<Vec<(&'static str, Severity)>>,
    found: Vec<String>,
}

impl<'f> Foretold<'f> {
    pub(super) fn of(path: &'f Path, reading: &'f Reading, now: Timestamp) -> Self {
        Self { path, reading, now, judged: None, found: Vec::new() }
    }

    /// Looks which findings foretold this.
    pub(super) fn look(&mut self, symptom: Option<Symptom>) {
        let (path, reading, now) = (self.path, self.reading, self.now);
        let judged = self.judged.get_or_insert_with(|| judge(path, reading, now));
        for (id, severity) in judged {
            if foretells(id, *severity, symptom) && !self.found.iter().any(|found| found == id) {
                self.found.push((*id).to_owned());
            }
        }
    }

    /// The ids of all that were found.
    pub(super) fn found(self) -> Vec<String> {
        self.found
    }
}

fn judge(path: &Path, reading: &Reading, now: Timestamp) -> Vec<(&'static str, Severity)> {
    let judged = assay::open_with(Input::from(path), reading).and_then(|backups| backups.judge(&Question::at(now)));
    // a file that cannot be judged has no finding; that it was restored says that it can
    judged.map_or_else(
        |_| Vec::new(),
        |judged| judged.findings().map(|(_, finding)| (finding.entry().id, finding.severity())).collect(),
    )
}

fn foretells(id: &str, severity: Severity, symptom: Option<Symptom>) -> bool {
    match symptom {
        Some(Symptom::NoSpace) => ["ETCD-001", "ETCD-015"].contains(&id),
        Some(Symptom::Corrupt) => id == "ETCD-002",
        Some(Symptom::Authentication) => ["ETCD-020", "ETCD-021"].contains(&id),
        Some(Symptom::OlderBinary) => ["ETCD-010", "ETCD-017"].contains(&id),
        // of the machine, or of how the directory came to be
        Some(Symptom::PortTaken | Symptom::Late | Symptom::NoQuorum | Symptom::IndexAhead) => false,
        // a directory's database has no hash of its own
        _ => severity >= Severity::High && !id.starts_with("SNAP-"),
    }
}
