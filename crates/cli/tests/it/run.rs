//! Running the binary.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

/// The binary, in an environment that does not depend on who runs the tests.
pub(crate) fn assay<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.args(arguments).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let out = String::from_utf8(output.stdout).unwrap();
        crate::valid::check(&out);
        Self { code: output.status.code(), out, err: String::from_utf8(output.stderr).unwrap() }
    }
}

/// Runs the binary to its end.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Run {
    assay(arguments).output().unwrap().into()
}

/// The document on standard output of a run that went well.
pub(crate) fn json_of<S: AsRef<OsStr>>(arguments: &[S]) -> serde_json::Value {
    let run = run(arguments);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let document: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document.get("schema").and_then(|schema| schema.as_str()), Some("assay/1"));
    document
}
