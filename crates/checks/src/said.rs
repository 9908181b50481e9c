//! A backup held against what was said of it when it was made.

use backup_facts::said::{Claim, Length, Statement, base, rounded};
use etcd_snapshot::Status;
use static_resources::Pod;
use wording::clip;

use crate::finding::Finding;
use crate::findings::{NOT_SAID, OTHER_THAN_SAID, PODS_OTHER_THAN_SAID, SAVE_FAILED};

/// Characters of a name or of somebody's words that a message has room for.
const LONGEST: usize = 160;
/// Differences that a message has room for; all are among the outcomes.
const IN_A_MESSAGE: usize = 6;

/// A backup, and what was said of it.
pub struct AgainstSaid<'f> {
    /// Name of the text.
    pub source: &'f str,
    /// What it says of this backup.
    pub statements: &'f [&'f Statement],
    /// The numbers of `etcdutl snapshot status`; `None` without a snapshot.
    pub status: Option<&'f Status>,
    /// Bytes of the snapshot's file, its wrapping undone.
    pub file_size: Option<u64>,
    /// SHA-256 of files by their names: as they are stored, and with their wrapping undone.
    pub digests: &'f [(&'f str, [u8; 32])],
    /// Static pods of the tarball; `None` without one.
    pub pods: Option<&'f [Pod]>,
}

/// What came of holding one statement against the backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What is said: `hash`, `revision`, `total-key`, `total-size`, `file-size`, `storage-version`, `sha256`,
    /// `static-pod`, `name`, `made`.
    pub name: &'static str,
    /// Whether it is so; `None` where it could not be told.
    pub holds: Option<bool>,
    /// In words.
    pub message: String,
}

/// Holds a backup against each statement, and says what that comes to.
#[must_use]
pub fn check(against: &AgainstSaid<'_>) -> (Vec<Outcome>, Vec<Finding>) {
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut told = Vec::new();
    for statement in against.statements {
        // a table and a line of JSON may say the same
        if told.contains(&&statement.claim) {
            continue;
        }
        told.push(&statement.claim);
        outcomes.extend(against.hold(statement));
    }
    let findings = against.findings(&outcomes);
    (outcomes, findings)
}

fn outcome(name: &'static str, holds: impl Into<Option<bool>>, message: String) -> Outcome {
    Outcome { name, holds: holds.into(), message }
}

