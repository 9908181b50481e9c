//! The judge: the program `assay`, where it is and which release it is of.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::error::Error;

/// The judge that was named, else the one beside this program, else the one that `PATH` leads to.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(named) = named {
        return std::path::absolute(named).map_err(|error| Error::new(format!("--assay: {error}")));
    }
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name("assay"));
    beside.filter(|place| place.is_file()).or_else(|| in_path("assay")).ok_or_else(|| {
        Error::new("no `assay` beside this program, nor in PATH").hinted("name it: --assay /usr/local/bin/assay")
    })
}

/// Where `PATH` leads for a program.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|place| place.is_file())
}

/// The release of a judge: `0.1.0`.
pub(crate) async fn version(assay: &Path) -> Result<String, Error> {
    let shown = wording::escape_path(assay);
    let output = Command::new(assay).arg("--version").env_clear().kill_on_drop(true).output().await;
    let output = output.map_err(|error| Error::new(format!("`{shown}`: {error}")))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let version = said.trim().strip_prefix("assay ").filter(|version| !version.contains(char::is_whitespace));
    let version = version.filter(|_| output.status.success());
    version
        .map(str::to_owned)
        .ok_or_else(|| Error::new(format!("`{shown}` is not assay: it does not tell its release")))
}
