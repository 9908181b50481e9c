//! The crates of the workspace, as the page of the laws knows them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cargo::{self, list, text};
use crate::error::Error;

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
/// [`Error::Asked`] with cargo's word.
pub(super) fn packages(root: &Path, cargo: &Path) -> Result<Vec<Package>, Error> {
    let listed = cargo::packages(root, cargo)?;
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
