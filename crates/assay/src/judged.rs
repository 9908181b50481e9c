//! One backup, judged: the data of it.

use checks::pair::Comparison;
use checks::required::Subject;
use checks::version::Compat;
use checks::{Finding, Severity, Verdict};

use crate::backup::{Backup, Facts};
use crate::question::Asks;

/// One backup, judged: what it says, what that means, and the verdict. No `Debug`: see [`Facts`].
#[non_exhaustive]
pub struct Judged<'b> {
    /// The backup.
    pub backup: &'b Backup,
    /// What was asked.
    pub asks: Asks,
    /// What it says.
    pub facts: Facts<'b>,
    /// Its release, and whether that is the target's.
    pub compat: Compat<'b>,
    /// What came of holding its halves against each other; `None` where there were no two, or that was not asked for.
    pub pair: Option<Comparison>,
    /// What the manifest of an escrow proves; `None` where none was given.
    pub escrow: Option<document::Escrow>,
    /// What came of holding it against what was said of it; `None` where nothing was given.
    pub expected: Option<document::Expected>,
    /// What an etcd did that was started on it, restored; `None` where none was.
    pub rehearsal: Option<document::Boot>,
    /// Findings by the artifact that they are about, worst first in each.
    pub parts: Vec<Part>,
    /// What they add up to.
    pub verdict: Verdict,
}

/// Findings about one artifact.
#[derive(Debug, Clone)]
pub struct Part {
    /// What findings call it.
    pub name: String,
    /// What it is.
    pub about: Subject,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
}

impl Judged<'_> {
    /// What findings about it call it: the backup, or its one file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.backup.name
    }

    /// The worst finding's severity; `None` where there is none.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.parts.iter().flat_map(|part| &part.findings).map(Finding::severity).max()
    }

    /// All its findings, part by part.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.parts.iter().flat_map(|part| &part.findings)
    }
}
