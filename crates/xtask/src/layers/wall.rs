//! The wall between what is offline and the one program that is not: by what cargo says each is built of.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::cargo;
use crate::error::Error;

/// What speaks to a network, or is there for what does. `mio` is not among them: the terminal waits by it.
pub const NETWORKED: [&str; 14] = [
    "aws-lc-sys",
    "curl-sys",
    "h2",
    "hyper",
    "native-tls",
    "object_store",
    "openssl-sys",
    "quinn",
    "reqwest",
    "ring",
    "rustls",
    "socket2",
    "tokio",
    "ureq",
];

/// The names of all packages that a package of the workspace at `root` is built of, for every system and with every
/// feature; what only its tests use is not among them.
///
/// # Errors
/// [`Error::Asked`] with cargo's word.
pub fn built_of(root: &Path, cargo: &Path, package: &str) -> Result<BTreeSet<String>, Error> {
    let mut command = Command::new(cargo);
    command.args(["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}", "--target", "all"]);
    command.args(["--all-features", "--package", package, "--manifest-path"]).arg(root.join("Cargo.toml"));
    let said = cargo::said(&mut command)?;
    Ok(said.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}
