//! Why the harness could not do what a test asked.
//!
//! Everything here fails a test; the texts are for the person who reads the test's output.

use std::path::Path;

use boot::GatewayError;

/// A release that is not installed, and where it was looked for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no etcd and etcdctl {version} ({}); run scripts/install-peers", looked.join(", "))]
pub struct Absent {
    pub(crate) version: &'static str,
    pub(crate) looked: Vec<String>,
}

/// What went wrong between a test and a peer.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The peer is not installed.
    #[error(transparent)]
    Absent(#[from] Absent),
    /// A file, socket or process could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path or address.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A program ended with a failure.
    #[error("`{command}` failed: {stderr}")]
    Command {
        /// The command line.
        command: String,
        /// What it wrote to stderr.
        stderr: String,
    },
    /// The server did not come up.
    #[error("etcd {version} did not become healthy: {why}; its log ends:\n{log}")]
    NotReady {
        /// Which release.
        version: &'static str,
        /// Ended early, or the deadline passed.
        why: String,
        /// The end of its log.
        log: String,
    },
    /// The server has no answer, or a refusal.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// An answer without what it must hold.
    #[error("{what}: cannot be read: {text}")]
    Answer {
        /// Whose answer.
        what: String,
        /// The answer, or the reason.
        text: String,
    },
    /// etcd and the scenario's model disagree: one of them, or the harness, is wrong.
    #[error("{what}: etcd says `{got}`, the model `{expected}`")]
    Model {
        /// What was compared.
        what: String,
        /// etcd's value.
        got: String,
        /// The model's value.
        expected: String,
    },
}

impl HarnessError {
    /// Whether etcd refused because the revision asked for has been compacted.
    #[must_use]
    pub fn is_compacted(&self) -> bool {
        match self {
            Self::Gateway(error) => error.is_compacted(),
            Self::Command { stderr, .. } => stderr.contains("has been compacted"),
            _ => false,
        }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        Self::io(path.display().to_string())
    }

    pub(crate) fn answer(what: impl Into<String>, text: impl ToString) -> Self {
        Self::Answer { what: what.into(), text: text.to_string() }
    }
}
