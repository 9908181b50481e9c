//! Why a policy is refused.

/// Why a policy is refused. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No TOML, or a setting that is not known, missing, or of another type.
    #[error("line {line}, column {column}: {what}")]
    Syntax {
        /// Line.
        line: usize,
        /// Column, in characters.
        column: usize,
        /// What is wrong, in the words of the TOML parser.
        what: String,
    },
    /// A finding that is not in the table of findings.
    #[error("line {line}: there is no finding `{id}`; `assay explain` lists all there are")]
    UnknownFinding {
        /// Line.
        line: usize,
        /// What stands there.
        id: String,
    },
    /// A setting with a value that it cannot have.
    #[error("line {line}: `{setting}` is `{got}`, expected {expected}")]
    Value {
        /// Line.
        line: usize,
        /// The setting.
        setting: &'static str,
        /// What stands there.
        got: String,
        /// What could stand there.
        expected: &'static str,
    },
}
