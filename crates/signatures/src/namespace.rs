//! What a signature is for: one made for something else does not count.

use std::fmt;

/// The namespaces of assay's signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Namespace {
    /// Of the manifest of an escrow.
    #[default]
    Escrow,
    /// Of a drill's statement.
    Drill,
    /// Of the head of a catalog's log.
    Log,
    /// Of the sums of a release.
    Release,
}

impl Namespace {
    /// The word after `ssh-keygen -Y sign -n`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Escrow => "assay-escrow@1",
            Self::Drill => "assay-drill@1",
            Self::Log => "assay-log@1",
            Self::Release => "assay-release@1",
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