impl AgainstSaid<'_> {
    /// `None` for what is about other files.
    fn hold(&self, Statement { line, claim }: &Statement) -> Option<Outcome> {
        let status = |name, said: String, got: &dyn Fn(&Status) -> (bool, String)| match self.status.map(got) {
            Some((true, got)) => outcome(name, true, format!("{said} (line {line}){got}")),
            Some((false, got)) => outcome(name, false, format!("{said} was said (line {line}), {got}")),
            None => outcome(name, None, format!("{said} was said (line {line}); there is no snapshot")),
        };
        Some(match claim {
            Claim::Hash(said) => status("hash", format!("hash {said:08x}"), &|status| {
                let holds = status.hash == *said;
                (holds, if holds { String::new() } else { format!("it is {:08x}", status.hash) })
            }),
            Claim::Revision(said) => status("revision", format!("revision {said}"), &|status| {
                let holds = status.revision == *said;
                (holds, if holds { String::new() } else { format!("it is {}", status.revision) })
            }),
            Claim::TotalKey(said) => {
                status("total-key", format!("totalKey {said}"), &|status| total_key(status, *said))
            }
            Claim::TotalSize(said) => {
                let words = format!("totalSize {}", length(said));
                status("total-size", words, &|status| size(said, &[status.total_size]))
            }
            Claim::FileSize(said) => {
                let words = format!("file size {}", length(said));
                let file = self.file_size.unwrap_or_default();
                status("file-size", words, &|status| size(said, &[file, status.total_size]))
            }
            Claim::StorageVersion(said) => {
                let words = format!("storage version {}", clip(said, LONGEST));
                status("storage-version", words, &|status| match status.version.as_str() {
                    "" => (true, "; the file has none of its own".to_owned()),
                    version if version == said => (true, String::new()),
                    version => (false, format!("it is {}", clip(version, LONGEST))),
                })
            }
            Claim::Digest { name, sha256 } => return self.digest(*line, name, sha256),
            Claim::Pod { name, revision } => self.pod(*line, name, *revision),
            Claim::Saved(path) => {
                let name = base(path);
                let same = self.digests.iter().any(|(known, _)| *known == name);
                let words = if same { "its name" } else { "it had another name when it was saved" };
                outcome("name", same.then_some(true), format!("{words}: {} (line {line})", clip(name, LONGEST)))
            }
            Claim::Failed(words) => outcome("made", false, format!("`{}` (line {line})", clip(words, LONGEST))),
        })
    }

    /// Of this file by name or, under whatever name, by its bytes; without a name, of one of these files.
    fn digest(&self, line: usize, name: &str, sha256: &[u8; 32]) -> Option<Outcome> {
        let same = self.digests.iter().find(|(_, digest)| digest == sha256);
        if let Some((known, _)) = same {
            return Some(outcome("sha256", true, format!("SHA-256 of {} (line {line})", clip(known, LONGEST))));
        }
        let named = self.digests.iter().find(|(known, _)| name.is_empty() || *known == base(name));
        let (known, got) = named?;
        let (said, got) = (wording::hex(sha256), wording::hex(got));
        let message = format!("SHA-256 {said} was said (line {line}), that of {} is {got}", clip(known, LONGEST));
        Some(outcome("sha256", false, message))
    }

    fn pod(&self, line: usize, name: &str, said: i64) -> Outcome {
        let shown = clip(name, LONGEST);
        let Some(pods) = self.pods else {
            return outcome("static-pod", None, format!("{shown} {said} was said (line {line}); there is no tarball"));
        };
        let got: Vec<String> = pods.iter().filter(|pod| pod.name == name).map(|pod| pod.revision.to_string()).collect();
        if got.contains(&said.to_string()) {
            return outcome("static-pod", true, format!("{shown} {said} (line {line})"));
        }
        let got = if got.is_empty() { "has none of it".to_owned() } else { format!("has {}", got.join(", ")) };
        outcome("static-pod", false, format!("{shown} {said} was said (line {line}), the tarball {got}"))
    }

    fn findings(&self, outcomes: &[Outcome]) -> Vec<Finding> {
        let source = clip(self.source, LONGEST);
        let wrong = |names: &dyn Fn(&str) -> bool| {
            let failed = outcomes.iter().filter(|it| it.holds == Some(false) && names(it.name));
            failed.map(|it| it.message.as_str()).collect::<Vec<_>>()
        };
        let mut findings = Vec::new();
        let failed = wrong(&|name| name == "made");
        if !failed.is_empty() {
            findings.push(Finding::new(&SAVE_FAILED, format!("{source} says: {}", some_of(&failed))));
        }
        let values = wrong(&|name| !["made", "static-pod"].contains(&name));
        if !values.is_empty() {
            let holds = |name| outcomes.iter().any(|it| it.name == name && it.holds == Some(true));
            let another = if holds("revision") && !holds("hash") && !holds("sha256") {
                "; the revision is the same: it may be another save, or another member's"
            } else {
                ""
            };
            findings.push(Finding::new(&OTHER_THAN_SAID, format!("{source}: {}{another}", some_of(&values))));
        }
        let pods = wrong(&|name| name == "static-pod");
        if !pods.is_empty() {
            findings.push(Finding::new(&PODS_OTHER_THAN_SAID, format!("{source}: {}", some_of(&pods))));
        }
        let proves = |it: &&Outcome| it.holds == Some(true) && it.name != "name";
        if findings.is_empty() && outcomes.iter().find(proves).is_none() {
            let message = format!("{source} says nothing that these files can be held against");
            findings.push(Finding::new(&NOT_SAID, message));
        }
        findings
    }
}

/// Both meanings that the word has had.
fn total_key(status: &Status, said: u64) -> (bool, String) {
    let live = status.total_key_36;
    let got = match live {
        Some(live) => format!("{} entries of all buckets (etcd until 3.5), {live} live keys (3.6)", status.total_key),
        None => format!("{} entries of all buckets (etcd until 3.5)", status.total_key),
    };
    match (said == status.total_key, live == Some(said)) {
        (true, _) => (true, ", as etcd until 3.5 counts".to_owned()),
        (_, true) => (true, ", as etcd 3.6 counts".to_owned()),
        _ => (false, format!("there are {got}")),
    }
}

fn size(said: &Length, got: &[u64]) -> (bool, String) {
    match got.iter().any(|bytes| said.is(*bytes)) {
        true => (true, String::new()),
        false => {
            let bytes = got.first().copied().unwrap_or_default();
            (false, format!("it is {bytes} ({})", rounded(bytes)))
        }
    }
}

fn length(length: &Length) -> String {
    match length {
        Length::Exact(bytes) => bytes.to_string(),
        Length::Rounded(text) => clip(text, LONGEST),
    }
}

fn some_of(messages: &[&str]) -> String {
    let shown = messages.iter().take(IN_A_MESSAGE).copied().collect::<Vec<_>>().join("; ");
    match messages.len().saturating_sub(IN_A_MESSAGE) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
