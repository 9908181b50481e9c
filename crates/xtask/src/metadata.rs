//! What cargo says of the workspace.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Why it could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// cargo cannot be run, or refuses; its word.
    #[error("cargo metadata: {0}")]
    Cargo(String),
}

/// The packages of the workspace at `root`, as cargo describes them; `cargo` is the program to ask.
///
/// # Errors
/// [`Error::Cargo`] with cargo's word.
pub(crate) fn packages(root: &Path, cargo: &Path) -> Result<Vec<Value>, Error> {
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(root.join("Cargo.toml"));
    let said: Value = serde_json::from_slice(&said(&mut command)?).map_err(|error| Error::Cargo(error.to_string()))?;
    Ok(list(&said, "packages").to_vec())
}

/// What cargo prints when it succeeds.
///
/// # Errors
/// [`Error::Cargo`] with cargo's word.
pub(crate) fn said(command: &mut Command) -> Result<Vec<u8>, Error> {
    let output = command.output().map_err(|error| Error::Cargo(error.to_string()))?;
    if !output.status.success() {
        return Err(Error::Cargo(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(output.stdout)
}

pub(crate) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The kind of a dependency that is built in is `null`: no text.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
