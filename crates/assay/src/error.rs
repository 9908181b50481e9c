//! Why a question cannot be answered.

use artifact::InputError;

/// Why a question cannot be answered. What is wrong with a backup is no error: it is a finding.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A file that can be read, and holds nothing that can be judged.
    #[error("{display}: {reason}")]
    NoDatabase {
        /// The file's name for messages.
        display: String,
        /// Why not.
        reason: String,
    },
}
