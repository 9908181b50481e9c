//! What reports are held against, where it is installed; with `CI=true` what is absent is a failure.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file that `scripts/install-peers` brings.
pub(crate) fn file(name: &str, test: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let found = [target, root.join("target")].into_iter().map(|dir| dir.join("peers").join(name)).find(|p| p.is_file());
    if found.is_none() {
        skip(test, &format!("no target/peers/{name}; run scripts/install-peers"));
    }
    found
}

fn skip(test: &str, why: &str) {
    assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "{test}: {why}");
    // not by a print macro: what those write is lost when the test passes
    let _ =
        std::io::stderr().write_all(format!("SKIPPED {test}: {why}; the recorded reports were checked\n").as_bytes());
}

/// Runs a program to its end; what it printed and whether it was content.
pub(crate) fn run(command: &mut Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
