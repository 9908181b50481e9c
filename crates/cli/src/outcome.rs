//! What work came to.

/// How work that was done turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// Nothing stands against it.
    #[default]
    Clean,
    /// Findings at or above `--fail-on` stand.
    Findings,
}
