//! What cargo says of the workspace.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::Error;

/// A crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    /// The name of its folder, by which the page knows it: the package adds to it what registries ask for.
    pub(super) name: String,
    /// The crates of the workspace that it is built with; what only its tests use is not among them.
    pub(super) imports: Vec<String>,
    /// The root files of its libraries and binaries.
    pub(super) roots: Vec<PathBuf>,
}

/// The crates of the workspace at `root`, by name.
///
/// # Errors
/// [`Error::Metadata`] with cargo's word.
pub(super) fn packages(root: &Path, cargo: &Path) -> Result<Vec<Package>, Error> {
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(root.join("Cargo.toml"));
    let output = command.output().map_err(|error| Error::Metadata(error.to_string()))?;
    if !output.status.success() {
        return Err(Error::Metadata(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let said: Value = serde_json::from_slice(&output.stdout).map_err(|error| Error::Metadata(error.to_string()))?;
    let listed = list(&said, "packages");
    let folders: HashMap<&str, &str> = listed.iter().map(|package| (text(package, "name"), folder(package))).collect();
    let mut found: Vec<Package> = listed.iter().map(|package| read(package, &folders)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The name of the folder with a package's manifest.
fn folder(package: &Value) -> &str {
    let manifest = Path::new(text(package, "manifest_path"));
    manifest.parent().and_then(Path::file_name).and_then(OsStr::to_str).unwrap_or_default()
}

fn read(package: &Value, folders: &HashMap<&str, &str>) -> Package {
    let dependencies = list(package, "dependencies").iter().filter(|one| text(one, "kind") != "dev");
    let ours = dependencies.filter_map(|one| folders.get(text(one, "name")));
    let mut imports: Vec<String> = ours.map(|folder| (*folder).to_owned()).collect();
    imports.sort_unstable();
    imports.dedup();
    let is_code = |target: &&Value| list(target, "kind").iter().any(|kind| *kind == "lib" || *kind == "bin");
    let roots = list(package, "targets").iter().filter(is_code).map(|target| PathBuf::from(text(target, "src_path")));
    Package { name: folder(package).to_owned(), imports, roots: roots.collect() }
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The kind of a dependency that is built in is `null`: no text.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
