//! Every recorded document is written as it was read, byte for byte but for white space.

use std::fs;
use std::path::{Path, PathBuf};

use document::{Any, Artifact, Document, Fields};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The documents among the recorded answers, those that are recorded whole.
pub(crate) fn documents() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for fixture in fs::read_dir(root().join("tests/e2e/recorded")).unwrap() {
        for file in fs::read_dir(fixture.unwrap().path()).unwrap().map(|file| file.unwrap().path()) {
            let text = fs::read_to_string(&file).unwrap();
            if let Some((_, out)) = text.split_once("--- out\n")
                && out.starts_with("{\n")
            {
                let out = out.split("\n--- err").next().unwrap();
                found.push((file.display().to_string(), out.to_owned()));
            }
        }
    }
    assert!(found.len() > 40, "{}", found.len());
    found
}

#[test]
fn nothing_is_lost() {
    for (name, text) in documents() {
        let document = Document::read(text.as_bytes()).unwrap();
        let as_it_was: Any = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&document).unwrap(), serde_json::to_string(&as_it_was).unwrap(), "{name}");
        let value: Value = serde_json::from_str(&text).unwrap();
        let again = serde_json::from_value::<Document>(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(again).unwrap(), value, "{name}");
    }
}

/// A field that assay writes and no type has would be kept, and nobody would know it by name.
#[test]
fn every_field_has_a_type() {
    for (name, text) in documents() {
        let document = Document::read(text.as_bytes()).unwrap();
        assert!(document.more.is_empty(), "{name}");
        assert!(document.findings.iter().all(|it| it.more.is_empty() && it.location.more.is_empty()), "{name}");
        for artifact in &document.artifacts {
            assert!(artifact.more().is_some_and(Fields::is_empty), "{name}: {artifact:?}");
        }
    }
}

/// What the types make of nothing is still a document of the schema: no field has another type than docs/json.md says.
#[test]
fn the_types_are_those_of_the_schema() {
    let schema = fs::read(root().join("docs/assay-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let schema = jsonschema::options().build(&schema).unwrap();
    for (command, kind) in [
        ("inspect", "snapshot"),
        ("inspect", "static-kuberesources"),
        ("inspect", "backup"),
        ("inspect", "unreadable"),
        ("compat", "unreadable"),
        ("keys check", "backup"),
        ("compat", "backup"),
        ("hash", ""),
        ("cluster", "snapshot"),
        ("du", ""),
        ("pages", ""),
        ("page", ""),
        ("bucket", ""),
        ("carve", ""),
        ("history", ""),
        ("timeline", ""),
        ("diff", ""),
        ("explain", ""),
        ("keys ls", "static-kuberesources"),
        ("keys join", "key-escrow"),
        ("keys verify-escrow", "key-escrow"),
        ("policy check", "policy"),
        ("mend", "mended"),
        ("rebuild", "rebuilt"),
        ("rehearse", "rehearsal"),
        ("runbook", "runbook"),
        ("catalog add", "catalog"),
        ("catalog pick", "catalogued"),
        ("catalog prune", "prune-plan"),
        ("catalog prune", "trash-purge"),
        ("catalog check", "recheck"),
        ("catalog check", "catalog-log"),
        ("catalog stats", "cluster-stats"),
    ] {
        let sparse = serde_json::json!({
            "schema": "assay/1", "command": command, "assay": "0.1.0", "verdict": "pass",
            "artifacts": [{"kind": kind, "path": "a", "encryption": {"keysFit": true}, "manifest": {}, "manifestAgrees": true,
                "manifestSha256": "00".repeat(32),
                "trailer": {"present": false}, "status": {"totalKey36": 1}}],
            "findings": [{"severity": "low"}],
            "differences": [], "agreement": null,
            "summary": {"added": 0, "removed": 0, "changed": 0, "closed": 0, "ignored": 0, "resealed": 0},
        });
        let document = serde_json::from_value::<Document>(sparse).unwrap();
        assert!(!matches!(document.artifacts[0], Artifact::Other(_)), "{command} {kind}");
        let written = serde_json::to_value(&document).unwrap();
        let faults: Vec<String> =
            schema.iter_errors(&written).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{command} {kind}: {faults:#?}");
    }
}
