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
    /// The least severity that fails; `None` never fails.
    pub fail_on: Option<Severity>,
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
    /// Which cluster it is of; `None` where nothing in it tells.
    pub cluster: Option<document::ClusterId>,
    /// When it was taken; `None` where nothing tells.
    pub taken: Option<document::Moment>,
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

    /// What the findings about its snapshot, or its tarball, come to; the one file of a backup has the backup's verdict.
    #[must_use]
    pub fn verdict_on(&self, file: Subject) -> Verdict {
        if self.backup.is_alone() {
            return self.verdict;
        }
        let about = self.parts.iter().filter(|part| part.about == file).flat_map(|part| &part.findings);
        checks::verdict(about, self.fail_on)
    }

    /// All its findings, part by part.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.parts.iter().flat_map(|part| &part.findings)
    }
}
