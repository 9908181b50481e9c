//! Running the binary, and the files it is run on.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// How a run ended.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs assay.
pub(crate) fn assay(args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_assay")).args(args).env_remove("RUST_BACKTRACE").output().unwrap();
    let run = Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    };
    crate::valid::check(&run.out);
    run
}

/// Runs assay with `--json`; gives the exit code and the document.
pub(crate) fn json(args: &[&str]) -> (Option<i32>, Value) {
    let run = assay(&[args, &["--json"]].concat());
    let document = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", run.err));
    (run.code, document)
}

/// IDs of the findings of a document.
pub(crate) fn ids(document: &Value) -> Vec<&str> {
    document["findings"].as_array().unwrap().iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

pub(crate) use fixtures::root;

/// The file of a fixture whose name ends like this.
pub(crate) fn fixture_file(fixture: &str, ending: &str) -> PathBuf {
    fixtures::named(fixture).path(ending)
}

/// A fixture's snapshot, uncompressed.
pub(crate) fn snapshot(fixture: &str) -> Vec<u8> {
    fixtures::named(fixture).bytes()
}

/// Names of the fixtures that have ground truth.
pub(crate) fn fixtures() -> Vec<String> {
    fixtures::all().into_iter().map(|backup| backup.name).collect()
}

/// What is known of a fixture.
pub(crate) fn facts(fixture: &str) -> Value {
    fixtures::named(fixture).facts()
}
