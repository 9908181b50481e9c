//! Why the gateway has no answer.

use std::io;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The connection failed, or took too long.
    #[error("{what}: {source}")]
    Io {
        /// Method and address.
        what: String,
        /// The system's reason.
        source: io::Error,
    },
    /// etcd says no.
    #[error("etcd refused `{path}` ({status}): {message}")]
    Refused {
        /// Path of the request.
        path: String,
        /// HTTP status.
        status: u16,
        /// etcd's message.
        message: String,
    },
    /// An answer without what it must hold.
    #[error("{what}: cannot be read: {text}")]
    Answer {
        /// Whose answer.
        what: String,
        /// What is wrong with it, without what it holds.
        text: String,
    },
}

impl GatewayError {
    /// An answer that lacks something.
    pub fn answer(what: impl Into<String>, text: impl ToString) -> Self {
        Self::Answer { what: what.into(), text: text.to_string() }
    }

    /// Whether nothing came in time.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::TimedOut)
    }

    /// Whether the revision that was asked for is compacted.
    #[must_use]
    pub fn is_compacted(&self) -> bool {
        matches!(self, Self::Refused { message, .. } if message.contains("has been compacted"))
    }
}
