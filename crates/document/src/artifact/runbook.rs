//! A procedure, filled in with what a backup says: `runbook`.

use std::borrow::Cow;

use checks::{Severity, Verdict};
use serde::{Deserialize, Serialize};

use super::Boot;
use crate::any::Fields;
use crate::values::Word;

/// The book of one restore, or of another task at one cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Runbook {
    /// [`Runbook::KIND`].
    pub kind: Word,
    /// The backup's path, as given.
    pub path: String,
    /// What findings about it call it.
    pub name: String,
    /// `restore`, `defragment`, `encryption`, `storage`.
    pub task: Word,
    /// Name of the platform whose procedure it is.
    pub platform: Word,
    /// Which procedure: `long`, `short`, `single-node`, `fenced`, `manual`, `kubeadm`, ...
    pub procedure: Word,
    /// Why it is that one.
    pub because: String,
    /// The release of the backup, in words; empty where nothing tells.
    pub release: String,
    /// The release of the cluster that it is for; `None` where it was not said.
    pub target: Option<String>,
    /// The verdict on the backup.
    pub verdict: Option<Verdict>,
    /// Why nothing of it must be done; empty where it may be.
    pub refusals: Vec<Refusal>,
    /// What one must know before the first step: what is lost, what has moved on.
    pub notes: Vec<BookNote>,
    /// The host that is restored on; `None` where the procedure has none.
    pub recovery_host: Option<RecoveryHost>,
    /// What the backup cannot know, and what finds it.
    pub blanks: Vec<Blank>,
    /// Everything that is to be done, in order.
    pub steps: Vec<BookStep>,
    /// Steps of the documented procedure that are not to be done, with the reason.
    pub omitted: Vec<OmittedStep>,
    /// Files that steps need.
    pub files: Vec<BookFile>,
    /// The step that it goes on at; `None` from the beginning.
    pub at_step: Option<String>,
    /// What an etcd did that was started on the backup, restored; `None` where none was.
    pub rehearsal: Option<Boot>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

impl Runbook {
    /// What `kind` says of it.
    pub const KIND: Word = Cow::Borrowed("runbook");
}

/// Why nothing of it must be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Refusal {
    /// The finding that says so; `None` where none does.
    pub finding: Option<String>,
    /// In words.
    pub text: String,
    /// What to do instead.
    pub instead: String,
}

/// What one must know before the first step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BookNote {
    /// `age`, `revision`, `certificates`, `keys`, `tokens`, `unknown`, ...
    pub about: Word,
    /// In words.
    pub text: String,
}

/// The host that is restored on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecoveryHost {
    /// Name of its Node.
    pub node: String,
    /// Its first internal address; `None` where the backup names none.
    pub ip: Option<String>,
    /// Whether assay proposes it; otherwise it was named.
    pub proposed: bool,
    /// What speaks for it, or against it.
    pub because: String,
}

/// What the backup cannot know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Blank {
    /// As it stands in commands, in angle brackets: `<ssh-key-path>`.
    pub placeholder: String,
    /// What belongs there.
    pub means: String,
    /// The command that finds it; `None` where no command does.
    pub found_by: Option<String>,
}

/// One step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BookStep {
    /// Its id: `R-07`.
    pub id: String,
    /// Heading of the part of the book that it stands in: the same as that of the step before, or a new part begins.
    pub section: String,
    /// What is done, in a few words.
    pub title: String,
    /// When it is to be done at all: `a node stays NotReady`; `None` where always.
    pub only_if: Option<String>,
    /// `workstation`, `recovery-host`, `other-hosts`, `every-host`, `node`, `management-cluster`, `site`.
    pub place: Word,
    /// What it is for, and when it is to be done: sentences.
    pub text: Vec<String>,
    /// What is done, in order.
    pub blocks: Vec<Block>,
    /// What one should see.
    pub expect: Vec<String>,
    /// How long to wait; `None` where there is nothing to wait for.
    pub wait: Option<Wait>,
    /// What may fail at first, and what to do then.
    pub trouble: Vec<String>,
    /// Findings on this backup that hit this step.
    pub findings: Vec<StepFinding>,
    /// Names of files of the book that it needs.
    pub files: Vec<String>,
}

/// Commands of one step at one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Block {
    /// Its part of the step: `R-07a`; `None` where the step has no parts.
    pub id: Option<String>,
    /// What it does, in a few words; empty where the step's title says it.
    pub title: String,
    /// The host that it runs on; `None` on the workstation.
    pub host: Option<String>,
    /// Lines for bash, as they are to be typed; empty where there is only something to do by hand.
    pub commands: Vec<String>,
    /// What one should see, where that is a line or two; empty where the step says it.
    pub expect: Vec<String>,
}

/// How long to wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wait {
    /// In words: `some minutes, up to 15`.
    pub time: String,
    /// Until what.
    pub until: String,
    /// What to ask again and again; empty where a block of the step does.
    pub poll: String,
}

/// A finding that hits a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepFinding {
    /// Its ID.
    pub id: String,
    /// How bad it is. A word of a later assay, or none, counts as the worst.
    pub severity: Severity,
    /// What was found, in one line.
    pub message: String,
}

impl Default for StepFinding {
    fn default() -> Self {
        Self { id: String::new(), severity: Severity::Critical, message: String::new() }
    }
}

/// A step that is not to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OmittedStep {
    /// Its id, or that of a part: `R-17`, `R-13d`.
    pub id: String,
    /// What it would do.
    pub title: String,
    /// Why not.
    pub because: String,
}

/// A file that steps need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BookFile {
    /// Its name, without a directory.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// SHA-256 of its text, hex.
    pub sha256: String,
    /// Its text. No secret is in it.
    pub text: String,
}
