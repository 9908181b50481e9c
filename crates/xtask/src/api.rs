//! What the two libraries that promise something offer to programs, as lists that a change must change, too.
//!
//! rustdoc says what is public, in a form that it calls unstable: the list of another toolchain may not be readable, which
//! is an error of its own ([`Error::Format`]) and no difference.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo;
use crate::error::Error;

/// The folders in `crates/` of the libraries that promise something, and the name of each library.
const PROMISED: [(&str, &str); 2] = [("assay", "assay"), ("document", "document")];

/// A list that is not as it was: what is no longer offered, and what is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The file with the list.
    pub list: PathBuf,
    /// What stood there and is not offered. To programs outside this breaks.
    pub gone: Vec<String>,
    /// What is offered and did not stand there.
    pub new: Vec<String>,
}

/// Makes both lists anew in the workspace at `root`, or with `check` only tells what would change in them; `cargo` is the
/// program to ask.
///
/// # Errors
/// [`Error`] where a list cannot be made, read or written.
pub fn api(root: &Path, cargo: &Path, check: bool) -> Result<Vec<Changed>, Error> {
    let mut changed = Vec::new();
    for (folder, library) in PROMISED {
        let list = root.join("crates").join(folder).join("public-api.txt");
        let offered = offered(&described(root, cargo, folder, library)?)?;
        let recorded = match fs::read_to_string(&list) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(Error::file(&list))?,
        };
        let recorded: Vec<String> = recorded.lines().map(str::to_owned).collect();
        if recorded == offered {
            continue;
        }
        if !check {
            let text = offered.join("\n") + "\n";
            fs::write(&list, text).map_err(Error::file(&list))?;
        }
        changed.push(Changed { list, gone: without(&recorded, &offered), new: without(&offered, &recorded) });
    }
    Ok(changed)
}

/// Those of `lines` that are not in `others`.
fn without(lines: &[String], others: &[String]) -> Vec<String> {
    let others: HashSet<&String> = others.iter().collect();
    lines.iter().filter(|line| !others.contains(line)).cloned().collect()
}

/// Has rustdoc describe a library, and gives the file. Built apart from what else is built, as the compiler is told that
/// it may do what is not stable yet.
fn described(root: &Path, cargo: &Path, folder: &str, library: &str) -> Result<PathBuf, Error> {
    let target = root.join("target/api");
    let mut command = Command::new(cargo);
    command.args(["rustdoc", "--quiet", "--lib", "--manifest-path"]).arg(format!("crates/{folder}/Cargo.toml"));
    command.arg("--target-dir").arg(&target);
    command.args(["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]);
    cargo::said(command.current_dir(root).env("RUSTC_BOOTSTRAP", "1"))?;
    Ok(target.join("doc").join(format!("{library}.json")))
}

/// What a library offers, a line each. Of a trait that a type derives, the line that it does: what is in it is known.
fn offered(description: &Path) -> Result<Vec<String>, Error> {
    let read = |derived: bool| -> Result<Vec<String>, Error> {
        let api = public_api::Builder::from_rustdoc_json(description)
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .omit_auto_derived_impls(!derived)
            .build()
            .map_err(|error| Error::Format(error.to_string()))?;
        Ok(api.items().map(ToString::to_string).collect())
    };
    let written: HashSet<String> = read(false)?.into_iter().collect();
    let mut all = read(true)?;
    all.retain(|line| written.contains(line) || line.starts_with("impl") && !line.contains("StructuralPartialEq"));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_apart() {
        let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let (old, new) = (lines(&["pub fn a()", "pub fn b()"]), lines(&["pub fn b()", "pub fn c()"]));
        assert_eq!(without(&old, &new), ["pub fn a()"]);
        assert_eq!(without(&new, &old), ["pub fn c()"]);
    }

    /// `cargo xtask api` makes the lists; that they are right is held by `.ci/run doc`, as it takes a build.
    #[test]
    fn both_lists_are_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        for (folder, library) in PROMISED {
            let list = fs::read_to_string(root.join("crates").join(folder).join("public-api.txt")).unwrap();
            assert!(list.starts_with(&format!("pub mod {library}\n")), "{folder}");
        }
    }
}
