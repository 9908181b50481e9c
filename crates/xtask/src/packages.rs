//! What a package must be to be built from a registry, where the rest of the repository is not.
//!
//! `cargo publish --dry-run` says what cargo refuses, but builds nothing unless told to, which takes as long as all else.
//! What it would find is looked up here: a package has every file that its source includes, its licence, and no test.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::cargo::{self, list, text};
use crate::error::Error;

/// A package that would not be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offence {
    /// A source includes a file that the package has not.
    Lacks {
        /// The package.
        package: String,
        /// What includes it, or `licence`.
        because: String,
        /// The file, from the package's folder.
        file: PathBuf,
    },
    /// A package takes along what it cannot run there: tests and their data.
    Carries {
        /// The package.
        package: String,
        /// One of the files.
        file: String,
    },
    /// A package stands on a crate of ours that no registry will have.
    Unpublished {
        /// The package.
        package: String,
        /// What it stands on.
        on: String,
    },
    /// A package stands on one of ours in any version, while they are only built together.
    Loose {
        /// The package.
        package: String,
        /// What it stands on.
        on: String,
        /// The versions that it takes.
        versions: String,
    },
    /// A name that says not whose it is.
    Name(String),
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacks { package, because, file } => {
                write!(f, "`{package}` has no {}, which {because} asks for", file.display())
            }
            Self::Carries { package, file } => {
                write!(f, "`{package}` takes {file} along; `exclude` it: it needs what is not published")
            }
            Self::Unpublished { package, on } => write!(f, "`{package}` stands on `{on}`, which is not published"),
            Self::Loose { package, on, versions } => write!(
                f,
                "`{package}` takes `{on}` as {versions}; parts are built together alone: ask for `=` and its version"
            ),
            Self::Name(package) => write!(f, "`{package}`: a package that is published begins with `etcd-assay`"),
        }
    }
}

/// Holds every package of the workspace at `root` that may be published; `cargo` is the program to ask.
///
/// # Errors
/// Where cargo's word or a source cannot be had.
pub fn check(root: &Path, cargo: &Path) -> Result<Vec<Offence>, Error> {
    let packages = cargo::packages(root, cargo)?;
    // `publish` is a list of registries, of none where it is false
    let published =
        |package: &Value| package.get("publish").and_then(Value::as_array).is_none_or(|list| !list.is_empty());
    let ours: HashMap<&str, bool> = packages.iter().map(|one| (text(one, "name"), published(one))).collect();
    let mut found = Vec::new();
    for package in packages.iter().filter(|package| published(package)) {
        let name = text(package, "name");
        if name != "etcd-assay" && !name.starts_with("etcd-assay-") {
            found.push(Offence::Name(name.to_owned()));
        }
        found.extend(dependencies(package, &ours));
        found.extend(files(package, &listed(root, cargo, name)?)?);
    }
    Ok(found)
}

/// What is wrong with how a package stands on others of ours.
fn dependencies(package: &Value, ours: &HashMap<&str, bool>) -> Vec<Offence> {
    let mut found = Vec::new();
    for one in list(package, "dependencies").iter().filter(|one| text(one, "kind") != "dev") {
        let (on, versions) = (text(one, "name").to_owned(), text(one, "req").to_owned());
        let package = text(package, "name").to_owned();
        match ours.get(on.as_str()) {
            Some(false) => found.push(Offence::Unpublished { package, on }),
            Some(true) if !versions.starts_with('=') => found.push(Offence::Loose { package, on, versions }),
            _ => {}
        }
    }
    found
}

/// The files that a package would be made of, from its folder.
fn listed(root: &Path, cargo: &Path, name: &str) -> Result<Vec<String>, Error> {
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["package", "--list", "--offline", "--allow-dirty", "--package", name]);
    let said = cargo::said(&mut command)?;
    Ok(said.lines().map(str::to_owned).collect())
}

/// What is wrong with the files of a package.
fn files(package: &Value, files: &[String]) -> Result<Vec<Offence>, Error> {
    let name = || text(package, "name").to_owned();
    let folder = Path::new(text(package, "manifest_path")).parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    let has = |file: &Path| files.iter().any(|one| Path::new(one) == file);
    if !has(Path::new("LICENSE")) {
        found.push(Offence::Lacks { package: name(), because: "its licence".to_owned(), file: "LICENSE".into() });
    }
    let of_tests = |file: &&String| ["tests/", "benches/", "examples/"].iter().any(|dir| file.starts_with(dir));
    found.extend(files.iter().find(of_tests).map(|file| Offence::Carries { package: name(), file: file.clone() }));
    for source in files.iter().filter(|file| file.ends_with(".rs")) {
        let path = folder.join(source);
        let code = fs::read_to_string(&path).map_err(Error::file(&path))?;
        for file in included(Path::new(source), &code) {
            if !has(&file) {
                found.push(Offence::Lacks { package: name(), because: source.clone(), file });
            }
        }
    }
    Ok(found)
}

/// The files that a source includes, from the package's folder; one outside begins with `..`.
fn included(source: &Path, code: &str) -> Vec<PathBuf> {
    // a file's own tests stand last, and are not built there
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for word in ["include_str!(\"", "include_bytes!(\"", "include!(\""] {
        for after in code.split(word).skip(1) {
            let file = after.split('"').next().unwrap_or_default();
            found.push(plain(&source.with_file_name("").join(file)));
        }
    }
    found
}

/// A path without the steps that lead back.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        let back = part == Component::ParentDir && plain.file_name().is_some();
        if back {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

#[cfg(test)]
mod tests;
