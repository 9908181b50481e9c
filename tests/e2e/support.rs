//! Running the binary, and the files it is run on.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
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

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The file of a fixture whose name ends like this.
pub(crate) fn fixture_file(fixture: &str, ending: &str) -> PathBuf {
    let dir = root().join("fixtures").join(fixture);
    let entries = fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let found = entries.map(|entry| entry.unwrap().path()).find(|path| path.to_string_lossy().ends_with(ending));
    found.unwrap_or_else(|| panic!("{} has no {ending}", dir.display()))
}

/// A fixture's snapshot, uncompressed.
pub(crate) fn snapshot(fixture: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = fs::File::open(fixture_file(fixture, ".db.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Names of the fixtures that have ground truth.
pub(crate) fn fixtures() -> Vec<String> {
    let dirs = fs::read_dir(root().join("fixtures")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = dirs
        .filter(|dir| dir.join("facts.json").is_file())
        .map(|dir| dir.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 14, "{names:?}");
    names
}

/// The first object of a fixture's `facts.json`.
pub(crate) fn facts(fixture: &str) -> Value {
    let text = fs::read(fixture_file(fixture, "facts.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()[0].clone()
}
