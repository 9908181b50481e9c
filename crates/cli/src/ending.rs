//! How a command ends.

use checks::Verdict;

/// How work that was done turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// Nothing stands against it.
    #[default]
    Clean,
    /// Findings at or above `--fail-on` stand.
    Findings,
}

impl Ending {
    /// The verdict of a document that says no more than whether damage, or what was asked for, stands against it.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Clean => Verdict::Pass,
            Self::Findings => Verdict::Fail,
        }
    }
}
