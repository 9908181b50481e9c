//! What is asked of a backup.

/// What is asked, as far as it decides what is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asks {
    /// Whether a lone file is whole: what holds it against other sources is left out.
    Integrity,
    /// Whether a restore will work: everything.
    #[default]
    Restore,
}
