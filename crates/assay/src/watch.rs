//! Progress, for those who want to hear of it.

/// Hears of progress. Every method has an empty body; [`Silent`] hears of nothing.
pub trait Watch: Sync {
    /// Something long begins; `total` are its bytes, where they are known.
    fn phase(&self, phase: Phase, total: Option<u64>) {
        let _ = (phase, total);
    }

    /// So many bytes of it are done, since the last call.
    fn advance(&self, bytes: u64) {
        let _ = bytes;
    }

    /// Called before the first byte is read of a file that may hold keys: a program forbids core dumps here.
    fn before_keys(&self) {}
}

/// What takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// A file is read.
    Reading,
    /// A snapshot is hashed and walked.
    Checking,
    /// Encrypted values are opened.
    Opening,
}

/// Hears of nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Watch for Silent {}
