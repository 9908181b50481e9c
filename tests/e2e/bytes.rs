//! The commands that look at bytes, on damaged files: an answer or a clear refusal, never a panic.

use std::fs;

use crate::damage::{sealed_cases, trailer_cases};
use crate::support::{Run, assay, snapshot};

/// What every run must be like.
fn check(name: &str, line: &[&str], run: &Run) {
    assert!(matches!(run.code, Some(0..=2)), "{name} {line:?}: {:?}", run.code);
    assert!(!run.err.contains("internal error"), "{name} {line:?}: {}", run.err);
    assert_eq!(run.code == Some(2), run.out.is_empty(), "{name} {line:?}: {}", run.err);
    if line.contains(&"--json") && run.code != Some(2) {
        let document: serde_json::Value =
            serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(document["verdict"] == "fail", run.code == Some(1), "{name} {line:?}");
    }
}

const LINES: [&[&str]; 11] = [
    &["du", "--json"],
    &["du"],
    &["du", "-o", "html"],
    &["carve", "--json"],
    &["carve", "--all"],
    &["pages", "--json"],
    &["pages", "--free"],
    &["bucket", "--json"],
    &["page", "--json", "2"],
    &["page", "5", "--reveal"],
    &["page", "0"],
];

fn look(name: &str, path: &str) {
    for line in LINES {
        let line: Vec<&str> = [&line[..1], &[path], &line[1..]].concat();
        check(name, &line, &assay(&line));
    }
}

#[test]
fn damaged_files_are_looked_at_and_said_to_be_damaged() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes, _) in sealed_cases().into_iter().chain(trailer_cases()) {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        look(name, path.to_str().unwrap());
    }
}

#[test]
fn files_that_end_early_too() {
    let dir = tempfile::tempdir().unwrap();
    let whole = snapshot("downgrade-enabled");
    for len in [0, 5, 1024, 4096, 5000, 8192, 8193, 12_288, 20_000, 40_001] {
        let path = dir.path().join("cut");
        fs::write(&path, &whole[..len]).unwrap();
        look(&format!("{len} bytes"), path.to_str().unwrap());
    }
}
