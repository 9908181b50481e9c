//! What cargo says of the workspace.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::error::Error;

/// The packages of the workspace at `root`, as cargo describes them; `cargo` is the program to ask.
///
/// # Errors
/// [`Error::Asked`] with cargo's word.
pub(crate) fn packages(root: &Path, cargo: &Path) -> Result<Vec<Value>, Error> {
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(root.join("Cargo.toml"));
    let said: Value = serde_json::from_str(&said(&mut command)?).map_err(|why| Error::asked("cargo metadata", why))?;
    Ok(list(&said, "packages").to_vec())
}

/// What a program prints when it succeeds.
///
/// # Errors
/// [`Error::Asked`] with its word.
pub(crate) fn said(command: &mut Command) -> Result<String, Error> {
    let failed = |command: &Command, why: &str| {
        let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
        let asked = command.get_args().next().unwrap_or_default().to_string_lossy();
        Error::asked(&format!("{program} {asked}"), why)
    };
    let output = command.output().map_err(|why| failed(command, &why.to_string()))?;
    if !output.status.success() {
        return Err(failed(command, &String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|why| failed(command, &why.to_string()))
}

pub(crate) fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The kind of a dependency that is built in is `null`: no text.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
